"""The store step: merge what the crawls of a run kept, write it, close the run; once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from confradar import settings as configuration
from confradar.deadlines.listing import Listing
from confradar.deadlines.merge import merge
from confradar.settings import Settings
from confradar.sources.base import reader, readers
from confradar.steps.runs import GOOD, STORE, Materialised, begin, keep, now_utc, prepare
from confradar.storage import conferences, database, ledger, outputs


def store(
    inputs: Mapping[str, Materialised | Sequence[Listing]],
    settings: Settings | None = None,
    *,
    now: datetime | None = None,
) -> Materialised:
    """Store what crawls gave, as a run of its own: `store({"elra": crawl("elra")})`.

    `now` is the logical instant of the run (UTC; this moment unless given).
    """
    settings, now = settings or configuration.load(), now or now_utc()
    prepare(settings)
    given = {reader(name).source.step: value for name, value in inputs.items()}
    with database.transaction(settings.database) as connection:
        run, _ = ledger.open_run(
            connection,
            key=f"manual:{uuid.uuid4()}",
            trigger="prompt",
            logical_instant=now,
            target=",".join(given),
            steps=[*given, STORE],
            now=now_utc(),
            deadline_seconds=settings.run_deadline_seconds,
        )
    for step, value in given.items():
        done = value if isinstance(value, Materialised) else Materialised(step, tuple(value), {"count": len(value)})
        with database.transaction(settings.database) as connection:
            attempt = begin(connection, run, step, settings)
            if attempt:
                keep(connection, run, attempt, done, settings)
    return store_run(run.key, settings)


def store_run(run_key: str, settings: Settings, *, task_id: str | None = None, by: str = "") -> Materialised:
    """Store what the crawls of a run have kept, and close the run; once, however often it is called.

    Everything happens in one transaction that holds the store and the run's row: who comes second waits,
    finds the run closed, and returns the same figures. `by` names who finished it, if not its own callback.
    """
    with database.transaction(settings.database) as connection:
        database.writer_lock(connection)
        run = ledger.find(connection, run_key, lock=True)
        if run.status in ledger.FINAL_RUN:
            return _stored(run)
        envelopes = [ledger.envelope(connection, run, step) for step in run.steps if step != STORE]
        statistics: dict[str, Any] = {}
        if STORE in run.steps:
            attempt = begin(connection, run, STORE, settings, task_id=task_id)
            statistics = _merge(connection, run, envelopes)
            statistics["rejected"] = sum(envelope.metadata.get("rejected", 0) for envelope in envelopes)
            if attempt is not None:
                ledger.finish_step(
                    connection,
                    run.id,
                    STORE,
                    attempt,
                    status="ok",
                    now=now_utc(),
                    count=statistics["total"],
                    metadata=_store_metadata(statistics),
                )
        for envelope in envelopes:
            ledger.finish_step(
                connection,
                run.id,
                envelope.step,
                envelope.attempt,
                status="lost",
                reason="lost",
                now=now_utc(),
                error="nothing was heard of this step before its run was closed",
            )
        ledger.finish_run(
            connection,
            run.id,
            status=outcome(envelopes),
            now=now_utc(),
            statistics=statistics,
            stored=STORE in run.steps,
            message=f"finished by {by}" if by else None,
        )
        return _stored(ledger.find(connection, run_key))


def _merge(connection: Connection, run: ledger.Run, envelopes: Sequence[ledger.Envelope]) -> dict[str, Any]:
    """Merge the kept outputs of the run; of a run of the store alone, each source's last good output."""
    found = {envelope.step: envelope.output for envelope in envelopes if envelope.status in GOOD}
    now = run.logical_instant
    if not envelopes:
        last = {known.source.step: outputs.last_good(connection, known.source.step) for known in readers().values()}
        found = {step: good[0] for step, good in last.items() if good}
        now = min((good[1] for good in last.values() if good), default=now)  # nothing is confirmed that was not read
    given = [outputs.kept(connection, reference) for reference in found.values() if reference is not None]
    merged = merge(conferences.known(connection), given, run_id=run.id, now=now)
    conferences.write(connection, merged)
    return dict(merged.figures)


def outcome(envelopes: Sequence[ledger.Envelope]) -> str:
    """The status of a run: `ok`, `failed` if no source gave anything, else `partial`.

    A degradation that the source's declaration expects counts as ok.
    """
    good = [envelope for envelope in envelopes if envelope.status in GOOD]
    if envelopes and not good:
        return "failed"
    whole = [envelope for envelope in good if envelope.status == "ok" or envelope.metadata.get("expected")]
    return "ok" if len(whole) == len(envelopes) else "partial"


def _store_metadata(statistics: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "total_scraped": statistics["total"],
        "new_conferences": statistics["new_conferences"],
        "updated_conferences": statistics["updated_conferences"],
    }


def _stored(run: ledger.Run) -> Materialised:
    statistics = run.statistics or {}
    metadata = _store_metadata(statistics) if statistics else {}
    return Materialised(STORE, statistics, {**metadata, "run": run.key}, status=run.status)
