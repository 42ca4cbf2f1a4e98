"""The store step: merge what the crawls of a run kept, write it, close the run; once."""

from __future__ import annotations

import gc
import logging
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from confradar import logs
from confradar import settings as configuration
from confradar.deadlines import missed
from confradar.deadlines.applying import apply
from confradar.deadlines.conference import Merged, SourceOutput
from confradar.deadlines.listing import Listing
from confradar.deadlines.merge import merge
from confradar.errors import DatabaseUnavailable
from confradar.settings import Settings
from confradar.sources.base import readers, step_of
from confradar.steps.announcing import announce, held, slips
from confradar.steps.checking import examine
from confradar.steps.runs import GOOD, STORE, STORE_SECONDS, Materialised, begin, keep, now_utc, open_run, prepare
from confradar.storage import conferences, database, history, lease, ledger, outputs, selecting, versions
from confradar.storage import logs as step_logs
from confradar.storage.outputs import Envelope
from confradar.storage.run_tables import RECHECK

log = logging.getLogger(__name__)

# What a run's statistics count; the same five by source.
COUNTED = ("total", "created", "updated", "unchanged", "rejected")
FIGURES = (*COUNTED, "new_conferences", "updated_conferences", "absent")


def store(
    inputs: Mapping[str, Materialised | Sequence[Listing]],
    settings: Settings | None = None,
    *,
    now: datetime | None = None,
) -> Materialised:
    """Store what crawls gave, as a run of its own: `store({"elra": crawl("elra")})`.

    `now` is the logical instant of the run (UTC; this moment unless given). Raises RunRefused if a run is going.
    """
    settings, now = settings or configuration.load(), now or now_utc()
    prepare(settings)
    given = {step_of(name): value for name, value in inputs.items()}
    run = open_run(
        f"manual:{uuid.uuid4()}",
        trigger="prompt",
        target=",".join(given),
        steps=[*given, STORE],
        logical_instant=now,
        settings=settings,
        if_busy="refuse",
    ).run
    for step, value in given.items():
        with database.transaction(settings.database) as connection:
            done = value if isinstance(value, Materialised) else _of_listings(step, value)
            attempt = begin(connection, run, step, settings)
            if attempt:
                keep(connection, run, attempt, examine(connection, done, now=now), settings)
                step_logs.append(connection, run.id, step, attempt, done.log, limit=settings.log_bytes)
    return store_run(run.key, settings)


def _of_listings(step: str, listings: Sequence[Listing]) -> Materialised:
    by_source: defaultdict[str, list[Listing]] = defaultdict(list)
    for listing in listings:
        by_source[listing.source].append(listing)
    given = tuple(SourceOutput(source, tuple(found)) for source, found in by_source.items())
    return Materialised(step, tuple(listings), {"count": len(listings)}, outputs=given)


def store_run(run_key: str, settings: Settings, *, task_id: str | None = None, by: str = "") -> Materialised:
    """Store what the crawls of a run have kept, and close the run; once, however often it is called.

    Everything happens in one transaction that holds the store and the run's row: who comes second waits,
    finds the run closed, and returns the same figures. `by` names who finished it, if not its own callback.
    A run whose lease has passed to another stores nothing more, nor does one of which this step was cancelled.
    """
    with database.transaction(settings.database) as connection:  # seen by others at once, unlike what is stored below
        until = database.clock(connection) + timedelta(seconds=STORE_SECONDS)
        lease.extend(connection, ledger.find(connection, run_key).id, until)
    lines = logs.Buffer()
    with logs.tagged(lines, run=run_key, step=STORE, task=task_id):
        try:
            return _store_run(run_key, settings, lines, task_id=task_id, by=by)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("store failed")
            with database.transaction(settings.database) as connection:
                _keep_log(connection, ledger.find(connection, run_key), lines, settings)
            raise


def _store_run(run_key: str, settings: Settings, lines: logs.Buffer, *, task_id: str | None, by: str) -> Materialised:
    with database.transaction(settings.database) as connection:
        database.writer_lock(connection)
        run = ledger.find(connection, run_key, lock=True)
        if run.status in ledger.FINAL_RUN:
            return _stored(run)
        now = database.clock(connection)
        ledger.close_steps(
            connection, run.id, status="lost", reason="lost", now=now, but=STORE,
            error="nothing was heard of this step before its run was closed",
        )  # fmt: skip
        found = outputs.envelopes(connection, run)
        crawls = [envelope for step, envelope in found.items() if step != STORE]
        cancelled = STORE in found and found[STORE].status == "cancelled"
        unwanted = "cancelled" if cancelled else "superseded"
        storing = STORE in run.steps and not cancelled and lease.held_by(connection, run)
        statistics: dict[str, Any] = {}
        if storing:
            attempt = begin(connection, run, STORE, settings, task_id=task_id)
            figures, used = _merge(connection, run, crawls, settings)
            statistics = _with_rejects(figures, crawls)
            told = " ".join(f"{name}={statistics[name]}" for name in FIGURES)
            log.info("store finished %s moves=%d", told, sum(statistics["moves"].values()))
            _keep_log(connection, run, lines, settings)
            if attempt is not None:
                ledger.finish_step(
                    connection, run.id, STORE, attempt, status="ok", now=database.clock(connection),
                    count=statistics["total"], metadata={**_store_metadata(statistics), "inputs": used},
                )  # fmt: skip
        ledger.finish_run(
            connection,
            run.id,
            status=outcome(crawls) if storing or STORE not in run.steps else unwanted,
            now=database.clock(connection),
            statistics=statistics,
            stored=storing,
            message=f"finished by {by}" if by else None,
        )
        return _stored(ledger.find(connection, run_key))


def _keep_log(connection: Connection, run: ledger.Run, lines: logs.Buffer, settings: Settings) -> None:
    """Storing has one attempt: one that fails is undone as a whole."""
    step_logs.append(connection, run.id, STORE, 1, lines.take(), limit=settings.log_bytes)


def _merge(
    connection: Connection, run: ledger.Run, crawls: Sequence[Envelope], settings: Settings
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Merge the good outputs of the run, and of sources that it did not crawl those of their last good run.

    Older ones go first, each at the instant of its own run: nothing is confirmed that was not read then. Returns
    the figures, and by source where its output is from: `run`, `attempt`, `count`. A recheck takes nothing from others.
    """
    given: dict[datetime, list[int]] = defaultdict(list)
    used: dict[str, dict[str, Any]] = {}
    crawled = {envelope.step for envelope in crawls}
    for reader in readers().values():
        source = reader.source
        taken = source.step not in crawled and run.trigger != RECHECK
        last = outputs.last_good(connection, source.name) if taken else None
        if last:
            given[last.logical_instant].append(last.reference)
            used[source.name] = {"run": last.run, "attempt": last.attempt, "count": last.count}
    for envelope in crawls:
        if envelope.status in (*GOOD, "quarantined"):
            for source_name, reference in envelope.outputs.items():
                given[run.logical_instant].append(reference)
                used[source_name] = {"run": run.key, "attempt": envelope.attempt, "count": envelope.count}
    return _write(connection, run, given, settings), used


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for cycles: a store makes records by the hundred thousand, in none, and looking takes a fifth of it."""
    searches = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searches:
            gc.enable()


@uncollected()
def _write(
    connection: Connection, run: ledger.Run, given: Mapping[datetime, Sequence[int]], settings: Settings
) -> dict[str, Any]:
    """Merge kept outputs into the store in the order of their instants, and tell those who follow what is new.

    Returns the figures of all together.
    """
    known, before = conferences.known(connection), selecting.last_change(connection)
    nights: list[Merged] = []
    newest, now = history.newest_stored(connection, but=run.id), versions.moment(connection)
    for instant in sorted(given) or [run.logical_instant]:
        if nights:
            known = apply(known, nights[-1])
        read = [outputs.kept(connection, reference) for reference in given.get(instant, ())]
        nights.append(merge(known, read, run_id=run.id, now=instant))
        if newest and instant < newest:  # what later nights did not know is no news of its own night
            missed.add(known, nights[-1], read, conferences.moves(connection))
            nights[-1].changes[:] = [replace(change, added_at=now) for change in nights[-1].changes]
        conferences.write(connection, nights[-1], now=now)
    doubts = [*(doubt for night in nights for doubt in slips(night)), *held(connection, run)]
    announce(connection, run, settings, after=before, doubts=doubts)
    return together(night.figures for night in nights)


def together(figures: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of several merges of one run as those of one."""
    found = list(figures)
    per_source: dict[str, Counter[str]] = {}
    unseen: dict[str, Counter[str]] = {}
    for one in found:
        for source, counts in one.get("unseen", {}).items():  # runs of before this was counted have none
            unseen.setdefault(source, Counter()).update(counts)
        for source, counts in one["per_source"].items():
            per_source.setdefault(source, Counter()).update(counts)
    return {
        **{name: sum(one[name] for one in found) for name in FIGURES},
        "moves": dict(sorted(sum((Counter(one["moves"]) for one in found), Counter()).items())),
        "unseen": {source: dict(counts) for source, counts in unseen.items()},
        "per_source": {source: {name: counts[name] for name in COUNTED} for source, counts in per_source.items()},
    }


def _with_rejects(figures: Mapping[str, Any], crawls: Iterable[Envelope]) -> dict[str, Any]:
    """The figures of a run with what its crawls rejected, by source and in all."""
    per_source = {source: dict(counts) for source, counts in figures["per_source"].items()}
    rejected = 0
    for envelope in crawls:
        rejected += envelope.metadata.get("rejected", 0)
        for source in per_source.keys() & envelope.outputs.keys():
            facts = envelope.metadata.get("outputs", {}).get(source, envelope.metadata)
            per_source[source]["rejected"] = facts.get("rejected", 0)
    return {**figures, "rejected": rejected, "per_source": per_source}


def add(
    connection: Connection, run: ledger.Run, references: Sequence[int], settings: Settings, *, by: str
) -> ledger.Run:
    """Store kept outputs of a run that is closed already: they came late, or a check had held them. Returns the run.

    They are merged at the run's own instant, so that nothing newer is overwritten. A run that is not closed yet takes
    them by itself; one that stores nothing, as it was cancelled, leaves them. Waits for whoever stores now.
    """
    database.writer_lock(connection)
    run = ledger.find(connection, run.key, lock=True)
    if run.stored_at is None:
        return run
    crawls = [envelope for step, envelope in outputs.envelopes(connection, run).items() if step != STORE]
    figures = _write(connection, run, {run.logical_instant: references}, settings)
    ledger.finish_run(
        connection,
        run.id,
        status=outcome(crawls),
        now=database.clock(connection),
        statistics=_with_rejects(together([run.statistics, figures] if run.statistics else [figures]), crawls),
        stored=True,
        message=f"added to: {by}",
    )
    return ledger.find(connection, run.key)


def outcome(envelopes: Sequence[Envelope]) -> str:
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
