"""What holds a source's result back, what only warns, and what is an ordinary night."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from confradar.deadlines import checks, verdict
from confradar.deadlines.checks import Evidence, Severity
from confradar.deadlines.listing import EntryType, Kind, Listing, WrittenDate

NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)
NIGHT = timedelta(days=1)
GATES = {Kind.ABSTRACT: 1, Kind.SUBMISSION: 8, Kind.NOTIFICATION: 60}  # days after the first gate
COUNTS = {"listings_found", "count_above_floor", "count_in_range", "count_like_last_nights"}


def listing(number: int, *, days: float = 0, zone: str | None = "UTC", **fields: Any) -> Listing:
    """A conference with three gates ahead, each some days later than it would be."""
    first = NOW + timedelta(days=20 + number % 50 + days)
    dates = tuple(
        WrittenDate(kind, f"{first + timedelta(days=after):%Y-%m-%d %H:%M:%S}", zone) for kind, after in GATES.items()
    )
    made = Listing("fair", str(number), f"https://fair.example/{number}", f"Fair {number}", 2026, "list", dates=dates)
    return replace(made, **fields)


def resolved(listings: Iterable[Listing], now: datetime = NOW) -> dict[Any, Any]:
    return {one.key: verdict.claims(1, one, now) for one in listings}


ORDINARY = tuple(map(listing, range(40)))


def evidence(listings: Iterable[Listing] = ORDINARY, before: Iterable[Listing] = ORDINARY, **fields: Any) -> Evidence:
    """A whole crawl of a source that gave forty listings on each of its last nights."""
    listings = tuple(listings)
    made = Evidence(
        "fair", listings, resolved(listings), 0, 11, (20, 90), (40,) * 7, resolved(before, NOW - NIGHT),
        frozenset({"list"}), False, NOW,
    )  # fmt: skip
    return replace(made, **fields)


def failed(given: Evidence) -> set[str]:
    return {result.name for result in checks.run(given) if not result.passed}


def held(given: Evidence) -> str:
    """The check that holds the result back, or nothing."""
    result = checks.blocking(checks.run(given))
    return result.name if result else ""


def test_a_night_like_the_last_passes_every_check():
    """Each result names itself, and says to an operator what it is about and what it saw."""
    results = checks.run(evidence())

    assert all(result.passed for result in results)
    assert len({result.name for result in results}) == len(results) >= 12
    assert all(result.description and result.observed for result in results)
    assert checks.blocking(results) is None


@pytest.mark.parametrize(
    ("count", "usual", "expected", "names"),
    [
        (0, 40, (0, 90), {"listings_found", "count_above_floor", "count_like_last_nights"}),
        (10, 15, (5, 90), {"count_above_floor"}),
        (11, 15, (5, 90), set()),
        (19, 38, (20, 90), {"count_in_range"}),
        (91, 60, (20, 90), {"count_in_range"}),
        (19, 40, (1, 900), {"count_like_last_nights"}),
        (20, 40, (1, 900), set()),
        (120, 40, (1, 900), set()),
        (121, 40, (1, 900), {"count_like_last_nights"}),
    ],
)
def test_a_count_out_of_bounds_is_held(count, usual, expected, names):
    """Zero, below the floor, outside the range, below half or above three times the usual: each by its name."""
    ours = tuple(map(listing, range(count)))
    given = evidence(ours, (), expected=expected, counts=(usual,) * 7)

    assert failed(given) & COUNTS == names
    assert held(given) in (names or {""})


def test_the_usual_count_is_the_median_of_the_last_seven_good_nights():
    """Neither one odd night nor what was long ago counts."""
    assert not failed(evidence(counts=(40, 900, 41, 1, 40, 39, 40, 4000, 4000, 4000)))
    assert held(evidence(counts=(4000,) * 4 + (40,) * 3)) == "count_like_last_nights"


def test_a_first_load_is_never_held():
    """What would hold a later night is a warning on the first."""
    results = checks.run(evidence(ORDINARY[:3], (), counts=()))

    assert {result.name for result in results if not result.passed} == {"count_above_floor", "count_in_range"}
    assert not any(result.blocking for result in results)
    assert {result.severity for result in results} == {Severity.WARNING}


def test_a_crawl_that_was_cut_is_not_held_for_its_count():
    """Its dates still count."""
    assert not held(evidence(ORDINARY[:3], cut=True, complete_feeds=frozenset()))
    shifted = tuple(listing(number, days=0.5) for number in range(9))
    assert held(evidence(shifted, cut=True, complete_feeds=frozenset())) == "dates_stay"


def test_a_source_that_never_gave_anything_is_not_held_for_giving_nothing():
    """A page that only scripts can draw is an expected degradation."""
    assert not held(evidence((), (), counts=(0, 0, 0)))
    assert held(evidence((), (), counts=(0, 0, 12))) == "listings_found"


@pytest.mark.parametrize(
    ("days", "name"),
    [
        ([7] * 7 + [8], ""),  # 24 of 120 dates
        ([7] * 8 + [8], "dates_stay"),
        ([-7] * 3 + [8], ""),  # 9 earlier
        ([-7] * 4 + [8], "dates_not_earlier"),
        ([-7, 8, 9, 10], ""),
    ],
)
@pytest.mark.fault("E13", "a mistyped year or exchanged day and month is held; the old date stays")
def test_many_dates_that_move_in_one_night_are_held(days, name):
    """Over a fifth and ten in all, over a twentieth and ten earlier. Each conference has three dates."""
    moved = [listing(number, days=shift) for number, shift in enumerate(days)]
    assert held(evidence((*moved, *ORDINARY[len(moved) :]))) == name


@pytest.mark.fault("E13", "a mistyped year or exchanged day and month is held; the old date stays")
def test_a_few_dates_that_all_move_by_one_amount_are_held():
    """A zone misread in one place of a great list: five dates are enough, four are not, nor if another moves too."""
    many = tuple(map(listing, range(400)))
    usual = {"counts": (400,), "expected": (1, 900)}

    def night(*hours: float) -> Evidence:
        moved = [move_one(many[number], after) for number, after in enumerate(hours)]
        return evidence((*moved, *many[len(moved) :]), many, **usual)

    assert held(night(12, 12, 12, 12)) == ""
    assert held(night(12, 12, 12, 12, 12)) == "no_common_shift"
    assert held(night(-12, -12, -12, -12, -12)) == "no_common_shift"
    assert held(night(12, 12, 12, 12, 12, 48)) == ""


def test_a_zone_fault_among_other_moves_is_named():
    """As when a list read 182 dates of a night twelve hours later and moved a score of others; whole days are moves."""

    def night(*hours: float) -> set[str]:
        moved = [listing(number, days=hours_ / 24) for number, hours_ in enumerate(hours)]
        return failed(evidence([*moved, *ORDINARY[len(moved) :]]))

    assert "no_zone_fault" in night(12, 12, 12, 48)
    assert "no_zone_fault" not in night(24, 24, 24, 48)
    assert "no_zone_fault" not in night(12, 48, 72)


def test_a_replay_reports_and_holds_nothing():
    """Months may lie between two nights that are read again."""
    again = evidence([listing(number, days=number / 40) for number in range(5)], replay=True)

    assert {"count_above_floor", "open_conferences_kept"} <= failed(again)
    assert not held(again)


def test_odd_events_are_seen():
    """Ten that end before they begin, of forty, are too many to be chance."""
    odd = {"starts_on": date(2026, 8, 26), "ends_on": date(2020, 8, 28)}
    assert "dates_possible" in failed(
        evidence([listing(number, **(odd if number < 10 else {})) for number in range(40)])
    )
    assert "dates_possible" not in failed(
        evidence([listing(number, **(odd if number < 2 else {})) for number in range(40)])
    )


def move_one(before: Listing, hours: float) -> Listing:
    """The listing with its submission so many hours later."""
    at = datetime.fromisoformat(before.dates[1].text) + timedelta(hours=hours)
    moved = replace(before.dates[1], text=f"{at:%Y-%m-%d %H:%M:%S}")
    return replace(before, dates=(before.dates[0], moved, before.dates[2]))


def test_a_conference_that_moves_all_its_gates_is_an_ordinary_night():
    """It may be there with ten gates, and stand in two lists of the source."""
    tracks = [f"track {number}" for number in range(10)]

    def of(feed: str, days: float) -> Listing:
        one = listing(900, days=days, feed=feed, title="Grand Fair")
        return replace(one, dates=tuple(replace(one.dates[1], track=track) for track in tracks))

    def both(days: float) -> tuple[Listing, ...]:
        return (of("list", days), of("cards", days), *ORDINARY)

    assert not held(evidence(both(7), both(0)))
    assert not held(evidence(both(-7), both(0)))


def test_lost_zones_are_held_and_found_ones_are_not():
    """Without a zone a date may be a day earlier; with one it says more exactly what it said before."""
    zoned, bare = ORDINARY, tuple(listing(number, zone=None) for number in range(40))

    assert held(evidence(bare, zoned)) == "dates_stay"
    assert not failed(evidence(zoned, bare))


def test_a_minute_is_no_move_and_estimates_are_no_dates():
    """23:59 and 23:59:59 are one instant; guesses may move as they like."""

    def guess(one: Listing) -> Listing:
        return replace(one, dates=tuple(replace(written, estimated=True) for written in one.dates))

    seconds_off = [listing(number, days=59 / 86400) for number in range(40)]
    announced = [listing(number, days=7) for number in range(40)]
    assert not failed(evidence(seconds_off))
    assert not held(evidence(announced, map(guess, ORDINARY)))
    assert not held(evidence(map(guess, announced), map(guess, ORDINARY)))


def test_open_conferences_that_vanish_together_are_held():
    """Ten of forty, from a list that was read to its end; not those that were there and could not be read."""
    most = ORDINARY[:30]

    assert held(evidence(most)) == "open_conferences_kept"
    assert not held(evidence(ORDINARY[:31]))
    assert not held(evidence(most, complete_feeds=frozenset()))
    assert not held(evidence(most, rejected=1))
    assert not held(evidence(most, now=NOW + 900 * NIGHT))
    renumbered = [replace(one, year=2027) for one in ORDINARY]
    assert "open_conferences_kept" not in failed(evidence(renumbered))


@pytest.mark.parametrize("text", ["", "TBA", "2026-13-45 99:99"])
def test_dates_that_are_lost_together_are_held(text):
    """The markup changed around the dates: the listings are all there, and say less."""

    def without(one: Listing) -> Listing:
        return replace(one, dates=tuple(replace(written, text=text) for written in one.dates) if text else ())

    few = ORDINARY[:3]
    assert "dates_kept" in failed(evidence(map(without, ORDINARY)))
    assert held(evidence(map(without, ORDINARY)))
    assert held(evidence(map(without, few), few, counts=(3,), floor=1, expected=(1, 9))) == "dates_kept"
    assert not held(evidence([without(ORDINARY[0]), *ORDINARY[1:]]))


def test_a_row_whose_own_page_was_not_read_loses_no_dates():
    """It leaves what was known from that page."""
    rows = [replace(one, dates=one.dates[:1], partial=True) for one in ORDINARY]
    assert not failed(evidence(rows))


@pytest.mark.parametrize(
    ("before", "after", "mistyped"),
    [
        ("2026-04-05", "2025-04-05", True),
        ("April 5, 2026", "5 April 2025", True),
        ("2026-04-05", "2026-05-04", True),
        ("2026-04-05", "2026-04-12", False),
        ("2026-04-15", "2026-05-15", False),
        ("2026-04-05", "2026-05-05", False),
    ],
)
@pytest.mark.fault("E13", "a mistyped year or exchanged day and month is held; the old date stays")
def test_a_date_that_looks_mistyped_is_a_warning(before, after, mistyped):
    """One year off, or day and month exchanged, in any spelling; the others are moves like any."""
    one, other = (replace(ORDINARY[0], dates=(WrittenDate(Kind.SUBMISSION, text, "AoE"),)) for text in (before, after))
    given = evidence((other, *ORDINARY[1:]), (one, *ORDINARY[1:]))
    assert failed(given) == ({"no_typing_errors"} if mistyped else set())
    assert not held(given)


def test_doubts_about_records_warn_and_hold_nothing():
    """Rejected records, impossible dates, bare listings, references given twice."""
    impossible = replace(listing(0), dates=(WrittenDate(Kind.SUBMISSION, "31 February 2026"),))
    bare = replace(listing(0), dates=())
    nights = {
        "few_rejected": evidence(rejected=11),
        "dates_possible": evidence([replace(impossible, ref=f"i{number}") for number in range(20)], ()),
        "required_fields": evidence([*ORDINARY[:30], *(replace(bare, ref=f"b{number}") for number in range(10))], ()),
        "refs_unique": evidence([*ORDINARY, replace(listing(0), year=2027)]),
    }
    for name, given in nights.items():
        assert name in failed(given)
        assert not held(given)
    journals = [replace(bare, ref=f"j{number}", type=EntryType.JOURNAL) for number in range(40)]
    assert "required_fields" not in failed(evidence(journals, ()))


def test_a_source_that_stands_still_is_stale():
    """Nothing ahead, or nothing new in ninety days; a new date or a moved one is news."""
    after = replace(evidence(), now=NOW + 900 * NIGHT)
    assert failed(after) == {"dates_ahead", "something_new"}
    assert not held(after)
    old = resolved(ORDINARY, NOW - 91 * NIGHT)
    assert failed(evidence(before=ORDINARY)) == set()
    assert failed(replace(evidence(), before=old)) == {"something_new"}
    assert failed(replace(evidence([*ORDINARY, listing(40)]), before=old)) == set()
    assert failed(replace(evidence([listing(0, days=3), *ORDINARY[1:]]), before=old)) == set()


def test_hostile_refs_stay_short_in_what_is_observed():
    """A page may name its records as it likes."""
    long = [replace(one, ref=str(number) + "x" * 490) for number, one in enumerate(ORDINARY)]
    results = checks.run(evidence((), long))
    assert all(len(result.observed) < 400 for result in results)
