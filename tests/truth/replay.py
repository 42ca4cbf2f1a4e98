"""The real revisions of the deadline lists as successive nights, through the source, the checks and the merge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path

from confradar.deadlines import checks, verdict
from confradar.deadlines.applying import apply
from confradar.deadlines.conference import Claim, Known, Merged, SourceOutput
from confradar.deadlines.evidence import Evidence
from confradar.deadlines.listing import Listing
from confradar.deadlines.merge import merge
from confradar.sources import ai_deadlines
from confradar.sources.base import Page, Rejected, Trouble

LISTS = ("paperswithcode", "huggingface", "tobna")
LATEST = date(2026, 7, 22)
SPREADSHEET = "2022-03-12-e594c4a.conferences.yml"


@dataclass(frozen=True)
class Night:
    """One revision as a night: what was known before, what the night made of it, what the checks say."""

    name: str  # of the file; `latest` for the folder of that name
    before: Known
    merged: Merged
    after: Known
    troubles: tuple[Trouble, ...]
    results: tuple[checks.Result, ...]


@cache
def nights(corpus: Path, list_: str, *, spreadsheet: bool = False) -> tuple[Night, ...]:
    """The nights of one list, oldest first, broken revisions among them; that of the spreadsheet only if asked for."""
    return tuple(_nights(corpus, list_, spreadsheet=spreadsheet))


def _nights(corpus: Path, list_: str, *, spreadsheet: bool) -> Iterator[Night]:
    known = Known()
    counts: list[int] = []
    for run_id, (name, day, files) in enumerate(_revisions(corpus / "ai_deadlines" / "data" / list_, spreadsheet), 1):
        now = datetime.combine(day, time(2), tzinfo=UTC)
        found = [each for file in files for each in ai_deadlines.parse(_page(file, list_, now))]
        listings = tuple(each for each in found if isinstance(each, Listing))
        troubles = tuple(each for each in found if isinstance(each, Trouble))
        rejected = frozenset(each.ref for each in found if isinstance(each, Rejected))
        complete = frozenset() if troubles else frozenset({list_})
        evidence = Evidence(
            source="ai_deadlines",
            listings=listings,
            claims={listing.key: verdict.claims(0, listing, now) for listing in listings},
            rejected=len(rejected),
            floor=11,
            expected=(11, 900),
            counts=tuple(counts),
            before=_said(known),
            complete_feeds=complete,
            cut=False,
            now=now,
            replay=True,
        )
        # A broken revision fails its crawl: there is nothing to check, and nothing to store.
        output = SourceOutput("ai_deadlines", listings, complete, rejected)
        results = () if troubles else checks.run(evidence)
        merged = merge(known, [] if troubles else [output], run_id=run_id, now=now)
        after = apply(known, merged)
        yield Night(name, known, merged, after, troubles, results)
        known = after
        counts = counts if troubles else [len(listings), *counts]


def _revisions(folder: Path, spreadsheet: bool) -> Iterator[tuple[str, date, Sequence[Path]]]:
    """Name, day and files of each revision of a list, oldest first."""
    dated = [file for file in (*folder.glob("20*"), *(folder / "odd").glob("20*")) if file.is_file()]
    for file in sorted(dated, key=lambda file: file.name[:10]):
        if spreadsheet or file.name != SPREADSHEET:
            yield file.name, date.fromisoformat(file.name[:10]), [file]
    latest = sorted((folder / "latest").glob("*.y*ml"))
    if latest:
        yield "latest", LATEST, latest
    elif (one := folder / "latest.conferences.yml").exists():
        yield one.name, LATEST, [one]


def _page(file: Path, list_: str, now: datetime) -> Page:
    """A file as its site serves it; the editions that stand on a line each are one list of cards there."""
    body = file.read_bytes()
    if file.suffix == ".jsonl":
        body = b"[" + b",".join(line for line in body.splitlines() if line.strip()) + b"]"
    return Page(f"https://list.example/{file.name}", body, feed=list_, retrieved_at=now)


def _said(known: Known) -> dict[tuple[str, str, str, int], dict[verdict.Gate, Claim]]:
    """What the list says still, as the checks are given it."""
    seen = {mention.id: mention.key for mention in known.mentions.values() if mention.not_seen_since is None}
    found: defaultdict[tuple[str, str, str, int], dict[verdict.Gate, Claim]] = defaultdict(dict)
    for claim in known.claims.values():
        if claim.mention_id in seen and claim.last_confirmed_at is None:
            found[seen[claim.mention_id]][claim.gate] = claim
    return dict(found)
