"""A run in the ledger, and what its steps give: opened, claimed, kept."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any, TypeVar

from sqlalchemy import Connection

from confradar.deadlines.conference import SourceOutput
from confradar.deadlines.listing import printable
from confradar.errors import DatabaseUnavailable, SettingError
from confradar.settings import Settings
from confradar.sources.base import reader
from confradar.storage import database, ledger, outputs

STORE = "store_conferences"
NIGHT = clock(2, tzinfo=UTC)
GOOD = ("ok", "degraded")
DATABASE_WAITS = (1, 2, 4, 8, 15)
T = TypeVar("T")


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
    rejected: frozenset[str] = frozenset()
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


def keep(
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
        error=printable(done.error) if done.error else None,
        now=now,
        retry_at=None if wait is None else now + timedelta(seconds=wait),
    )
    if closed and done.success and wait is None:
        given = SourceOutput(reader(done.step).source.name, tuple(done.value), done.complete_feeds, done.rejected)
        outputs.keep(connection, run.id, done.step, attempt, given, now=now)
    if closed:
        level = logging.ERROR if not done.success else logging.INFO
        outputs.log(connection, run.id, done.step, attempt, printable(done.log), level=level, limit=settings.log_bytes)
