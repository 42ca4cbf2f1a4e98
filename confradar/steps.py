"""The steps of the pipeline as plain functions: they return a value and its metadata, and need no broker."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from confradar import settings as configuration
from confradar.crawling import process
from confradar.deadlines.conference import SourceOutput
from confradar.deadlines.listing import Listing
from confradar.deadlines.merge import merge
from confradar.errors import DatabaseUnavailable, SettingError
from confradar.settings import Settings
from confradar.sources.base import reader, readers
from confradar.storage import conferences, database, ledger

STORE = "store_conferences"
NIGHT = clock(2, tzinfo=UTC)
PREVIEW = 3
REJECTS_SHOWN = 20
GOOD = ("ok", "degraded")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Materialised:
    """What a step gave: its value, and what is worth knowing about how it came to be.

    `status` is that of the step run, `reason` its code, `error` one sentence for a person. Of a crawl,
    `value` is the listings; of the store, its figures.
    """

    step: str
    value: Any
    metadata: dict[str, Any]
    status: str = "ok"
    reason: str = ""
    error: str | None = None
    complete_feeds: frozenset[str] = frozenset()
    worth_retrying: bool = False
    retry_after: float | None = None
    log: str = field(default="", repr=False)

    @property
    def success(self) -> bool:
        """Whether there is something to go on with."""
        return self.status in GOOD


def now_utc() -> datetime:
    """This moment. Below the steps, `now` is an argument."""
    return datetime.now(UTC)


def instant(written: str | None) -> datetime:
    """The `now` of a run: a day (its 02:00 UTC), an ISO instant with its zone, or this moment. Raises SettingError."""
    if written is None:
        return now_utc()
    try:
        if len(written) == len("2026-01-13"):
            return datetime.combine(date.fromisoformat(written), NIGHT)
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise SettingError(f"date: found {written!r}, wanted a day such as 2026-01-13") from error
    if moment.tzinfo is None:
        raise SettingError(f"date: found {written!r} without a zone, wanted 2026-01-13T02:00:00+00:00")
    return moment.astimezone(UTC)


def prepare(settings: Settings) -> None:
    """Make sure that the tables are those of this code. The embedded SQLite is brought up to date by itself.

    Raises DatabaseUnavailable or SchemaMismatch.
    """
    if settings.database.startswith("sqlite"):
        database.upgrade(settings.database)
    else:
        database.check_schema(settings.database)


def crawl(
    source: str,
    settings: Settings | None = None,
    *,
    budget: float | None = None,
    progress: Callable[[process.Progress], None] | None = None,
    stopped: Callable[[], bool] | None = None,
) -> Materialised:
    """Read one source, named by itself or by its step. `budget` is in seconds of crawling.

    Never raises for what a site does: the status says it. Raises UnknownName and SettingError.
    """
    settings = settings or configuration.load()
    source_ = reader(source).source
    options = process.options(source_, settings, configuration.source_overrides(source_.name), budget=budget)
    with tempfile.TemporaryDirectory(prefix="confradar-crawl-") as scratch:
        crawled = process.crawl(source_.name, options, Path(scratch), progress=progress, stopped=stopped)
        text = Path(crawled.log).read_text(errors="replace") if crawled.log else ""
    preview = [{"title": item.title, "year": item.year, "url": item.url} for item in crawled.listings[:PREVIEW]]
    metadata = {
        "count": len(crawled.listings),
        "source": urlsplit(options.base or source_.base).hostname,
        "preview": preview,
        "seconds": crawled.seconds,
        "pages": crawled.pages,
        "bytes": crawled.bytes,
        "statuses": crawled.statuses,
        "rejected": len(crawled.rejects),
        "rejects": [str(reject) for reject in crawled.rejects[:REJECTS_SHOWN]],
        "complete_feeds": sorted(crawled.complete_feeds),
        "expected": crawled.reason in source_.expected_degradations,
    }
    return Materialised(
        step=source_.step,
        value=crawled.listings,
        metadata=metadata,
        status=crawled.status,
        reason=crawled.reason,
        error=crawled.detail or None,
        complete_feeds=crawled.complete_feeds,
        worth_retrying=crawled.worth_retrying,
        retry_after=crawled.retry_after,
        log=text,
    )


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
                _keep(connection, run, attempt, done, settings)
    return store_run(run.key, settings)


def open_run(
    key: str, *, trigger: str, target: str, steps: Sequence[str], logical_instant: datetime, settings: Settings
) -> tuple[ledger.Run, bool]:
    """Open the run of that key, or find it; whether it still has to be sent is the second value."""
    with database.transaction(settings.database) as connection:
        run, _ = ledger.open_run(
            connection,
            key=key,
            trigger=trigger,
            logical_instant=logical_instant,
            target=target,
            steps=steps,
            now=now_utc(),
            deadline_seconds=settings.run_deadline_seconds,
        )
    return run, run.status == "queued"


def begin(
    connection: Connection,
    run: ledger.Run,
    step: str,
    settings: Settings,
    *,
    task_id: str | None = None,
    retries: int = 0,
) -> int | None:
    """Claim the next attempt of a step for this process; None if it is done or in other hands."""
    return ledger.begin_step(
        connection,
        run,
        step,
        task_id=task_id,
        retries=retries,
        worker=socket.gethostname(),
        pid=os.getpid(),
        now=now_utc(),
        lost_after=settings.lost_after_seconds,
    )


def crawl_in_run(
    run_key: str,
    source: str,
    settings: Settings,
    *,
    task_id: str | None = None,
    retries: int = 0,
    retries_left: int = 0,
    budget: float | None = None,
) -> tuple[ledger.Envelope | None, float | None]:
    """Crawl a source as a step of a run, and keep what it gave.

    Returns the envelope and, if the attempt is worth repeating, the seconds to wait before that. The
    envelope is None if another process that is alive has this step in hands.
    """
    step = reader(source).source.step
    with database.transaction(settings.database) as connection:
        run = ledger.find(connection, run_key)
        attempt = begin(connection, run, step, settings, task_id=task_id, retries=retries)
        if attempt is None:
            found = ledger.envelope(connection, run, step)
            return (found if found.status in ledger.FINAL_STEP else None), None
        if run.status in ("stopping", *ledger.FINAL_RUN):
            ledger.finish_step(connection, run.id, step, attempt, status="cancelled", reason="stopped", now=now_utc())
            return ledger.envelope(connection, run, step), None
        queued_at = next(row for row in ledger.step_runs(connection, run.id) if row["step"] == step)["queued_at"]
    waiting = (now_utc() - queued_at).total_seconds()
    heart = Heart(settings, run, step, attempt)
    try:
        done = crawl(source, settings, budget=budget, progress=heart.progress, stopped=heart.stopped)
    except Exception as error:
        log.exception("crawl raised source=%s", source)
        told = f"{type(error).__name__}: {error}"
        done = Materialised(step, (), {"count": 0, "seconds": {}}, status="failed", reason="error", error=told)
    done.metadata["seconds"] = {"waiting": round(max(waiting, 0), 3), **done.metadata["seconds"]}
    wait = _wait(done, retries, settings, quick=budget is not None) if retries_left and not heart.stopped() else None
    with database.transaction(settings.database) as connection:
        _keep(connection, run, attempt, done, settings, wait=wait)
        return ledger.envelope(connection, run, step), wait


class Heart:
    """Tells the ledger that a step lives, at most once a second, and hears whether it is still wanted."""

    def __init__(self, settings: Settings, run: ledger.Run, step: str, attempt: int) -> None:
        self._settings, self._run, self._step, self._attempt = settings, run, step, attempt
        self._last, self._shown, self._wanted = 0.0, process.Progress(0, 0, 0, 0), True

    def progress(self, progress: process.Progress) -> None:
        """Keep what is new; beat."""
        self._shown = progress
        self.beat()

    def stopped(self) -> bool:
        """Whether the run was stopped. Beats as well."""
        self.beat()
        return not self._wanted

    def beat(self) -> None:
        """Write the heartbeat. A database that is away for a moment costs a beat, not the crawl."""
        if time.monotonic() - self._last < 1:
            return
        self._last = time.monotonic()
        shown = {"pages": self._shown.pages, "listings": self._shown.listings, "rejected": self._shown.rejected}
        try:
            with database.transaction(self._settings.database) as connection:
                self._wanted = ledger.beat(
                    connection, self._run.id, self._step, self._attempt, now=now_utc(), progress=shown
                )
        except DatabaseUnavailable as error:
            log.warning("heartbeat missed step=%s: %s", self._step, error)


def _wait(done: Materialised, retries: int, settings: Settings, *, quick: bool) -> float | None:
    """Seconds until the next attempt, or None if there should be none. The site's own Retry-After wins if longer."""
    if not done.worth_retrying:
        return None
    waits = settings.terminal_retry_waits if quick else settings.retry_waits
    return max(waits[min(retries, len(waits) - 1)], done.retry_after or 0)


def _keep(
    connection: Connection,
    run: ledger.Run,
    attempt: int,
    done: Materialised,
    settings: Settings,
    *,
    wait: float | None = None,
) -> None:
    """Write what a crawl gave into the ledger: output, log, state; in one transaction."""
    now = now_utc()
    closed = ledger.finish_step(
        connection,
        run.id,
        done.step,
        attempt,
        status="failed" if wait is not None else done.status,
        reason=done.reason,
        count=len(done.value),
        metadata=done.metadata,
        error=done.error,
        now=now,
        retry_at=None if wait is None else now + timedelta(seconds=wait),
    )
    if closed and done.success and wait is None:
        ledger.keep(connection, run.id, done.step, attempt, done.value, complete_feeds=done.complete_feeds, now=now)
    if closed:
        level = logging.ERROR if not done.success else logging.INFO
        ledger.log(connection, run.id, done.step, attempt, done.log, level=level, limit=settings.log_bytes)


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
        last = {known.source.step: ledger.last_good(connection, known.source.step) for known in readers().values()}
        found = {step: good[0] for step, good in last.items() if good}
        now = min((good[1] for good in last.values() if good), default=now)  # nothing is confirmed that was not read
    outputs = []
    for step, reference in found.items():
        if reference is not None:
            listings, complete = ledger.kept(connection, reference)
            outputs.append(SourceOutput(reader(step).source.name, listings, complete))
    merged = merge(conferences.known(connection), outputs, run_id=run.id, now=now)
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
