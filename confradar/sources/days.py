"""The days on which an event takes place, from the ways in which pages write them."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]{{0,7}}\.?"
DAY = r"\d{1,2}(?:st|nd|rd|th)?"
YEAR = r"(?:19|20)\d\d"
_DASH = r"\s*(?:-{1,3}|–|—|\bto\b|\buntil\b)\s*(?:[a-z]{3,6}day,?\s+)?"

# Each names the parts of the first day (d, m, y) and of the last one (D, M, Y); the first may lack month and year.
_RANGES = tuple(
    re.compile(first + _DASH + last, re.IGNORECASE)
    for first, last in (
        (rf"\b(?P<y>{YEAR})-(?P<m>\d\d)-(?P<d>\d\d)", rf"(?P<Y>{YEAR})-(?P<M>\d\d)-(?P<D>\d\d)\b"),
        (
            rf"(?<!\w)(?P<d>{DAY})(?:\s+(?P<m>{MONTH}))?(?:,?\s+(?P<y>{YEAR}))?",
            rf"(?P<D>{DAY})\s+(?P<M>{MONTH}),?\s+(?P<Y>{YEAR})\b",
        ),
        (
            rf"\b(?P<m>{MONTH})\s+(?P<d>{DAY})(?:,?\s+(?P<y>{YEAR}))?",
            rf"(?:(?P<M>{MONTH})\s+)?(?P<D>{DAY}),?\s+(?P<Y>{YEAR})\b",
        ),
    )
)
_SINGLE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?P<Y>{YEAR})-(?P<M>\d\d)-(?P<D>\d\d)",
        rf"\b(?P<D>{DAY})\s+(?P<M>{MONTH}),?\s+(?P<Y>{YEAR})\b",
        rf"\b(?P<M>{MONTH})\s+(?P<D>{DAY}),?\s+(?P<Y>{YEAR})\b",
    )
)


def month_number(word: str) -> int | None:
    """1 to 12 for a month's name or its number, however misspelt after three letters (`Feburary`)."""
    if word.isdecimal():
        return int(word) if len(word) < 3 and 0 < int(word) <= 12 else None
    return _MONTHS.index(word[:3].casefold()) + 1 if word[:3].casefold() in _MONTHS else None


def day_range(text: str) -> tuple[date, date] | None:
    """The first range of days in a text: `11-16 May 2026`, `April 29--May 4, 2025`, `5 Nov 2025 to 9 Nov 2025`."""
    for pattern in _RANGES:
        for match in pattern.finditer(text):
            part = match.groupdict()
            end_month = part["M"] or part["m"]
            last = _day(part["D"], end_month, int(part["Y"]))
            crosses = (month_number(part["m"] or end_month) or 0) > (month_number(end_month) or 0)
            first = _day(part["d"], part["m"] or end_month, int(part["y"] or part["Y"]) - (crosses and not part["y"]))
            if first and last and first <= last:
                return first, last
    return None


def single_day(text: str) -> date | None:
    """The first day in a text that is written with its year; None if there is none."""
    for pattern in _SINGLE:
        for match in pattern.finditer(text):
            if found := _day(match["D"], match["M"], int(match["Y"])):
                return found
    return None


def without_ranges(text: str) -> str:
    """The text with its day ranges taken out."""
    for pattern in _RANGES:
        text = pattern.sub(" ", text)
    return text


def _day(day: str, month: str, year: int) -> date | None:
    try:
        return date(year, month_number(month) or 0, int(day.rstrip("stndrh")))
    except ValueError:
        return None
