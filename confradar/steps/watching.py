"""The watchdog: finishes what the chord left open and notices nights that did not come; on the database alone."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from confradar import logs
from confradar.deadlines.listing import printable
from confradar.errors import ConfRadarError, DatabaseUnavailable
from confradar.settings import Settings
from confradar.steps.alerting import attend, with_database, without_database
from confradar.steps.conditions import troubles
from confradar.steps.delivering import deliver
from confradar.steps.runs import STORE, now_utc
from confradar.steps.storing import store_run
from confradar.storage import database, lease, ledger

MARK = "watchdog.looked"  # in the data directory
MESSAGE_MAX = 300  # characters of an error that nobody foresaw
LOOK_SECONDS = 300  # a look may have to store a run

log = logging.getLogger(__name__)


def watch(settings: Settings, *, since: datetime, now: datetime) -> list[str]:
    """Look once: mark lost steps, close runs, open and resolve alerts. Returns what was done, one line each.

    `since` is when this watchdog began: a night before that is missed only if an earlier one ever ran.
    """
    done = []
    with database.transaction(settings.database) as connection:
        free = lease.free_since(connection, now=now)
        runs = ledger.unfinished(connection)
        done += [said for run in runs if run.waits and (said := _given_up(connection, run, settings, now, free))]
        due = [run for run in runs if not run.waits and _is_due(connection, run, settings, now)]
        found = troubles(connection, settings, since=since, now=now)
        done += attend(connection, settings, found, now=now)
    for run in due:
        try:
            stored = store_run(run.key, settings, by="watchdog")
            done.append(f"run closed run={run.key} status={stored.status}")
        except DatabaseUnavailable as error:
            done.append(f"run could not be closed run={run.key}: {error}")
        except Exception as error:  # one run that cannot be stored must not keep the others open
            log.exception("run could not be stored run=%s", run.key)
            done.append(f"run could not be closed run={run.key}: {error}")
            if now >= run.deadline_at:
                with database.transaction(settings.database) as connection:
                    told = logs.masked(str(error)).partition("\n")[0][:MESSAGE_MAX]
                    message = printable(f"could not be stored: {type(error).__name__}: {told}")
                    ledger.finish_run(connection, run.id, status="failed", now=now, message=message)
    return done


def _given_up(connection: Connection, run: ledger.Run, settings: Settings, now: datetime, free: datetime | None) -> str:
    """Close a run that waits in vain, and say so; "" if it may wait on.

    Its message asks for the lease each few seconds: if that has been `free` for as long as one lasts, it was lost.
    """
    if free and now - free >= timedelta(seconds=settings.lease_seconds):
        told = f"nobody asked for it though nothing was going since {free:%H:%M:%S} UTC: its message was lost"
    elif now >= run.deadline_at:
        told = f"it waited until {run.deadline_at:%H:%M:%S} UTC, its deadline"
    else:
        return ""
    if not ledger.find(connection, run.key, lock=True).waits:  # it began just now, or was cancelled
        return ""
    ledger.close_steps(connection, run.id, status="lost", reason="lost", error=told, now=now)
    ledger.finish_run(connection, run.id, status="failed", message=told, now=now)
    return f"run closed run={run.key} status=failed: {told}"


def _is_due(connection: Connection, run: ledger.Run, settings: Settings, now: datetime) -> bool:
    """Mark what was lost; say whether the run is to be closed now.

    It is when its steps are done, its deadline has passed, or nobody has worked for it as long as its lease lasts.
    """
    rows = [row for row in ledger.step_runs(connection, run.id) if row["step"] != STORE]
    lost_before = now - timedelta(seconds=settings.lost_after_seconds)
    for row in rows:
        if row["status"] == "running" and row["heartbeat_at"] < lost_before:
            ledger.finish_step(
                connection,
                run.id,
                row["step"],
                row["attempt"],
                status="lost",
                reason="lost",
                now=now,
                error=f"process {row['pid']} on {row['worker']} was last heard at {row['heartbeat_at']:%H:%M:%S} UTC",
            )
    if now >= run.deadline_at or lease.ran_out(connection, run.id, now):
        return True
    grace = now - timedelta(seconds=settings.store_grace_seconds)
    return bool(rows) and all(row["finished_at"] is not None and row["finished_at"] < grace for row in rows)


def last_look(settings: Settings, *, now: datetime) -> datetime:
    """When the watchdog of this data directory last looked. Raises ConfRadarError if that is too long ago."""
    mark = settings.data_dir / MARK
    looked = datetime.fromtimestamp(mark.stat().st_mtime, UTC) if mark.exists() else None
    if looked is None or now - looked > timedelta(seconds=2 * settings.watchdog_seconds + LOOK_SECONDS):
        told = f"looked last at {looked:%Y-%m-%d %H:%M:%S} UTC" if looked else "never looked"
        raise ConfRadarError(
            f"The watchdog of {settings.data_dir} {told}. Its log says why; start `confradar watchdog`."
        )
    return looked


def keep_watching(settings: Settings, say: Callable[[str], None]) -> None:
    """Look each minute (`watchdog_seconds`) until the process is told to end. A database that is away is waited for.

    Each look that came to its end leaves a mark in the data directory, for `last_look`.
    """
    since = now_utc()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            with database.transaction(settings.database) as connection:
                now = database.clock(connection)
                over = with_database(connection, settings, now=now)
            for line in [*over, *watch(settings, since=since, now=now)]:
                say(line)
            deliver(settings)  # by the outbox alone: no broker need be there
            (settings.data_dir / MARK).touch()
        except ConfRadarError as error:
            say(f"cannot look: {error}")
            if isinstance(error, DatabaseUnavailable):
                for line in without_database(settings, error, now=now_utc()):
                    say(line)
        time.sleep(settings.watchdog_seconds)
