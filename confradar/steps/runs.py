"""A run in the ledger, and what its steps give: opened, claimed, kept."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any, TypeVar

from sqlalchemy import Connection

from confradar.deadlines.checks import Result, blocking
from confradar.deadlines.conference import SourceOutput
from confradar.deadlines.listing import printable
from confradar.errors import DatabaseUnavailable, RunRefused, SettingError
from confradar.settings import Settings
from confradar.storage import database, finding, lease, ledger, outputs, versions

STORE = "store_conferences"
STORE_SECONDS = 300  # that a store may take at most
SCHEDULE = "daily_crawl_schedule"
NIGHT = clock(2, tzinfo=UTC)
GOOD = ("ok", "degraded")
CUT = ("timeout", "page_limit", "item_limit", "stopped", "memory")  # reasons for which a crawl is no whole one
DATABASE_WAITS = (1, 2, 4, 8, 15)
T = TypeVar("T")


@dataclass(frozen=True)
class Materialised:
    """What a step gave: its value, and what is worth knowing about how it came to be.

    `status` is that of the step run, `reason` its code, `error` one sentence for a person. Of a crawl,
    `value` is the listings, `outputs` the same by source, `checks` what these came to, by source, and `log` its lines;
    of the store, `value` is its figures.
    """

    step: str
    value: Any
    metadata: dict[str, Any]
    status: str = "ok"
    reason: str = ""
    error: str | None = None
    outputs: tuple[SourceOutput, ...] = ()
    checks: Mapping[str, tuple[Result, ...]] = field(default_factory=dict)
    worth_retrying: bool = False
    retry_after: float | None = None
    log: tuple[str, ...] = field(default=(), repr=False)

    @property
    def success(self) -> bool:
        """Whether there is something to go on with."""
        return self.status in GOOD

    @property
    def held(self) -> dict[str, Result]:
        """The sources whose output a blocking check holds, and that check's result."""
        found = {source: blocking(results) for source, results in self.checks.items()}
        return {source: result for source, result in found.items() if result}


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
        if moment.tzinfo is None:
            raise SettingError(f"date: found {written!r} without a zone, wanted 2026-01-13T02:00:00+00:00")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SettingError(f"date: found {written!r}, wanted a day such as 2026-01-13") from error


def prepare(settings: Settings) -> None:
    """Make sure that the tables are those of this code. The embedded SQLite is brought up to date by itself.

    Raises DatabaseUnavailable or SchemaMismatch.
    """
    if settings.database.startswith("sqlite") and database.outdated(settings.database):
        upgrade(settings.database)
    else:
        database.check_schema(settings.database)


def upgrade(url: str) -> None:
    """Bring the tables up to date, and what is derived in them. Raises as `database.upgrade`."""
    database.upgrade(url)
    with database.transaction(url) as connection:
        database.writer_lock(connection)
        finding.describe(connection, now=versions.moment(connection))


def patiently(write: Callable[[], T], waits: Sequence[float] = DATABASE_WAITS) -> T:
    """Write to the ledger; if the database is away, again after each of the waits (seconds).

    What a crawl of many minutes gave must not be lost to a restart. Raises DatabaseUnavailable in the end.
    """
    for wait in waits:
        try:
            return write()
        except DatabaseUnavailable:
            time.sleep(wait)
    return write()


@dataclass(frozen=True, slots=True)
class Opened:
    """A run in the ledger; whether its messages are to be sent now; and the run that it waits for, if any."""

    run: ledger.Run
    to_send: bool
    waits_for: str | None = None


def open_run(
    key: str,
    *,
    trigger: str,
    target: str,
    steps: Sequence[str],
    logical_instant: datetime,
    settings: Settings,
    if_busy: str = "wait",
    by: str | None = None,
    retry_of: str | None = None,
) -> Opened:
    """Open the run of that key, or find it, and let it begin if no other run is going.

    If one is, this run waits (`if_busy` is `wait`), or RunRefused is raised and it is not opened (`refuse`).
    """
    with database.transaction(settings.database) as connection:
        now = database.clock(connection)
        run, _ = ledger.open_run(
            connection,
            key=key,
            trigger=trigger,
            logical_instant=logical_instant,
            target=target,
            steps=steps,
            now=now,
            deadline_seconds=settings.run_deadline_seconds,
            by=by,
            retry_of=retry_of,
        )
        if run.status == "queued":  # who cancels it, or calls it lost, comes before or after
            run = ledger.find(connection, key, lock=True)
        if run.status != "queued":
            return Opened(run, to_send=False)
        going = lease.take(
            connection,
            run,
            now=now,
            seconds=settings.lease_seconds,
            deadline_seconds=settings.run_deadline_seconds,
        )
        if going is None:
            return Opened(ledger.find(connection, key), to_send=True)
        told = f"run {going.key} is going since {going.started_at:%Y-%m-%d %H:%M} UTC"
        if if_busy == "refuse":
            raise RunRefused(f"{told}; {key} was refused. `confradar runs cancel {going.key}` ends it.")
        # The other one is closed by its own deadline.
        patience = going.deadline_at + timedelta(seconds=settings.run_deadline_seconds)
        ledger.mark_waiting(connection, run.id, f"waits: {told}", deadline_at=patience)
    return Opened(run, to_send=False, waits_for=going.key)


def refuse_if_busy(settings: Settings) -> None:
    """Raise RunRefused, with its key, if a run is going: for who need not wait for a worker to say so."""
    with database.reading(settings.database) as connection:
        going = lease.going(connection, now=database.clock(connection))
    if going:
        told = f"run {going.key} is going since {going.started_at:%Y-%m-%d %H:%M} UTC"
        raise RunRefused(f"{told}; `confradar runs cancel {going.key}` ends it.")


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
    now = database.clock(connection)
    lease.extend(connection, run.id, now + timedelta(seconds=settings.lease_seconds))
    return ledger.begin_step(
        connection,
        run,
        step,
        task_id=task_id,
        retries=retries,
        worker=socket.gethostname(),
        pid=os.getpid(),
        now=now,
        lost_after=settings.lost_after_seconds,
    )


def close(run_key: str, step: str, settings: Settings, *, status: str, reason: str, error: str) -> None:
    """Say how a step ended whose process is gone, unless it has said more itself."""
    with database.transaction(settings.database) as connection:
        run = ledger.find(connection, run_key)
        now = database.clock(connection)
        told = printable(error)
        ledger.close_steps(connection, run.id, status=status, reason=reason, error=told, now=now, only=step)


def keep(
    connection: Connection,
    run: ledger.Run,
    attempt: int,
    done: Materialised,
    settings: Settings,
    *,
    wait: float | None = None,
) -> bool:
    """Write what a crawl gave into the ledger: outputs, checks, state; in one transaction.

    With `wait`, the next attempt begins after so many seconds. Returns whether the attempt was still open.
    """
    now = database.clock(connection)
    held = done.held if done.success else {}
    first = next(iter(held.values()), None)
    closed = ledger.finish_step(
        connection,
        run.id,
        done.step,
        attempt,
        status="failed" if wait is not None else "quarantined" if first else done.status,
        reason=first.name if first else done.reason,
        count=len(done.value),
        metadata=done.metadata,
        error=printable(f"{first.description.rstrip('.')}: {first.observed}" if first else done.error or "") or None,
        now=now,
        retry_at=None if wait is None else now + timedelta(seconds=wait),
    )
    lease.extend(connection, run.id, now + timedelta(seconds=settings.lease_seconds + (wait or 0)))
    if closed:
        outputs.keep_checks(connection, run.id, done.step, attempt, done.checks)
        for output in done.outputs if done.success and wait is None else ():
            outputs.keep(connection, run.id, done.step, attempt, output, now=now, held=output.source in held)
    return closed
