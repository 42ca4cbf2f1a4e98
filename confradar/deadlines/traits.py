"""What identity looks at in one listing."""

from __future__ import annotations

import re
from collections.abc import Hashable
from datetime import date
from functools import cached_property

from confradar.deadlines import names
from confradar.deadlines.dates import Edition, resolve
from confradar.deadlines.listing import EntryType, Kind, Listing

MentionKey = tuple[str, str, str, int]

GATES = frozenset((Kind.ABSTRACT, Kind.SUBMISSION))
_SATELLITE = re.compile(
    r"\b(?:workshops?|special session|tracks?|tutorials?|demos?|demonstrations?|competition|challenge|shared task|cup|"
    r"(?:summer|winter|spring) (?:school|symposium|symposia)|doctoral|student)\b|\w\s?@\s?[A-Z]", re.I,
)  # fmt: skip
_BESIDE = re.compile(r"\b(?:col?-?located|in conjunction|held with|aligning with)\b", re.I)
# "SuRE @ IJCAI 2026", "collocated with IEEE ICDM'17", "SIGKDD 2017 Workshop on", "WWW Workshop", "at WWW 2017".
_HOST = re.compile(
    r"@\s?([A-Z][A-Za-z]*[A-Z])"
    r"|(?:conjunction with|located with|held with|aligning with|\bat)\s(?:IEEE |ACM )?([A-Z]{2,}\w*)"
    r"|\b([A-Z][A-Za-z]*[A-Z])(?:[\s'’-]*\d{2,4})?\s(?:\w+\s)?(?:[Ww]orkshop|WORKSHOP|[Tt]rack)\b"
)
_SATELLITE_TYPES = frozenset((EntryType.WORKSHOP, EntryType.TRACK, EntryType.SHARED_TASK, EntryType.SCHOOL))


def content(listing: Listing) -> Hashable:
    """All that identity reads of a listing: entries of one feed with equal content are plain duplicates."""
    return (
        listing.source, listing.feed, listing.type, listing.year, listing.title, listing.acronym, listing.full_name,
        listing.website, listing.place, listing.city, listing.country, listing.starts_on, listing.dates,
    )  # fmt: skip


class Traits:
    """Names, year, days, place and address of a listing in forms that can be compared; computed once."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.feed = listing.source, listing.feed
        self.year = names.edition_year(listing)
        self.title = names.title_key(names.ROUND.sub(" ", listing.title))
        head, colon, tail = listing.title.partition(":")
        written = listing.acronym or (head if colon else listing.title)
        self.acronym = names.acronym(written, self.year)
        self.parts = names.parts(written, self.year) | {self.acronym}
        self.lead = names.lead(written, self.year)
        name = listing.full_name or (tail if colon else "")
        if not name and len(self.title.split()) > 3:
            name = listing.title
        self.words = names.words(name)
        telling = names.telling(self.words)
        self.name = "" if telling == self.acronym else telling  # "EuroSys Conference" says no more than EuroSys
        self.scopes = names.SCOPES.intersection(self.words)
        self.site = names.site(listing.website)
        self.dated = names.names_a_year(self.site)
        self.satellite = listing.type in _SATELLITE_TYPES or _satellite(f"{listing.title} {name}", written)
        self.hosts = self._hosts(f"{listing.title} ({name})") if self.satellite else frozenset()
        self.place = frozenset(
            names.WORD.findall(names.plain(listing.place or f"{listing.city or ''} {listing.country or ''}"))
        )
        self.starts_on: date | None = listing.starts_on
        # The days of an edition that the source itself guesses from the last one prove nothing.
        self.guessed = bool(listing.dates) and all(written.estimated for written in listing.dates)

    def _hosts(self, told: str) -> frozenset[str]:
        """The acronyms of the events of which these words may call it a part."""
        found = {names.acronym(next(filter(None, match)), self.year) for match in _HOST.findall(told)}
        return frozenset({*found, self.lead} - {self.acronym} - names.SPONSORS)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The blocks, and what brings a part together with its main event, though the two are never compared."""
        family = self.hosts if self.satellite else self.parts
        return self.blocks | {f"p:{name}:{self.year}" for name in family}

    @cached_property
    def blocks(self) -> frozenset[str]:
        """The keys of the blocks in which this listing is compared. The year before or after is there by the event."""
        years = {self.year}
        if self.starts_on and abs(self.starts_on.year - self.year) == 1:
            years.add(self.starts_on.year)
        known_as = {f"a:{part}" for part in (*self.parts, self.lead)} | {f"t:{self.title}"}
        if self.name:
            known_as.add(f"n:{self.name}")
        found = {f"{name}:{year}" for name in known_as for year in years}
        if self.site:
            found.add(f"w:{self.site}" if self.dated else f"w:{self.site}:{self.year}")
        return frozenset(found)

    @cached_property
    def gates(self) -> frozenset[int]:
        """The days, as ordinals in UTC, of the abstract and submission gates whose words name one."""
        edition = Edition(self.listing.year, self.listing.starts_on, self.listing.ends_on)
        windows = (
            resolve(gate.text, gate.zone_text, kind=gate.kind, edition=edition, day_first=gate.day_first)
            for gate in self.listing.dates
            if gate.kind in GATES and not gate.estimated
        )
        return frozenset(window.latest.toordinal() for window in windows if window.latest)


def _satellite(told: str, acronym: str) -> bool:
    """Whether these words speak of a part of another event. One that is held with another is not, if it names both."""
    return bool(_SATELLITE.search(told) or (_BESIDE.search(told) and not re.search(r"[/&]", acronym)))
