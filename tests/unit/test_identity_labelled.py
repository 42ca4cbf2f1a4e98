"""Real mentions of twelve lists, labelled by hand: which of them are one conference."""

import json
import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from confradar.cli import cli
from confradar.deadlines import identity, mentions
from confradar.deadlines.applying import apply
from confradar.deadlines.conference import Known, SourceOutput
from confradar.deadlines.listing import Listing
from confradar.deadlines.merge import merge

ORDERS = int(os.environ.get("CONFRADAR_ORDERS", "2"))  # `make bench` goes through fifty
NOW = datetime(2026, 1, 1, 2, tzinfo=UTC)
Parts = set[frozenset[str]]


@pytest.fixture(scope="module")
def listings(corpus: Path) -> list[Listing]:
    with (corpus / "identity" / "dev" / "mentions.jsonl").open(encoding="utf-8") as lines:
        return list(mentions.read(lines).listings.values())


@pytest.fixture(scope="module")
def at_once(listings: list[Listing]) -> Parts:
    """The clusters as sets of refs."""
    found = identity.cluster({one.key: one for one in listings})
    return {frozenset(key[2] for key in cluster.members) for cluster in found}


def test_the_labelled_mentions_fall_into_their_editions(corpus: Path, tmp_path: Path) -> None:
    """What the command prints, measured by the scorer that came with the labels."""
    gold, predicted = corpus / "identity" / "dev", tmp_path / "predicted.jsonl"
    said = CliRunner().invoke(cli, ["identify", str(gold / "mentions.jsonl")])
    assert said.exit_code == 0, said.stderr
    predicted.write_text(said.stdout, encoding="utf-8")
    scorer = [sys.executable, str(corpus / "identity" / "score.py")]
    done = subprocess.run(
        [*scorer, "--gold", str(gold), "--pred", str(predicted), "--json"], capture_output=True, text=True, check=True
    )

    figures = json.loads(done.stdout)

    assert figures["pairwise"]["precision"] >= 0.998
    assert figures["pairwise"]["f1"] >= 0.990
    assert figures["bcubed"]["f1"] >= 0.995
    assert figures["exact_clusters"] >= 0.985
    share = {tag: exact / count for tag, (exact, count) in figures["exact_by_tag"].items()}
    assert min(share[tag] for tag in ("renamed-series", "joint-event")) >= 0.95
    mixed = {
        edition["cluster"] for error in figures["errors"] if error["kind"] == "mixed" for edition in error["parts"]
    }
    apart = {"namesake", "satellite-of-a-main-conference", "single"}
    tags = {
        one["edition"]: set(one["tags"]) for one in map(json.loads, (gold / "clusters.jsonl").open(encoding="utf-8"))
    }
    assert not {edition for edition in mixed if tags[edition] & apart}


@pytest.mark.parametrize("seed", range(ORDERS))
@pytest.mark.fault("E4", "duplicates in and across sources are one edition, in any order of arrival")
def test_labelled_mentions_in_any_order_over_several_nights_are_the_same_conferences(
    listings: list[Listing], at_once: Parts, seed: int
) -> None:
    """Shuffled, and split over three nights through the store's own merge."""
    shuffled = random.Random(seed).sample(listings, len(listings))
    assert {
        frozenset(key[2] for key in cluster.members) for cluster in identity.cluster({one.key: one for one in shuffled})
    } == at_once
    cuts = [0, *sorted(random.Random(seed).sample(range(len(shuffled)), 2)), len(shuffled)]
    known = Known()
    for number, (begin, end) in enumerate(pairwise(cuts)):
        outputs = [SourceOutput(one.source, (one,)) for one in shuffled[begin:end]]
        known = apply(known, merge(known, outputs, run_id=number, now=NOW + number * timedelta(days=1)))

    by_conference: dict[int, set[str]] = {}
    for mention in known.mentions.values():
        by_conference.setdefault(mention.conference_id, set()).add(mention.ref)
    assert {frozenset(refs) for refs in by_conference.values()} == at_once
