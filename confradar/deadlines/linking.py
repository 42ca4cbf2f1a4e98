"""From clusters to conferences: what a night touches, and which conference each cluster goes on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from confradar.deadlines.conference import Known, Mention
from confradar.deadlines.identity import Cluster, MentionKey


def component(
    known: Known, keys: Mapping[MentionKey, frozenset[str]], touched: Iterable[MentionKey]
) -> set[MentionKey]:
    """The touched mentions with all that hang together with them by a block, a conference or a pin.

    `keys` are the blocks of tonight's new and changed mentions; the known ones bring their own, also those that a
    changed one has left, since what it held together may now fall apart.
    """
    waiting = list(touched)
    if not waiting:
        return set()
    around: defaultdict[Hashable, list[MentionKey]] = defaultdict(list)
    for key, blocks in keys.items():
        for block in blocks:
            around[block].append(key)
    for key, mention in known.mentions.items():
        around[mention.conference_id].append(key)
        for block in mention.identity_keys:
            around[block].append(key)
    for pin in known.pins:
        around[pin.first].append(pin.second)
        around[pin.second].append(pin.first)
    reached: set[MentionKey] = set()
    while waiting:
        key = waiting.pop()
        mention_known = known.mentions.get(key)
        if key in reached or (mention_known is None and key not in keys):
            continue
        reached.add(key)
        waiting += around.pop(key, ())
        for block in keys.get(key, ()):
            waiting += around.pop(block, ())
        if mention_known:
            waiting += around.pop(mention_known.conference_id, ())
            for block in mention_known.identity_keys:
                waiting += around.pop(block, ())
    return reached


def homes(known: Known, clusters: Sequence[Cluster]) -> list[int | None]:
    """For each cluster the id of the known conference that it goes on; None if it needs a new one.

    A conference goes where its oldest mention goes; of several that come together, that of the oldest mention stays.
    """
    oldest: dict[int, int] = {}
    for found in clusters:
        for mention in _known(known, found):
            oldest[mention.conference_id] = min(oldest.get(mention.conference_id, mention.id), mention.id)
    return [
        min(
            (
                (mention.id, mention.conference_id)
                for mention in _known(known, found)
                if oldest[mention.conference_id] == mention.id
            ),
            default=(0, None),
        )[1]
        for found in clusters
    ]


def parents(clusters: Sequence[Cluster], homes: Sequence[int]) -> dict[int, int]:
    """For each conference that is a part of one other (workshop, track, co-located event) the id of that other."""
    mains: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    for found, home in zip(clusters, homes, strict=True):
        for name in found.known_as:
            mains[name, found.year].add(home)
    hosts = {
        home: set().union(*(mains.get((name, found.year), ()) for name in found.hosts))
        for found, home in zip(clusters, homes, strict=True)
        if found.hosts
    }
    return {home: main.pop() for home, main in hosts.items() if len(main) == 1}


def _known(known: Known, found: Cluster) -> Iterator[Mention]:
    return (known.mentions[key] for key in found.members if key in known.mentions)
