"""Where a date went: the direction of one claim's move, and whether an older value has returned."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from confradar.deadlines.conference import Change, Claim, Direction, Known, Merged

ZONES_APART = timedelta(hours=26)
SAME = timedelta(seconds=60)  # 23:59 and 23:59:59 are one instant to a person
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)

# A zone at the end of written words: "AoE", "UTC-12", "(GMT+5:30)", "PST", "Europe/Paris", "Z", "+08:00" after an hour.
_ZONE_AT_END = re.compile(
    r"\s*\(?(?:\b(?:aoe|anywhere on earth|(?:utc|gmt)(?:\s?[+−–-]\s?\d{1,2}(?::?\d\d)?)?|[a-z]{3,8}/[a-z_/+0-9-]{2,30}"
    r"|[ecmp][sd]?t|[ecw]es?t|[bijkw]st|hkt|sgt|msk|hst|ak[sd]t|a[cew][sd]t|nz[sd]t)"
    r"|(?<=\d)z|(?<=:\d\d)\s?[+−–-]\d\d:?\d\d)\)?\s*$",
    re.I,
)


def same_instant(one: datetime | None, other: datetime | None) -> bool:
    """Whether two instants are equal within 60 seconds; two absent ones are equal."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SAME


def direction(before: Claim | None, after: Claim) -> Direction | None:
    """Where the date of one claim (same mention, kind, round and track) went; None if it did not move.

    An estimate is no date: nothing moves towards one or between two. A date where there was no instant
    before (`TBA`, or no claim) is new, and the way back is a widening. A changed spelling of the same
    instants, within 60 seconds, is no move.
    """
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
    # The same hour elsewhere: no two zones are further apart. Beyond that the day itself was read otherwise.
    if _local(before) == _local(after) and abs(after.earliest - before.earliest) <= ZONES_APART:
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


def _local(claim: Claim) -> str:
    """The written words without the zone at their end."""
    return _ZONE_AT_END.sub("", " ".join(claim.text.casefold().split()))


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
