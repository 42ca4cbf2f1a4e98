"""Crawls by real processes of a real site, in fair weather and foul."""

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import confradar.sources
from confradar.crawling import process
from confradar.crawling.process import Crawled
from confradar.settings import Settings
from confradar.sources import base

from .site import Answer, Asked, Site, serve

pytestmark = pytest.mark.integration

HERE = Path(__file__).resolve().parent
GONE = Answer(status=404)
ELRA = (
    "<main><h1>Events</h1><h2>LREC 2028</h2>"
    "<p>LREC 2028 will take place in Lyon, France, from 12 to 17 May 2028.</p></main>"
)


@pytest.fixture(autouse=True, scope="module")
def _fair() -> Iterator[None]:
    """Put the source of these tests beside the real ones, where it is found as they are; preload, as a worker does."""
    confradar.sources.__path__.append(str(HERE / "sources"))
    base.readers.cache_clear()
    process.preload()
    yield
    confradar.sources.__path__.remove(str(HERE / "sources"))
    sys.modules.pop("confradar.sources.fair", None)
    base.readers.cache_clear()


@pytest.fixture
def site() -> Iterator[Site]:
    with serve({"/list": page(listing("a"))}) as served:
        yield served


@pytest.fixture(autouse=True)
def _no_orphans() -> Iterator[None]:
    yield
    assert crawls() == []


def crawls() -> list[psutil.Process]:
    """The children of this process; the session's database server apart."""
    return [child for child in psutil.Process().children() if child.name() != "postgres"]


def page(*things: dict[str, Any]) -> str:
    return json.dumps(things)


def listing(ref: str, **fields: Any) -> dict[str, Any]:
    return {"ref": ref, "title": f"Conference {ref}", **fields}


def follow(path: str, **fields: Any) -> dict[str, Any]:
    return {"follow": path, **fields}


Read = Callable[..., Crawled]


@pytest.fixture
def read(site: Site, tmp_path: Path) -> Read:
    """Crawl the site as the source `fair`, with quick manners; what is named otherwise replaces them."""

    def crawl(
        *, url: str = "", overrides: dict[str, str] | None = None, progress: Any = None, stopped: Any = None,
        start: process.Start = "fork", source: str = "fair", **changes: Any,
    ) -> Crawled:  # fmt: skip
        declared = base.reader(source).source
        options = process.options(declared, Settings(), {"url": url or site.url, "delay": "0", **(overrides or {})})
        quick = {"allow_private_hosts": True, "autothrottle": False, "retry_waits": (0.01,), "budget_seconds": 30}
        chosen = replace(options, **{**quick, **changes})
        return process.crawl(source, chosen, tmp_path, progress=progress, stopped=stopped, start=start)

    return crawl


def refs(crawled: Crawled) -> list[str]:
    return [item.ref for item in crawled.listings]


# --- fair weather


def test_lists_and_the_pages_they_lead_to_become_listings(site: Site, read: Read) -> None:
    """Listings come in the order of the pages, each with its moment and feed; the figures fit."""
    site.routes = {
        "/list": page(listing("a"), follow("/b"), follow("/c")),
        "/b": page(listing("b")),
        "/c": page(listing("c")),
    }

    crawled = read()

    assert (crawled.status, crawled.reason, crawled.detail) == ("ok", "", "")
    assert refs(crawled) == ["a", "b", "c"]
    assert crawled.listings[0].feed == "list"
    moment = crawled.listings[0].retrieved_at
    assert moment is not None
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=5)
    assert (crawled.pages, crawled.statuses) == (3, {"200": 3})
    assert crawled.bytes == sum(len(str(body)) for body in site.routes.values())
    assert crawled.complete_feeds == {"list"}
    assert 0 < crawled.seconds["parsing"] < crawled.seconds["crawling"]


def test_a_cached_page_is_not_asked_for_again(site: Site, read: Read, tmp_path: Path) -> None:
    """With a cache, the second crawl gives the same and asks the site for nothing; nothing pickled is written."""
    cached = {"cache": str(tmp_path / "cache"), "cache_seconds": 60}
    site.routes = {"/list": page(listing("a"), follow("/b")), "/b": page(listing("b"))}
    first = read(**cached)
    asked = len(site.paths)

    second = read(**cached)

    assert (first.status, second.status) == ("ok", "ok")
    assert refs(second) == refs(first) == ["a", "b"]
    assert len(site.paths) == asked
    assert {path.suffix for path in (tmp_path / "cache").iterdir()} == {".json", ".body"}


def test_one_parent_forks_one_crawl_after_the_other(site: Site, read: Read) -> None:
    """A crawl leaves nothing in the parent that the next one would trip over."""
    assert [refs(read()), refs(read()), refs(read())] == [["a"]] * 3
    assert "twisted.internet.reactor" not in sys.modules


def test_a_new_interpreter_gives_what_a_fork_gives(site: Site, read: Read) -> None:
    """Both ways to start end in the same listings; the other way is for systems that should not be forked."""
    site.routes = {
        "/wp-json/wp/v2/pages": GONE,
        "/elra-events/": ELRA,
    }

    forked, interpreted = (read(source="elra", start=start) for start in ("fork", "interpreter"))

    assert [item.raw() for item in forked.listings] == [item.raw() for item in interpreted.listings]
    assert (interpreted.status, interpreted.pages) == (forked.status, forked.pages)


def test_the_site_knows_who_asks(site: Site, read: Read) -> None:
    """The user agent has our name and a contact; robots.txt is asked first; the feed's cookie is sent."""
    read(contact="https://radar.example.org/why")

    robots, asked = site.asked

    assert robots.path == "/robots.txt"
    assert asked.headers["User-Agent"].startswith("ConfRadar/")
    assert asked.headers["User-Agent"].endswith("(+https://radar.example.org/why)")
    assert asked.headers["Cookie"] == "pass=yes"


def test_a_gate_is_passed_with_its_cookie(site: Site, read: Read) -> None:
    """An accepted status reaches the reading function, which may ask for the same address again with a cookie."""

    def gate(asked: Asked) -> Answer:
        return Answer(page(listing("a"))) if "gate=open" in asked.headers.get("Cookie", "") else Answer(status=409)

    site.routes = {"/list": gate}

    crawled = read()

    assert (crawled.status, refs(crawled), crawled.statuses) == ("ok", ["a"], {"200": 1, "409": 1})


def test_a_cookie_that_the_site_sets_is_given_back(site: Site, read: Read) -> None:
    """Without asking anyone which domains are public."""
    site.routes = {
        "/list": Answer(page(listing("a"), follow("/b")), headers={"Set-Cookie": "seen=1; Path=/"}),
        "/b": page(),
    }

    read()

    assert "seen=1" in site.asked[-1].headers["Cookie"]


def test_a_feed_with_an_address_of_its_own_moves_to_the_base_of_the_settings(site: Site, read: Read) -> None:
    """Path and query are kept; a switched-off feed is read when a setting asks."""
    site.routes = {"/more?page=1": page(listing("m"))}

    crawled = read(overrides={"feed_more": "on", "feed_list": "off"})

    assert (refs(crawled), site.paths) == (["m"], ["/more?page=1"])
    assert crawled.complete_feeds == set()  # a window of recent rows is not whole


def test_only_the_named_pages_are_read(site: Site, read: Read) -> None:
    """A re-check reads its pages, in the one feed that was chosen, and follows nothing; it makes nothing absent."""
    site.routes = {"/b": page(listing("b"), follow("/c"))}

    crawled = read(only=("https://fair.example.org/b",))

    assert (refs(crawled), site.paths, crawled.listings[0].feed) == (["b"], ["/b"], "list")
    assert crawled.complete_feeds == set()


def test_lists_are_read_before_events(site: Site, read: Read) -> None:
    """A higher priority goes first, so that a limit costs events and not lists."""
    site.routes = {
        "/list": page(listing("a"), follow("/b"), follow("/next", priority=10)),
        "/b": page(),
        "/next": page(),
    }

    read()

    assert site.paths == ["/list", "/next", "/b"]


def test_an_event_page_completes_its_row(site: Site, read: Read) -> None:
    """Two listings with one key are one: the later words win, gate by gate, and the rest stays."""
    row = listing("a", place="Paris", type="workshop", dates={"abstract": "1 May", "submission": "8 May"})
    event = listing("a", city="Lyon", dates={"submission": "9 May", "notification": "1 July"})
    site.routes = {"/list": page(row, follow("/a")), "/a": page(event)}

    [united] = read().listings

    assert (united.place, united.city, united.type) == ("Paris", "Lyon", "workshop")
    assert {date.kind: date.text for date in united.dates} == {
        "abstract": "1 May", "submission": "9 May", "notification": "1 July"
    }  # fmt: skip
    assert united.url.endswith("/a")


def test_pages_are_read_in_the_encoding_that_they_declare(site: Site, read: Read) -> None:
    """The header's charset counts; without one it is UTF-8."""
    text = json.dumps([listing("a", title="Zürich")], ensure_ascii=False)
    site.routes = {"/list": Answer(text.encode("latin-1"), headers={"Content-Type": "text/html; charset=iso-8859-1"})}
    assert read().listings[0].title == "Zürich"

    site.routes = {"/list": Answer(text.encode(), headers={"Content-Type": "text/html"})}
    assert read().listings[0].title == "Zürich"


def test_progress_is_told_while_the_crawl_runs(site: Site, read: Read) -> None:
    """What was found so far is seen before the end."""
    site.routes = {
        "/list": page(listing("a"), {"reject": "x"}, follow("/b")),
        "/b": Answer(page(listing("b")), delay=1),
    }
    told: list[process.Progress] = []

    read(progress=told.append)

    assert told
    assert (told[0].pages, told[0].listings, told[0].rejected) == (1, 1, 1)


# --- what the source's reading function does


def test_a_reading_function_that_raises_degrades_the_crawl(site: Site, read: Read) -> None:
    """What was found before stays; the error is named; nothing is taken for absent."""
    site.routes = {"/list": page(listing("a"), {"raise": "no such column"}, listing("b"))}

    crawled = read()

    assert (crawled.status, crawled.reason, refs(crawled)) == ("degraded", "errors", ["a"])
    assert "ValueError: no such column" in crawled.detail
    assert crawled.complete_feeds == set()
    assert not crawled.worth_retrying


def test_a_rejected_record_is_told_and_costs_no_neighbour(site: Site, read: Read) -> None:
    site.routes = {"/list": page(listing("a"), {"reject": "x"}, listing("b"))}

    crawled = read()

    assert (crawled.status, refs(crawled)) == ("ok", ["a", "b"])
    assert [str(reject) for reject in crawled.rejects] == ["fair x, title: found nothing, wanted a title"]


@pytest.mark.parametrize(
    ("things", "status", "reason"),
    [
        ([listing("a"), {"trouble": "broken", "fatal": True}], "failed", "broken"),
        ([listing("a"), {"trouble": "broken"}], "degraded", "broken"),
        ([{"trouble": "broken"}], "failed", "broken"),
        ([{"trouble": "needs_browser"}], "degraded", "needs_browser"),  # the declaration expects that
        ([], "failed", "no_listings"),
    ],
)
def test_trouble_has_the_last_word(
    site: Site, read: Read, things: list[dict[str, Any]], status: str, reason: str
) -> None:
    """Nothing found is never quietly fine, and what the source says of it is told."""
    site.routes = {"/list": page(*things)}

    crawled = read()

    assert (crawled.status, crawled.reason, crawled.complete_feeds) == (status, reason, frozenset())
    assert crawled.detail


# --- what the site does


def test_a_page_that_fails_for_a_moment_is_asked_for_again(site: Site, read: Read) -> None:
    site.routes = {"/list": [Answer(status=503), Answer(status=429), Answer(page(listing("a")))]}

    crawled = read()

    assert (crawled.status, refs(crawled), len(site.paths)) == ("ok", ["a"], 3)


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


def test_a_refused_connection_is_named(site: Site, read: Read) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, never listening
        crawled = read(url=f"http://127.0.0.1:{taken.getsockname()[1]}")

    assert (crawled.status, crawled.reason) == ("failed", "refused")
    assert crawled.detail == "127.0.0.1: connection refused"
    assert crawled.worth_retrying


def test_an_unknown_name_is_named(read: Read) -> None:
    crawled = read(url="http://no-such-host.invalid")

    assert (crawled.status, crawled.reason) == ("failed", "dns")
    assert crawled.detail == "no-such-host.invalid: the name could not be resolved"


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


def test_a_certificate_that_nobody_signed_is_refused(read: Read, tmp_path: Path) -> None:
    with serve({"/list": page(listing("a"))}, certificate=_certificate(tmp_path)) as secure:
        crawled = read(url=secure.url)

        assert (crawled.status, crawled.reason, crawled.worth_retrying) == ("failed", "tls", False)
        assert "certificate" in crawled.detail
        assert secure.asked == []


def test_a_page_without_end_is_cut_in_time(site: Site, read: Read) -> None:
    """A drip is a time-out, however many bytes it lets fall."""
    site.routes = {"/list": Answer(page(listing("a")) + " " * 1000, drip=0.05)}

    crawled = read(response_seconds=0.3)

    assert (crawled.status, crawled.reason, crawled.worth_retrying) == ("failed", "timeout", True)
    assert crawled.detail == "127.0.0.1: no whole answer in time"


def test_a_page_that_ends_early_is_no_page(site: Site, read: Read) -> None:
    """Half a list looks like a short list: it is not read at all."""
    whole = page(listing("a"))
    site.routes = {"/list": Answer(whole, length=len(whole) + 100)}

    crawled = read()

    assert (crawled.status, crawled.reason, crawled.listings) == ("failed", "truncated", ())


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_a_page_that_is_too_large_is_not_read(site: Site, read: Read, packed: bool) -> None:
    """The bound holds for what comes over the wire and for what it unpacks to."""
    body = (page(listing("a")) + " " * 100_000).encode()
    headers = {"Content-Encoding": "gzip"} if packed else {}
    site.routes = {"/list": Answer(gzip.compress(body) if packed else body, headers=headers)}

    crawled = read(response_bytes=10_000)

    assert (crawled.status, crawled.reason, len(site.paths)) == ("failed", "too_large", 1)


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


# --- robots.txt


def test_robots_txt_may_forbid(site: Site, read: Read) -> None:
    """A forbidden page is not asked for, and that is why the crawl has nothing."""
    site.routes["/robots.txt"] = "User-agent: *\nDisallow: /list"

    crawled = read()

    assert (crawled.status, crawled.reason, site.paths) == ("failed", "robots", [])
    assert crawled.detail == "127.0.0.1: robots.txt forbids /list"
    assert not crawled.worth_retrying


@pytest.mark.parametrize(
    ("robots", "cause"),
    [
        (Answer("User-agent: *\nAllow: /", status=500), "answered 500 Internal Server Error"),
        (Answer("", delay=2), "no whole answer in time"),
    ],
    ids=["500", "silent"],
)
def test_a_robots_txt_that_cannot_be_read_forbids_all(site: Site, read: Read, robots: Answer, cause: str) -> None:
    """Unreachable means no (RFC 9309), whatever the body of an error says; later it may be better."""
    site.routes["/robots.txt"] = robots

    crawled = read(response_seconds=0.3)

    assert (crawled.status, crawled.reason, site.paths) == ("failed", "robots", [])
    assert crawled.detail == f"127.0.0.1: robots.txt: {cause}"
    assert crawled.worth_retrying


def test_a_missing_or_huge_robots_txt_allows(site: Site, read: Read) -> None:
    """404 allows; of a huge file the first 512 KiB count."""
    assert read().status == "ok"

    site.routes["/robots.txt"] = "# " + "x" * (5 << 20) + "\nUser-agent: *\nDisallow: /"
    assert read().status == "ok"


def test_the_delay_of_robots_txt_is_kept(site: Site, read: Read) -> None:
    site.routes |= {
        "/robots.txt": "User-agent: *\nCrawl-delay: 1",
        "/list": page(listing("a"), follow("/b")),
        "/b": page(),
    }

    assert read().status == "ok"

    _, first, second = site.asked
    assert second.at - first.at > 0.9


# --- who may be asked


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]"])
def test_private_addresses_are_not_asked(site: Site, read: Read, host: str) -> None:
    """Not as a number, not by a name that leads there; no connection is made, not even for robots.txt."""
    crawled = read(url=site.url.replace("127.0.0.1", host), allow_private_hosts=False)

    assert (crawled.status, crawled.reason, crawled.worth_retrying) == ("failed", "private", False)
    assert "CONFRADAR_ALLOW_PRIVATE_HOSTS" in crawled.detail
    assert site.asked == []


@pytest.mark.parametrize("path", ["/list", "/robots.txt"])
def test_a_redirect_leads_nowhere_but_to_the_source(site: Site, read: Read, path: str) -> None:
    """Another host is another host also for a redirect of the start page, and for that of robots.txt."""
    with serve({"/list": page(listing("x")), "/robots.txt": ""}) as other:
        site.routes[path] = Answer(status=302, headers={"Location": f"{other.url}{path}"})

        crawled = read()

        assert (crawled.status, crawled.reason) == ("failed", "off_host")
        assert other.asked == []


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/html,[]", "gopher://127.0.0.1/"]
)
def test_other_schemes_are_not_followed(site: Site, read: Read, address: str) -> None:
    """Neither as a link nor as a redirect."""
    site.routes = {
        "/list": page(listing("a"), follow(address), follow("/b")),
        "/b": Answer(status=302, headers={"Location": address}),
    }

    crawled = read()

    assert (crawled.status, refs(crawled), site.paths) == ("degraded", ["a"], ["/list", "/b"])


def test_a_link_to_another_host_is_not_followed(site: Site, read: Read) -> None:
    with serve({"/x": page(listing("x"))}) as other:
        site.routes = {"/list": page(listing("a"), follow(f"{other.url}/x"))}

        crawled = read()

        assert (crawled.status, crawled.reason, refs(crawled)) == ("degraded", "pages_failed", ["a"])
        assert other.asked == []


def test_a_proxy_of_the_environment_counts_only_when_a_setting_asks(
    site: Site, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead http_proxy is nobody's concern."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)

    assert read().status == "ok"
    assert read(use_proxy=True).reason == "refused"


def test_nobody_else_is_asked(site: Site, read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrapy's cookies would fetch the list of public suffixes from wherever the environment says."""
    with serve() as canary:
        monkeypatch.setenv("TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS", f"{canary.url}/suffixes")
        monkeypatch.setenv("TLDEXTRACT_CACHE", str(tmp_path / "empty"))
        site.routes = {"/elra-events/": Answer("<h1>x</h1>", headers={"Set-Cookie": "a=b; Domain=127.0.0.1"})}

        read(source="elra", start="interpreter")

        assert site.paths
        assert canary.asked == []


# --- limits


def test_the_page_limit_ends_a_crawl(site: Site, read: Read) -> None:
    """Not one page more is asked for; what came is kept; nothing is taken for absent."""
    site.routes = {
        "/list": page(listing("a"), follow("/b"), follow("/c"), follow("/d")),
        "/b": page(listing("b")),
        "/c": page(),
        "/d": page(),
    }

    crawled = read(max_pages=2)

    assert (crawled.status, crawled.reason, refs(crawled)) == ("degraded", "page_limit", ["a", "b"])
    assert site.paths == ["/list", "/b"]
    assert crawled.complete_feeds == set()
    assert read(max_pages=4).status == "ok"


def test_the_limit_of_records_ends_a_crawl(site: Site, read: Read) -> None:
    site.routes = {"/list": page(*(listing(str(number)) for number in range(5)))}

    crawled = read(max_items=3)

    assert (crawled.status, crawled.reason, refs(crawled)) == ("degraded", "item_limit", ["0", "1", "2"])
    assert read(max_items=5).status == "ok"


def test_links_deeper_than_allowed_are_told(site: Site, read: Read) -> None:
    site.routes = {"/list": page(listing("a"), follow("/b")), "/b": page(follow("/c")), "/c": page(listing("c"))}

    crawled = read(max_depth=1)

    assert (crawled.status, crawled.reason, site.paths) == ("degraded", "depth_limit", ["/list", "/b"])


@pytest.mark.parametrize(
    "last", [Answer(page(), delay=20), page({"spin": True})], ids=["a slow page", "a reading function without end"]
)
def test_the_budget_ends_a_crawl(site: Site, read: Read, last: Answer) -> None:
    """What came until then is kept, whether the crawl closes by itself or has to be ended."""
    site.routes = {"/list": page(listing("a"), follow("/b")), "/b": last}

    crawled = read(budget_seconds=1)

    assert (crawled.status, crawled.reason, refs(crawled)) == ("degraded", "timeout", ["a"])
    assert not crawled.worth_retrying


def test_a_crawl_that_is_asked_to_stop_keeps_what_came(site: Site, read: Read) -> None:
    site.routes = {"/list": page(listing("a"), follow("/b")), "/b": Answer(page(), delay=20)}

    crawled = read(stopped=lambda: "/b" in site.paths)

    assert (crawled.status, crawled.reason, refs(crawled)) == ("degraded", "stopped", ["a"])


def test_a_crawl_that_is_stopped_with_nothing_is_cancelled(site: Site, read: Read) -> None:
    site.routes = {"/list": Answer(page(), delay=20)}

    crawled = read(stopped=lambda: "/list" in site.paths)

    assert (crawled.status, crawled.reason) == ("cancelled", "stopped")


def test_a_crawl_over_its_memory_fails_alone(site: Site, read: Read) -> None:
    site.routes = {"/list": page(listing("a"), {"hold": 300 << 20}, follow("/b")), "/b": Answer(page(), delay=20)}

    crawled = read(memory_bytes=256 << 20)

    assert (crawled.status, crawled.reason, crawled.worth_retrying) == ("failed", "memory", False)


# --- processes


def test_a_killed_crawl_is_lost_and_worth_another_try(site: Site, read: Read) -> None:
    """Nothing of the torso is kept, so that two attempts cannot mix."""
    site.routes = {"/list": page(listing("a"), follow("/b")), "/b": Answer(page(), delay=20)}

    def kill() -> bool:
        for child in crawls() if "/b" in site.paths else []:
            child.kill()
        return False

    crawled = read(stopped=kill)

    assert (crawled.status, crawled.reason, crawled.listings) == ("failed", "lost", ())
    assert crawled.detail == "the crawl process was ended by SIGKILL"
    assert crawled.worth_retrying


@pytest.mark.parametrize("start", ["fork", "interpreter"])
def test_a_crawl_does_not_outlive_the_process_that_started_it(site: Site, tmp_path: Path, start: str) -> None:
    """Nobody goes on fetching for a worker that was killed."""
    site.routes = dict.fromkeys(["/robots.txt"], Answer("", delay=20))
    script = f"""
from dataclasses import replace
from pathlib import Path
from confradar.crawling import process
from confradar.settings import Settings
from confradar.sources.base import reader
process.preload()
options = process.options(reader("elra").source, Settings(), {{"url": "{site.url}"}})
process.crawl("elra", replace(options, allow_private_hosts=True), Path("{tmp_path}"), start="{start}")
"""
    with psutil.Popen([sys.executable, "-c", script]) as parent:
        _until(lambda: site.asked)
        [child] = parent.children()
        parent.kill()
        parent.wait()

        _until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_an_exception_of_the_parent_ends_the_crawl(site: Site, read: Read) -> None:
    """A soft time limit comes as an exception out of the wait: the process goes with it."""
    site.routes = {"/list": Answer(page(), delay=20)}

    def limit() -> bool:
        raise TimeoutError("soft limit")

    with pytest.raises(TimeoutError, match="soft limit"):
        read(stopped=limit)


def test_a_crawl_process_has_no_secrets_no_open_doors_and_no_inherited_descriptors(
    site: Site, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads pages of strangers: it knows neither database nor broker, and nothing listens in it."""
    monkeypatch.setenv("CONFRADAR_DATABASE_URL", "postgresql://u:secret@127.0.0.1/x")
    site.routes = {"/list": page(listing("a"), {"environment": True}, follow("/b")), "/b": Answer(page(), delay=20)}
    seen: dict[str, Any] = {}

    def look() -> bool:
        if "/b" not in site.paths:
            return False
        [child] = crawls()
        seen["listening"] = [c for c in child.net_connections() if c.status == psutil.CONN_LISTEN]
        seen["inherited"] = {file.path for file in child.open_files()} & {str(ours)}
        seen["group"] = os.getpgid(child.pid) == child.pid
        return True

    ours = Path(__file__)
    with ours.open() as _:
        crawled = read(stopped=look)

    assert seen == {"listening": [], "inherited": set(), "group": True}
    assert [item.title for item in crawled.listings if item.ref == "environment"] == ["nothing"]


def test_the_command_crawls_and_sums_up(site: Site, tmp_path: Path) -> None:
    """`python -m confradar.crawling elra` leaves JSON lines, says one line, and its exit code tells the outcome."""
    site.routes = {"/wp-json/wp/v2/pages": GONE, "/elra-events/": "<main><h1>Events</h1></main>"}
    environment = {**os.environ, "CONFRADAR_SOURCE_ELRA_URL": site.url, "CONFRADAR_ALLOW_PRIVATE_HOSTS": "true",
                   "CONFRADAR_SOURCE_ELRA_DELAY": "0"}  # fmt: skip
    command = [sys.executable, "-m", "confradar.crawling", "elra", "--out", str(tmp_path)]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert "INFO" in done.stderr
    assert "crawl finished source=elra status=failed" in done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "elra.jsonl").read_text().splitlines()]
    assert (kinds[0], kinds[-1]) == ("opened", "closed")


def test_scrapys_own_commands_know_the_sources(site: Site, tmp_path: Path) -> None:
    """`scrapy list` and `scrapy crawl NAME` work with the documented settings module."""
    site.routes = {"/wp-json/wp/v2/pages": GONE, "/elra-events/": "<main><h1>Events</h1></main>"}
    environment = {**os.environ, "SCRAPY_SETTINGS_MODULE": "confradar.crawling.scrapy_settings",
                   "CONFRADAR_SOURCE_ELRA_URL": site.url, "CONFRADAR_ALLOW_PRIVATE_HOSTS": "true",
                   "CONFRADAR_SOURCE_ELRA_DELAY": "0"}  # fmt: skip

    def scrapy(*words: str) -> str:
        command = [sys.executable, "-m", "scrapy", *words]
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
        ).stdout

    assert set(scrapy("list").split()) >= {"acl_web", "elra"}
    scrapy("crawl", "elra")
    assert site.asked[0].path == "/robots.txt"
    assert "/elra-events/" in site.paths


def test_only_a_worker_that_preloads_loads_scrapy() -> None:
    """The parent's side is light; preloading never brings the reactor, which a fork could not share."""
    script = """
import sys
from confradar.crawling import process
loaded = [name for name in ("scrapy", "twisted", "OpenSSL") if name in sys.modules]
process.preload()
print(loaded, "scrapy.crawler" in sys.modules, "scrapy.core.downloader.handlers.http11" in sys.modules,
      "twisted.internet.reactor" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60).stdout

    assert said.strip() == "[] True True False"


def test_a_worker_that_has_a_reactor_says_so() -> None:
    """A reactor in the worker would break every crawl; it is told at the start, not at two in the morning."""
    script = "import twisted.internet.reactor\nfrom confradar.crawling import process\nprocess.preload()"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)

    assert "could not install its own" in done.stderr


def _until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


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
