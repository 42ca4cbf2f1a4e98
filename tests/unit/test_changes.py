"""Where a date went."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from confradar.deadlines.changes import direction, reverted
from confradar.deadlines.conference import Claim, Direction
from confradar.deadlines.dates import Precision
from confradar.deadlines.listing import Kind

NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)


def claim(text: str = "10 May 2026", zone: str | None = None, *, at: datetime | None = NOON, hours: float = 0) -> Claim:
    """A claim whose window begins at `at` and is so many hours wide."""
    return Claim(
        mention_id=1,
        kind=Kind.SUBMISSION,
        round=0,
        track="",
        text=text,
        zone_text=zone,
        earliest=at,
        latest=at + timedelta(hours=hours) if at else None,
        precision=Precision.SECOND if at else Precision.NONE,
        reason="",
        estimated=False,
        extended_from=None,
        first_confirmed_at=NOON,
    )


def guess(**fields) -> Claim:
    return replace(claim(**fields), estimated=True)


def gone() -> Claim:
    return replace(claim("cancelled", at=None), reason="withdrawn: no date is given")


HOUR, WEEK = timedelta(hours=1), timedelta(days=7)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (claim("10 May"), claim("17 May", at=NOON + WEEK), Direction.LATER),
        (claim("10 May"), claim("3 May", at=NOON - WEEK), Direction.EARLIER),
        (claim("10 May", hours=26), claim("9 May", at=NOON - timedelta(days=1), hours=26), Direction.EARLIER),
        (claim(), claim(), None),
        (claim("10 May 2026, noon UTC"), claim("May 10 2026 12:00", "UTC"), None),
        (claim("12:00"), claim("12:00:59", at=NOON + timedelta(seconds=59)), None),
        (claim("12:00"), claim("12:02", at=NOON + timedelta(minutes=2)), Direction.LATER),
        (claim("23:59", "UTC"), claim("23:59", "AoE", at=NOON + timedelta(hours=12)), Direction.ZONE),
        (claim("10 May, 23:59 UTC"), claim("10 May, 23:59 AoE", at=NOON + timedelta(hours=12)), Direction.ZONE),
        (claim("10 May 2026 23:59 GMT+2"), claim("10 May 2026 23:59 UTC-08:00", at=NOON + WEEK / 17), Direction.ZONE),
        (claim("2026-05-10T12:00Z"), claim("2026-05-10T12:00+02:00", at=NOON - timedelta(hours=2)), Direction.ZONE),
        (claim("10 May"), claim("10 Jun", at=NOON + WEEK * 4), Direction.LATER),
        # IJCAI 2022, as a spreadsheet wrote it: other words, the same wall clock.
        (claim("2026-05-10 12:00:00", "UTC"), claim("5/10/2026 12:00", "UTC+1", at=NOON - HOUR), Direction.ZONE),
        (claim("2026-05-10 12:00:00", "UTC"), claim("5/10/2026 11:00", "UTC+1", at=NOON - HOUR * 2), Direction.EARLIER),
        # One list took "anywhere on earth" for UTC, and mended it.
        (claim("2026-05-10T12:00:00Z"), claim("2026-05-11T00:00:00Z", at=NOON + HOUR * 12), Direction.ZONE),
        (claim("2026-05-10T12:00:00Z"), claim("2026-05-09T23:59:59Z", at=NOON - HOUR * 12), Direction.ZONE),
        (claim("2026-05-10T12:00:00Z"), claim("2026-05-10T23:00:00Z", at=NOON + HOUR * 11), Direction.LATER),
        (claim("2026-05-10 12:00", "AoE"), claim("2026-05-11 00:00", "AoE", at=NOON + HOUR * 12), Direction.LATER),
        (claim("10 June"), claim("10 July", at=NOON + WEEK * 4), Direction.LATER),
        (claim("10 May 23:59 CEST"), claim("10 May 23:59 (PT)", at=NOON + timedelta(hours=9)), Direction.ZONE),
        (claim("10 May", hours=26), claim("10 May", "AoE", at=NOON + timedelta(hours=26)), Direction.NARROWED),
        (claim("10 May 23:59", "AoE", at=NOON + timedelta(hours=26)), claim("10 May", hours=26), Direction.WIDENED),
        (claim(), claim("TBA", at=None), Direction.WIDENED),
        (claim("TBA", at=None), claim(), Direction.NEW),
        (claim(), gone(), Direction.WITHDRAWN),
        (claim("TBA", at=None), gone(), Direction.WITHDRAWN),
        (None, gone(), Direction.WITHDRAWN),
        (gone(), gone(), None),
        (replace(gone(), last_confirmed_at=NOON), gone(), Direction.WITHDRAWN),
        (gone(), claim("TBA", at=None), None),
        (gone(), claim(), Direction.NEW),
        (claim("TBA", at=None), claim("to be announced", at=None), None),
        (None, claim(), Direction.NEW),
        (None, claim("TBA", at=None), None),
        (None, guess(), None),
        (guess(), claim(), Direction.ANNOUNCED),
        (guess(), claim("17 May", at=NOON + WEEK), Direction.ANNOUNCED),
        (guess(), guess(at=NOON + WEEK), None),
        (claim(), guess(at=NOON + WEEK), None),
    ],
)
def test_a_move_has_a_direction(before, after, expected):
    """Instants decide; words only tell a moved zone from a moved hour; a guess is no date."""
    assert direction(before, after) is expected


@pytest.mark.parametrize(("hours", "expected"), [(1, Direction.WIDENED), (-1, Direction.NARROWED)])
def test_a_window_that_loses_one_end_is_a_narrowing(hours, expected):
    """The early edge stays and the late one moves: no one need hurry more than before."""
    assert direction(claim("a", hours=2), claim("b", hours=2 + hours)) is expected


def test_a_date_that_returns_is_reverted():
    """Back at an instant that the claim had left, in whatever words."""
    assert reverted(claim("noon", at=NOON + timedelta(seconds=30)), [NOON - WEEK, NOON])
    assert not reverted(claim(), [NOON + WEEK])
    assert not reverted(claim("TBA", at=None), [NOON])
