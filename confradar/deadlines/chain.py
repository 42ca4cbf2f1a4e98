"""The gates of one edition in the order in which they must come, round by round. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from confradar.deadlines.conference import Claim
from confradar.deadlines.listing import Kind

# Each gate of a chain comes after those before it. Reviews and responses have no fixed place beside decisions, since
# some are made before the reviews are answered (AAAI 2026 and IJCAI 2026, first phase).
CHAINS = (
    (Kind.ABSTRACT, Kind.SUBMISSION, Kind.NOTIFICATION, Kind.CAMERA_READY),
    (Kind.REBUTTAL_START, Kind.REBUTTAL_END),
)
# In which order a reader goes through the gates of a round.
ORDER = (
    Kind.REGISTRATION, Kind.ABSTRACT, Kind.SUBMISSION, Kind.COMMITMENT, Kind.SUPPLEMENTARY, Kind.REVIEW_RELEASE,
    Kind.REBUTTAL_START, Kind.REBUTTAL_END, Kind.REVISION, Kind.NOTIFICATION, Kind.CAMERA_READY, Kind.OTHER,
)  # fmt: skip

Gate = tuple[Kind, int, str]


def place(gate: Gate) -> tuple[bool, str, int, int]:
    """Where a gate stands among those of its conference: tracks behind what has none, round by round, in order."""
    kind, number, track = gate
    return bool(track), track, number, ORDER.index(kind)


def doubts(claims: Mapping[Gate, Claim]) -> dict[Gate, str]:
    """What does not fit into the order of the gates that one listing names, by gate.

    Each round has its chain, and so has each track: the posters of GECCO are due a year after the abstracts of its
    papers. Two gates contradict each other if the window of the one that must come first begins after the other's
    end; then each may be wrong, and each says so.
    """
    found: dict[Gate, str] = {}
    for first, second in _neighbours(claims):
        one, other = claims[first], claims[second]
        if one.earliest and other.latest and one.earliest > other.latest:
            found[first] = f"it comes after the {_spoken(second)}, {other.text}"
            found[second] = f"it comes before the {_spoken(first)}, {one.text}"
    return found


def _neighbours(claims: Mapping[Gate, Claim]) -> Iterator[tuple[Gate, Gate]]:
    """Each gate with an instant, beside the next one of its chain that has one."""
    dated = {gate for gate, claim in claims.items() if claim.earliest}
    for number, track in sorted({gate[1:] for gate in dated}):
        for chain in CHAINS:
            gates = [gate for kind in chain if (gate := (kind, number, track)) in dated]
            yield from pairwise(gates)


def _spoken(gate: Gate) -> str:
    return gate[0].replace("_", " ")
