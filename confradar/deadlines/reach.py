"""What an event says of the gates before it, and what its own days say of themselves. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from confradar.deadlines.days import spoken
from confradar.deadlines.listing import YEARS, Kind

BEFORE_THE_EVENT = frozenset({Kind.ABSTRACT, Kind.SUBMISSION})
LONGEST_LEAD_MONTHS = 24
# Of 586 gates that are known to be right the earliest lies 13 months before its event; 453 days are a slip.
USUAL_LEAD_MONTHS = 14
LONGEST_EVENT_DAYS = 30  # the longest of 594 real events takes 12; books and first-to-last-deadline take months


@dataclass(frozen=True, slots=True)
class Edition:
    """What `resolve` may know of the conference whose gate it reads."""

    year: int
    starts_on: date | None = None
    ends_on: date | None = None

    @property
    def event(self) -> tuple[date, date] | None:
        """The first and last day against which a gate can be held; None if they are unknown or judge nothing.

        Nothing is judged by days that contradict each other, or that are over before the edition's year begins. What
        takes months is no event's length: of that only the start counts.
        """
        starts, ends = self.starts_on or self.ends_on, self.ends_on or self.starts_on
        if starts is None or ends is None or ends.year < self.year or starts > ends:
            return None
        return (starts, starts) if (ends - starts).days > LONGEST_EVENT_DAYS else (starts, ends)


def event_doubt(edition: Edition) -> str:
    """What is odd about the days of an event themselves; empty if nothing is, or nothing is known of them.

    An event early in the year that follows its edition's is quite usual (EACL, ICPR 2020).
    """
    starts, ends = edition.starts_on or edition.ends_on, edition.ends_on or edition.starts_on
    if starts is None or ends is None:
        return ""
    if ends < starts:
        return f"the event ends on {spoken(ends)}, before it starts on {spoken(starts)}"
    if (ends - starts).days > LONGEST_EVENT_DAYS:
        return f"the event takes {(ends - starts).days} days, from {spoken(starts)} to {spoken(ends)}"
    if starts.year != edition.year and (starts.year, starts.month > 2) != (edition.year + 1, False):
        return f"the event starts on {spoken(starts)}, not in {edition.year}"
    return ""


def impossible(days: tuple[date, ...], kind: Kind, edition: Edition) -> str:
    """Why no gate of that kind can be on these days; empty if one can.

    An abstract or a submission is not due after the event's end, or more than 24 months before its start: before the
    edition's year if no start is known.
    """
    if not days or kind not in BEFORE_THE_EVENT:
        return ""
    event = edition.event
    if event and min(days) > event[1]:
        return f"{spoken(min(days))}: after the event's end, {spoken(event[1])}"
    start = event[0] if event else date(edition.year, 1, 1) if edition.year in YEARS else None
    if start and start.year - LONGEST_LEAD_MONTHS // 12 > 0 and max(days) < _months_before(start, LONGEST_LEAD_MONTHS):
        return f"{spoken(max(days))}: more than 24 months before {spoken(start) if event else edition.year}"
    return ""


def doubtful(days: tuple[date, ...], edition: Edition) -> str:
    """What makes a gate unlikely on days that are possible: the event has begun, or is more than 14 months away."""
    event = edition.event
    if not days or event is None:
        return ""
    if min(days) > event[1]:
        return f"{spoken(min(days))}: after the event's end, {spoken(event[1])}"
    if min(days) > event[0]:
        return f"{spoken(min(days))}: after the event's start, {spoken(event[0])}"
    if max(days) < _months_before(event[0], USUAL_LEAD_MONTHS):
        return f"{spoken(max(days))}: more than {USUAL_LEAD_MONTHS} months before {spoken(event[0])}"
    return ""


def years(kind: Kind, edition: Edition, weekday: int | None, day: tuple[int, int]) -> tuple[int, ...]:
    """The years in which a day without one can lie, the likeliest first; `day` is (month, day).

    Before a known event it is the last such day. A weekday that is written decides, if it can. An edition whose event
    is unknown may ask for papers in its own year and in the one before.
    """
    event = edition.event
    if event is None:
        found = (edition.year, edition.year - 1) if kind in BEFORE_THE_EVENT else (edition.year,)
    elif kind in BEFORE_THE_EVENT:
        end = event[1]
        found = (end.year,) if day <= (end.month, end.day) else (end.year - 1,)
    else:
        found = (edition.year,)
    if weekday is not None and len(found) > 1:
        fitting = tuple(year for year in found if _weekday(year, *day) == weekday)
        return fitting or found
    return found


def _weekday(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).weekday()
    except ValueError:
        return None


def _months_before(day: date, months: int) -> date:
    """The day so many months earlier; the last ones of a month count as the 28th."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, 28))
