"""What a site does to a crawl."""

import gzip
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ..workers.site import Answer, Asked, Site, serve  # noqa: TID252 - the tests are no package
from .fair import Read, follow, listing, page, refs

pytestmark = pytest.mark.integration


@pytest.mark.fault(
    "D1", "asked three times with a jitter; a wait that the site asks for is kept, or the source deferred"
)
def test_a_page_that_fails_for_a_moment_is_asked_for_again(site: Site, read: Read) -> None:
    site.routes = {"/list": [Answer(status=503), Answer(status=429), Answer(page(listing("a")))]}

    crawled = read()

    assert (crawled.status, refs(crawled), len(site.paths)) == ("ok", ["a"], 3)


@pytest.mark.fault(
    "D1", "asked three times with a jitter; a wait that the site asks for is kept, or the source deferred"
)
def test_a_site_that_stays_away_fails_with_its_status(site: Site, read: Read) -> None:
    """Three tries, then the reason is the status; another time may help."""
    site.routes = {"/list": Answer(status=503)}

    crawled = read()

    assert (crawled.status, crawled.reason, len(site.paths)) == ("failed", "http_503", 3)
    assert crawled.detail == "127.0.0.1: answered 503 Service Unavailable"
    assert crawled.worth_retrying
    assert crawled.statuses == {"503": 1}


@pytest.mark.parametrize(("status", "reason"), [(403, "blocked"), (404, "http_404")])
def test_a_lasting_refusal_is_not_asked_again(site: Site, read: Read, status: int, reason: str) -> None:
    site.routes = {"/list": Answer(status=status)}

    crawled = read()

    assert (crawled.reason, len(site.paths), crawled.worth_retrying) == (reason, 1, False)


@pytest.mark.fault(
    "D1", "asked three times with a jitter; a wait that the site asks for is kept, or the source deferred"
)
def test_the_wait_that_a_site_asks_for_is_kept(site: Site, read: Read) -> None:
    """Retry-After goes before our own waits, as seconds or as a date."""
    soon = (datetime.now(UTC) + timedelta(seconds=2)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    site.routes = {
        "/list": [
            Answer(status=429, headers={"Retry-After": "1"}), Answer(status=503, headers={"Retry-After": soon}),
            Answer(page(listing("a"))),
        ]
    }  # fmt: skip

    crawled = read()

    _, first, second, _ = site.asked
    assert crawled.status == "ok"
    assert second.at - first.at >= 1


@pytest.mark.fault(
    "D1", "asked three times with a jitter; a wait that the site asks for is kept, or the source deferred"
)
def test_a_wait_that_is_too_long_defers_the_source(site: Site, read: Read) -> None:
    """It is asked once, and the wait is told; retrying now would be rude."""
    site.routes = {"/list": Answer(status=429, headers={"Retry-After": "900"})}

    crawled = read()

    assert (crawled.status, crawled.reason, len(site.paths)) == ("failed", "deferred", 1)
    assert crawled.detail == "127.0.0.1: answered 429 Too Many Requests and asks to wait 900 s"
    assert not crawled.worth_retrying


def test_pages_that_fail_degrade_the_crawl(site: Site, read: Read) -> None:
    """What could be read is kept, the first failure is told, and nothing is taken for absent."""
    site.routes = {"/list": page(listing("a"), follow("/b"), follow("/c")), "/b": Answer(status=404), "/c": page()}

    crawled = read()

    assert (crawled.status, crawled.reason, refs(crawled)) == ("degraded", "pages_failed", ["a"])
    assert crawled.detail == f"1 of 3 pages could not be read; first {site.url}/b: 127.0.0.1: answered 404 Not Found"
    assert crawled.complete_feeds == set()


@pytest.mark.fault("D2", "refused, reset, unknown name, bad certificate: each is named; certificates never ignored")
def test_a_refused_connection_is_named(site: Site, read: Read) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, never listening
        crawled = read(url=f"http://127.0.0.1:{taken.getsockname()[1]}")

    assert (crawled.status, crawled.reason) == ("failed", "refused")
    assert crawled.detail == "127.0.0.1: connection refused"
    assert crawled.worth_retrying


@pytest.mark.fault("D2", "refused, reset, unknown name, bad certificate: each is named; certificates never ignored")
def test_an_unknown_name_is_named(read: Read) -> None:
    crawled = read(url="http://no-such-host.invalid")

    assert (crawled.status, crawled.reason) == ("failed", "dns")
    assert crawled.detail == "no-such-host.invalid: the name could not be resolved"


@pytest.mark.fault("D2", "refused, reset, unknown name, bad certificate: each is named; certificates never ignored")
def test_a_connection_that_breaks_is_named(read: Read) -> None:
    """A server that takes a request and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for _ in range(20):
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.recv(1000)
                connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        crawled = read(url=f"http://127.0.0.1:{server.getsockname()[1]}")

    assert (crawled.reason, crawled.worth_retrying) == ("connection", True)


@pytest.mark.fault("D2", "refused, reset, unknown name, bad certificate: each is named; certificates never ignored")
def test_a_certificate_that_nobody_signed_is_refused(read: Read, tmp_path: Path) -> None:
    with serve({"/list": page(listing("a"))}, certificate=_certificate(tmp_path)) as secure:
        crawled = read(url=secure.url)

        assert (crawled.status, crawled.reason, crawled.worth_retrying) == ("failed", "tls", False)
        assert "certificate" in crawled.detail
        assert secure.asked == []


@pytest.mark.fault("D3", "a drip, an endless head or body is cut at its time or size")
def test_a_page_without_end_is_cut_in_time(site: Site, read: Read) -> None:
    """A drip is a time-out, however many bytes it lets fall."""
    site.routes = {"/list": Answer(page(listing("a")) + " " * 1000, drip=0.05)}

    crawled = read(response_seconds=0.3)

    assert (crawled.status, crawled.reason, crawled.worth_retrying) == ("failed", "timeout", True)
    assert crawled.detail == "127.0.0.1: no whole answer in time"


@pytest.mark.fault("D5", "a truncated body is a failed page, not a short list")
def test_a_page_that_ends_early_is_no_page(site: Site, read: Read) -> None:
    """Half a list looks like a short list: it is not read at all."""
    whole = page(listing("a"))
    site.routes = {"/list": Answer(whole, length=len(whole) + 100)}

    crawled = read()

    assert (crawled.status, crawled.reason, crawled.listings) == ("failed", "truncated", ())


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.fault("D4", "what unpacks to more than the bound is not unpacked, and not read")
def test_a_page_that_is_too_large_is_not_read(site: Site, read: Read, packed: bool) -> None:
    """The bound holds for what comes over the wire and for what it unpacks to."""
    body = (page(listing("a")) + " " * 100_000).encode()
    headers = {"Content-Encoding": "gzip"} if packed else {}
    site.routes = {"/list": Answer(gzip.compress(body) if packed else body, headers=headers)}

    crawled = read(response_bytes=10_000)

    assert (crawled.status, crawled.reason, len(site.paths)) == ("failed", "too_large", 1)


@pytest.mark.fault("D6", "redirects stop at five")
def test_redirects_stop_at_five(site: Site, read: Read) -> None:
    """A loop, or a chain, of a list ends after five; of another page at its first return."""
    site.routes = {"/list": Answer(status=302, headers={"Location": "/list"})}
    crawled = read()
    assert (crawled.status, crawled.reason, len(site.paths)) == ("failed", "redirects", 6)

    site.routes = {"/list": page(listing("a"), follow("/b")), "/b": Answer(status=302, headers={"Location": "/b"})}
    crawled = read()
    assert (crawled.status, crawled.reason, site.paths[6:]) == ("degraded", "pages_failed", ["/list", "/b"])


def test_a_list_may_send_its_cookie_with_a_redirect_to_itself(site: Site, read: Read) -> None:
    def gate(asked: Asked) -> Answer:
        passed = "key=1" in asked.headers.get("Cookie", "")
        keys = {"Location": "/list", "Set-Cookie": "key=1"}
        return Answer(page(listing("a"))) if passed else Answer(status=302, headers=keys)

    site.routes = {"/list": gate}

    assert read().status == "ok"


def _certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody but itself has signed, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "site.pem").write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return folder / "site.pem"
