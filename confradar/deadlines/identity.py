"""Which listings speak of the same conference: named rules first, similarity last, an operator's pin above all."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from rapidfuzz.fuzz import token_set_ratio, token_sort_ratio

from confradar.deadlines import names
from confradar.deadlines.conference import Pin
from confradar.deadlines.listing import EntryType, Listing
from confradar.deadlines.names import edition_year, title_key

__all__ = ["Cluster", "MentionKey", "cluster", "keys", "title_key"]

MentionKey = tuple[str, str, str, int]

WINDOW = 40  # in a block of strangers each is compared with so many neighbours, so that time stays linear
PINNED = 1000  # stronger than any rule
NEAR_DAYS, POSTPONED_DAYS = 6, 60
SIMILAR, ALIKE = 90, 70  # of 100: names that are the same but for spelling; names that do not contradict

_SATELLITE = re.compile(
    r"\b(?:workshops?|special session|tracks?|tutorials?|demos?|demonstrations?|competition|challenge|shared task|cup|"
    r"(?:summer|winter|spring) (?:school|symposium|symposia)|doctoral|student|co-?located|in conjunction|"
    r"held with)\b|\w\s?@\s?[A-Z]", re.I,
)  # fmt: skip
_SATELLITE_TYPES = frozenset((EntryType.WORKSHOP, EntryType.TRACK, EntryType.SHARED_TASK, EntryType.SCHOOL))


@dataclass(frozen=True, slots=True)
class Cluster:
    """The mentions of one conference in canonical order; for each the rule that brought it in; the series' key."""

    members: tuple[MentionKey, ...]
    evidence: dict[MentionKey, str]
    series_key: str


class _Traits:
    """What identity looks at in one listing, computed once."""

    def __init__(self, key: MentionKey, listing: Listing) -> None:
        self.key = key
        self.feed = key[:2]
        self.year = edition_year(listing)
        self.title = title_key(names.ROUND.sub(" ", listing.title))
        self.starts_on: date | None = listing.starts_on
        head, colon, tail = listing.title.partition(":")
        written = listing.acronym or (head if colon else listing.title)
        self.acronym = names.acronym(written, self.year)
        self.parts = frozenset(names.parts(written, self.year)) | {self.acronym}
        name = listing.full_name or (tail if colon else "")
        if not name and len(self.title.split()) > 3:
            name = listing.title
        words = [word for word in names.words(name) if word not in names.GENERIC and word not in names.SPONSORS]
        name = " ".join(word for word in words if not re.fullmatch(r"sig[a-z]{2,6}", word))
        self.name = "" if name == self.acronym else name  # "EuroSys Conference" says no more than EuroSys
        self.regions = names.REGIONS.intersection(words)
        self.site = names.site(listing.website)
        self.satellite = listing.type in _SATELLITE_TYPES or bool(_SATELLITE.search(f"{listing.title} {name}"))
        self.place = frozenset(
            names.WORD.findall(names.plain(listing.place or f"{listing.city or ''} {listing.country or ''}"))
        )

    @property
    def sort(self) -> object:
        """All that `forbidden` looks at, but for the ref: two of one sort are never kept apart."""
        return (self.feed, self.key[3], self.year, self.title, self.acronym, self.name, self.satellite, self.site,
                self.starts_on, self.place)  # fmt: skip

    @cached_property
    def blocks(self) -> frozenset[str]:
        """The keys of the blocks in which this listing is compared. The year before or after is there by the event."""
        years = {self.year}
        if self.starts_on and abs(self.starts_on.year - self.year) == 1:
            years.add(self.starts_on.year)
        known_as = {f"a:{part}" for part in self.parts} | {f"t:{self.title}"}
        if self.name:
            known_as.add(f"n:{self.name}")
        found = {f"{name}:{year}" for name in known_as for year in years}
        if self.site:
            found.add(f"w:{self.site}" if names.names_a_year(self.site) else f"w:{self.site}:{self.year}")
        return frozenset(found)


def keys(listing: Listing) -> frozenset[str]:
    """The blocks of a listing: two listings without a common key are never compared."""
    return _Traits(listing.key, listing).blocks


def _days(a: _Traits, b: _Traits) -> int | None:
    """How many days the two events lie apart; None if one of them has no date."""
    return abs((a.starts_on - b.starts_on).days) if a.starts_on and b.starts_on else None


def _alike(a: _Traits, b: _Traits) -> float:
    """How well the names fit, of 100; -1 if one of them is unknown."""
    if not a.name or not b.name:
        return -1
    return token_set_ratio(a.name, b.name, processor=None)  # the names are in one form already


def forbidden(a: _Traits, b: _Traits) -> str | None:
    """The rule that keeps the two apart, however much else fits (DATA, "never merge"); None if there is none."""
    days = _days(a, b)
    near = days is not None and days <= NEAR_DAYS
    same_site = bool(a.site) and a.site == b.site
    same_acronym = a.acronym == b.acronym
    if abs(a.year - b.year) > 1 or (a.year != b.year and not near and not same_site):
        return "different years of one series"
    if a.satellite != b.satellite and not (same_acronym and (near or not (a.name and b.name))):
        return "a workshop, track or co-located event and its parent"
    one_entry = (same_acronym or a.title == b.title) and (near or days is None)
    if a.feed == b.feed and a.key[2] != b.key[2] and not one_entry:
        return "two entries of one feed"
    elsewhere = bool(a.place and b.place and not a.place & b.place)
    if not same_site and (not near or elsewhere) and 0 <= _alike(a, b) < ALIKE:
        return "namesakes"
    return None


def link(a: _Traits, b: _Traits) -> tuple[int, str] | None:
    """The strength of the evidence that two listings are one conference, and the rule's name; None if there is none."""
    days = _days(a, b)
    near = days is not None and days <= NEAR_DAYS
    same_place = bool(a.place & b.place)
    same_site = bool(a.site) and a.site == b.site
    same_acronym = a.acronym == b.acronym
    if same_site and (same_acronym or a.title == b.title):
        return 100, "same website and name"
    if same_acronym and near and same_place:
        return 95, "same acronym, same dates, same place"
    if a.year == b.year and a.title == b.title:
        return 90, "same title and year"
    if same_acronym and near:
        return 85, "same acronym and dates"
    alike = _alike(a, b) if same_acronym and a.year == b.year else 0
    if alike >= ALIKE:
        return 80, "same acronym and name"
    if a.name and a.name == b.name and a.year == b.year and (near or days is None):
        return 75, "same full name and year"
    if a.parts & b.parts and (same_site or (near and same_place)) and not (a.satellite or b.satellite):
        return 70, "joint event"
    if alike < 0 and (days is None or days <= POSTPONED_DAYS or same_place):
        return 60, "same acronym and year"
    if near and (same_site or same_place) and a.regions == b.regions and a.name and b.name:
        similar = token_sort_ratio(a.name, b.name, processor=None)
        if similar >= SIMILAR:
            return int(similar) // 2, "similar name, same dates"
    return None


def _pairs(traits: Sequence[_Traits]) -> Iterator[tuple[_Traits, _Traits]]:
    """The pairs to compare: within a block all, in a very large one each with its neighbours by name."""
    blocks: defaultdict[str, list[_Traits]] = defaultdict(list)
    for trait in traits:
        for block in trait.blocks:
            blocks[block].append(trait)
    seen: set[tuple[MentionKey, MentionKey]] = set()
    for members in blocks.values():
        if len(members) > WINDOW:
            members.sort(key=lambda trait: (trait.title, trait.name, trait.starts_on or date.min, trait.key))
        for i, first in enumerate(members):
            for second in members[i + 1 : i + WINDOW]:
                a, b = (first, second) if first.key < second.key else (second, first)
                if (a.key, b.key) not in seen:
                    seen.add((a.key, b.key))
                    yield a, b


@dataclass(eq=False, slots=True)
class _Group:
    """Mentions that are one so far, and one trait of each sort, so that a thousand equal postings are asked once."""

    members: list[MentionKey]
    sorts: dict[object, _Traits]


def cluster(mentions: Mapping[MentionKey, Listing], pins: Sequence[Pin] = ()) -> list[Cluster]:
    """Group mentions into conferences, in canonical order.

    The result depends on the set of mentions and pins alone, not on their order. Links are accepted from
    the strongest down, unless they would put two mentions together that a rule or a pin keeps apart.
    """
    traits = {key: _Traits(key, mentions[key]) for key in sorted(mentions)}
    groups = {key: _Group([key], {trait.sort: trait}) for key, trait in traits.items()}
    pinned = [pin for pin in pins if pin.first in traits and pin.second in traits]
    apart = [pin for pin in pinned if not pin.together]
    links = [(PINNED, pin.first, pin.second, "merged by an operator") for pin in pinned if pin.together]
    for a, b in _pairs(list(traits.values())):
        if (found := link(a, b)) and not forbidden(a, b):
            links.append((found[0], a.key, b.key, found[1]))
    links.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
    evidence: dict[MentionKey, str] = {}
    for strength, first, second, rule in links:
        one, other = groups[first], groups[second]
        if one is other or any(
            {id(groups[pin.first]), id(groups[pin.second])} == {id(one), id(other)} for pin in apart
        ):
            continue
        if strength < PINNED and any(forbidden(a, b) for a in one.sorts.values() for b in other.sorts.values()):
            continue
        if len(one.members) < len(other.members):
            one, other = other, one
        one.members.extend(other.members)
        one.sorts.update(other.sorts)
        for key in other.members:
            groups[key] = one
        for key in (first, second):
            evidence.setdefault(key, rule)
    members = sorted(tuple(sorted(group.members)) for group in {id(group): group for group in groups.values()}.values())
    return [
        Cluster(keys, {key: evidence.get(key, "alone") for key in keys}, _series(traits[key] for key in keys))
        for keys in members
    ]


def _series(traits: Iterable[_Traits]) -> str:
    """The acronym that most mentions use; the first in the alphabet among equals."""
    return min(Counter(trait.acronym for trait in traits).items(), key=lambda item: (-item[1], item[0]))[0]
