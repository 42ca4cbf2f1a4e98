"""The watchdog: finishes what the chord left open and notices nights that did not come; on the database alone."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from confradar.deadlines.listing import printable
from confradar.errors import ConfRadarError, DatabaseUnavailable
from confradar.settings import Settings
from confradar.sources.base import readers
from confradar.steps.nights import night_state
from confradar.steps.runs import STORE, now_utc
from confradar.steps.storing import store_run
from confradar.storage import alerts, database, ledger, outputs

MISSING, LATE = "night missing", "night late"

log = logging.getLogger(__name__)


def watch(settings: Settings, *, since: datetime, now: datetime) -> list[str]:
    """Look once: mark lost steps, close runs, open and resolve alerts. Returns what was done, one line each.

    `since` is when this watchdog began: a night before that is missed only if an earlier one ever ran.
    """
    done = []
    with database.transaction(settings.database) as connection:
        runs = ledger.unfinished(connection)
        due = [run for run in runs if _is_due(connection, run, settings, now)]
        done += _nights(connection, settings, since=since, now=now)
        done += _silent_sources(connection, settings, now=now)
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
                    message = printable(f"could not be stored: {type(error).__name__}: {error}")
                    ledger.finish_run(connection, run.id, status="failed", now=now, message=message)
    return done


def _is_due(connection: Connection, run: ledger.Run, settings: Settings, now: datetime) -> bool:
    """Mark what was lost; say whether the run is to be closed now: its steps are done, or its deadline has passed."""
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
    if now >= run.deadline_at:
        return True
    grace = now - timedelta(seconds=settings.store_grace_seconds)
    return bool(rows) and all(row["finished_at"] is not None and row["finished_at"] < grace for row in rows)


def _nights(connection: Connection, settings: Settings, *, since: datetime, now: datetime) -> list[str]:
    """Open an alert for a night that is missing or began late; resolve those that are over."""
    night = night_state(connection, settings, now=now, since=since)
    done = []
    for condition, so in ((MISSING, night.missing), (LATE, night.late)):
        if not so:
            alerts.resolve(connection, condition, now=now)
        elif alerts.open_alert(connection, condition, night.trouble, now=now):
            done.append(f"alert {condition}: {night.trouble}")
    return done


def _silent_sources(connection: Connection, settings: Settings, *, now: datetime) -> list[str]:
    """Open an alert for each source that gave nothing good for some days; resolve those of sources that do again."""
    done = []
    for name in readers():
        condition = f"source silent: {name}"
        good = outputs.last_kept_at(connection, name)
        if good is None or now - good < timedelta(days=settings.silent_days):
            alerts.resolve(connection, condition, now=now)
            continue
        detail = f"{name} has given nothing good since {good:%Y-%m-%d %H:%M} UTC; see `confradar runs --source {name}`"
        if alerts.open_alert(connection, condition, detail, now=now):
            done.append(f"alert {condition}: {detail}")
    return done


def keep_watching(settings: Settings, say: Callable[[str], None]) -> None:
    """Look each minute (`watchdog_seconds`) until the process is told to end. A database that is away is waited for."""
    since = now_utc()
    while True:
        try:
            with database.reading(settings.database) as connection:
                now = database.clock(connection)
            for line in watch(settings, since=since, now=now):
                say(line)
        except ConfRadarError as error:
            say(f"cannot look: {error}")
        time.sleep(settings.watchdog_seconds)
