"""Which of the labelled mentions are one conference, by the scorer that came with the labels."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from confradar.deadlines import identity, mentions
from confradar.deadlines.applying import apply
from confradar.deadlines.conference import Known, SourceOutput
from confradar.deadlines.listing import Listing
from confradar.deadlines.merge import merge

from .comparing import lines
from .table import Row

APART = {"namesake", "satellite-of-a-main-conference", "single"}
LEAST = {"pairwise precision": 0.998, "pairwise F1": 0.990, "B-cubed F1": 0.995, "exact clusters": 0.985}
LESS: dict[str, dict[str, Any]] = {
    "without addresses": {"website": None},
    "without full names": {"full_name": None},
    "without event days": {"starts_on": None, "ends_on": None},
    "by acronym, title and year alone": {
        "website": None, "full_name": None, "place": None, "starts_on": None, "ends_on": None, "dates": (),
    },
}  # fmt: skip
LEAST_EXACT = {"renamed-series": 0.95, "joint-event": 0.95}


def rows(corpus: Path) -> Iterator[Row]:
    """The scorer's figures, the hard sorts, and the false merges."""
    gold = corpus / "identity" / "dev"
    scored = _score(corpus, gold)
    figures = {
        "pairwise precision": scored["pairwise"]["precision"],
        "pairwise F1": scored["pairwise"]["f1"],
        "B-cubed F1": scored["bcubed"]["f1"],
        "exact clusters": scored["exact_clusters"],
    }
    yield _row("identity", LEAST, figures)
    share = {tag: exact / count for tag, (exact, count) in scored["exact_by_tag"].items()}
    yield _row("hard identities, exact", LEAST_EXACT, {tag: share[tag] for tag in LEAST_EXACT})
    yield Row(
        "identity, slice by slice", "identity/dev", "nothing: the rules have seen all of it",
        ", ".join(f"{tag} {exact}/{count}" for tag, (exact, count) in sorted(scored["exact_by_tag"].items())),
    )  # fmt: skip
    yield Row(
        "identity, with less to go by", "identity/dev", "nothing: the rules have seen all of it",
        ", ".join(f"F1 {_score(corpus, gold, **less)['pairwise']['f1']:.4f} {what}" for what, less in LESS.items()),
    )  # fmt: skip
    yield _pairs_of_lists(gold)
    mixed = {part["cluster"] for error in scored["errors"] if error["kind"] == "mixed" for part in error["parts"]}
    tags = {edition["edition"]: set(edition["tags"]) for edition in lines(gold / "clusters.jsonl")}
    wrong = tuple(sorted(edition for edition in mixed if tags[edition] & APART))
    yield Row("false merges", "identity/dev", f"none of {', '.join(sorted(APART))}", f"{len(wrong)}", wrong)


def order(corpus: Path, orders: int = 50, split: int = 5) -> Row:
    """The labelled mentions shuffled, `split` of the orders also over three nights through the store's own merge."""
    with (corpus / "identity" / "dev" / "mentions.jsonl").open(encoding="utf-8") as file:
        listings = list(mentions.read(file).listings.values())
    at_once = _clusters(listings)
    wrong = []
    for seed in range(orders):
        shuffled = random.Random(seed).sample(listings, len(listings))
        if _clusters(shuffled) != at_once:
            wrong.append(f"order {seed}")
        if seed < split and _over_nights(shuffled) != at_once:
            wrong.append(f"order {seed}, over three nights")
    return Row(
        "order", "identity/dev", f"{orders} orders, {split} of them over three nights: the same clusters",
        f"{orders + split - len(wrong)} of {orders + split}", tuple(wrong),
    )  # fmt: skip


def _clusters(listings: Iterable[Listing]) -> set[frozenset[str]]:
    found = identity.cluster({one.key: one for one in listings})
    return {frozenset(key[2] for key in cluster.members) for cluster in found}


def _over_nights(listings: list[Listing]) -> set[frozenset[str]]:
    known, third = Known(), len(listings) // 3
    for number, (begin, end) in enumerate(pairwise((0, third, 2 * third, len(listings)))):
        outputs = [SourceOutput(one.source, (one,)) for one in listings[begin:end]]
        now = datetime(2026, 1, 1, 2, tzinfo=UTC) + number * timedelta(days=1)
        known = apply(known, merge(known, outputs, run_id=number + 1, now=now))
    homes: dict[int, set[str]] = {}
    for mention in known.mentions.values():
        homes.setdefault(mention.conference_id, set()).add(mention.ref)
    return {frozenset(refs) for refs in homes.values()}


def _pairs_of_lists(gold: Path) -> Row:
    """The two lists whose mentions of common editions are told worst: by F1 over the pairs of one mention of each."""
    with (gold / "mentions.jsonl").open(encoding="utf-8") as file:
        given = mentions.read(file)
    sure = {one["id"] for one in lines(gold / "mentions.jsonl") if not one.get("unsure")}  # as the scorer has it
    source = {name: given.listings[key].source for key, name in given.names.items() if name in sure}
    wanted = _pairs((edition["mentions"] for edition in lines(gold / "clusters.jsonl")), source)
    found = _pairs((cluster["mentions"] for cluster in mentions.clusters(given)), source)
    score = {
        two: 2 * len(wanted[two] & found[two]) / (len(wanted[two]) + len(found[two])) for two in wanted | found
    }  # fmt: skip
    worst = min(score, key=lambda two: (score[two], two))
    return Row(
        "identity, pairs of lists", "identity/dev", "nothing: the rules have seen all of it",
        f"F1 {score[worst]:.4f} at worst ({', '.join(worst)}), of {len(score)} pairs",
    )  # fmt: skip


def _pairs(clusters: Iterable[list[str]], source: dict[str, str]) -> defaultdict[tuple[str, str], set[Any]]:
    """The pairs of mentions in one cluster, by the two lists that they are from."""
    pairs: defaultdict[tuple[str, str], set[Any]] = defaultdict(set)
    for cluster in clusters:
        for one, other in combinations(sorted(source.keys() & set(cluster)), 2):
            first, second = sorted((source[one], source[other]))
            pairs[first, second].add((one, other))
    return pairs


def _row(what: str, least: dict[str, float], figures: dict[str, float]) -> Row:
    return Row(
        what, "identity/dev", ", ".join(f"{name} ≥ {figure}" for name, figure in least.items()),
        ", ".join(f"{name} {figure:.4f}" for name, figure in figures.items()),
        tuple(f"{name} is {figures[name]:.4f}" for name in least if figures[name] < least[name]),
    )  # fmt: skip


def _score(corpus: Path, gold: Path, **absent: Any) -> dict[str, Any]:
    """What the scorer says of the clusters that `confradar identify` prints, of mentions without some fields."""
    with (gold / "mentions.jsonl").open(encoding="utf-8") as file:
        given = mentions.read(file)
    listings = {key: replace(one, **absent) for key, one in given.listings.items()}
    clusters = list(mentions.clusters(replace(given, listings=listings)))
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as predicted:
        predicted.writelines(json.dumps(cluster) + "\n" for cluster in clusters)
        predicted.flush()
        command = [sys.executable, str(corpus / "identity" / "score.py"), "--json"]
        done = subprocess.run(
            [*command, "--gold", str(gold), "--pred", predicted.name], capture_output=True, text=True, check=True
        )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures
