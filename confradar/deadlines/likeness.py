"""Whether two listings speak of one conference: the rules by name, the surest first, and what keeps two apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.fuzz import token_set_ratio

from confradar.deadlines.traits import Traits

NEAR_DAYS, POSTPONED_DAYS = 6, 60
EQUAL, ALIKE = 90, 70  # of 100: names of which one holds the other but for spelling; names that do not contradict
LONG = 6  # letters; no two series are known to share so long an acronym


class Pair:
    """Two listings side by side."""

    def __init__(self, a: Traits, b: Traits) -> None:
        self.a, self.b = a, b
        known = a.starts_on and b.starts_on and not (a.guessed or b.guessed)
        self.days = abs((a.starts_on - b.starts_on).days) if known else None  # type: ignore[operator]  # both known
        self.near = self.days is not None and self.days <= NEAR_DAYS
        self.same_year = a.year == b.year
        self.same_acronym = a.acronym == b.acronym
        self.same_title = a.title == b.title
        self.same_site = bool(a.site) and a.site == b.site
        self.same_place = bool(a.place & b.place)
        self.elsewhere = bool(a.place and b.place) and not self.same_place

    @cached_property
    def alike(self) -> float:
        """How well the names fit, of 100; -1 if one of them is unknown."""
        if not self.a.name or not self.b.name:
            return -1
        return token_set_ratio(self.a.name, self.b.name, processor=None)  # the names are in one form already

    @property
    def unshared(self) -> bool:
        """Whether an acronym is too long for namesakes, and no fact but the name speaks against it."""
        return self.same_acronym and len(self.a.acronym) >= LONG and self.days is None and not self.elsewhere

    @property
    def main(self) -> bool:
        """Whether neither is a workshop, track or the like."""
        return not (self.a.satellite or self.b.satellite)

    @property
    def part_of_joint(self) -> bool:
        """Whether one's acronym is in the other's: IJCNLP and IJCNLP-AACL."""
        return bool(self.a.parts & self.b.parts)

    @property
    def same_gate(self) -> bool:
        """Whether an abstract or submission gate of both is on one day, or on the next by another zone."""
        return any(abs(one - other) <= 1 for one in self.a.gates for other in self.b.gates)

    @property
    def hosted(self) -> bool:
        """Whether one event lives at the address that names the other, with its days and its gate."""
        named = (self.a.acronym in self.a.site) != (self.b.acronym in self.a.site)
        return self.same_site and (self.near or self.a.dated) and named and self.main and self.same_gate

    @property
    def spelled_out(self) -> bool:
        """Whether one acronym is the other with letters for words of the full name: NAACL HLT, SIGCSE TS."""
        one, other = sorted((self.a, self.b), key=lambda traits: len(traits.acronym))
        tail = other.acronym.removeprefix(one.acronym)
        initials = "".join(word[0] for word in other.words)
        return 1 < len(tail) < len(other.acronym) and tail in initials and self.main

    @property
    def one_entry(self) -> bool:
        """Whether two entries of one feed may be rounds of one edition, or plain duplicates."""
        if self.same_acronym or self.same_title:
            return self.near or self.days is None or (self.same_site and self.a.dated)
        return self.hosted or (self.related and self.near and self.same_gate and self.alike >= ALIKE and self.main)

    @property
    def related(self) -> bool:
        """Whether one acronym begins with the other: IJCNLP, IJCNLPAACL."""
        return self.a.acronym.startswith(self.b.acronym) or self.b.acronym.startswith(self.a.acronym)


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason why two listings are one conference; `sure` is how much it proves, of 100."""

    sure: int
    name: str
    holds: Callable[[Pair], bool]


LINKS = (
    Rule(100, "same website and name", lambda two: two.same_site and (two.same_acronym or two.same_title)),
    Rule(
        95,
        "same acronym, same dates, same place",
        lambda two: two.same_acronym and two.near and two.same_place,
    ),
    Rule(90, "same title and year", lambda two: two.same_year and two.same_title),
    Rule(85, "same acronym and dates", lambda two: two.same_acronym and two.near),
    Rule(80, "same acronym and name", lambda two: two.same_acronym and two.same_year and two.alike >= ALIKE),
    Rule(
        75,
        "same full name and year",
        lambda two: two.same_year and bool(two.a.name) and two.a.name == two.b.name and (two.near or two.days is None),
    ),
    Rule(
        70,
        "joint event",
        lambda two: (
            two.part_of_joint
            and two.main
            and (two.same_site or (two.near and (two.same_place or (two.alike >= ALIKE and not two.elsewhere))))
        ),
    ),
    Rule(68, "same website, dates and deadline", lambda two: two.hosted),
    Rule(
        65,
        "longer acronym, same name and place",
        lambda two: (
            two.spelled_out
            and two.same_year
            and two.same_place
            and two.alike >= EQUAL
            and (two.near or two.days is None)
        ),
    ),
    Rule(
        60,
        "same acronym and year",
        lambda two: (
            two.same_acronym
            and two.same_year
            and two.alike < 0
            and (two.days is None or two.days <= POSTPONED_DAYS or two.same_place)
        ),
    ),
)


def _other_year(two: Pair) -> bool:
    return abs(two.a.year - two.b.year) > 1 or not (two.same_year or two.near or two.same_site)


def _satellite(two: Pair) -> bool:
    nameless = not (two.a.name and two.b.name)
    return two.a.satellite != two.b.satellite and not (two.same_acronym and (two.near or nameless))


def _two_entries(two: Pair) -> bool:
    return two.a.feed == two.b.feed and not two.one_entry


def _namesakes(two: Pair) -> bool:
    if two.same_site or (two.near and not two.elsewhere) or two.unshared:
        return False
    if 0 <= two.alike < ALIKE:
        return True
    other_scope = two.alike >= 0 and bool(two.a.scopes) != bool(two.b.scopes)
    return other_scope and two.same_acronym and not (two.near or two.same_place)


BARRIERS: tuple[tuple[str, Callable[[Pair], bool]], ...] = (
    ("different years of one series", _other_year),
    ("a workshop, track or co-located event and its parent", _satellite),
    ("two entries of one feed", _two_entries),
    ("namesakes", _namesakes),
)


def barrier(a: Traits, b: Traits) -> str | None:
    """The rule that keeps the two apart, however much else fits; None if there is none."""
    two = Pair(a, b)
    return next((name for name, holds in BARRIERS if holds(two)), None)


def link(a: Traits, b: Traits) -> Rule | None:
    """The surest reason why two listings are one conference; None if there is none, or if a barrier is between."""
    two = Pair(a, b)
    rule = next((rule for rule in LINKS if rule.holds(two)), None)
    return rule if rule and not any(holds(two) for _, holds in BARRIERS) else None
