"""What the attempts of a step leave in the ledger: envelopes, and their listings, compressed."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from confradar.deadlines.checks import Result
from confradar.deadlines.conference import SourceOutput
from confradar.deadlines.listing import Listing
from confradar.errors import DamagedOutput
from confradar.storage import ledger
from confradar.storage.run_tables import check_result, kept_output, run, step_run, whole

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

OUTPUT_MAX = 512 * 1024 * 1024  # of a kept output, unpacked


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a step returns through the broker: everything but the listings.

    Those lie in the kept outputs that `outputs` names: one for each source of the step, by its name.
    """

    run: str
    step: str
    attempt: int
    status: str
    reason: str = ""
    count: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    outputs: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


def keep(
    connection: Connection,
    run_id: int,
    step: str,
    attempt: int,
    given: SourceOutput,
    *,
    now: datetime,
    held: bool = False,
) -> int:
    """Keep what a step's attempt gave of a source, compressed; `held` by a check or not. Returns the reference."""
    record = {
        "source": given.source,
        "complete_feeds": sorted(given.complete_feeds),
        "rejected": sorted(given.rejected),
        "listings": [listing.to_json() for listing in given.listings],
    }
    body = json.dumps(record, ensure_ascii=False).encode()
    row = {
        "run_id": run_id,
        "step": step,
        "attempt": attempt,
        "output": given.source,
        "count": len(given.listings),
        "digest": hashlib.sha256(body).hexdigest(),
        "body": zstd.compress(body),
        "kept_at": now,
        "held": held,
    }
    return int(connection.execute(insert(kept_output).values(row).returning(kept_output.c.id)).scalar_one())


def kept(connection: Connection, reference: int) -> SourceOutput:
    """What was kept under that reference. Raises DamagedOutput if it was damaged since."""
    row = connection.execute(
        select(kept_output.c.body, kept_output.c.digest).where(kept_output.c.id == reference)
    ).one()
    body = zstd.ZstdDecompressor().decompress(row.body, OUTPUT_MAX)
    if hashlib.sha256(body).hexdigest() != row.digest:
        raise DamagedOutput(
            f"kept output {reference} is not what was kept: its digest differs. Crawl its source again."
        )
    record = json.loads(body)
    return SourceOutput(
        source=record["source"],
        listings=tuple(Listing.from_json(item) for item in record["listings"]),
        complete_feeds=frozenset(record["complete_feeds"]),
        rejected=frozenset(record["rejected"]),
    )


def envelopes(connection: Connection, found: ledger.Run) -> dict[str, Envelope]:
    """What the newest attempt of each step of a run came to, by step. Outputs that a check holds are not named."""
    kept = kept_output.c
    query = select(kept.step, kept.attempt, kept.output, kept.id).where(kept.run_id == found.id, ~kept.held)
    outputs: dict[tuple[str, int], dict[str, int]] = {}
    for row in connection.execute(query.order_by(kept.id)):
        outputs.setdefault((row.step, row.attempt), {})[row.output] = row.id
    return {
        row["step"]: Envelope(
            run=found.key,
            step=row["step"],
            attempt=row["attempt"],
            status=row["status"],
            reason=row["reason"] or "",
            count=row["count"] or 0,
            metadata=row["metadata"] or {},
            error=row["error"],
            outputs=outputs.get((row["step"], row["attempt"]), {}),
        )
        for row in ledger.step_runs(connection, found.id)
    }


def held(connection: Connection, run_id: int, step: str) -> list[int]:
    """The references of the outputs of a step of a run that a check holds."""
    mine = (kept_output.c.run_id == run_id, kept_output.c.step == step, kept_output.c.held)
    return list(connection.scalars(select(kept_output.c.id).where(*mine).order_by(kept_output.c.id)))


def release(connection: Connection, references: Sequence[int]) -> None:
    """Let go of outputs that a check holds."""
    connection.execute(update(kept_output).where(kept_output.c.id.in_(references)).values(held=False))


@dataclass(frozen=True, slots=True)
class Good:
    """The newest good output of a source: its reference, and where it is from."""

    reference: int
    run: str
    attempt: int
    count: int
    logical_instant: datetime


def last_good(connection: Connection, source: str) -> Good | None:
    """The newest output of a source whose attempt went well and that no check holds, of a run that nobody cancelled
    and that read the whole of it.
    """
    query = (
        select(kept_output.c.id, run.c.key, kept_output.c.attempt, kept_output.c.count, run.c.logical_instant)
        .join(run, run.c.id == kept_output.c.run_id)
        .where(kept_output.c.output == source, ~kept_output.c.held, run.c.status != "cancelled", whole)
        .order_by(run.c.logical_instant.desc(), kept_output.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return Good(*row) if row else None


def last_kept_at(connection: Connection, source: str) -> datetime | None:
    """When the newest output of a whole source was kept that no check holds; None if it never gave any."""
    mine = (kept_output.c.output == source, ~kept_output.c.held, whole)
    query = select(kept_output.c.kept_at).join(run, run.c.id == kept_output.c.run_id)
    query = query.where(*mine).order_by(kept_output.c.kept_at.desc()).limit(1)
    found: datetime | None = connection.scalar(query)
    return found


def good_counts(
    connection: Connection, source: str, *, before: datetime, cut: Collection[str], limit: int = 7
) -> tuple[int, ...]:
    """How many listings the source's last good outputs had before that instant of a run, the newest first.

    Those of crawls that ended for a reason in `cut` say nothing about the source.
    """
    attempt = (
        step_run.c.run_id == kept_output.c.run_id,
        step_run.c.step == kept_output.c.step,
        step_run.c.attempt == kept_output.c.attempt,
    )
    query = (
        select(kept_output.c.count)
        .join(run, run.c.id == kept_output.c.run_id)
        .join(step_run, and_(*attempt))
        .where(kept_output.c.output == source, ~kept_output.c.held, run.c.logical_instant < before, whole)
        .where(func.coalesce(step_run.c.reason, "").not_in(cut))
        .order_by(run.c.logical_instant.desc(), kept_output.c.id.desc())
        .limit(limit)
    )
    return tuple(connection.scalars(query))


def keep_checks(
    connection: Connection, run_id: int, step: str, attempt: int, results: Mapping[str, Iterable[Result]]
) -> None:
    """Keep what the checks said of an attempt's outputs, by source."""
    rows = [
        {"run_id": run_id, "step": step, "attempt": attempt, "output": source, **asdict(result)}
        for source, of_source in results.items()
        for result in of_source
    ]
    if rows:
        connection.execute(insert(check_result), rows)
