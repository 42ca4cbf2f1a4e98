"""What printed dates mean: one line of each table is one spelling that sources really use, or may."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from confradar.deadlines.dates import Edition, Precision, Window, resolve, withdraws
from confradar.deadlines.listing import Kind

EDITION = Edition(2026, date(2026, 9, 7), date(2026, 9, 11))


def read(text: str, zone_text: str | None = None, **changes: Any) -> Window:
    known: dict[str, Any] = {"kind": Kind.SUBMISSION, "edition": EDITION}
    return resolve(text, zone_text, **(known | changes))


def edges(window: Window) -> tuple[str, str]:
    assert window.earliest is not None
    assert window.latest is not None
    return f"{window.earliest:%Y-%m-%dT%H:%M:%S}", f"{window.latest:%Y-%m-%dT%H:%M:%S}"


@pytest.mark.parametrize(
    ("text", "zone_text", "instant", "precision"),
    [
        ("2026-01-29T11:59:59Z", None, "2026-01-29T11:59:59", "second"),
        ("2026-01-29T11:59:59Z", "AoE", "2026-01-29T11:59:59", "second"),
        ("2026-01-29T11:59:59+05:30", None, "2026-01-29T06:29:59", "second"),
        ("2026-01-29 11:59:59.123 -0800", None, "2026-01-29T19:59:59", "second"),
        ("2026-01-29 23:59", "AoE", "2026-01-30T11:59:00", "minute"),
        ("2026-1-9 23:59:59", "UTC-12", "2026-01-10T11:59:59", "second"),
        ("2026-01-29 23:59", "UTC–12:00", "2026-01-30T11:59:00", "minute"),
        ("2026-01-29 23:59", "Etc/GMT+12", "2026-01-30T11:59:00", "minute"),
        ("2026-01-29 23:59", "GMT+8", "2026-01-29T15:59:00", "minute"),
        ("2026-01-29 23:59", "UTC -8", "2026-01-30T07:59:00", "minute"),
        ("2026-01-29 23:59", "UTC+5:45", "2026-01-29T18:14:00", "minute"),
        ("2026-01-29 23:59", "europe/paris", "2026-01-29T22:59:00", "minute"),
        ("2026-06-29 23:59", "Europe/Paris", "2026-06-29T21:59:00", "minute"),
        ("2026-06-29 23:59", "CEST", "2026-06-29T21:59:00", "minute"),
        ("2026-06-29 23:59", "CET", "2026-06-29T21:59:00", "minute"),
        ("2026-01-29 23:59", "AoE (UTC-12, 23:59)", "2026-01-30T11:59:00", "minute"),
        ("2026-01-29 23:59", "11:59 PM UTC-12:00 (anywhere on Earth)", "2026-01-30T11:59:00", "minute"),
        ("2026-01-29 23:59", "CST (UTC+8)", "2026-01-29T15:59:00", "minute"),
        ("January 19, 2026 … 23:59 Anywhere On Earth", None, "2026-01-20T11:59:00", "minute"),
        ("May 15, 2026 at 11:59 p.m. (UTC-12)", None, "2026-05-16T11:59:00", "minute"),
        ("11:59PM, 15th of May, 2026, AoE", None, "2026-05-16T11:59:00", "minute"),
        ("May 15, 2026, 5pm PT", None, "2026-05-16T00:00:00", "minute"),
        ("May 15, 2026, 5pm PDT", "UTC", "2026-05-16T00:00:00", "minute"),
        ("23:59 UTC 8 May 2026", None, "2026-05-08T23:59:00", "minute"),
        ("15 May 2026 24:00 UTC", None, "2026-05-16T00:00:00", "minute"),
        ("15 May 2026 12 noon UTC", None, "2026-05-15T12:00:00", "minute"),
        ("May 15, 12 noon UTC, 2026", None, "2026-05-15T12:00:00", "minute"),
        ("May 12 noon UTC, 2026", None, "2026-05-12T12:00:00", "minute"),
        ("15 May 2026 12:00 am UTC", None, "2026-05-15T00:00:00", "minute"),
        ("3/21/2026 8:00", "UTC", "2026-03-21T08:00:00", "minute"),
    ],
)
def test_exact_words_name_one_instant(text: str, zone_text: str | None, instant: str, precision: str) -> None:
    """An hour and a zone give one instant, to the printed precision, without a reason."""
    window = read(text, zone_text)

    assert edges(window) == (instant, instant)
    assert (window.precision, window.reason, "not understood" in window.finding) == (precision, "", False)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("June ~~15th~~ 19th, 2026", "2026-06-19"),
        ("~~May 18~~ May 25, 2026 UTC-12", "2026-05-25"),
        ("Feb 1st - Feb 15th", "2026-02-15"),
        ("March 26th - 30th", "2026-03-30"),
        ("7–10 April 2026", "2026-04-10"),
        ("Dec 30, 2025 - Jan 2", "2026-01-02"),
        ("2026-04-07/2026-04-10", "2026-04-10"),
        ("September 2*", "2026-09-02"),
        ("Feburary 12", "2026-02-12"),
        ("Februrary 12, 2026", "2026-02-12"),
        ("Friday, 30 January 2026", "2026-01-30"),
        ("Sept. 1, 2025", "2025-09-01"),
        ("2 Jun 2025", "2025-06-02"),
        ("15-May-2026", "2026-05-15"),
        ("2026-03-8", "2026-03-08"),
        ("2026/03/08", "2026-03-08"),
        ("03.05.2026", "2026-05-03"),
        ("July 7, 2026 (AoE)", "2026-07-07"),
        ("15 May 2026, end of day", "2026-05-15"),
    ],
)
def test_a_day_without_an_hour_ends_with_that_day(text: str, day: str) -> None:
    """With a zone the day's end there; struck days do not count; of a range the last day does."""
    window = read(text, "AoE")

    end = datetime.fromisoformat(f"{day}T23:59:59-12:00")
    assert (window.earliest, window.latest, window.precision) == (end, end, Precision.DAY)
    assert window.reason == "no hour is given: the end of the day"


@pytest.mark.parametrize(
    ("text", "zone_text", "earliest", "latest", "reason"),
    [
        ("15 May 2026", None, "2026-05-15T09:59:59", "2026-05-16T11:59:59", "no zone is given"),
        ("15 May 2026 17:00", None, "2026-05-15T03:00:00", "2026-05-16T05:00:00", "no zone is given"),
        ("15 May 2026 17:00", "  ", "2026-05-15T03:00:00", "2026-05-16T05:00:00", "no zone is given"),
        ("15 May 2026 17:00", "PCT", "2026-05-15T03:00:00", "2026-05-16T05:00:00", "no known zone is given"),
        ("15 May 2026 17:00 UTC-14", "AoE", "2026-05-15T03:00:00", "2026-05-16T05:00:00", "no known zone is given"),
        ("15 May 2026 17:00", "SST/GMT+14", "2026-05-15T03:00:00", "2026-05-16T05:00:00", "no known zone is given"),
        ("15 May 2026 17:00 IST", None, "2026-05-15T11:30:00", "2026-05-15T16:00:00", "IST has several meanings"),
        ("15 May 2026 17:00", "CST", "2026-05-15T09:00:00", "2026-05-15T23:00:00", "CST has several meanings"),
        ("15 May 2026 17:00", "BST", "2026-05-15T11:00:00", "2026-05-15T16:00:00", "BST has several meanings"),
        ("15 May 2026 17:00 PST (UTC-7)", None, "2026-05-16T00:00:00", "2026-05-16T01:00:00", "several zones"),
        ("15 May 2026 midnight", "UTC", "2026-05-15T00:00:00", "2026-05-16T00:00:00", "midnight is the day's start"),
        ("15 May 2026 12:00 midnight", "UTC", "2026-05-15T00:00:00", "2026-05-16T00:00:00", "midnight is the day's"),
        ("3/4/2026 17:00", "UTC", "2026-03-04T17:00:00", "2026-04-03T17:00:00", "3 April 2026 or 4 March 2026"),
        ("May 15, 2026 (May 8, 2026)", "UTC", "2026-05-08T23:59:59", "2026-05-15T23:59:59", "15 May 2026 or 8 May"),
        ("15 May 2026 09:00-17:00", "UTC", "2026-05-15T09:00:00", "2026-05-15T17:00:00", "several hours"),
        ("15 May 2026 25:00", "UTC", "2026-05-15T00:00:00", "2026-05-15T23:59:59", "the hour is not understood"),
        ("15 May 2026 at 1730", "UTC", "2026-05-15T00:00:00", "2026-05-15T23:59:59", "the hour is not understood"),
        ("May 2026", None, "2026-05-01T09:59:59", "2026-06-01T11:59:59", "no day is given"),
        ("2026-02-xx", "UTC", "2026-02-01T23:59:59", "2026-02-28T23:59:59", "no day is given"),
    ],
)
def test_words_that_allow_more_give_a_window_with_its_reason(
    text: str, zone_text: str | None, earliest: str, latest: str, reason: str
) -> None:
    """What is not said is not guessed: the window holds every reading, and says why it is wide."""
    window = read(text, zone_text)

    assert edges(window) == (earliest, latest)
    assert reason in window.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("TBA", "TBA: no date is given"),
        ("TBD 2026", "TBD: no date is given"),
        ("TBC", "TBC: no date is given"),
        ("N/A", "N/A: no date is given"),
        ("To be announced", "TBA: no date is given"),
        ("rolling", "rolling: no date is given"),
        ("past", "past: no date is given"),
        ("Withdrawn", "withdrawn: no date is given"),
        ("The deadline has been cancelled.", "withdrawn: no date is given"),
        ("~~May 18, 2026~~ canceled", "withdrawn: no date is given"),
        ("15 May 2026 (cancelled)", "withdrawn: no date is given"),
        ("Cancelled (was 15 May 2026, 23:59 AoE)", "withdrawn: no date is given"),
        ("", "empty: no date is given"),
        (" – ", "empty: no date is given"),
        ("~~May 18, 2026~~", "empty: no date is given"),
        ("before the summer", 'not understood: "before the summer"'),
        ("2026", 'not understood: "2026"'),
        ("31 November 2026", "31 November 2026: no such day"),
        ("Nov 31, 2026", "31 November 2026: no such day"),
        ("Feb 29, 2026", "29 February 2026: no such day"),
        ("2022-55-20 23:59", "2022-55-20: no such day"),
        ("31/31/2026", "31/31/2026: no such day"),
        ("31 December 9999 23:59", "31 December 9999: not a year from 1950 to 2100"),
        ("0001-01-01", "1 January 1: not a year from 1950 to 2100"),
        ("12 September 2026", "12 September 2026: after the event's end, 11 September 2026"),
        ("6 September 2024", "6 September 2024: more than 24 months before 7 September 2026"),
    ],
)
def test_states_and_impossible_dates_give_no_instant(text: str, reason: str) -> None:
    """Nothing that is counted down to; the reason quotes the date or names the state."""
    window = read(text, "AoE")

    assert (window.earliest, window.latest, window.precision, window.reason) == (None, None, Precision.NONE, reason)


def test_a_gate_is_possible_on_the_days_at_the_border() -> None:
    """24 months before the start, and on the event's last day."""
    assert read("7 September 2024").precision is Precision.DAY
    assert read("11 September 2026").precision is Precision.DAY


def test_without_event_dates_the_edition_year_judges() -> None:
    """More than 24 months before the edition's year is too early; later than that year is left alone."""
    edition = Edition(2026)

    assert read("31 December 2023", edition=edition).reason == "31 December 2023: more than 24 months before 2026"
    assert read("1 January 2024", edition=edition).precision is Precision.DAY
    assert read("1 January 2027", edition=edition).precision is Precision.DAY


@pytest.mark.parametrize(
    "edition",
    [
        Edition(2024, date(2024, 12, 9), date(2023, 12, 15)),
        Edition(2024, date(2023, 5, 4), date(2023, 5, 8)),
        Edition(2024, date.min, date.min),
    ],
)
def test_an_event_whose_own_dates_are_wrong_rules_out_no_gate(edition: Edition) -> None:
    """An end before the start, or an event before its edition's year, is no evidence against a deadline."""
    assert read("22 May 2024", "AoE", edition=edition).precision is Precision.DAY


@pytest.mark.parametrize("kind", [Kind.NOTIFICATION, Kind.CAMERA_READY])
def test_a_late_notification_is_doubted_and_kept(kind: Kind) -> None:
    """After the event only gates before it are impossible; others keep their instant with a finding."""
    window = read("12 October 2026", "AoE", kind=kind)

    assert edges(window)[0] == "2026-10-13T11:59:59"
    assert window.finding == "12 October 2026: after the event's end, 11 September 2026"


def test_a_day_without_a_year_is_in_the_edition_year_or_before_the_event() -> None:
    """`15 December` for a September event can only be the year before; either way a finding says so."""
    assert edges(read("15 May", "UTC"))[0] == "2026-05-15T23:59:59"
    assert read("15 May", "UTC").finding == "no year is given; read as 2026"
    assert edges(read("15 December", "UTC"))[0] == "2025-12-15T23:59:59"
    assert read("15 December", "UTC").finding == "no year is given; read as 2025"


@pytest.mark.parametrize(("day_first", "month"), [(True, 4), (False, 3)])
def test_the_known_order_of_a_source_decides_a_numeric_date(day_first: bool, month: int) -> None:
    """Only where both readings exist: `3/21/2026` has one, whatever the order."""
    found = read("3/4/2026 17:00", "UTC", day_first=day_first)

    assert found.earliest == found.latest == datetime(2026, month, 7 - month, 17, tzinfo=UTC)
    assert edges(read("3/21/2026 17:00", "UTC", day_first=day_first))[0] == "2026-03-21T17:00:00"


def test_a_rebuttal_starts_on_the_first_day_of_a_range() -> None:
    """And ends on the last."""
    assert edges(read("7-10 April 2026", "UTC", kind=Kind.REBUTTAL_START))[0] == "2026-04-07T23:59:59"
    assert edges(read("7-10 April 2026", "UTC", kind=Kind.REBUTTAL_END))[0] == "2026-04-10T23:59:59"


@pytest.mark.parametrize(
    ("text", "zone_text", "finding"),
    [
        ("15 May 2026 17:00", "PCT", 'zone not known: "PCT"'),
        ("15 May 2026 17:00", "UTC-14", 'zone not known: "UTC-14"'),
        ("15 May 2026 17:00", "UTC+5:20", 'zone not known: "UTC+5:20"'),
        ("15 May 2026 17:00 XYZ", None, 'not understood: "XYZ"'),
        ("15 May 2026 17:00 local time", None, 'not understood: "local"'),
        ("15 May 2026 17:00 Europe/Atlantis", None, 'not understood: "Europe Atlantis"'),
        ("15 May 2026 17:00", "Etc/GMT-8", "the sign of Etc/GMT-8 is inverted: it is east of Greenwich"),
        ("15 May 2026 17:00", "Europe/Milan", "Europe/Milan is no zone; read as Europe/Rome"),
        ("15 May 2026 17:00", "PST", "the zone's name is not that of the season; read as UTC-8"),
        ("15 May 2026 17:00", "CET", "the zone's name is not that of the season; read as UTC+2"),
        ("Monday, 15 May 2026", "UTC", "15 May 2026 is a Friday, not a Monday"),
        ("15 May 2026 (tentative)", "UTC", 'not understood: "tentative"'),
    ],
)
def test_doubtful_words_are_reported(text: str, zone_text: str | None, finding: str) -> None:
    """Words that were read against a doubt, or not at all, are never dropped in silence."""
    window = read(text, zone_text)

    assert window.earliest is not None
    assert window.finding == finding


def test_the_sign_of_etc_zones_is_read_literally() -> None:
    """`Etc/GMT-8` is eight hours east, whatever its writer meant."""
    assert edges(read("15 May 2026 17:00", "Etc/GMT-8"))[0] == "2026-05-15T09:00:00"


def test_an_hour_that_comes_twice_gives_both_instants() -> None:
    """On 26 October 2025 half past two came twice in Berlin; the day itself still has one end."""
    twice = read("2025-10-26 02:30", "Europe/Berlin")

    assert edges(twice) == ("2025-10-26T00:30:00", "2025-10-26T01:30:00")
    assert twice.reason == "the clocks change at that hour"
    assert edges(read("2025-10-26", "Europe/Berlin")) == ("2025-10-26T22:59:59", "2025-10-26T22:59:59")


def test_an_hour_that_is_left_out_gives_the_readings_before_and_after_the_change() -> None:
    """On 29 March 2026 there was no half past two in Berlin."""
    window = read("2026-03-29 02:30", "Europe/Berlin")

    assert edges(window) == ("2026-03-29T00:30:00", "2026-03-29T01:30:00")
    assert window.reason == "the clocks change at that hour"


def test_the_end_of_a_day_whose_last_hour_comes_twice_is_the_later_one() -> None:
    """Cairo sets its clocks back at midnight: on 30 October 2025 there were two 23:59:59."""
    day, hour = read("2025-10-30", "Africa/Cairo"), read("2025-10-30 23:59:59", "Africa/Cairo")

    assert edges(day) == ("2025-10-30T21:59:59", "2025-10-30T21:59:59")
    assert edges(hour) == ("2025-10-30T20:59:59", "2025-10-30T21:59:59")


def test_a_date_stands_beside_another_gate_that_was_cancelled() -> None:
    """Only words that say nothing else take the day back; what else is cancelled is a doubt."""
    window = read("Abstract cancelled; paper: 15 May 2026 23:59", "UTC")

    assert edges(window) == ("2026-05-15T23:59:00", "2026-05-15T23:59:00")
    assert not withdraws(window.reason)
    assert "cancelled" in window.finding
