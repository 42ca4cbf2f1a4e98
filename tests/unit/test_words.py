"""How moves are told to people."""

from datetime import UTC, datetime, timedelta
from typing import Any

from confradar.deadlines.conference import Direction
from confradar.deadlines.words import edition, once, short_key, what

NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)


def row(number: int, *, hours: float = 12, direction: Direction = Direction.ZONE, **fields: Any) -> dict[str, Any]:
    """A change of one conference's submission, as the store gives it."""
    return {
        "slug": f"fair-{number}", "title": f"Fair {number}", "acronym": None, "year": 2026, "kind": "submission",
        "round": 0, "track": "", "direction": direction, "run_id": 1, "source": "cards",
        "before": "2026-05-10T12:00:00Z", "after": "2026-05-11T00:00:00Z",
        "before_at": NOON, "after_at": NOON + timedelta(hours=hours), **fields,
    }  # fmt: skip


def test_a_zone_fault_is_told_once():
    """182 dates that a source reads in another zone in one night are no 182 extensions."""
    told = once([row(0, direction=Direction.LATER), *map(row, range(1, 183))])

    assert [what(each) for each in told] == ["Fair 0 2026 · submission", "182 dates of cards"]
    assert told[1]["after"] == "2026-05-11T00:00:00Z, and all others by +12 hours too"


def test_a_few_zones_that_change_are_told_one_by_one():
    """So are those of another run, another source, or by another amount."""
    rows = [*map(row, range(4)), row(4, run_id=2), row(5, source="elra"), row(6, hours=1)]

    assert once(rows) == rows


def test_an_edition_is_named_with_its_year_once():
    """Some lists write the year into the title, some have no year."""
    assert [edition("ECCV 2026", 2026), edition("ECCV", 2026), edition("Cortex", None)] == [
        "ECCV 2026", "ECCV 2026", "Cortex",
    ]  # fmt: skip


def test_a_key_is_cut_where_it_is_random():
    """The date of a night is never cut."""
    assert short_key("manual:34a37d40-98e3-4b09-aadc-6d059ea15192") == "manual:34a37d40"
    assert short_key("nightly:2026-11-24") == "nightly:2026-11-24"


def test_what_no_source_alone_has_told_is_of_several_once():
    """A safe date that came back with a claim that went."""
    [told] = once([row(0, direction=Direction.NEW, source=None)])
    assert told["source"] == "several"
