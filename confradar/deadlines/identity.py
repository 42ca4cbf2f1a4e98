"""Which listings speak of the same conference: rules by name, the surest first, and an operator's pins above all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from confradar.deadlines.conference import Pin
from confradar.deadlines.likeness import LINKS, barrier, link
from confradar.deadlines.listing import Listing
from confradar.deadlines.names import title_key
from confradar.deadlines.traits import MentionKey, Traits, content

__all__ = ["ALONE", "BY_PIN", "SURE", "Cluster", "MentionKey", "Traits", "cluster", "title_key", "traits_of"]

WINDOW = 40  # in a block of strangers each is compared with so many neighbours, so that time stays linear
PINNED = 1000  # stronger than any rule
BY_PIN, DUPLICATE, ALONE = "merged by an operator", "the same entry twice", "alone"
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
    """Entries that are one so far."""

    members: list[MentionKey]
    traits: list[Traits]


def traits_of(mentions: Mapping[MentionKey, Listing]) -> dict[MentionKey, Traits]:
    """What is looked at in each mention; `blocks` of it are its keys: two without a common one are never compared."""
    found: dict[Hashable, Traits] = {}
    traits: dict[MentionKey, Traits] = {}
    for key, listing in mentions.items():
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
    unless they would put two mentions together that a barrier or a pin keeps apart. Of two pins for one pair the
    later counts.
    """
    together, apart = _pinned(pins, mentions)
    first_of: dict[Hashable, MentionKey] = {}  # the entry that stands for all its duplicates
    stand_in: dict[MentionKey, MentionKey] = {}
    for key in sorted(mentions):
        said = content(mentions[key])
        stand_in[key] = key if key in apart else first_of.setdefault(said, key)
    known = traits or {}
    looked_at = {key: known.get(key) or Traits(mentions[key]) for key, stands in stand_in.items() if key == stands}
    groups = {key: _Group([key], [one]) for key, one in looked_at.items()}
    evidence: dict[MentionKey, str] = {}
    for key, stands in stand_in.items():
        if key != stands:
            groups[stands].members.append(key)
            evidence[key] = evidence[stands] = DUPLICATE
    entries = list(looked_at)
    links = [
        (rule.sure, entries[a], entries[b], rule.name)
        for a, b in _pairs(list(looked_at.values()))
        if (rule := link(looked_at[entries[a]], looked_at[entries[b]]))
    ]
    links.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
    for sure, first, second, name in (*together, *links):
        one, other = groups[stand_in[first]], groups[stand_in[second]]
        if len(one.members) < len(other.members):
            one, other = other, one
        if one is other or any(
            groups[stand_in[key]] is one for member in other.members for key in apart.get(member, ())
        ):
            continue
        alone = len(one.traits) == len(other.traits) == 1  # these two: the link has looked for a barrier
        if sure < PINNED and not alone and any(barrier(a, b) for a in one.traits for b in other.traits):
            continue
        one.members.extend(other.members)
        one.traits.extend(other.traits)
        for key in other.members:
            groups[key] = one
            evidence[key] = name
        for key in one.members:
            evidence.setdefault(key, name)
    members = sorted(tuple(sorted(group.members)) for group in {id(group): group for group in groups.values()}.values())
    return [_cluster(keys, evidence, [looked_at[stand_in[key]] for key in keys]) for keys in members]


def _cluster(keys: tuple[MentionKey, ...], evidence: Mapping[MentionKey, str], traits: Sequence[Traits]) -> Cluster:
    parts = [one for one in traits if one.satellite]
    return Cluster(
        keys,
        {key: evidence.get(key, ALONE) for key in keys},
        series_key=_most(one.acronym for one in traits),
        full_name=_most(one.name for one in traits if one.name),
        year=int(_most(str(one.year) for one in traits)),
        known_as=frozenset() if parts else frozenset().union(*(one.parts for one in traits)),
        hosts=frozenset().union(*(one.hosts for one in parts)),
    )


def _pinned(
    pins: Sequence[Pin], mentions: Mapping[MentionKey, Listing]
) -> tuple[list[tuple[int, MentionKey, MentionKey, str]], dict[MentionKey, set[MentionKey]]]:
    """The links that an operator made, and for each mention those that it must not come together with."""
    last: dict[tuple[MentionKey, MentionKey], bool] = {}
    for pin in pins:
        if pin.first in mentions and pin.second in mentions:
            last[min(pin.first, pin.second), max(pin.first, pin.second)] = pin.together
    apart: defaultdict[MentionKey, set[MentionKey]] = defaultdict(set)
    for (first, second), one in last.items():
        if not one:
            apart[first].add(second)
            apart[second].add(first)
    return [(PINNED, *pair, BY_PIN) for pair, one in sorted(last.items()) if one], dict(apart)


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
