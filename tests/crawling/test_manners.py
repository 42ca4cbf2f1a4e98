"""Whom a crawl asks, and when it stops."""

from pathlib import Path

import pytest

from ..workers.site import Answer, Site, serve  # noqa: TID252 - the tests are no package
from .fair import Read, follow, listing, page, refs

pytestmark = pytest.mark.integration


@pytest.mark.fault("D9", "robots.txt that forbids or fails: no crawl; a missing one allows")
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
@pytest.mark.fault("D9", "robots.txt that forbids or fails: no crawl; a missing one allows")
def test_a_robots_txt_that_cannot_be_read_forbids_all(site: Site, read: Read, robots: Answer, cause: str) -> None:
    """Unreachable means no (RFC 9309), whatever the body of an error says; later it may be better."""
    site.routes["/robots.txt"] = robots

    crawled = read(response_seconds=0.3)

    assert (crawled.status, crawled.reason, site.paths) == ("failed", "robots", [])
    assert crawled.detail == f"127.0.0.1: robots.txt: {cause}"
    assert crawled.worth_retrying


@pytest.mark.fault("D9", "robots.txt that forbids or fails: no crawl; a missing one allows")
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


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]"])
@pytest.mark.fault("D7", "no private address is connected to; the address checked is the one connected to")
def test_private_addresses_are_not_asked(site: Site, read: Read, host: str) -> None:
    """Not as a number, not by a name that leads there; no connection is made, not even for robots.txt."""
    crawled = read(url=site.url.replace("127.0.0.1", host), allow_private_hosts=False)

    assert (crawled.status, crawled.reason, crawled.worth_retrying) == ("failed", "private", False)
    assert "CONFRADAR_ALLOW_PRIVATE_HOSTS" in crawled.detail
    assert site.asked == []


@pytest.mark.parametrize("path", ["/list", "/robots.txt"])
@pytest.mark.fault("D8", "only http and https, only hosts on the source's list")
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
@pytest.mark.fault("D8", "only http and https, only hosts on the source's list")
def test_other_schemes_are_not_followed(site: Site, read: Read, address: str) -> None:
    """Neither as a link nor as a redirect."""
    site.routes = {
        "/list": page(listing("a"), follow(address), follow("/b")),
        "/b": Answer(status=302, headers={"Location": address}),
    }

    crawled = read()

    assert (crawled.status, refs(crawled), site.paths) == ("degraded", ["a"], ["/list", "/b"])


@pytest.mark.fault("D8", "only http and https, only hosts on the source's list")
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
