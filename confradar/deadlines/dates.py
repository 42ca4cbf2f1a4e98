"""From words to a window."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from functools import lru_cache

from confradar.deadlines import passages
from confradar.deadlines.clocks import CLOCK, END_OF_DAY, WHOLE_DAY, Clocks, read_clocks
from confradar.deadlines.days import WEEKDAYS, Days, NoSuchDay, read_days, spelled, spoken, year_of
from confradar.deadlines.listing import Kind
from confradar.deadlines.reach import BEFORE_THE_EVENT, Edition, doubtful, impossible
from confradar.deadlines.zones import find_zones, read_zone

__all__ = [
    "BEFORE_THE_EVENT", "Edition", "Precision", "Window", "is_state", "parse_day", "parse_days", "resolve", "withdraws",
]  # fmt: skip

LONGEST = 500  # characters of a text that is read; a longer one is refused


class Precision(StrEnum):
    """How exactly the words name an instant."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Window:
    """The earliest and the latest UTC instant that the words allow; both None for precision `none`.

    `reason` says why the window is wide or absent; empty for exact words. `finding` is a doubt about words
    that could be read ("the sign of Etc/GMT-8 is inverted"), empty otherwise.
    """

    earliest: datetime | None
    latest: datetime | None
    precision: Precision
    reason: str = ""
    finding: str = ""


WITHDRAWN = "withdrawn"
_GIVEN_UP = r"withdrawn|cancell?ed"
_STATES = {
    WITHDRAWN: _GIVEN_UP, "TBA": r"tba|announced|soon", "TBD": r"tbd|determined|decided", "TBC": r"tbc|confirmed",
    "N/A": r"n/?a|n\. ?a\.|none|null|not applicable", "rolling": r"rolling|ongoing|open|any ?time|continuous",
    "past": r"past|passed|closed|over|expired",
}  # fmt: skip
# What is left of "5 May 2026 (cancelled)" and "Withdrawn (was 5 May 2026)" without the day.
_NOTHING_BUT_GIVEN_UP = re.compile(rf"\W*(?:(?:was|is|has|been|now)\W+)*(?:{_GIVEN_UP})\W*(?:was\W*)?", re.IGNORECASE)
# Words around a date that change nothing about it; what else is left over is reported.
_SILENT = re.compile(
    r"\b(?:at|on|by|from|between|to|until|till|and|the|of|in|is|or|due|date|day|time|early|mid|late|beginning|end|eod|"
    r"deadlines?|submissions?|extended|extension|final|hard|strict|firm|new|papers?|abstracts?|full)\b|[^\w]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Words:
    """What is written, plain: the part that speaks of the gate, and the whole, which may add the zone and the year."""

    gate: str
    whole: str
    zone_text: str


@dataclass(frozen=True, slots=True)
class _Reading:
    """A window with the days that it was made of, all of them real; and what does not fit in their words."""

    window: Window
    days: tuple[date, ...] = ()
    contradicted: str = ""  # by the weekday that is written


def resolve(text: str, zone_text: str | None, *, kind: Kind, edition: Edition, day_first: bool | None = None) -> Window:
    """Return the earliest and the latest instant that a printed date can mean, both in UTC. Raises nothing.

    `zone_text` is the page's own words; a zone inside `text` wins. A day without an hour ends at 23:59:59, a
    range at its last day (a rebuttal starts on the first). "AoE" is UTC-12 (`Etc/GMT+12` in tzdata, whose signs
    are inverted). Without a known zone the window reaches from UTC+14 to UTC-12. An hour that comes twice at a
    change of clocks, or not at all, gives both instants; the end of a day is the later one. Dates that are struck
    through, extended or labelled as another kind's are left out. A day without a year is given one if the edition
    leaves one choice: the last such day before the event, or the one whose weekday fits. States (`TBA`, or `cancelled`,
    also behind a day), days that do not exist, gates that the event makes impossible and texts of more than 500
    characters give precision `none` with the reason.
    """
    if len(text) > LONGEST:
        return _nothing(f"{len(text):,} characters: more than {LONGEST}")
    plain = _plain(text)
    words = _Words(passages.of_gate(plain, kind), plain, zone_text or "")
    written = year_of(plain)
    reading = _read(words, kind, written or edition.year, day_first)
    if (written if words.gate == plain else year_of(words.gate)) is None and any(map(str.isdigit, words.gate)):
        earlier = _read(words, kind, (written or edition.year) - 1, day_first)
        possible = [each for each in (reading, earlier) if each.days and not impossible(each.days, kind, edition)]
        fitting = [each for each in possible if not each.contradicted] or possible
        if len(fitting) > 1 and kind in BEFORE_THE_EVENT and not written and not edition.event:
            return _nothing(f"no year is given: {edition.year - 1} or {edition.year}")
        fitting.sort(key=lambda each: bool(doubtful(each.days, edition)))  # stable: the later year first
        reading = fitting[0] if fitting else reading
    if never := impossible(reading.days, kind, edition):
        return _nothing(never)
    return replace(reading.window, finding=_all(reading.window.finding, doubtful(reading.days, edition)))


def is_state(text: str) -> bool:
    """Whether words say that there is no date (`TBA`, nothing at all), rather than one that cannot be read."""
    return bool(_state(_plain(text)))


def withdraws(reason: str) -> bool:
    """Whether the reason of a window or a claim says that the gate is withdrawn."""
    return reason.split(":")[0] == WITHDRAWN


def parse_day(text: str, year: int | None) -> date | None:
    """The one day that a text names; `year` is for a day without one. None if there is none, or more than one."""
    days = parse_days(text, year)
    return days[0] if days and days[0] == days[1] else None


def parse_days(text: str, year: int | None) -> tuple[date, date] | None:
    """The first and the last day of an event: `8 - 13 May 2026`, `11, 12 and 16 May 2026`; None if unclear."""
    try:
        runs = read_days(CLOCK.sub(" ", find_zones(_plain(text))[1]), year).runs
    except NoSuchDay:
        return None
    if len(runs) != 1 or runs[0][0] > runs[0][-1]:
        return None
    return runs[0][0], runs[0][-1]


def _plain(text: str) -> str:
    """The beginning of a text, since normal forms take longer than in proportion; one letter can become eighteen."""
    return spelled(passages.plain(text[:LONGEST])[:LONGEST])


@lru_cache(maxsize=4096)  # many events of a list close on the same day, in the same words
def _read(words: _Words, kind: Kind, year: int, day_first: bool | None) -> _Reading:
    """The window of the words alone, whatever the event."""
    zone, text = find_zones(words.gate)
    zone = zone or find_zones(words.whole)[0] or read_zone(words.zone_text)
    clocks = read_clocks(text)
    try:
        found = read_days(clocks.rest, year, day_first=day_first)
    except NoSuchDay as error:
        return _Reading(_nothing(str(error)))
    side = 0 if kind is Kind.REBUTTAL_START else -1
    days = tuple(run[side] for run in found.runs) or tuple(edge for month in found.months for edge in month)
    if not days:
        return _Reading(_nothing(_reason(words.gate)))

    if _NOTHING_BUT_GIVEN_UP.fullmatch(found.rest):
        return _Reading(_nothing(_reason(words.gate)))
    unread = " ".join(_SILENT.sub(" ", found.rest).split())[:60]
    precision = Precision.SECOND if clocks.seconds else Precision.MINUTE if clocks.exact else Precision.DAY
    if found.months:
        precision = Precision.MONTH
        clocks = Clocks(frozenset({END_OF_DAY}), exact=False, seconds=False, reason="no day is given", rest="")
    elif precision is Precision.DAY and any(sign.isdigit() for sign in unread):
        clocks = Clocks(WHOLE_DAY, exact=False, seconds=False, reason="the hour is not understood", rest="")
    walls = [datetime.combine(day, time()) + since_start for day in days for since_start in clocks.since_start]
    end_of_day = precision in (Precision.DAY, Precision.MONTH)
    instants = [zone.instants(wall, end_of_day=end_of_day) for wall in walls]
    every = frozenset[datetime]().union(*instants)
    contradicted = _contradicted(found, days)
    window = Window(
        min(every),
        max(every),
        precision,
        reason=_all(
            f"could be {' or '.join(map(spoken, days))}" * (len(found.runs) > 1),
            clocks.reason,
            (zone.reason or "the clocks change at that hour") * any(len(each) > 1 for each in instants),
        ),
        finding=_all(
            zone.finding,
            zone.out_of_season(walls[0]),
            f"no year is given; read as {days[-1].year}" * found.yearless,
            contradicted,
            f"several days are given; the {'first' if side == 0 else 'last'} counts"
            * any(len(run) > 1 for run in found.runs),
            f'not understood: "{unread}"' * bool(unread),
        ),
    )
    return _Reading(window, days, contradicted)


def _contradicted(found: Days, days: tuple[date, ...]) -> str:
    """What the weekday that is written says against the day; empty if it fits, or there is not one of each."""
    if len(found.weekdays) != 1 or len(days) != 1 or found.months or days[0].weekday() == found.weekdays[0]:
        return ""
    return f"{spoken(days[0])} is a {WEEKDAYS[days[0].weekday()]}, not a {WEEKDAYS[found.weekdays[0]]}"


def _reason(plain: str) -> str:
    """The reason for words that name no day."""
    state = _state(plain)
    return f"{state}: no date is given" if state else f'not understood: "{plain[:60]}"'


def _state(plain: str) -> str:
    """The state that words name instead of a day, or that there are none; empty for other words."""
    if not re.search(r"\w", plain):
        return "empty"
    named = (s for s, words in _STATES.items() if re.search(rf"(?<![a-z])(?:{words})(?![a-z])", plain, re.IGNORECASE))
    return next(named, "")


def _nothing(reason: str) -> Window:
    return Window(None, None, Precision.NONE, reason)


def _all(*parts: str) -> str:
    return "; ".join(filter(None, parts))
