"""What an operator's word on identity takes: which pins to lift and which to set, so that one act undoes the other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from confradar.deadlines import identity, linking
from confradar.deadlines.conference import Known, Pin
from confradar.deadlines.identity import MentionKey
from confradar.deadlines.verdict import EDITOR


@dataclass(frozen=True, slots=True)
class Pinning:
    """Pins that count no more, and new ones."""

    lifted: tuple[Pin, ...]
    added: tuple[Pin, ...]

    def applied(self, pins: Sequence[Pin]) -> list[Pin]:
        """The pins that count from now on."""
        return [pin for pin in pins if pin not in self.lifted] + list(self.added)


def apart(known: Known, taken: Collection[MentionKey], rest: Collection[MentionKey]) -> Pinning:
    """How to take some mentions of a conference out, as one conference, so that none comes back to the rest."""
    lifted = tuple(pin for pin in known.pins if pin.together and _between(pin, taken, rest))
    pins = [pin for pin in known.pins if pin not in lifted]
    added = [_moved(pin, taken, rest) for pin in lifted if _of_claim(pin)]
    if any(set(part) & set(taken) and set(part) & set(rest) for part in _parts(known, pins, [*taken, *rest])):
        added += (Pin(one, other, together=False) for one, other in product(sorted(taken), sorted(rest)))
    if len(_parts(known, pins + added, taken, only=True)) > 1:
        added += (Pin(one, other, together=True) for one, other in pairwise(_by_age(known, taken)))
    return Pinning(lifted, tuple(added))


def together(known: Known, ones: Collection[MentionKey], others: Collection[MentionKey]) -> Pinning:
    """How to make one conference of two. What only kept them apart, or held a part of them together, is lifted."""
    both = {*ones, *others}
    within = tuple(pin for pin in known.pins if {pin.first, pin.second} <= both and not _of_claim(pin))
    needed = _parts(known, [pin for pin in known.pins if pin not in within], both)
    if any(both <= set(part) for part in needed):
        return Pinning(within, ())
    lifted = tuple(pin for pin in within if not pin.together)
    pins = [pin for pin in known.pins if pin not in lifted]
    if any(both <= set(part) for part in _parts(known, pins, both)):
        return Pinning(lifted, ())
    first, second = _by_age(known, [_by_age(known, some)[0] for some in (ones, others)])
    return Pinning(lifted, (Pin(first, second, together=True),))


def _by_age(known: Known, keys: Collection[MentionKey]) -> list[MentionKey]:
    """The oldest first: it is the others that a pin brings to it."""
    return sorted(keys, key=lambda key: known.mentions[key].id)


def _of_claim(pin: Pin) -> bool:
    """Whether a pin ties an editor's claim to a mention of its conference."""
    return pin.together and EDITOR in (pin.first[0], pin.second[0])


def _moved(pin: Pin, ones: Collection[MentionKey], others: Collection[MentionKey]) -> Pin:
    """The pin of an editor's claim anew, on a mention of the side where the claim is."""
    claim = pin.first if pin.first[0] == EDITOR else pin.second
    side = ones if claim in ones else others
    return Pin(min((key for key in side if key[0] != EDITOR), default=claim), claim, together=True)


def _between(pin: Pin, ones: Collection[MentionKey], others: Collection[MentionKey]) -> bool:
    return (pin.first in ones and pin.second in others) or (pin.first in others and pin.second in ones)


def _parts(
    known: Known, pins: Sequence[Pin], mentions: Collection[MentionKey], *, only: bool = False
) -> list[tuple[MentionKey, ...]]:
    """The conferences in which these mentions would be under these pins; if `only` they were there, without others."""
    around = set(mentions) if only else linking.component(known, {}, mentions)
    found = identity.cluster({key: known.mentions[key].listing for key in around}, pins)
    return [cluster.members for cluster in found if set(cluster.members) & set(mentions)]
