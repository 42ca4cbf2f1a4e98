"""Crawls in fair weather, and what the reading function of their source does."""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from confradar.crawling import process

from ..workers.site import Answer, Asked, Site  # noqa: TID252 - the tests are no package
from .fair import ELRA, GONE, Read, follow, listing, page, refs

pytestmark = pytest.mark.integration


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

    crawled = read(only={"https://fair.example.org/b": "list"})

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
