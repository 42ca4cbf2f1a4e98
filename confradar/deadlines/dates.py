"""From words to a window."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from confradar.deadlines.days import WEEKDAYS, Days, NoSuchDay, read_days, spoken
from confradar.deadlines.listing import YEARS, Kind
from confradar.deadlines.zones import find_zones, read_zone

LONGEST = 500  # characters of a text that are read
END_OF_DAY = timedelta(hours=23, minutes=59, seconds=59)  # since the day began
BEFORE_THE_EVENT = frozenset({Kind.ABSTRACT, Kind.SUBMISSION})
LONGEST_LEAD_YEARS = 2


class Precision(StrEnum):
    """How exactly the words name an instant."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Edition:
    """What `resolve` may know of the conference whose gate it reads."""

    year: int
    starts_on: date | None = None
    ends_on: date | None = None


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


_STRUCK = re.compile(r"~~[^~]*~~|<(s|del|strike)>[^<]*</\1>", re.IGNORECASE)
_PLAIN = str.maketrans({
    **dict.fromkeys("‐‑‒–—―−", "-"), "*": None, "†": None, "‡": None, **dict.fromkeys("¹²³⁴⁵⁶⁷⁸⁹⁰", None),
})  # fmt: skip
_CLOCK = re.compile(
    r"(?:(?<=[0-9])T|(?<![A-Za-z0-9.+])(?<![0-9]:))"
    r"(?:(?P<hour>[0-9]{1,2})(?:[:h](?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9])(?:\.[0-9]{1,9})?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?| ?(?P<only_half>[ap])\.?m\.?)"
    r"(?: ?(?P<said>noon|midnight|h|hrs|hours))?(?![A-Za-z0-9:])"
    # The 12 of "12 noon", unless it is a day: "May 12 noon".
    r"|(?:(?:^|(?<=, )|(?<=[(])|(?<=[0-9]{4} )|(?<=at ))12 )?(?P<word>noon|midday|midnight)\b)",
    re.IGNORECASE,
)
_STATES = {
    "TBA": r"tba|announced|soon", "TBD": r"tbd|determined|decided", "TBC": r"tbc|confirmed",
    "N/A": r"n/?a|n\. ?a\.|none|null|not applicable", "rolling": r"rolling|ongoing|open|any ?time|continuous",
    "past": r"past|passed|closed|over|expired",
}  # fmt: skip
# Words around a date that change nothing about it; what else is left over is reported.
_SILENT = re.compile(
    r"\b(?:at|on|by|from|between|to|until|till|and|the|of|in|is|or|due|date|day|time|early|mid|late|beginning|end|eod|"
    r"deadlines?|submissions?|extended|extension|final|hard|strict|firm|new|papers?|abstracts?|full)\b|[^\w]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Clocks:
    """The times of day in a text, as time since the day began; and the text without them."""

    since_start: frozenset[timedelta]
    precision: Precision
    reason: str
    rest: str


@dataclass(frozen=True, slots=True)
class _Reading:
    """A window with the days that it was made of, all of them possible; and whether their year was supplied."""

    window: Window
    days: tuple[date, ...] = ()
    yearless: bool = False


def resolve(text: str, zone_text: str | None, *, kind: Kind, edition: Edition, day_first: bool | None = None) -> Window:
    """Return the earliest and the latest instant that a printed date can mean, both in UTC. Raises nothing.

    `zone_text` is the page's own words; a zone inside `text` wins. A day without an hour ends at 23:59:59, a
    range at its last day (a rebuttal starts on the first). "AoE" is UTC-12 (`Etc/GMT+12` in tzdata, whose signs
    are inverted). Without a known zone the window reaches from UTC+14 to UTC-12. An hour that comes twice at a
    change of clocks, or not at all, gives both instants; the end of a day is the later one. A day without a
    year is in the edition's, or in the year before if the event would be over. States (`TBA`), days that do
    not exist and gates that the event makes impossible give precision `none` with the reason.
    """
    plain = _plain(text)
    reading = _read(plain, zone_text, kind, edition.year, day_first)
    doubt = _out_of_reach(reading.days, kind, edition)
    if doubt and reading.yearless:
        earlier = _read(plain, zone_text, kind, edition.year - 1, day_first)
        if earlier.days and not _out_of_reach(earlier.days, kind, edition):
            return earlier.window
    if doubt and kind in BEFORE_THE_EVENT:
        return _nothing(doubt)
    return replace(reading.window, finding=_all(reading.window.finding, doubt))


def is_state(text: str) -> bool:
    """Whether words say that there is no date (`TBA`, nothing at all), rather than one that cannot be read."""
    return bool(_state(_plain(text)))


def parse_day(text: str, year: int | None) -> date | None:
    """The one day that a text names; `year` is for a day without one. None if there is none, or more than one."""
    days = parse_days(text, year)
    return days[0] if days and days[0] == days[1] else None


def parse_days(text: str, year: int | None) -> tuple[date, date] | None:
    """The first and the last day of an event: `8 - 13 May 2026`, `11, 12 and 16 May 2026`; None if unclear."""
    try:
        runs = read_days(_CLOCK.sub(" ", find_zones(_plain(text))[1]), year).runs
    except NoSuchDay:
        return None
    if len(runs) != 1 or runs[0][0] > runs[0][-1]:
        return None
    return runs[0][0], runs[0][-1]


def _plain(text: str) -> str:
    return " ".join(_STRUCK.sub(" ", text[:LONGEST]).translate(_PLAIN).split())


def _read(plain: str, zone_text: str | None, kind: Kind, year: int, day_first: bool | None) -> _Reading:
    """The window of the words alone, whatever the event."""
    zone, words = find_zones(plain)
    zone = zone or read_zone((zone_text or "")[:LONGEST])
    clocks = _clocks(words)
    try:
        found = read_days(clocks.rest, year, day_first=day_first)
    except NoSuchDay as error:
        return _Reading(_nothing(str(error)))
    side = 0 if kind is Kind.REBUTTAL_START else -1
    days = tuple(run[side] for run in found.runs) or tuple(edge for month in found.months for edge in month)
    if not days:
        return _Reading(_nothing(_reason(plain)))

    unread = " ".join(_SILENT.sub(" ", found.rest).split())[:60]
    if found.months:
        clocks = replace(
            clocks, since_start=frozenset({END_OF_DAY}), precision=Precision.MONTH, reason="no day is given"
        )
    elif clocks.precision is Precision.DAY and any(sign.isdigit() for sign in unread):
        clocks = replace(clocks, since_start=frozenset({timedelta(), END_OF_DAY}), reason="the hour is not understood")
    walls = [datetime.combine(day, time()) + since_start for day in days for since_start in clocks.since_start]
    end_of_day = clocks.precision in (Precision.DAY, Precision.MONTH)
    instants = [zone.instants(wall, end_of_day=end_of_day) for wall in walls]
    every = frozenset[datetime]().union(*instants)
    window = Window(
        min(every),
        max(every),
        clocks.precision,
        reason=_all(
            f"could be {' or '.join(map(spoken, days))}" * (len(found.runs) > 1),
            clocks.reason,
            (zone.reason or "the clocks change at that hour") * any(len(each) > 1 for each in instants),
        ),
        finding=_all(
            zone.finding,
            zone.out_of_season(walls[0]),
            _doubts(found, days),
            f"several days are given; the {'first' if side == 0 else 'last'} counts"
            * any(len(run) > 1 for run in found.runs),
            f'not understood: "{unread}"' * bool(unread),
        ),
    )
    return _Reading(window, days, found.yearless)


def _clocks(text: str) -> _Clocks:
    found: set[timedelta] = set()
    reasons: set[str] = set()
    seconds = False

    def take(match: re.Match[str]) -> str:
        nonlocal seconds
        times = _times(match)
        found.update(times)
        seconds = seconds or bool(match["second"])
        if len(times) > 1:
            reasons.add("midnight is the day's start or its end")
        return " " if times else match[0]

    rest = _CLOCK.sub(take, text)
    if not found:
        return _Clocks(frozenset({END_OF_DAY}), Precision.DAY, "no hour is given: the end of the day", rest)
    if len(found) > 1 and not reasons:
        reasons.add("several hours are given")
    return _Clocks(frozenset(found), Precision.SECOND if seconds else Precision.MINUTE, _all(*reasons), rest)


def _times(match: re.Match[str]) -> tuple[timedelta, ...]:
    """The times of day that a clock's words mean: two for midnight, none for an hour that does not exist."""
    word, said = (match["word"] or "").casefold(), (match["said"] or "").casefold()
    if word in ("noon", "midday"):
        return (timedelta(hours=12),)
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    if word or (said == "midnight" and hour % 12 == 0 and not minute):
        return timedelta(), timedelta(hours=24)
    half = (match["half"] or match["only_half"] or "").casefold()
    if half and hour <= 12:
        hour = hour % 12 + 12 * (half == "p") if hour else 99
    elif half == "a":
        hour = 99
    since_start = timedelta(hours=hour, minutes=minute, seconds=second)
    return (since_start,) if since_start <= timedelta(hours=24) else ()


def _out_of_reach(days: tuple[date, ...], kind: Kind, edition: Edition) -> str:
    """Why no such gate can be on these days; empty if one can. An event whose own dates are wrong judges nothing."""
    if not days:
        return ""
    starts, ends = edition.starts_on or edition.ends_on, edition.ends_on or edition.starts_on
    if starts is None or ends is None or ends.year < edition.year or starts > ends:
        starts = ends = None
    if ends and min(days) > ends:
        return f"{spoken(min(days))}: after the event's end, {spoken(ends)}"
    year = starts.year if starts else edition.year
    if kind not in BEFORE_THE_EVENT or year not in YEARS:
        return ""
    month, day = (starts.month, min(starts.day, 28)) if starts else (1, 1)
    if max(days) < date(year - LONGEST_LEAD_YEARS, month, day):
        return f"{spoken(max(days))}: more than 24 months before {spoken(starts) if starts else edition.year}"
    return ""


def _doubts(found: Days, days: tuple[date, ...]) -> str:
    """What does not fit together in words that could be read."""
    yearless = f"no year is given; read as {days[-1].year}" * found.yearless
    if len(found.weekdays) != 1 or len(days) != 1 or found.months or days[0].weekday() == found.weekdays[0]:
        return yearless
    return _all(yearless, f"{spoken(days[0])} is a {WEEKDAYS[days[0].weekday()]}, not a {WEEKDAYS[found.weekdays[0]]}")


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
