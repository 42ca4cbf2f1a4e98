"""Which part of a text speaks of a gate: one line of a table is one way to write that lists and calls really use."""

from datetime import UTC, date, datetime

import pytest

from confradar.deadlines.dates import Edition, Precision, Window, resolve
from confradar.deadlines.listing import Kind

EDITION = Edition(2026, date(2026, 9, 7), date(2026, 9, 11))


def read(text: str, kind: Kind = Kind.SUBMISSION, edition: Edition = EDITION) -> Window:
    return resolve(text, "UTC", kind=kind, edition=edition)


def day(window: Window) -> str:
    assert window.earliest is not None
    assert window.earliest == window.latest
    return f"{window.earliest:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    "text",
    [
        "~~May 18~~ May 25, 2026",
        "<del>18 May 2026</del> 25 May 2026",
        "M\u0336a\u0336y\u0336 \u03361\u03368\u0336 May 25, 2026",
        "May 18, 2026 extended to May 25, 2026",
        "May 18 → May 25, 2026",
        "May 18, 2026 -> May 25, 2026",
        "May 25, 2026 (extended from May 18, 2026)",
        "Extended: May 25, 2026 (was May 18, 2026)",
        "new deadline: May 25, 2026; old deadline: May 18, 2026",
        "Originally 18 May, now 25 May 2026",
        "18 May 2026 17:00, postponed to 25 May 2026",
        "11 May → 18 May → 25 May 2026",
        "Extended deadline: 25 May 2026 (previously May 18th, 17:00)",
    ],
)
def test_only_the_date_in_force_counts(text: str) -> None:
    """What is struck through or was extended is history."""
    assert day(read(text)) == "2026-05-25 23:59"


@pytest.mark.parametrize(
    ("text", "abstract", "submission"),
    [
        ("Abstract: 1 May; paper: 8 May 2026", "2026-05-01 23:59", "2026-05-08 23:59"),
        ("Abstracts due 1 May 2026, full papers due 8 May 2026", "2026-05-01 23:59", "2026-05-08 23:59"),
        ("1 May 2026 (abstracts), 8 May 2026 (papers)", "2026-05-01 23:59", "2026-05-08 23:59"),
        ("abstract 1 May 2026 12:00 and full paper 8 May 2026 17:00", "2026-05-01 12:00", "2026-05-08 17:00"),
        ("Abstract: 1 May; paper: 4 May extended to 8 May 2026", "2026-05-01 23:59", "2026-05-08 23:59"),
        (
            "Abstract: 1 May; Paper: 8 May; Notification: 1 July; Camera-ready: 1 August 2026",
            "2026-05-01 23:59",
            "2026-05-08 23:59",
        ),
    ],
)
def test_of_several_labelled_dates_each_kind_has_its_own(text: str, abstract: str, submission: str) -> None:
    """The labels tell; a zone and a year count for all."""
    assert day(read(text, Kind.ABSTRACT)) == abstract
    assert day(read(text)) == submission


def test_the_zone_of_the_whole_counts_for_the_part() -> None:
    """`(AoE)` behind the last date is said once for both."""
    window = resolve("Abstract: 1 May; paper: 8 May 2026 (AoE)", None, kind=Kind.ABSTRACT, edition=EDITION)
    assert window.earliest == window.latest == datetime(2026, 5, 2, 11, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["Full papers: 8 May 2026; short papers: 15 May 2026", "8 May 2026 or 15 May 2026", "8 May 15 May 2026"]
)
def test_words_that_do_not_tell_leave_both_dates(text: str) -> None:
    """Nothing is guessed: the window holds both."""
    window = read(text)
    assert (window.earliest, window.latest) == (
        datetime(2026, 5, 8, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 5, 15, 23, 59, 59, tzinfo=UTC),
    )
    assert window.reason.startswith("could be 8 May 2026 or 15 May 2026")


@pytest.mark.parametrize(
    ("text", "edition", "instant", "told"),
    [
        ("15 December", EDITION, "2025-12-15 23:59", "no year is given; read as 2025"),
        ("15 May", EDITION, "2026-05-15 23:59", "no year is given; read as 2026"),
        ("Friday 15 May", Edition(2026), "2026-05-15 23:59", "no year is given; read as 2026"),
        ("Thursday 15 May", Edition(2026), "2025-05-15 23:59", "no year is given; read as 2025"),
        ("29 February", Edition(2029, date(2029, 1, 8), date(2029, 1, 9)), "2028-02-29 23:59", "read as 2028"),
    ],
)
def test_a_missing_year_is_supplied_where_one_is_left(text: str, edition: Edition, instant: str, told: str) -> None:
    """By the event, by the weekday, by the calendar; and a finding says so."""
    window = read(text, edition=edition)
    assert day(window) == instant
    assert told in window.finding


def test_a_missing_year_is_not_guessed() -> None:
    """An edition of which only the year is known may close in it or in the year before."""
    window = read("15 May", edition=Edition(2026))
    assert (window.precision, window.reason) == (Precision.NONE, "no year is given: 2025 or 2026")


@pytest.mark.parametrize("text", ["１５ May ２０２６", "𝗠𝗮𝘆 𝟭𝟱, 𝟮𝟬𝟮𝟲", "May 15¹, 2026*"])
def test_letters_and_digits_of_another_style_are_read(text: str) -> None:
    """Full-width and mathematical ones stand in calls on WikiCFP; a raised digit is a footnote."""
    assert day(read(text)) == "2026-05-15 23:59"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31 December 9999 AoE", "31 December 9999: not a year from 1950 to 2100"),
        ("2026-13-01", "2026-13-01: no such day"),
        ("31 February 2026", "31 February 2026: no such day"),
        ("1 May 2026 25:61", "the hour is not understood: there is no 25:61"),
        ("x" * 10_000, "10,000 characters: more than 500"),
    ],
)
def test_what_no_calendar_and_no_clock_has_is_named(text: str, reason: str) -> None:
    """Year 9999, month 13, 31 February, 25:61, and what is too long to be a date."""
    assert read(text).reason == reason
