"""The days that a text names, in the order in which they stand there."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from confradar.deadlines.listing import YEARS

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_MONTH_WORD = re.compile(r"(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,9}(?![a-z])\.?", re.I)
_WEEKDAY = re.compile(
    r"(?<![a-z])(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs?|ur)?(?:day)?(?![a-z])[.,]?", re.IGNORECASE
)  # fmt: skip
_MONTH, _YEAR, _NUMBER = rf"(?:{'|'.join(MONTHS)})", r"[0-9]{4}(?![0-9])", r"[0-9]{1,2}(?![0-9])"
_DAY = r"(?<![0-9])[0-9]{1,2}(?: ?(?:st|nd|rd|th)|\.)?(?![0-9a-z:])(?! ?(?:h|hrs|hours|o'clock)\b)"
_TO = r" ?(?:,? and|,|-{1,3}|to|through|until|till|&|/) ?(?:the )?"
_DAYS = rf"{_DAY}(?:{_TO}{_DAY}){{0,9}}+"  # no fewer days than are written: behind each stands a month, or the next
_DAYS_BEHIND = rf"{_DAY}(?:{_TO}{_DAY}(?! ?(?:of )?{_MONTH})){{0,9}}"
_WITH_YEAR = rf"(?:(?:-|[, ]{{0,5}}(?:of )?){_YEAR})?"  # blanks and commas stay where a clock stood
_DATE = re.compile(
    rf"(?<![0-9])(?:(?P<numeric>[0-9]{{4}}(?P<s>[-/.]){_NUMBER}(?P=s){_NUMBER}|{_NUMBER}(?P<t>[-/.]){_NUMBER}(?P=t){_YEAR})"
    rf"|(?P<month_only>[0-9]{{4}}-(?:0[1-9]|1[0-2])(?!-?[0-9])(?:-(?:xx|\?\?))?|{_MONTH},? ?(?:of )?{_YEAR})"
    rf"|[0-9]{{4}},? ?{_MONTH}[-,]? ?{_DAY}"
    rf"|{_DAYS}[-,]? ?(?:of )?{_MONTH}{_WITH_YEAR}"
    rf"|{_MONTH}[-,]? ?(?:the )?{_DAYS_BEHIND}{_WITH_YEAR})",
    re.IGNORECASE,
)
_GAP = re.compile(rf"{_TO}", re.IGNORECASE)

_Written = tuple[int | None, int, int]  # year, month, day


@dataclass(frozen=True, slots=True)
class Span:
    """Where a date stands in a text."""

    start: int
    end: int


class NoSuchDay(ValueError):
    """A date is written that the calendar does not have. The message quotes it."""


@dataclass(frozen=True, slots=True)
class Days:
    """What a text says of days. Each of `runs` is one date, range or list; more than one means several readings.

    `months` are the first and last days of months without a day, if there is no day at all. `yearless` is
    true if a year had to be supplied. `rest` is the text without all that.
    """

    runs: tuple[tuple[date, ...], ...]
    months: tuple[tuple[date, date], ...]
    rest: str
    yearless: bool
    weekdays: tuple[int, ...]  # those that are written, Monday is 0


def read_days(text: str, year: int | None, *, day_first: bool | None = None) -> Days:
    """Read the days of a text in which dashes and blanks are plain; `year` is for days that are written without one.

    Of `3/4/2026` both readings are given, as two runs, unless `day_first` says which one; dots put the day
    first. Without any year a day is left unread. Raises NoSuchDay for `31 November 2026` and years out of reach.
    """
    weekdays = tuple(_index(WEEKDAYS, match[1]) for match in _WEEKDAY.finditer(text))
    text = " ".join(spelled(_WEEKDAY.sub(" ", text)).split())
    groups: list[list[_Written]] = []
    months: list[tuple[date, date]] = []
    rest, month_words, at, joined = "", "", 0, False
    for match in _DATE.finditer(text):
        gap, at = text[at : match.start()], match.end()
        rest += f"{gap} "
        if match["month_only"]:
            months.append(_whole_month(match[0]))
            month_words += f"{match[0]} "
            joined = False
            continue
        readings = _numeric(match[0], day_first) if match["numeric"] else [_named(match[0])]
        if joined and len(readings) == 1 and _GAP.fullmatch(gap):
            groups[-1] += readings[0]
        else:
            groups += readings
        joined = len(readings) == 1
    written = [day[0] for group in groups for day in group]
    known = next((number for number in reversed(written) if number), year)
    if known is None:
        return Days((), (), text, yearless=False, weekdays=weekdays)
    return Days(
        runs=tuple(dict.fromkeys(_run(group, known) for group in groups)),
        months=() if groups else tuple(months),
        rest=rest + text[at:] + (f" {month_words}" if groups else ""),
        yearless=bool(groups) and not any(written),
        weekdays=weekdays,
    )


def spelled(text: str) -> str:
    """A text with the months in full: `Feb. 3` and `Feburary 3` as `February 3`."""
    return _MONTH_WORD.sub(_month, text)


def date_spans(text: str) -> list[Span]:
    """Where the dates of a text that is spelled out stand; the days of one range or list are one."""
    spans: list[Span] = []
    for match in _DATE.finditer(text):
        if spans and _GAP.fullmatch(text, spans[-1].end, match.start()):
            spans[-1] = Span(spans[-1].start, match.end())
        else:
            spans.append(Span(match.start(), match.end()))
    return spans


def year_of(text: str) -> int | None:
    """The last year that a date of a spelled-out text names; None if none does."""
    years = [int(year) for span in date_spans(text) for year in re.findall("[0-9]{4}", text[span.start : span.end])]
    return years[-1] if years else None


def spoken(day: date) -> str:
    """`30 September 2016`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _run(group: list[_Written], known: int) -> tuple[date, ...]:
    """The days of one range or list. Years spread from the last that is written, and change where months go round."""
    anchor = max((at for at, (year, _, _) in enumerate(group) if year), default=len(group) - 1)
    years = [year or known for year, _, _ in group]
    for at in range(anchor + 1, len(group)):
        years[at] = years[at - 1] + (group[at][1] < group[at - 1][1])
    for at in range(anchor - 1, -1, -1):
        years[at] = group[at][0] or years[at + 1] - (group[at][1] > group[at + 1][1])
    return tuple(
        _date(year, month, day, f"{day}/{month}/{year}") for year, (_, month, day) in zip(years, group, strict=True)
    )


def _named(words: str) -> list[_Written]:
    month = next(number for number, name in enumerate(MONTHS, 1) if name.casefold() in words.casefold())
    year = re.search(r"[0-9]{4}", words)
    return [
        (int(year[0]) if year else None, month, int(day)) for day in re.findall(r"(?<![0-9])[0-9]{1,2}(?![0-9])", words)
    ]


def _numeric(words: str, day_first: bool | None) -> list[list[_Written]]:
    """The readings of three numbers: one, or two for `3/4/2026` when nobody says which comes first."""
    one, two, three = map(int, re.split("[-/.]", words))
    if re.match("[0-9]{4}", words):
        _date(one, two, three, words)
        return [[(one, two, three)]]
    if day_first is None and "." in words:
        day_first = True
    readings = [(three, two, one), (three, one, two)]
    real = [reading for reading in readings if _exists(*reading)]
    if not real:
        _date(*readings[day_first is False], words)
    if len(real) == 2 and day_first is not None:
        real = real[:1] if day_first else real[1:]
    return [[reading] for reading in real]


def _exists(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and year in YEARS and 1 <= day <= monthrange(year, month)[1]


def _date(year: int, month: int, day: int, words: str) -> date:
    if _exists(year, month, day):
        return date(year, month, day)
    quoted = f"{day} {MONTHS[month - 1]} {year}" if 1 <= month <= 12 else words
    if year not in YEARS:
        raise NoSuchDay(f"{quoted}: not a year from {YEARS.start} to {YEARS.stop - 1}")
    raise NoSuchDay(f"{quoted}: no such day")


def _whole_month(words: str) -> tuple[date, date]:
    year = int(re.findall(r"[0-9]{4}", words)[0])
    names = [number for number, name in enumerate(MONTHS, 1) if name.casefold() in words.casefold()]
    month = names[0] if names else int(words[5:7])
    first = _date(year, month, 1, words)
    return first, first.replace(day=monthrange(year, month)[1])


def _month(match: re.Match[str]) -> str:
    """A month's name in full for its abbreviations and misspellings (`Feburary`); other words stay."""
    word = match[0].rstrip(".").casefold()
    name = MONTHS[_index(MONTHS, word)]
    near = name.casefold().startswith(word) or SequenceMatcher(None, word, name.casefold()).ratio() > 0.8
    return name if near else match[0]


def _index(names: tuple[str, ...], word: str) -> int:
    return next(number for number, name in enumerate(names) if name[:3].casefold() == word[:3].casefold())
