"""A conference as its mentions together describe it: which value won, and its slug."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from confradar.deadlines.listing import DATES_MAX, EntryType, Kind, Listing, WrittenDate
from confradar.deadlines.names import edition_year, named_round, title_key
from confradar.errors import FieldError

V = TypeVar("V")

# The fields of a conference whose moves are history.
TOLD = ("title", "acronym", "full_name", "place", "online", "starts_on", "ends_on", "website")
SLUG_MAX = 60


def portrait(listings: Sequence[Listing]) -> dict[str, Any]:
    """The fields of a conference that its listings decide, in whatever order they come.

    The value that most of them give wins, then the more complete one, then the first in order. Values that
    belong together (place, city and country; first and last day) are taken from one listing.
    """

    def most(value: Callable[[Listing], V]) -> V | None:
        return _most(value(listing) for listing in listings)

    title = most(lambda listing: named_round(listing.title)[0]) or ""
    place, city, country = most(lambda one: (one.place, one.city, one.country)) or (None, None, None)
    starts_on, ends_on = most(lambda one: (one.starts_on, one.ends_on)) or (None, None)
    return {
        "title": title,
        "title_key": title_key(title),
        "type": most(lambda listing: listing.type),
        "year": most(edition_year),
        "acronym": most(_short_name),
        "full_name": most(lambda listing: listing.full_name),
        "place": place,
        "city": city,
        "country": country,
        "online": most(lambda listing: listing.online),
        "starts_on": starts_on,
        "ends_on": ends_on,
        "website": most(lambda listing: listing.website),
        "topics": tuple(sorted({topic for listing in listings for topic in listing.topics})),
        "ranks": tuple(sorted({(rank.list, rank.value) for listing in listings for rank in listing.ranks})),
    }


def _most(values: Iterable[V]) -> V | None:
    given = [value for value in values if _filled(value)]
    if len(given) < 2:
        return given[0] if given else None
    said = Counter(given)
    return min(said, key=lambda value: (-said[value], -_filled(value), -len(str(value)), str(value)))


def _filled(value: object) -> int:
    """How many parts of a value are given."""
    return sum(part is not None for part in value) if isinstance(value, tuple) else int(value is not None)


def _short_name(listing: Listing) -> str | None:
    """The acronym without the edition's year at its end."""
    if not listing.acronym:
        return None
    year = str(edition_year(listing))
    return re.sub(rf"[\s'’-]*(?:{year}|(?<=['’]){year[2:]})$", "", listing.acronym.strip()) or listing.acronym


def free_slug(name: str, year: int, taken: set[str]) -> str:
    """`name-year` in lower-case ASCII, with `-2`, `-3`, … behind it if taken; the result is taken from then on."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-").removesuffix(str(year))[:SLUG_MAX].strip("-")
    base = f"{words or 'conference'}-{year}"
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    taken.add(slug)
    return slug


def joined(listings: Sequence[Listing]) -> Listing:
    """Listings of one key in one night as one, in whatever order: what the first does not say, the next may.

    Of dates there are as many as a listing may have.
    """
    whole, *others = sorted(listings, key=lambda listing: listing.raw())
    for other in others:
        gaps: dict[str, Any] = {
            field.name: getattr(other, field.name)
            for field in fields(whole)
            if getattr(whole, field.name) in (None, "", ())
        }
        gates = {written.gate for written in whole.dates}
        dates = (*whole.dates, *(written for written in other.dates if written.gate not in gates))
        gaps["dates"] = dates[:DATES_MAX]
        whole = replace(whole, **gaps)
    return whole


def completed(earlier: Listing, later: Listing) -> Listing:
    """A listing with what was read later: its fields and its dates win, gate by gate; what only the earlier one says
    stays. Together they are partial only if both are.
    """
    given = later.to_json()
    if later.type is EntryType.CONFERENCE:  # what is assumed where nothing is said
        given.pop("type", None)
    changed = {name: getattr(later, name) for name in given}
    said = _by_gate(earlier.dates) | _by_gate(later.dates)
    changed["dates"] = tuple(written for dates in said.values() for written in dates)
    changed["partial"] = earlier.partial and later.partial
    try:
        return replace(earlier, **changed)
    except FieldError:  # together they have more dates than a listing may
        return later


def _by_gate(dates: Sequence[WrittenDate]) -> dict[tuple[Kind, int, str], list[WrittenDate]]:
    found: dict[tuple[Kind, int, str], list[WrittenDate]] = {}
    for written in dates:
        found.setdefault(written.gate, []).append(written)
    return found
