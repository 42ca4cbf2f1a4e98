"""Where a date went: the direction of one claim's move, and whether an older value has returned."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from confradar.deadlines.conference import MOVES, Change, Claim, Direction, Known, Merged
from confradar.deadlines.zones import Zone, find_zones, read_zone

ZONES_APART = timedelta(hours=26)
SAME = timedelta(seconds=60)  # 23:59 and 23:59:59 are one instant to a person
# One list took "anywhere on earth" for UTC and mended that in 194 dates, each by twelve hours.
FROM_AOE = timedelta(hours=12)
_UTC_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


def same_instant(one: datetime | None, other: datetime | None) -> bool:
    """Whether two instants are equal within 60 seconds; two absent ones are equal."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SAME


def direction(before: Claim | None, after: Claim) -> Direction | None:
    """Where the date of one claim (same mention, kind, round and track) went; None if it did not move.

    An estimate is no date: nothing moves towards one or between two. A date where there was no instant
    before (`TBA`, or no claim) is new, and the way back is a widening. Words that withdraw the gate do so whatever
    the claim said before, unless they stood there already. A changed spelling of the same instants, within 60
    seconds, is no move. The same words in another zone are `zone`, and so is the step between UTC and "anywhere on
    earth" in a list that writes all instants in UTC.
    """
    if after.withdrawn:
        stood = before is not None and before.withdrawn and before.last_confirmed_at is None
        return None if stood else Direction.WITHDRAWN
    if after.estimated:
        return None
    if before is not None and before.estimated:
        return Direction.ANNOUNCED if after.earliest else None
    if before is None or before.earliest is None:
        return Direction.NEW if after.earliest else None
    if after.earliest is None:
        return Direction.WIDENED
    if same_instant(before.earliest, after.earliest) and same_instant(before.latest, after.latest):
        return None
    if _within(after, before):
        return Direction.NARROWED
    if _within(before, after):
        return Direction.WIDENED
    if _elsewhere(before, after):
        return Direction.ZONE
    if _in_utc(before) and _in_utc(after) and same_instant(before.earliest, after.earliest - _step(before, after)):
        return Direction.ZONE
    return Direction.EARLIER if after.earliest < before.earliest else Direction.LATER


def moved(before: Claim, after: Claim) -> bool:
    """Whether a claim says another window than before, or became a date from an estimate; 60 seconds are nothing."""
    return before.estimated != after.estimated or not (
        same_instant(before.earliest, after.earliest) and same_instant(before.latest, after.latest)
    )


def reverted(after: Claim, former: Iterable[datetime]) -> bool:
    """Whether a moved claim is back at one of the early edges (aware instants) that it had left before."""
    return after.earliest is not None and any(same_instant(after.earliest, instant) for instant in former)


def words(claim: Claim) -> str:
    """The claim as written, its zone behind it."""
    return f"{claim.text} {claim.zone_text or ''}".strip()


def _within(inner: Claim, outer: Claim) -> bool:
    """Whether one window lies in the other, edges within 60 seconds counted as equal."""
    return _earliest(inner) >= _earliest(outer) - SAME and _latest(inner) <= _latest(outer) + SAME


def _earliest(claim: Claim) -> datetime:
    return claim.earliest or _BEGINNING


def _latest(claim: Claim) -> datetime:
    return claim.latest or _END


def _in_utc(claim: Claim) -> bool:
    """Whether a claim is one instant that its list itself has turned into UTC."""
    return claim.earliest == claim.latest and bool(_UTC_INSTANT.fullmatch(claim.text))


def _step(before: Claim, after: Claim) -> timedelta:
    """From UTC to anywhere on earth or back, the way that the date went."""
    return FROM_AOE if _earliest(after) > _earliest(before) else -FROM_AOE


def _elsewhere(before: Claim, after: Claim) -> bool:
    """Whether two claims have the same words but for the zone, or show the same hour on the clocks of their zones."""
    (first, one), (second, other) = (find_zones(" ".join(claim.text.split())) for claim in (before, after))
    if one.strip(" ()").casefold() == other.strip(" ()").casefold():
        return abs(_earliest(before) - _earliest(after)) <= ZONES_APART
    here, there = first or read_zone(before.zone_text or ""), second or read_zone(after.zone_text or "")
    return abs(_wall(before, here) - _wall(after, there)) <= SAME


def _wall(claim: Claim, zone: Zone) -> datetime:
    """What the clocks of a zone show at a claim's early edge; where it may be several, the first to get there."""
    return max(_earliest(claim).astimezone(rule).replace(tzinfo=None) for rule in zone.rules)


def record(
    known: Known,
    merged: Merged,
    conference_id: int,
    field: str,
    before: str | None,
    after: str | None,
    *,
    deadline_id: int | None = None,
    mention_id: int | None = None,
    **instants: Any,
) -> None:
    """Append one line of history to what the night changes; `instants` are further fields of a date's Change."""
    number = known.next_change + len(merged.changes)
    merged.changes.append(
        Change(
            number, merged.run_id, merged.at, conference_id, deadline_id, mention_id, field, before, after, **instants
        )
    )


def unseen(known: Known, merged: Merged) -> dict[str, dict[str, int]]:
    """How many seconds before the night the words that it found gone had last been seen, with how often, by source."""
    seen = {mention.id: mention for mention in known.mentions.values()}
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for change in merged.changes:
        before = seen.get(change.mention_id or 0)
        if before and change.field == "date" and change.direction in (*MOVES, Direction.WITHDRAWN):
            found[before.source][str(int((merged.at - before.last_seen_at).total_seconds()))] += 1
    return {source: dict(counts) for source, counts in sorted(found.items())}
