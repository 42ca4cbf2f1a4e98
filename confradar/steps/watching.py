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
from confradar.sources.base import readers, step_of
from confradar.steps.nights import night_state
from confradar.steps.runs import STORE, now_utc
from confradar.steps.storing import store_run
from confradar.storage import alerts, database, history, lease, ledger, outputs

MISSING, LATE, FAILED = "night missing", "night late", "night failed"
SILENT, ALL_SILENT = "source silent", "source silent: all"
DAY = timedelta(days=1)
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
        done += _conditions(connection, settings, since=since, now=now)
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


def _conditions(connection: Connection, settings: Settings, *, since: datetime, now: datetime) -> list[str]:
    """Open an alert for each condition that is so, once; resolve those that are over. One line for each."""
    night = night_state(connection, settings, now=now, since=since)
    failed = _failed_night(connection)
    troubles = {
        MISSING: night.trouble if night.missing else "",
        LATE: night.trouble if night.late else "",
        FAILED: failed,
        **_silence(connection, settings, now=now),
    }
    # Nights that do not come, give nothing or are not wanted leave every source without anything new.
    explained = bool(night.missing or failed or night.pause)
    done = []
    for condition, trouble in troubles.items():
        if not trouble:
            if alerts.resolve(connection, condition, now=now):
                done.append(f"alert over: {condition}")
        elif explained and condition.startswith(SILENT):
            continue
        elif alerts.open_alert(connection, condition, trouble, now=now):
            done.append(f"alert {condition}: {trouble}")
    return done


def _failed_night(connection: Connection) -> str:
    """What is wrong if the newest night that is over failed, and no run since then has stored anything."""
    nights = history.runs(connection, trigger="schedule", status=ledger.FINAL_RUN, limit=1)
    good = history.runs(connection, status=("ok", "partial"), whole_only=True, limit=1)
    if not nights or nights[0].status != "failed" or (good and good[0].id > nights[0].id):
        return ""
    return f"run {nights[0].key} failed; see `confradar runs show {nights[0].key}`"


def _silence(connection: Connection, settings: Settings, *, now: datetime) -> dict[str, str]:
    """By condition, what is wrong with sources that were tried and gave nothing good for some days; empty if well.

    All at once are one condition. A source that others outlived by a day is one of its own.
    """
    given = {name: outputs.last_kept_at(connection, name) for name in readers()}
    good = {name: at for name, at in given.items() if at}
    newest, patience = max(good.values(), default=now), timedelta(days=settings.silent_days)
    silent = {
        name: f"{name} has given nothing good since {at:%Y-%m-%d %H:%M} UTC; see `confradar runs --source {name}`"
        for name, at in good.items()
        if now - at >= patience and history.tried_since(connection, step_of(name), at)
    }
    together = [name for name in silent if newest - good[name] < DAY]
    at_once = f"no source has given anything good since {newest:%Y-%m-%d %H:%M} UTC; see `confradar runs`"
    return {
        ALL_SILENT: at_once if together and now - newest >= patience else "",
        **{f"{SILENT}: {name}": "" if name in together else silent.get(name, "") for name in given},
    }


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
            with database.reading(settings.database) as connection:
                now = database.clock(connection)
            for line in watch(settings, since=since, now=now):
                say(line)
            (settings.data_dir / MARK).touch()
        except ConfRadarError as error:
            say(f"cannot look: {error}")
        time.sleep(settings.watchdog_seconds)
