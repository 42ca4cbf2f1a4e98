"""The days of an event, in every order of day, month and year."""

from datetime import date

import pytest

from confradar.deadlines.dates import parse_day, parse_days


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("September 8 - 13, 2026", "2026-09-08", "2026-09-13"),
        ("11-16 May 2026", "2026-05-11", "2026-05-16"),
        ("11, 12 and 16 May 2026", "2026-05-11", "2026-05-16"),
        ("August 30 - September 4, 2026", "2026-08-30", "2026-09-04"),
        ("September 29 to October 2, 2026", "2026-09-29", "2026-10-02"),
        ("November 20, 2026 - November 22, 2026", "2026-11-20", "2026-11-22"),
        ("Dec 30, 2026 - Jan 2, 2027", "2026-12-30", "2027-01-02"),
        ("December 30 - January 2, 2027", "2026-12-30", "2027-01-02"),
        ("Mon. Jul 6th through Sun the 12th, 2026", "2026-07-06", "2026-07-12"),
        ("Saturday, 3 August 2024 to Sunday, 4 August 2024", "2024-08-03", "2024-08-04"),
        ("August 24–26, 2026", "2026-08-24", "2026-08-26"),
        ("September, 8-13, 2026", "2026-09-08", "2026-09-13"),
        ("April 29--May 4, 2025", "2025-04-29", "2025-05-04"),
        ("May 20 - May 24", "2026-05-20", "2026-05-24"),
        ("April 30, 2026", "2026-04-30", "2026-04-30"),
    ],
)
def test_event_days_run_from_the_first_to_the_last(text: str, first: str, last: str) -> None:
    """Ranges and lists in every order of day, month and year."""
    assert parse_days(text, 2026) == (date.fromisoformat(first), date.fromisoformat(last))
    assert parse_day(text, 2026) == (date.fromisoformat(first) if first == last else None)


@pytest.mark.parametrize(
    "text",
    ["", "TBD 2026", "October, 2025", "June 31 - July 2, 2026", "3/4/2026", "May 9 - May 7, 2026", "Dec 9, 9999"],
)
def test_unclear_event_days_are_none(text: str) -> None:
    """No half of a range, no guess of an order."""
    assert parse_days(text, 2026) is None
    assert parse_day(text, 2026) is None


def test_a_day_without_any_year_is_no_day() -> None:
    """Only the caller can supply one."""
    assert parse_day("May 20", None) is None
    assert parse_day("May 20, 2026", None) == date(2026, 5, 20)
