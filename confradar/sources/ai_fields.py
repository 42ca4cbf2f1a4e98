"""The fields of one record of the AI deadline lists, and the listing that is made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from confradar.deadlines.listing import Kind, Listing, WrittenDate, clean
from confradar.errors import FieldError
from confradar.sources.base import Found, Page, Rejected, is_web
from confradar.sources.days import day_range
from confradar.sources.wording import entry_type

NAME = "ai_deadlines"

# A spreadsheet once saved a whole list with its own order: 3/21/2022.
_SPREADSHEET = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})")
_ABSENT = {"", "null", "~", "none"}
# `Round 1 Final Decisions` beside `Round 1 Reviews and Decisions` (WACV 2026), `Camera-ready` beside `Revised version`
# (Eurographics 2026): which one is the gate may not depend on which stands first, since the other comes and goes.
_FINAL = re.compile(r"\bfinal (?:decisions?|notification)\b|\bcamera[- ]ready\b", re.IGNORECASE)
_ONLINE = {"online", "virtual"}


@dataclass
class Fields:
    """One record's fields. What cannot be used is put down in `problems`, and the rest is still read."""

    record: Mapping[str, Any]
    ref: str
    problems: list[Found] = field(default_factory=list)

    def text(self, name: str) -> str | None:
        """A field as one line; None if it is absent. Raises FieldError if it is no text."""
        value = self.record.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise FieldError(name, type(value).__name__, "text", source=NAME, ref=self.ref)
        value = clean(value)
        return None if value is None or value.casefold() in _ABSENT else value

    def needed(self, name: str) -> str:
        """A field that a record cannot be without. Raises FieldError."""
        value = self.text(name)
        if value is None:
            raise FieldError(name, "nothing", "text", source=NAME, ref=self.ref)
        return value

    def address(self, name: str) -> str | None:
        """A web address; one with another scheme, or with none, is reported and left out."""
        value = self.text(name)
        if value and not is_web(value):
            self.report(name, value, "an http or https address")
            return None
        return value

    def span(self, start: str, end: str, words: str = "") -> tuple[date | None, date | None]:
        """The first and the last day; from the field `words` if both are absent. What contradicts is reported."""
        first, last = self._day(start), self._day(end)
        if first is None and last is None:
            return day_range((self.text(words) or "")[:200]) or (None, None)
        if first and last and last < first:
            self.report(end, str(last), f"a day not before {first}")
            last = None
        return first, last

    def tags(self, *names: str) -> tuple[str, ...]:
        """The words of the first field that has any: a text or a list of texts."""
        for name in names:
            value = self.record.get(name)
            words = value[:50] if isinstance(value, list) else [value]
            found = [word for each in words if isinstance(each, str) and (word := clean(each))]
            if found:
                return tuple(dict.fromkeys(found))
        return ()

    def check_known(self, known: Iterable[str]) -> None:
        """Report the fields that are neither read nor ignored by name."""
        for name in sorted(str(name) for name in self.record.keys() - set(known))[:10]:
            self.report(name[:40], "an unknown field", "a field that is read, or ignored by name")

    def report(self, name: str, found: str, wanted: str) -> None:
        """Put down what cannot be used."""
        self.problems.append(Rejected(NAME, self.ref, name, found[:80], wanted))

    def _day(self, name: str) -> date | None:
        value = self.text(name)
        if value is None or value.upper().startswith("TB"):
            return None
        try:
            if slashed := _SPREADSHEET.fullmatch(value):
                return date(int(slashed["year"]), int(slashed["month"]), int(slashed["day"]))
            year, month, day = value[:10].split("-")
            return date(int(year), int(month), int(day))
        except ValueError:
            self.report(name, value, "a day such as 2026-07-06")
            return None


def edition(fields: Fields, name: str, year: int) -> tuple[str, str]:
    """Title and acronym of an edition: ("ICML 2026", "ICML"). Raises FieldError if the name is only a year."""
    acronym = clean(re.sub(rf"\b{year}\b", " ", name))
    if acronym is None:
        raise FieldError("title", name[:80], "a name beside the year", source=NAME, ref=fields.ref)
    return (name if acronym != name else f"{name} {year}"), acronym


def listing(page: Page, fields: Fields, name: str, year: int, **values: Any) -> list[Found]:
    """The listing of a record, and what was reported while it was read. Raises FieldError."""
    title, acronym = edition(fields, name, year)
    place = values.get("place")
    given = {
        "url": page.url,
        "type": entry_type(name),
        "online": True if place and place.casefold() in _ONLINE else None,
    }
    found = Listing(
        source=NAME,
        feed=page.feed,
        ref=fields.ref,
        title=title,
        acronym=acronym,
        year=year,
        retrieved_at=page.retrieved_at,
        **{**given, **values},
    )
    return [found, *fields.problems]


def distinct(fields: Fields, dates: Iterable[tuple[WrittenDate, str]]) -> tuple[WrittenDate, ...]:
    """Each gate once. Of two dates of one gate the first whose label says that it is the final one keeps the gate,
    else the first in the list; the others take their labels as tracks.
    """
    gates: dict[tuple[Kind, int, str], WrittenDate] = {}
    given = list(dates)
    for number in sorted(range(len(given)), key=lambda number: not _FINAL.search(given[number][1])):
        written, label = given[number]
        if gates.get(written.gate, written) != written:
            written = replace(written, track=label)
        if gates.setdefault(written.gate, written) != written:
            fields.report(written.kind, written.text, f"one date for {label or 'one gate'}"[:80])
        given[number] = (written, label)
    return tuple(
        written for written in dict.fromkeys(written for written, _ in given) if gates[written.gate] == written
    )
