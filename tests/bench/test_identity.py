"""Identity alone, on one core: a full night of 50 000 mentions, and a night of which one in a hundred is new."""

import time
from datetime import UTC, datetime

import pytest

from confradar.deadlines import identity, linking
from confradar.deadlines.applying import apply
from confradar.deadlines.conference import Known, SourceOutput
from confradar.deadlines.listing import Listing
from confradar.deadlines.merge import merge
from confradar.demo import synthetic
from confradar.steps.storing import uncollected

from .measuring import ROUNDS, show, spread
from .test_storing import EVENTS, listing

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]
FULL, NEW = 10, 1  # seconds
NIGHT = datetime(2026, 1, 13, 2, tzinfo=UTC)


def night(known: Known, given: dict[identity.MentionKey, Listing]) -> float:
    """Seconds of processor that `merge` spends on identity for these new mentions, as the store calls it."""
    with uncollected():
        begun = time.process_time()
        traits = identity.traits_of(given)
        blocks = {key: one.blocks for key, one in traits.items()}
        touched = linking.component(known, blocks, list(given))
        mentions = {key: given.get(key) or known.mentions[key].listing for key in touched}
        linking.homes(known, identity.cluster(mentions, traits=traits))
        return time.process_time() - begun


def synthetic_mentions() -> dict[identity.MentionKey, Listing]:
    """What five sources of ten thousand invented conferences each say."""
    return {
        one.key: one
        for source in synthetic.SOURCES
        for edition in synthetic.editions(source, EVENTS, 1)
        for one in (listing(source, edition),)
    }


def test_identity_of_a_night() -> None:
    """Seconds of processor for all mentions as new ones, and for one in a hundred of them."""
    everything = synthetic_mentions()
    stored = SourceOutput("all", tuple(one for number, one in enumerate(everything.values()) if number % 100))
    known = apply(Known(), merge(Known(), [stored], run_id=1, now=NIGHT))
    new = {key: one for key, one in everything.items() if key not in known.mentions}

    full = [night(Known(), everything) for _ in range(ROUNDS)]
    little = [night(known, new) for _ in range(ROUNDS)]

    show(
        f"Identity of {len(everything):,} mentions, seconds of processor ({ROUNDS} rounds)",
        ("all of them new", f"{spread(full)} (at most {FULL})"),
        (f"{len(new):,} of them new", f"{spread(little)} (at most {NEW})"),
    )
