"""What a terminal says of deadlines and moves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from confradar.cli.radar import left, moves, span
from confradar.deadlines.moments import reader_zone

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def change(slug: str, direction: str | None, at: datetime, source: str = "elra", **fields: Any) -> dict[str, Any]:
    """A change of a submission, as the store gives it."""
    gate = {"kind": "submission", "round": 0, "track": "", "run_id": 1, "field": "date"}
    return (
        {"slug": slug, "direction": direction, "at": at, "source": source, "before": "a", "after": "b"} | gate | fields
    )


def test_what_moved_earlier_comes_first_then_the_newest() -> None:
    """Of one night the more urgent; once for each gate, whoever says so; what is no date is left out."""
    found = moves(
        [
            change("later", "later", NOON),
            change("withdrawn", "withdrawn", NOON),
            change("older", "withdrawn", NOON - DAY),
            change("oldest", "earlier", NOON - 2 * DAY),
            change("oldest", "earlier", NOON - 2 * DAY, source="wikicfp"),
            change("title", None, NOON, field="title"),
            change("fresh", "new", NOON, field="conference"),
        ]
    )

    assert [row["slug"] for row in found] == ["oldest", "withdrawn", "later", "older"]
    assert found[0]["source"] == "elra, wikicfp"


@pytest.mark.parametrize(
    ("safe_at", "latest", "expected"),
    [
        (NOON + 3 * DAY, NOON + 4 * DAY, "3 days"),
        (NOON - HOUR, NOON + HOUR, "still open somewhere"),
        (NOON - 6 * HOUR, NOON - 5 * HOUR, "5 hours ago"),
        (None, None, "–"),
    ],
)
def test_how_long_is_left(safe_at: datetime | None, latest: datetime | None, expected: str) -> None:
    """Until the early edge; since the late one."""
    assert left({"safe_at": safe_at, "latest": latest}, NOON) == expected


def test_a_range_says_how_far_it_reaches() -> None:
    """In the reader's zone, with weekdays and the zone."""
    assert span(NOON, NOON, reader_zone("aoe")) == "Thu 5 Mar 2026 00:00 AoE"
    assert span(NOON, NOON + DAY, reader_zone("asia/tokyo")) == ("Thu 5 Mar 2026 21:00 … Fri 6 Mar 2026 21:00 in Tokyo")
