"""Which listings speak of the same conference: rules by name, the surest first, and an operator's pins above all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from confradar.deadlines.conference import ALONE, Pin
from confradar.deadlines.likeness import LINKS, barrier, link
from confradar.deadlines.listing import Listing
from confradar.deadlines.names import title_key
from confradar.deadlines.traits import MentionKey, Traits, content
from confradar.deadlines.verdict import EDITOR

__all__ = ["ALONE", "BY_PIN", "SURE", "Cluster", "MentionKey", "Traits", "cluster", "title_key", "traits_of"]

LARGEST = 100  # entries, other than plain duplicates, of one conference; the labelled ones have 11 at most
WINDOW = 40  # in a block of strangers each is compared with so many neighbours, so that time stays linear
BY_PIN, DUPLICATE = "merged by an operator", "the same entry twice"
# How sure each kind of evidence is, of 100.
SURE = {BY_PIN: 100, DUPLICATE: 100, ALONE: 100, **{rule.name: rule.sure for rule in LINKS}}


@dataclass(frozen=True, slots=True)
class Cluster:
    """The mentions of one conference in canonical order; for each the rule that brought it in.

    `series_key` is the acronym and `full_name` the name that most of them use, in the form that is compared; `known_as`
    are all acronyms, and `hosts` those of the events of which it may be a part.
    """

    members: tuple[MentionKey, ...]
    evidence: dict[MentionKey, str]
    series_key: str
    full_name: str
    year: int
    known_as: frozenset[str]
    hosts: frozenset[str]


@dataclass(eq=False, slots=True)
class _Group:
    """Entries that the rules make one so far; `whole` is the group with those that pins tie to it."""

    members: list[MentionKey]
    traits: list[Traits]
    whole: list[_Group] = field(init=False)

    def __post_init__(self) -> None:
        self.whole = [self]

    def tie(self, other: _Group) -> None:
        """Make one whole of two; the groups in them stay what the rules made of them."""
        if self.whole is not other.whole:
            one, two = sorted((self.whole, other.whole), key=len, reverse=True)
            one += two
            for group in two:
                group.whole = one

    def join(self, other: _Group) -> None:
        """Make one group of two, and of their wholes."""
        self.tie(other)
        self.members += other.members
        self.traits += other.traits
        self.whole.remove(other)


def traits_of(mentions: Mapping[MentionKey, Listing]) -> dict[MentionKey, Traits]:
    """What is looked at in each mention; `blocks` of it are its keys: two without a common one are never compared."""
    found: dict[Hashable, Traits] = {}
    traits: dict[MentionKey, Traits] = {}
    # By title, so that what several lists write is looked at once: the names are cached while they are near.
    for key, listing in sorted(mentions.items(), key=lambda mention: mention[1].title):
        said = content(listing)
        if said not in found:
            found[said] = Traits(listing)
        traits[key] = found[said]
    return traits


def cluster(
    mentions: Mapping[MentionKey, Listing],
    pins: Sequence[Pin] = (),
    *,
    traits: Mapping[MentionKey, Traits] | None = None,
) -> list[Cluster]:
    """Group mentions into conferences, in canonical order. `traits` are those that are known already.

    The result depends on the set of mentions and the order of pins alone. Links are accepted from the surest down,
    unless they would put two mentions together that a barrier or a pin keeps apart. A pin ties what the rules make of
    its mentions: it changes no rule, and is the evidence of its second mention alone. Of two pins for one pair the
    later counts. An editor's claim is compared with nothing.
    """
    together, apart = _pinned(pins, mentions)
    stand_in = _stand_ins(mentions, apart)
    known = traits or {}
    looked_at = {key: known.get(key) or Traits(mentions[key]) for key, stands in stand_in.items() if key == stands}
    groups = {key: _Group([key], [one]) for key, one in looked_at.items()}
    evidence: dict[MentionKey, str] = {}
    for key, stands in stand_in.items():
        if key != stands:
            groups[stands].members.append(key)
            evidence[key] = evidence[stands] = DUPLICATE

    def kept_apart(one: _Group, other: _Group) -> bool:
        members = (key for group in other.whole for key in group.members) if apart else ()
        return any(groups[stand_in[foe]].whole is one.whole for key in members for foe in apart.get(key, ()))

    brought: dict[MentionKey, str] = {}
    for first, second in together:
        one, other = groups[stand_in[first]], groups[stand_in[second]]
        if one.whole is not other.whole and not kept_apart(one, other):
            one.tie(other)
            brought[second] = BY_PIN
    for _, first, second, name in _links({key: one for key, one in looked_at.items() if not _by_editor(key)}):
        one, other = groups[first], groups[second]
        if len(one.members) < len(other.members):
            one, other = other, one
        if one is other or len(one.traits) + len(other.traits) > LARGEST or kept_apart(one, other):
            continue
        alone = len(one.traits) == len(other.traits) == 1  # these two: the link has looked for a barrier
        if not alone and any(barrier(a, b) for a in one.traits for b in other.traits):
            continue
        one.join(other)
        for key in other.members:
            groups[key] = one
            evidence[key] = name
        for key in one.members:
            evidence.setdefault(key, name)
    wholes = {id(group.whole): group.whole for group in groups.values()}.values()
    members = sorted(tuple(sorted(key for group in whole for key in group.members)) for whole in wholes)
    evidence |= brought
    return [_cluster({key: looked_at[stand_in[key]] for key in keys}, evidence) for keys in members]


def _stand_ins(mentions: Mapping[MentionKey, Listing], apart: Collection[MentionKey]) -> dict[MentionKey, MentionKey]:
    """In canonical order each mention with the first of its plain duplicates, which stands for all of them."""
    first_of: dict[Hashable, MentionKey] = {}
    return {
        key: key if key in apart or _by_editor(key) else first_of.setdefault(content(mentions[key]), key)
        for key in sorted(mentions)
    }


def _by_editor(key: MentionKey) -> bool:
    """Whether a mention is an editor's claim: it names no conference but the one that a pin ties it to."""
    return key[0] == EDITOR


def _cluster(members: Mapping[MentionKey, Traits], evidence: Mapping[MentionKey, str]) -> Cluster:
    traits = [one for key, one in members.items() if not _by_editor(key)] or list(members.values())
    parts = [one for one in traits if one.satellite]
    return Cluster(
        tuple(members),
        {key: evidence.get(key, ALONE) for key in members},
        series_key=_most(one.acronym for one in traits),
        full_name=_most(one.name for one in traits if one.name),
        year=int(_most(str(one.year) for one in traits)),
        known_as=frozenset() if parts else frozenset().union(*(one.parts for one in traits)),
        hosts=frozenset().union(*(one.hosts for one in parts)),
    )


def _pinned(
    pins: Sequence[Pin], mentions: Mapping[MentionKey, Listing]
) -> tuple[list[tuple[MentionKey, MentionKey]], dict[MentionKey, set[MentionKey]]]:
    """The links that an operator made, and for each mention those that it must not come together with."""
    last: dict[tuple[MentionKey, MentionKey], Pin] = {}
    for pin in pins:
        if pin.first in mentions and pin.second in mentions:
            last[min(pin.first, pin.second), max(pin.first, pin.second)] = pin
    apart: defaultdict[MentionKey, set[MentionKey]] = defaultdict(set)
    for (first, second), pin in last.items():
        if not pin.together:
            apart[first].add(second)
            apart[second].add(first)
    return [
        (pin.first, pin.second) for _, pin in sorted(last.items(), key=lambda entry: entry[0]) if pin.together
    ], dict(apart)


def _links(looked_at: Mapping[MentionKey, Traits]) -> list[tuple[int, MentionKey, MentionKey, str]]:
    """The links by rule, the surest first: how sure, which two, the rule's name."""
    entries, traits = list(looked_at), list(looked_at.values())
    links = [
        (rule.sure, entries[a], entries[b], rule.name)
        for a, b in _pairs(traits)
        if (rule := link(traits[a], traits[b]))
    ]
    return sorted(links, key=lambda entry: (-entry[0], entry[1], entry[2]))


def _pairs(traits: Sequence[Traits]) -> Iterator[tuple[int, int]]:
    """The pairs to compare: within a block all, in a very large one each with its neighbours by name."""
    blocks: defaultdict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(traits):
        for block in one.blocks:
            blocks[block].append(number)
    seen: set[tuple[int, int]] = set()
    for members in blocks.values():
        if len(members) > WINDOW:
            members.sort(key=lambda number: _neighbourly(traits[number]))
        for i, first in enumerate(members):
            for second in members[i + 1 : i + WINDOW]:
                pair = (first, second) if first < second else (second, first)
                if pair not in seen:
                    seen.add(pair)
                    yield pair


def _neighbourly(one: Traits) -> tuple[str, str, date]:
    return one.title, one.name, one.starts_on or date.min


def _most(values: Iterable[str]) -> str:
    """The value that comes most often, the first in order among equals; empty if there is none."""
    given = list(values)
    if len(set(given)) < 2:  # as nearly always, and counting is slow
        return given[0] if given else ""
    return min(Counter(given).items(), key=lambda item: (-item[1], item[0]))[0]
