"""What a crawl may do, where it may go, and what became of it: the pure rules."""

from dataclasses import replace

import pytest

from confradar.crawling.addresses import Addresses
from confradar.crawling.faults import Fault
from confradar.crawling.options import CrawlOptions, options
from confradar.crawling.outcome import judge, unite
from confradar.crawling.spool import Found
from confradar.deadlines.listing import DATES_MAX, EntryType, Kind, Listing, WrittenDate
from confradar.errors import SettingError
from confradar.network import is_private
from confradar.settings import Settings
from confradar.sources.base import Feed, Politeness, Source, Trouble

SOURCE = Source(
    name="fair",
    home="https://fair.example.org/",
    base="https://www.example.org/portal/",
    feeds=(
        Feed("list", "/list", whole=True),
        Feed("data", "https://data.example.net/d.md?v=1", whole=True),
        Feed("off", "/off", enabled=False),
    ),
    hosts=("cdn.example.net",),
    expected_listings=range(1, 10),
    politeness=Politeness(seconds_between_requests=5, max_pages=7, budget_seconds=90),
)
OPTIONS = options(SOURCE, Settings(), {})
CLOSED = {"reason": "finished", "errors": 0}


def listing(ref: str = "a", *dates: WrittenDate, **fields: object) -> Listing:
    made = Listing(source="fair", ref=ref, url="https://fair.example.org/a", title="A", year=2027, dates=dates)
    return replace(made, **fields)  # type: ignore[arg-type]


def test_options_are_the_declaration_with_the_settings_laid_over_it() -> None:
    """What no setting names stays as the source declares it; a given budget goes before the setting's."""
    assert (OPTIONS.base, OPTIONS.feeds, OPTIONS.delay, OPTIONS.max_pages) == (None, ("list", "data"), 5, 7)

    overrides = {"url": "http://127.0.0.1:8000", "delay": "0.5", "max_pages": "9", "budget": "30", "feed_off": "on",
                 "feed_data": "off", "expected": "1-5", "concurrency": "2"}  # fmt: skip
    laid = options(SOURCE, Settings(), overrides)

    assert (laid.base, laid.feeds, laid.delay) == ("http://127.0.0.1:8000", ("list", "off"), 0.5)
    assert (laid.max_pages, laid.budget_seconds, laid.concurrency) == (9, 30, 2)
    assert options(SOURCE, Settings(), overrides, budget=5).budget_seconds == 5


def test_options_survive_their_way_through_json() -> None:
    chosen = replace(OPTIONS, only={"https://fair.example.org/a": ""}, retry_waits=(1.5,))
    assert CrawlOptions.from_json(chosen.to_json()) == chosen


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expected", "some"), ("expected", "9-1"), ("floor", "0"), ("floor", "ten"),
        ("delay", "soon"), ("delay", "-1"), ("delay", "inf"), ("budget", "0"), ("max_pages", "0"), ("max_pages", "1e3"),
        ("max_items", "²"), ("concurrency", ""), ("max_depth", "99999999999"), ("url", "ftp://x/"), ("url", "http://"),
        ("url", "http://[::1"), ("url", "http://x:99999/"), ("feed_off", "maybe"), ("feed_of", "on"),
    ],
)  # fmt: skip
def test_a_bad_value_names_its_setting(field: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"CONFRADAR_SOURCE_FAIR_{field.upper()}"):
        options(SOURCE, Settings(), {field: value})


def test_a_source_is_asked_at_its_own_hosts_only() -> None:
    """Home, base, the feeds' and the declared hosts, on the usual ports; not their neighbours."""
    where = Addresses(SOURCE)
    allowed = ["https://www.example.org/x", "http://fair.example.org:80/", "https://DATA.example.net/d",
               "http://cdn.example.net/"]  # fmt: skip
    refused = ["https://example.org/", "https://www.example.org.evil.test/", "https://www.example.org:6379/",
               "https://evil.test/www.example.org", "https://www.example.org@evil.test/", "ftp://www.example.org/",
               "file:///etc/passwd", "https://www.example.org:x/", "http://[::1", "//www.example.org/", ""]  # fmt: skip

    assert [where.allows(url) for url in allowed] == [True] * len(allowed)
    assert [where.allows(url) for url in refused] == [False] * len(refused)


def test_a_base_of_the_settings_stands_for_all_hosts_of_the_source() -> None:
    """Path and query are kept; other hosts are not mapped, and the source's own are not asked any more."""
    moved = Addresses(SOURCE, "http://127.0.0.1:8000")

    assert [moved.of(feed) for feed in SOURCE.feeds[:2]] == [
        "http://127.0.0.1:8000/list", "http://127.0.0.1:8000/d.md?v=1"
    ]  # fmt: skip
    assert moved.here("https://evil.test/x") == "https://evil.test/x"
    assert moved.allows("http://127.0.0.1:8000/anything")
    assert not any(moved.allows(url) for url in ("https://www.example.org/", "http://127.0.0.1:8001/", ""))


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True), ("10.1.2.3", True), ("192.168.0.1", True), ("169.254.169.254", True), ("0.0.0.1", True),
        ("100.64.0.1", True), ("224.0.0.1", True), ("::1", True), ("fe80::1", True), ("fd00::1", True),
        ("::ffff:127.0.0.1", True), ("64:ff9b::7f00:1", True), ("2002:a00:1::", True), ("64:ff9b::5db8:d822", False),
        ("93.184.216.34", False), ("2606:2800:220:1::1", False), ("example.org", False),
    ],
)  # fmt: skip
def test_what_is_not_of_the_public_internet_is_private(address: str, private: bool) -> None:
    assert is_private(address) is private


def test_a_later_listing_completes_the_earlier() -> None:
    """Its fields and gates win; what only the earlier says stays; an assumed type does not undo a known one."""
    row = listing("a", WrittenDate(Kind.ABSTRACT, "1 May"), WrittenDate(Kind.SUBMISSION, "8 May"),
                  place="Paris", type=EntryType.WORKSHOP)  # fmt: skip
    event = listing("a", WrittenDate(Kind.SUBMISSION, "9 May"), WrittenDate(Kind.SUBMISSION, "9 June", round=2),
                    title="A in full", city="Lyon")  # fmt: skip
    stranger = listing("b")

    united, other = unite([row, stranger, event])

    assert other == stranger
    assert (united.title, united.place, united.city, united.type) == ("A in full", "Paris", "Lyon", "workshop")
    assert [(date.kind, date.round, date.text) for date in united.dates] == [
        ("abstract", 0, "1 May"), ("submission", 0, "9 May"), ("submission", 2, "9 June")
    ]  # fmt: skip


def test_two_listings_that_are_too_much_together_leave_the_later() -> None:
    first, second = (
        listing("a", *(WrittenDate(Kind.OTHER, "1 May", track=f"{part}{number}") for number in range(DATES_MAX)))
        for part in "xy"
    )
    assert unite([first, second]) == (second,)


def test_each_year_of_a_reused_id_is_its_own_listing() -> None:
    assert len(unite([listing(year=2026), listing(year=2027), listing(feed="data")])) == 3


def test_feeds_are_complete_one_by_one() -> None:
    """A feed of which a page was missed is not; a limit, an error of unknown place or a re-check spoils all."""
    whole = Found(listings=[listing()], closed=dict(CLOSED))
    assert judge(SOURCE, OPTIONS, whole).complete_feeds == {"list", "data"}

    missed = Found(listings=[listing()], closed=dict(CLOSED), unread={"data"},
                   failures=[("https://data.example.net/d.md", Fault("http_404", "gone"))])  # fmt: skip
    assert judge(SOURCE, OPTIONS, missed).complete_feeds == {"list"}

    limited = Found(listings=[listing()], closed={"reason": "page_limit", "errors": 0})
    lost_place = Found(listings=[listing()], closed=dict(CLOSED), unread={None}, errors=["ValueError: x"])
    assert not judge(SOURCE, OPTIONS, limited).complete_feeds
    assert not judge(SOURCE, OPTIONS, lost_place).complete_feeds
    assert not judge(SOURCE, replace(OPTIONS, only={"https://fair.example.org/a": ""}), whole).complete_feeds


@pytest.mark.parametrize(
    ("found", "ended", "status", "reason"),
    [
        (Found(listings=[listing()], closed={"reason": "finished", "errors": 2}), "", "degraded", "errors"),
        (Found(listings=[listing()], closed={"reason": "closespider_timeout", "errors": 0}), "", "degraded", "timeout"),
        (Found(closed={"reason": "closespider_timeout", "errors": 0}), "", "failed", "timeout"),
        (Found(listings=[listing()]), "timeout", "degraded", "timeout"),
        (Found(listings=[listing()]), "memory", "failed", "memory"),
        (Found(listings=[listing()], closed={"reason": "shutdown", "errors": 0}), "lost", "failed", "lost"),
        (Found(listings=[listing()]), "", "failed", "lost"),
        (Found(troubles=[Trouble("broken", "x")], failures=[("u", Fault("dns", "y"))], closed=dict(CLOSED)), "",
         "failed", "broken"),
        (Found(listings=[listing()], failures=[("u", Fault("dns", "y")), ("v", Fault("deferred", "z"))],
               closed=dict(CLOSED)), "", "degraded", "deferred"),
    ],
)  # fmt: skip
def test_the_most_telling_reason_is_given(found: Found, ended: str, status: str, reason: str) -> None:
    crawled = judge(SOURCE, OPTIONS, found, ended=ended, lost="was ended by SIGKILL")

    assert (crawled.status, crawled.reason) == (status, reason)
    assert crawled.detail


def test_only_what_may_pass_is_worth_another_try() -> None:
    """And the wait that the site asked for goes with it."""
    passing = Found(failures=[("u", Fault("http_503", "x", worth_retrying=True, retry_after=30))], closed=dict(CLOSED))
    lasting = Found(failures=[("u", Fault("blocked", "x"))], closed=dict(CLOSED))
    partly = replace(passing, listings=[listing()])

    assert [judge(SOURCE, OPTIONS, found).worth_retrying for found in (passing, lasting, partly)] == [
        True,
        False,
        False,
    ]
    assert judge(SOURCE, OPTIONS, passing).retry_after == 30
