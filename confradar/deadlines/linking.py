"""From clusters to conferences: what a night touches, and which conference each cluster goes on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from confradar.deadlines.conference import Known, Mention
from confradar.deadlines.identity import Cluster, MentionKey


def component(
    known: Known, keys: Mapping[MentionKey, frozenset[str]], touched: Iterable[MentionKey]
) -> set[MentionKey]:
    """The touched mentions with all that hang together with them by a block, a conference or a pin.

    `keys` are those of tonight's new and changed mentions, which are touched; the known ones bring their own, also
    those that a changed one has left, since what it held together may now fall apart.
    """
    reached = {key for key in touched if key in keys or key in known.mentions}
    blocks: set[str] = set().union(*(keys.get(key, ()) for key in reached))
    conferences: set[int] = set()
    latest = [known.mentions[key] for key in reached if key in known.mentions]
    waiting = [mention for key, mention in known.mentions.items() if key not in reached] if reached else []
    pinned = [(pin.first, pin.second) for pin in known.pins]
    while reached and waiting:  # each pass goes one step further; a few are enough, since blocks hold one year
        blocks.update(*(mention.identity_keys for mention in latest))
        conferences.update(mention.conference_id for mention in latest)
        beside = {other for pair in pinned for one, other in (pair, pair[::-1]) if one in reached}
        latest, left = [], waiting
        waiting = []
        for mention in left:
            near = mention.conference_id in conferences or not blocks.isdisjoint(mention.identity_keys)
            near = near or (bool(beside) and mention.key in beside)
            (latest if near else waiting).append(mention)
        if not latest:
            break
        reached.update(mention.key for mention in latest)
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
