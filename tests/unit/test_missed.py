"""What a night of the past adds to the history, when only the nights around it were stored."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from confradar.deadlines import missed
from confradar.deadlines.applying import apply
from confradar.deadlines.conference import Change, Direction, Known, Merged, SourceOutput
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.merge import merge
from confradar.deadlines.verdict import Gate

NIGHT = datetime(2026, 1, 10, 2, tzinfo=UTC)


def output(text: str) -> SourceOutput:
    dates = (WrittenDate(Kind.SUBMISSION, text, "AoE"),)
    listing = Listing("elra", "icml26", "https://icml.example.org/", "ICML 2026", 2026, acronym="ICML", dates=dates)
    return SourceOutput("elra", (listing,))


def known(*nights: str) -> tuple[Known, dict[tuple[int, Gate], list[Change]]]:
    """What is known after nights two days apart that said this, and its history by mention and gate."""
    found, lines = Known(), defaultdict(list)
    for number, text in enumerate(nights):
        night = merge(found, [output(text)], run_id=number, now=NIGHT + number * timedelta(days=2))
        found = apply(found, night)
        for change in night.changes:
            if change.field == "date" and change.mention_id:
                lines[change.mention_id, (Kind.SUBMISSION, 0, "")].append(change)
    return found, lines


def added(text: str, *nights: str, day: int = 1) -> list[Change]:
    """What the night of that day adds, if it said this."""
    at = NIGHT + timedelta(days=day)
    before, lines = known(*nights)
    merged = Merged(run_id=9, at=at)
    missed.add(before, merged, [output(text)], lines)
    return merged.changes


def test_a_date_in_between_is_added() -> None:
    """The 20th became the 27th, and the 30th on the way."""
    [line] = added("2026-01-30 12:00", "2026-01-20 12:00", "2026-01-27 12:00")

    assert (line.at, line.run_id) == (NIGHT + timedelta(days=1), 9)
    assert (line.before, line.after) == ("2026-01-20 12:00 AoE", "2026-01-30 12:00 AoE")
    assert line.direction is Direction.LATER
    assert (line.before_at, line.after_at) == tuple(datetime(2026, 1, day, tzinfo=UTC) for day in (21, 31))


def test_what_the_nights_around_say_is_no_news() -> None:
    """Neither the date before nor the one after is told twice; nor what no later night contradicts."""
    moved = ("2026-01-20 12:00", "2026-01-27 12:00")

    assert added(moved[0], *moved) == []
    assert added(moved[1], *moved) == []
    assert added("2026-01-30 12:00", "2026-01-20 12:00", "2026-01-20 12:00") == []
    assert added("TBA", *moved) == []
    assert added("2026-01-30 12:00", *moved, day=-1) == []
    assert added("2026-01-30 12:00", *moved, day=5) == []
