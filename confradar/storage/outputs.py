"""What the attempts of a step leave in the ledger: their listings, compressed, and their logs, in chunks."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import datetime

from sqlalchemy import Connection, insert, select

from confradar.deadlines.conference import SourceOutput
from confradar.deadlines.listing import Listing
from confradar.storage.tables import kept_output, run, step_log

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHUNK = 64 * 1024
OUTPUT_MAX = 512 * 1024 * 1024  # of a kept output, unpacked


def keep(
    connection: Connection,
    run_id: int,
    step: str,
    attempt: int,
    given: SourceOutput,
    *,
    now: datetime,
    output: str = "",
) -> int:
    """Keep what a step's attempt gave, compressed, as its output of that name. Returns the reference."""
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
        "output": output,
        "count": len(given.listings),
        "digest": hashlib.sha256(body).hexdigest(),
        "body": zstd.compress(body),
        "kept_at": now,
    }
    return int(connection.execute(insert(kept_output).values(row).returning(kept_output.c.id)).scalar_one())


def kept(connection: Connection, reference: int) -> SourceOutput:
    """What was kept under that reference. Raises ValueError if it was damaged since."""
    row = connection.execute(
        select(kept_output.c.body, kept_output.c.digest).where(kept_output.c.id == reference)
    ).one()
    body = zstd.ZstdDecompressor().decompress(row.body, OUTPUT_MAX)
    if hashlib.sha256(body).hexdigest() != row.digest:
        raise ValueError(f"kept output {reference} is not what was kept: its digest differs")
    record = json.loads(body)
    return SourceOutput(
        source=record["source"],
        listings=tuple(Listing.from_json(item) for item in record["listings"]),
        complete_feeds=frozenset(record["complete_feeds"]),
        rejected=frozenset(record["rejected"]),
    )


def last_good(connection: Connection, step: str) -> tuple[int, datetime] | None:
    """The newest output of a step whose attempt went well: its reference, and its run's logical instant."""
    query = (
        select(kept_output.c.id, run.c.logical_instant)
        .join(run, run.c.id == kept_output.c.run_id)
        .where(kept_output.c.step == step)
        .order_by(kept_output.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return (row.id, row.logical_instant) if row else None


def log(connection: Connection, run_id: int, step: str, attempt: int, text: str, *, level: int, limit: int) -> None:
    """Keep the log of an attempt in chunks; of one that is longer than `limit`, the first and the last half."""
    if len(text) > limit:
        dropped = len(text) - limit
        text = text[: limit // 2] + f"\n… {dropped:,} characters left out …\n" + text[-(limit // 2) :]
    chunks = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]
    rows = [
        {"run_id": run_id, "step": step, "attempt": attempt, "chunk": number, "level": level, "lines": lines}
        for number, lines in enumerate(chunks)
    ]
    if rows:
        connection.execute(insert(step_log), rows)
