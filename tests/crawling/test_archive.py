"""What a crawl keeps of the site's answers, and what it does not ask for again."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from confradar import archive, warc
from confradar.crawling.process import Crawled
from confradar.errors import BrokenArchive

from ..workers.site import Answer, Asked, Route, Site  # noqa: TID252 - the tests are no package
from .fair import Read, follow, listing, page, refs

pytestmark = pytest.mark.integration
NIGHT = datetime(2026, 11, 24, 2, tzinfo=UTC)
Keep = Callable[..., Crawled]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def keep(read: Read, folder: Path) -> Keep:
    """Crawl as a night of a run does: `keep(2)` is the second night, `keep(2, attempt=2)` its second attempt."""

    def crawl(night: int, attempt: int = 1, **changes: Any) -> Crawled:
        kept = {"archive": str(folder), "archive_file": name(night, attempt), "archive_bytes": 1 << 24}
        return read(**{**kept, **changes})

    return crawl


def name(night: int, attempt: int = 1) -> str:
    return archive.file_name("fair", NIGHT + timedelta(days=night), f"nightly:{night}", attempt)


def records(file: Path) -> list[tuple[str, str, bytes]]:
    """Type, address and body of each record, as warcio reads them, with every digest checked."""
    found = []
    with file.open("rb") as stream:
        for record in ArchiveIterator(stream, check_digests="raise"):
            body = record.content_stream().read()
            found.append((record.rec_type, record.rec_headers.get_header("WARC-Target-URI") or "", body))
    return found


def tagged(body: str) -> Route:
    """A page that is answered with 304 to whoever has it."""
    etag = f'"{hash(body) & 0xFFFF}"'

    def answer(asked: Asked) -> Answer:
        known = asked.headers.get("If-None-Match") == etag
        return Answer(status=304, headers={"ETag": etag}) if known else Answer(body, headers={"ETag": etag})

    return answer


def test_a_crawl_keeps_every_answer_as_standard_records(site: Site, keep: Keep, folder: Path) -> None:
    """robots.txt and pages that failed included; each listing names its page, and the page is found by that."""
    site.routes = {"/list": page(listing("a"), follow("/b"), follow("/gone")), "/b": page(listing("b"))}

    crawled = keep(1)

    kept = records(folder / name(1))
    assert [kind for kind, _, _ in kept] == ["warcinfo"] + 4 * ["response"]
    assert [address.removeprefix(site.url) for _, address, _ in kept[1:]] == ["/robots.txt", "/list", "/b", "/gone"]
    assert kept[3][2].decode() == site.routes["/b"]
    assert gzip.decompress((folder / name(1)).read_bytes()).startswith(b"WARC/1.1")
    found = archive.find(folder, crawled.listings[1].archived)
    assert (found.url, found.status, found.body.decode()) == (f"{site.url}/b", 200, site.routes["/b"])
    assert crawled.listings[1].retrieved_at == found.at.replace(microsecond=0)


def test_an_unchanged_page_is_written_once(site: Site, keep: Keep, folder: Path) -> None:
    """The second night has a revisit, which names the first night's record; what changed is written whole."""
    site.routes = {"/list": page(listing("a"), follow("/b")), "/b": page(listing("b"))}
    first = keep(1)
    site.routes["/b"] = page(listing("b", place="Oulu"))

    second = keep(2)

    kinds = {address.removeprefix(site.url): kind for kind, address, _ in records(folder / name(2))}
    assert kinds == {"": "warcinfo", "/robots.txt": "response", "/list": "revisit", "/b": "response"}
    assert second.listings[0].archived == first.listings[0].archived
    copies = list(archive.copies(folder, name(2), pytest.fail))
    assert [archive.find(folder, copy.reference).url for copy in copies] == [copy.url for copy in copies]


@pytest.mark.fault("D12", "304 with a stored copy is a success with the old count, without one a failure")
def test_a_page_that_did_not_change_is_read_from_the_archive(site: Site, keep: Keep, folder: Path) -> None:
    """The site answers 304 to the version that is kept: the crawl gives what it gave before."""
    site.routes = {"/list": tagged(page(listing("a"), follow("/b"))), "/b": tagged(page(listing("b")))}
    first = keep(1)

    second = keep(2)

    assert (second.status, refs(second), second.statuses) == ("ok", refs(first), {"200": 2})
    assert [asked.headers.get("If-None-Match") is not None for asked in site.asked[-3:]] == [False, True, True]
    assert {kind for kind, _, _ in records(folder / name(2))[2:]} == {"revisit"}


@pytest.mark.fault("D12", "304 with a stored copy is a success with the old count, without one a failure")
def test_not_modified_without_a_copy_is_a_failure(site: Site, keep: Keep) -> None:
    """A 304 that nobody asked for is no page."""
    site.routes = {"/list": Answer(status=304)}

    crawled = keep(1)

    assert (crawled.status, crawled.reason) == ("failed", "http_304")


def test_a_copy_that_is_damaged_is_asked_for_anew(site: Site, keep: Keep, folder: Path) -> None:
    """No version is claimed that cannot be read: the site gives the page again."""
    site.routes = {"/list": tagged(page(listing("a")))}
    keep(1)
    file = folder / name(1)
    file.write_bytes(file.read_bytes()[:-40])

    again = keep(2)

    assert (again.status, refs(again)) == ("ok", ["a"])
    assert "If-None-Match" not in site.asked[-1].headers


def test_a_second_attempt_asks_only_for_what_the_first_did_not_get(site: Site, keep: Keep, folder: Path) -> None:
    """Its own file has all pages, so that it can be replayed alone."""
    site.routes = {"/list": page(listing("a"), follow("/b")), "/b": Answer(status=500)}
    keep(1)
    site.routes["/b"], before = page(listing("b")), len(site.asked)

    whole = keep(1, attempt=2, earlier=(name(1),))

    assert (whole.status, refs(whole)) == ("ok", ["a", "b"])
    assert [asked.path for asked in site.asked[before:]] == ["/robots.txt", "/b"]
    assert {copy.url for copy in archive.copies(folder, name(1, 2), pytest.fail)} > {f"{site.url}/list"}


def test_a_replay_asks_nobody(site: Site, keep: Keep, read: Read, folder: Path) -> None:
    """What failed fails, what a cookie opened is opened, and what is not there is a page that was not read."""

    def gate(asked: Asked) -> Answer:
        return (
            Answer(page(listing("a"), follow("/b")))
            if "gate=" in asked.headers.get("Cookie", "")
            else Answer(status=409)
        )

    site.routes = {"/list": gate, "/b": [Answer(status=503), Answer(page(listing("b"), follow("/gone")))]}
    first, before = keep(1), len(site.asked)

    again = read(archive=str(folder), replay=name(1))

    assert len(site.asked) == before
    assert again.listings == first.listings
    assert (again.status, again.reason, again.statuses) == (first.status, first.reason, first.statuses)
    lacking = read(archive=str(folder), replay=name(1), url="http://127.0.0.1:9")
    assert (lacking.status, lacking.reason, len(site.asked)) == ("failed", "not_archived", before)


def test_hostile_headers_break_no_record(site: Site, keep: Keep, folder: Path) -> None:
    """Names that are none go, values become printable; the page and its neighbours stay readable."""
    hostile = {"X-Long": "y" * 9000, "X-8-bit": "caf\xe9\xff", "X-Tab": "a\tb", "Content-Encoding": "x"}
    site.routes = {"/list": Answer(page(listing("a"), follow("/b")), headers=hostile), "/b": page(listing("b"))}

    crawled = keep(1)

    assert refs(crawled) == ["a", "b"]
    assert len(records(folder / name(1))) == 4
    found = archive.find(folder, crawled.listings[0].archived)
    assert all(re.fullmatch(r"[ -~]+", name + value) for name, value in found.headers)
    odd = warc.plain([(b"We ird", b"1"), (b"X-Line", b"a\r\nWARC-Type: x"), (b"", b"\0")] + 300 * [(b"A", b"b")], 5)
    assert odd[0] == ("X-Line", "a%0D%0AWARC-Type: x")
    assert (odd[-1], len(odd)) == (("Content-Length", "5"), 199)


def test_an_archive_is_bounded(site: Site, keep: Keep, folder: Path) -> None:
    """What has no room is left out and told; the crawl goes on."""
    site.routes = {"/list": page(listing("a"), follow("/b")), "/b": page(listing("b"))}

    crawled = keep(1, archive_bytes=1500)

    assert (crawled.status, refs(crawled)) == ("ok", ["a", "b"])
    assert (folder / name(1)).stat().st_size <= 1500
    assert crawled.listings[1].archived == ""


def test_an_archive_that_cannot_be_written_costs_the_crawl_nothing(keep: Keep, folder: Path) -> None:
    folder.write_text("no folder")

    crawled = keep(1)

    assert (crawled.status, crawled.listings[0].archived) == ("ok", "")


def test_what_is_young_enough_is_not_asked_for(site: Site, keep: Keep, read: Read, folder: Path) -> None:
    """For who works on a source: CONFRADAR_SOURCE_<NAME>_CACHE gives the seconds."""
    site.routes = {"/list": page(listing("a"), follow("/b")), "/b": page(listing("b"))}
    first, before = keep(1), len(site.paths)

    again = read(archive=str(folder), cache_seconds=60)

    assert (again.status, refs(again)) == ("ok", refs(first))
    assert len(site.paths) == before


def test_a_broken_record_costs_its_page_only(site: Site, keep: Keep, read: Read, folder: Path) -> None:
    """It is told with file, offset and address; the pages after it are read."""
    site.routes = {
        "/list": page(listing("a"), follow("/b"), follow("/c")),
        "/b": page(listing("b")),
        "/c": page(listing("c")),
    }
    keep(1)
    file = folder / name(1)
    [broken] = [copy for copy in archive.copies(folder, name(1), pytest.fail) if copy.url.endswith("/b")]
    content = bytearray(file.read_bytes())
    content[broken.offset + 300] ^= 0xFF
    file.write_bytes(content)

    told: list[str] = []
    left = [copy.url.removeprefix(site.url) for copy in archive.copies(folder, name(1), told.append)]
    again = read(archive=str(folder), replay=name(1))

    assert left == ["/robots.txt", "/list", "/c"]
    assert len(told) == 1
    assert str(file) in told[0]
    assert f"offset {broken.offset}" in told[0]
    assert f"{site.url}/b" in told[0]
    assert (again.status, refs(again)) == ("degraded", ["a", "c"])
    with pytest.raises(BrokenArchive, match=f"offset {broken.offset}: the record is damaged .address {site.url}/b"):
        archive.find(folder, broken.reference)
