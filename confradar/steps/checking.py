"""Between crawl and store: what a source gave is held against what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from confradar.deadlines import checks, topics, verdict
from confradar.deadlines.conference import Claim
from confradar.deadlines.identity import MentionKey
from confradar.steps.runs import CUT, Materialised
from confradar.storage import conferences, outputs

UNDATED_SHOWN = UNKNOWN_SHOWN = 20


def examine(connection: Connection, done: Materialised, *, now: datetime) -> Materialised:
    """Run the checks on what a crawl gave, at that instant of the run.

    A failed crawl has no results, nor have listings that no crawl gave: nobody declared what is to be expected of them.
    """
    results = {}
    for output in done.outputs if done.success else ():
        facts = done.metadata.get("outputs", {}).get(output.source, done.metadata)
        if "expected_listings" not in facts:
            continue
        claims = {listing.key: verdict.claims(0, listing, now) for listing in output.listings}
        low, high = facts["expected_listings"]
        evidence = checks.Evidence(
            source=output.source,
            listings=output.listings,
            claims=claims,
            rejected=facts["rejected"],
            floor=facts["floor"],
            expected=(low, high),
            counts=outputs.good_counts(connection, output.source, before=now, cut=CUT),
            before=conferences.said_by(connection, output.source),
            complete_feeds=output.complete_feeds,
            cut=facts["reason"] in CUT or facts["expected"],
            now=now,
            part=facts["part"],
        )
        written = (code for listing in output.listings for code in listing.topics)
        facts["unknown_topics"] = topics.unknown(written)[:UNKNOWN_SHOWN]
        facts["undated"] = list(islice(_undated(claims), UNDATED_SHOWN))
        results[output.source] = checks.run(evidence)
    return replace(done, checks=results)


def known_words(connection: Connection, source: str) -> dict[str, tuple[str, ...]]:
    """The words of the dates that a source says still, by ref."""
    said = conferences.said_by(connection, source)
    return {ref: tuple(sorted({claim.text for claim in gates.values()})) for (_, _, ref, _), gates in said.items()}


def _undated(claims: Mapping[MentionKey, Mapping[verdict.Gate, Claim]]) -> Iterator[str]:
    """The written dates that name no instant although they have digits, each with source, ref, gate and why."""
    for (source, _, ref, _), gates in claims.items():
        for claim in gates.values():
            if claim.earliest is None and any(map(str.isdigit, claim.text)):
                yield f"{source} {ref}, {claim.kind}: found {claim.text!r}, {claim.reason}"
