"""Expected records against listings, field by field, through tables that name each field of a record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confradar.deadlines.listing import Kind, Listing
from confradar.sources.days import single_day

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Fields:
    """How the fields of one kind of record are found in a listing.

    `found` gives the value of a field, from the listing and the expected record; `out_of_scope` says of each of
    the other fields why no listing has it. A field in neither is a difference.
    """

    found: Mapping[str, Callable[[Listing, Record], Any]]
    out_of_scope: Mapping[str, str]


@dataclass
class Score:
    """How many values were expected, how many of them were found, and one line for each that was not."""

    expected: int = 0
    found: int = 0
    differences: list[str] = field(default_factory=list)

    def __iadd__(self, other: Score) -> Score:
        self.expected += other.expected
        self.found += other.found
        self.differences += other.differences
        return self

    def compare(self, where: str, expected: Any, found: Any) -> None:
        """Count one value."""
        self.expected += 1
        if found == expected:
            self.found += 1
        else:
            self.differences.append(f"{where}: expected {expected!r}, found {found!r}")

    def note(self, difference: str) -> None:
        """Count something that is there and should not be, or the other way round."""
        self.differences.append(difference)


def compare_record(where: str, said: Record, listing: Listing | None, fields: Fields) -> Score:
    """The score of one expected record; without a listing, all its values are missing."""
    score = Score()
    for name, value in said.items():
        if name in fields.out_of_scope:
            continue
        if name not in fields.found:
            score.note(f"{where}, {name}: a field that is neither mapped nor out of scope")
        elif listing is None:
            score.compare(f"{where}, {name}", one_line(value), "no listing")
        else:
            score.compare(f"{where}, {name}", one_line(value), fields.found[name](listing, said))
    return score


def compare_in_order(where: str, records: Sequence[Record], listings: Sequence[Listing], fields: Fields) -> Score:
    """The score of a page's records, which its listings must give one for one and in its order."""
    score = Score()
    for number, said in enumerate(records):
        listing = listings[number] if number < len(listings) else None
        score += compare_record(f"{where} #{number + 1}", said, listing, fields)
    for extra in listings[len(records) :]:
        score.note(f"{where}: a further listing {extra.ref!r} {extra.title!r}")
    return score


def one_line(value: Any) -> Any:
    """A text with its runs of white space as one blank; other values as they are."""
    return " ".join(value.split()) if isinstance(value, str) else value


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a file of JSON lines."""
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def listings(found: Iterable[object]) -> list[Listing]:
    """The listings among what was found."""
    return [each for each in found if isinstance(each, Listing)]


def text(listing: Listing, kind: Kind) -> str | None:
    """The words of the only date of that kind."""
    written = [each.text for each in listing.dates if each.kind is kind]
    return written[0] if len(written) == 1 else (", ".join(written) or None)


def day(listing: Listing, kind: Kind) -> str | None:
    """The day of the only date of that kind, as ISO; None if it is not there or names no day."""
    found = single_day(text(listing, kind) or "")
    return found.isoformat() if found else None


def iso(value: Any) -> str | None:
    """A day as ISO."""
    return value.isoformat() if value else None
