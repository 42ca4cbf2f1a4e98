"""What holds of the checks whatever a source says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from confradar.deadlines import checks, verdict
from confradar.deadlines.checks import Evidence, Severity
from confradar.deadlines.listing import EntryType, Kind, Listing, WrittenDate

NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
# Beside what a night brings: the ends of the calendar, days that are not, words.
TEXTS = [
    "2026-04-05 12:00",
    "2026-05-04 12:00",
    "2025-04-05",
    "9999-12-31 23:59",
    "0001-01-01",
    "31 Feb 2026",
    "TBA",
    "",
]

written = st.builds(
    WrittenDate,
    kind=st.sampled_from([Kind.ABSTRACT, Kind.SUBMISSION, Kind.REBUTTAL_START]),
    text=st.sampled_from(TEXTS) | st.text("0129-/:., AprMayZ–²٣", max_size=20),
    zone_text=st.sampled_from(["UTC", "AoE", "Mars", None]),
    round=st.integers(0, 1),
    estimated=st.booleans(),
)
listings = st.builds(
    Listing,
    source=st.just("fair"),
    ref=st.sampled_from("123456"),
    url=st.just("https://fair.example/"),
    title=st.sampled_from(["ICML", "SEC 2026", "–", "第二届"]),
    year=st.sampled_from([1950, 2026, 2027, 2100]),
    feed=st.sampled_from(["", "list"]),
    type=st.sampled_from(EntryType),
    starts_on=st.sampled_from([None, date(2026, 6, 10)]),
    dates=st.lists(written, max_size=4).map(tuple),
    partial=st.booleans(),
)
nights = st.lists(listings, max_size=12, unique_by=lambda one: one.key)


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    """Two crawls of a small world, with any bounds."""
    now, before = draw(nights), draw(nights)
    return Evidence(
        source="fair",
        listings=tuple(now),
        claims={one.key: verdict.claims(1, one, NOW) for one in now},
        rejected=draw(st.integers(0, 100)),
        floor=draw(st.integers(0, 5)),
        expected=draw(st.tuples(st.integers(0, 5), st.integers(0, 20))),
        counts=tuple(draw(st.lists(st.integers(0, 10_000), max_size=7))),
        before={one.key: verdict.claims(1, one, NOW - timedelta(days=1)) for one in before},
        complete_feeds=draw(st.sets(st.sampled_from(["", "list"]))),
        cut=draw(st.booleans()),
        now=draw(st.sampled_from([NOW, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])),
    )


@given(evidences())
def test_the_checks_never_raise_and_a_warning_never_holds(evidence):
    """Every check answers, in the same order, whatever the data."""
    results = checks.run(evidence)
    assert [result.name for result in results] == [result.name for result in checks.run(replace(evidence, counts=()))]
    assert not any(result.blocking and result.severity is Severity.WARNING for result in results)
    found = checks.blocking(results)
    assert found is None or (found.blocking and not found.passed)


@given(evidences(), st.randoms())
def test_the_order_of_the_listings_does_not_matter(evidence, random):
    """The same listings and claims in any order give the same results, word by word."""
    shuffled = replace(
        evidence,
        listings=tuple(random.sample(evidence.listings, len(evidence.listings))),
        claims={key: evidence.claims[key] for key in random.sample(list(evidence.claims), len(evidence.claims))},
        before={key: evidence.before[key] for key in random.sample(list(evidence.before), len(evidence.before))},
    )
    assert checks.run(shuffled) == checks.run(evidence)


@given(nights)
def test_the_same_night_again_is_not_held(night):
    """Nothing moved, vanished or was lost, whatever the listings say."""
    claims = {one.key: verdict.claims(1, one, NOW) for one in night}
    same = Evidence(
        "fair", tuple(night), claims, 0, 0, (0, 20), (len(night),) * 7, claims, frozenset({"", "list"}), False, NOW
    )
    about_the_listings = {"dates_ahead", "required_fields", "refs_unique", "dates_possible"}
    assert {result.name for result in checks.run(same) if not result.passed} <= about_the_listings
