"""D3 to D11: what a site does on the wire. Rows whose tests lie with the crawler's own are found by their marker."""

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache

import psutil
import pytest

from ..crawling import conftest as crawling  # noqa: TID252 - the tests are no package
from ..crawling.fair import Read, crawls, follow, listing, page, refs  # noqa: TID252
from ..workers.site import Answer, Site  # noqa: TID252

pytestmark = pytest.mark.integration
_fair, _no_orphans, site, read = crawling._fair, crawling._no_orphans, crawling.site, crawling.read

GREETING = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BOMB_BYTES = 400 << 20  # more than a process may take that may take 64 MiB: the system ends it at four times that


def packed(window: int) -> bytes:
    """A list of one listing and many blanks, packed; `window` as zlib has it (31 is gzip's form)."""
    packer = zlib.compressobj(level=1, wbits=window)
    blanks = b" " * (1 << 20)
    parts = [packer.compress(page(listing("a")).encode()), *(packer.compress(blanks) for _ in range(BOMB_BYTES >> 20))]
    return b"".join([*parts, packer.flush()])


GZIP, DEFLATE = cache(lambda: packed(31)), cache(lambda: packed(15))


@contextmanager
def endless(first: bytes, more: bytes) -> Iterator[str]:
    """A site that answers robots.txt with 404, and everything else with `first` and then `more` for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    if b"robots.txt" in connection.recv(4096):
                        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                        continue
                    connection.sendall(first)
                    while True:
                        connection.sendall(more)

        talker = threading.Thread(target=talk)
        talker.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            talker.join()


@pytest.mark.fault("D3", "a drip, an endless head or body is cut at its time or size")
@pytest.mark.parametrize(
    ("first", "more"),
    [
        (GREETING, b"X-More: " + b"x" * 1000 + b"\r\n"),
        (GREETING + b"X-Long: ", b"x" * 1000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (GREETING + b"\r\n", b" " * 10_000),
        (GREETING + b"Transfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b" " * 1024 + b"\r\n"),
        (GREETING + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 1000),
        (GREETING + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-More: x\r\n"),
    ],
    ids=["head", "a line of the head", "heads before the head", "body", "chunks", "a chunk's head", "trailers"],
)
def test_d3_an_answer_without_end_is_cut_by_its_size(read: Read, first: bytes, more: bytes) -> None:
    """Long before its time is over, whichever part of it does not end."""
    with endless(first, more) as url:
        crawled = read(url=url, response_bytes=1 << 20)

    assert (crawled.status, crawled.listings) == ("failed", ())
    assert crawled.reason in ("too_large", "connection", "truncated"), crawled.detail
    assert crawled.seconds["crawling"] < 20  # of a response's 30


@pytest.mark.fault("D4", "what unpacks to more than the bound is not unpacked, and not read")
@pytest.mark.parametrize("place", ["/list", "/robots.txt"])
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", GZIP),
        ("deflate", DEFLATE),
        ("gzip, gzip", lambda: gzip.compress(GZIP())),
        ("gzip, " * 50 + "gzip", GZIP),
    ],
    ids=["gzip", "deflate", "packed twice", "said to be packed fifty times"],
)
def test_d4_a_bomb_does_not_go_off(
    site: Site, read: Read, place: str, encoding: str, body: Callable[[], bytes]
) -> None:
    """Not as a page, and not as robots.txt; the process stays within its memory."""
    site.routes[place] = Answer(body(), headers={"Content-Encoding": encoding})

    crawled = read(response_bytes=4 << 20, memory_bytes=64 << 20)

    assert (crawled.status, crawled.reason, crawled.listings) == ("failed", "too_large", ())


@pytest.mark.fault("D5", "a truncated body is a failed page, not a short list")
@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 400\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n%x\r\n"],
    ids=["less than its length", "no last chunk"],
)
def test_d5_a_list_that_ends_early_is_not_read(read: Read, head: bytes) -> None:
    """Its length or its last chunk is missing; what came is whole JSON, and still no list."""
    body = page(listing("a")).encode()
    head = head % len(body) if b"%x" in head else head
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        missing = b"robots.txt" in connection.recv(4096)
                        gone = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        connection.sendall(gone if missing else GREETING + head + body)

        answering = threading.Thread(target=answer)
        answering.start()
        crawled = read(url=f"http://127.0.0.1:{server.getsockname()[1]}")
        server.shutdown(socket.SHUT_RDWR)
        answering.join()

    assert (crawled.status, crawled.reason, crawled.listings) == ("failed", "truncated", ())
    assert crawled.worth_retrying


@pytest.mark.fault("D11", "what a site's headers say is ignored; no port of the crawl process is open")
@pytest.mark.parametrize(
    "headers",
    [
        {"Refresh": "0; url=http://127.0.0.1:1/"},
        {"Link": "<http://127.0.0.1:1/>; rel=preload", "Alt-Svc": 'h2="127.0.0.1:1"', "X-Robots-Tag": "\x00\x1b[2J"},
        {"Set-Cookie": "pass=stolen; Domain=com; Path=/\x00", "Strict-Transport-Security": "max-age=9"},
        {"Content-Type": "application/x-python-pickle; charset=zlib_codec"},
        {"Content-Encoding": "aes128gcm"},
        {"Content-Disposition": "attachment; filename=../../../../etc/passwd"},
        {"Transfer-Encoding": "identity", "Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"ETag": '"' + "x" * 9000 + '"', "X" * 200: "y" * 200},
        {"Last-Modified": "never", "Age": "-1", "Vary": "*", "Expires": "0"},
    ],
    ids=lambda headers: next(iter(headers))[:30],
)
def test_d11_a_hostile_header_changes_nothing(site: Site, read: Read, headers: dict[str, str]) -> None:
    """The page is read, or is not; nothing else is asked, opened or written."""
    site.routes = {"/list": Answer(page(listing("a"), follow("/b")), headers=headers), "/b": page(listing("b"))}
    listening: list[object] = []

    def look() -> bool:
        for child in crawls():
            with suppress(psutil.Error):
                listening.extend(c for c in child.net_connections() if c.status == psutil.CONN_LISTEN)
        return False

    crawled = read(stopped=look)

    assert set(site.paths) <= {"/list", "/b"}
    assert listening == []
    assert refs(crawled) in (["a", "b"], ["a"], []), crawled.detail
