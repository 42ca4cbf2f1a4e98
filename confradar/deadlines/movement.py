"""How the dates of one source moved between two of its crawls, taken together. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from confradar.deadlines.changes import SAME, ZONES_APART, direction, moved
from confradar.deadlines.conference import Claim, Direction
from confradar.deadlines.dates import Precision, parse_day
from confradar.deadlines.identity import MentionKey
from confradar.deadlines.verdict import Gate

Said = Mapping[MentionKey, Mapping[Gate, Claim]]

CLOCKS_CHANGE = timedelta(hours=1)  # summer time between two days of one zone


@dataclass(frozen=True, slots=True)
class Move:
    """One gate that says another window than before; both claims are of one mention, `after` may have no instant."""

    key: MentionKey
    before: Claim
    after: Claim

    @property
    def shift(self) -> timedelta | None:
        """How far the early edge went; negative is earlier, None if the words name no instant any more."""
        if self.before.earliest is None or self.after.earliest is None:
            return None
        return self.after.earliest - self.before.earliest

    @property
    def earlier(self) -> bool:
        """Whether the early edge, to which people hurry, went forward by more than 60 seconds."""
        return self.shift is not None and self.shift < -SAME


@dataclass(frozen=True, slots=True)
class Movement:
    """What became of the dates that a source gave before and gives again: how many they are, and which moved."""

    compared: int
    moves: tuple[Move, ...]


def is_date(claim: Claim) -> bool:
    """Whether a claim names an instant; an estimate and words that name none are no dates."""
    return claim.earliest is not None and claim.precision is not Precision.NONE and not claim.estimated


def standing(claims: Mapping[Gate, Claim]) -> Iterator[tuple[Gate, Claim]]:
    """The dates that a mention's last reading gave; those that it had ceased to give are not among them."""
    return ((gate, claim) for gate, claim in claims.items() if claim.last_confirmed_at is None and is_date(claim))


def differing(before: Said, after: Said) -> Iterator[Move]:
    """The dates that a source ever gave and now says otherwise, those of which it had ceased to speak among them."""
    return (Move(key, old, new) for key, old, new in _pairs(before, after) if moved(old, new))


def compare(before: Said, after: Said) -> Movement:
    """Hold the dates of two crawls against each other, gate by gate. What is on one side only did not move, nor did
    a date that is told more exactly than before: that contradicts nothing.
    """
    pairs = [(key, old, new) for key, old, new in _pairs(before, after) if old.last_confirmed_at is None]
    moves = (Move(*pair) for pair in pairs if direction(*pair[1:]) not in (None, Direction.NARROWED))
    return Movement(len(pairs), tuple(moves))


def _pairs(before: Said, after: Said) -> Iterator[tuple[MentionKey, Claim, Claim]]:
    """What was a date, beside what stands there now unless that is a guess."""
    for key in sorted(before.keys() & after.keys()):
        for gate, old in before[key].items():
            new = after[key].get(gate)
            if is_date(old) and new is not None and not new.estimated:
                yield key, old, new


def common_shift(moves: Collection[Move]) -> tuple[timedelta, int] | None:
    """The amount by which most of the moves went, within 60 seconds, and how many went so; None if none has one."""
    shifts = sorted(shift for move in moves if (shift := move.shift) is not None and abs(shift) > SAME)
    best, first = (0, 0), 0
    for last, shift in enumerate(shifts):
        while shift - shifts[first] > SAME:
            first += 1
        best = max(best, (last - first + 1, first))
    return (shifts[best[1]], best[0]) if shifts else None


def between_zones(shift: timedelta) -> bool:
    """Whether two zones can lie that far apart; a whole day is an extension rather."""
    quarters = round(shift / timedelta(minutes=15))
    near = abs(shift - quarters * timedelta(minutes=15)) <= SAME
    return near and abs(shift) <= ZONES_APART + SAME and quarters % 96 != 0


def typing_error(before: Claim, after: Claim) -> str:
    """What makes a moved date look mistyped: it is the old one with just the year one off, or with day and month
    exchanged. Empty if it does not.
    """
    if before.earliest is None or after.earliest is None:
        return ""
    old, new = (parse_day(claim.text, before.earliest.year) for claim in (before, after))
    if old is None or new is None or old == new:
        return ""
    hour_moved = (after.earliest - before.earliest) - (new - old)
    if abs(hour_moved) > CLOCKS_CHANGE + SAME:
        return ""
    if (old.month, old.day) == (new.month, new.day) and abs(new.year - old.year) == 1:
        return "the year alone differs by one"
    return "day and month are exchanged" if _exchanged(old) == new else ""


def _exchanged(day: date) -> date | None:
    """The day that is read when day and month change places, if there is one."""
    return day.replace(month=day.day, day=day.month) if day.day <= 12 else None
