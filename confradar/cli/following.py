"""Follow a run in the ledger: one live line per step on a terminal, plain lines in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from confradar import steps
from confradar.deadlines.words import counted, number, seconds
from confradar.errors import BrokerUnavailable, DatabaseUnavailable
from confradar.masking import masked
from confradar.settings import Settings
from confradar.storage import database, lease, ledger

POLL_SECONDS = 0.25
DATABASE_PATIENCE = 60  # seconds without an answer
GIVEN_UP_BY: dict[type[BaseException], str] = {
    KeyboardInterrupt: "Ctrl-C",
    SystemExit: "SIGTERM",
    BrokerUnavailable: "confradar, as no worker began it",
}
COLOURS = {  # of runs and steps; what is not named here has not begun
    "ok": "green",
    **dict.fromkeys(("partial", "degraded", "quarantined", "cancelled", "superseded", "skipped"), "yellow"),
    **dict.fromkeys(("failed", "lost"), "red"),
    "running": "cyan",
}


def follow(
    key: str,
    settings: Settings,
    console: Console,
    *,
    tend: Callable[[], None] | None = None,
    absent: Callable[[], None] = lambda: None,
    forget: Callable[[str], None] = lambda _by: None,
    patience: float = 30,
) -> ledger.Run:
    """Show a run until it is closed, and return it.

    Ctrl-C and SIGTERM end its crawls as a limit does, and what has come is stored; a second one leaves at once.

    One that waits for another run says so. `tend` is called at each look, `absent` as long as there is no such run.
    Raises BrokerUnavailable if it does not appear within `patience` seconds in which no other run has the workers in
    hands. `forget` is called then, and when Ctrl-C or SIGTERM ends the wait, with the word for who gave it up.
    """
    try:
        _appear(key, settings, console, absent, patience)
    except (BrokerUnavailable, KeyboardInterrupt, SystemExit) as left:
        forget(GIVEN_UP_BY[type(left)])
        raise
    return _until_closed(key, settings, console, tend)


def _until_closed(key: str, settings: Settings, console: Console, tend: Callable[[], None] | None) -> ledger.Run:
    """Show a run that is in the ledger until it is closed, and return it."""
    shown: dict[str, str] = {}
    waits = ""
    heard = time.monotonic()
    live = Live(console=console, auto_refresh=False, transient=False) if console.is_terminal else None
    stopped_by = ""
    with live or nullcontext():
        while True:
            try:
                with database.reading(settings.database) as connection:
                    run = ledger.find(connection, key)
                    rows = ledger.step_runs(connection, run.id)
                if run.waits and run.message != waits:
                    waits = run.message or ""
                    console.print(Text(f"{waits}; Ctrl-C gives up"), soft_wrap=True)
                if live:
                    live.update(_table(rows), refresh=True)
                else:
                    _lines(rows, shown, console)
                if run.status in ledger.FINAL_RUN:
                    return run
                heard = time.monotonic()
                if stopped_by:
                    _end(run, rows, settings, by=stopped_by)
                if tend:
                    tend()
                time.sleep(POLL_SECONDS)
            except DatabaseUnavailable:  # it may only restart
                if time.monotonic() - heard > DATABASE_PATIENCE:
                    raise
                time.sleep(1)
            except (KeyboardInterrupt, SystemExit) as stop:
                if stopped_by:
                    raise
                stopped_by = GIVEN_UP_BY[type(stop)]
                console.print("stopping: what has come is stored; Ctrl-C again leaves at once", style="yellow")


def _end(run: ledger.Run, rows: list[dict[str, Any]], settings: Settings, *, by: str) -> None:
    """Bring an interrupted run nearer to its end: one that waits for another is cancelled, else what came is stored."""
    if run.waits:
        steps.cancel(run.key, settings, by=by)
    elif run.stopping_at is None:
        with database.transaction(settings.database) as connection:
            ledger.stop(connection, run.key, now=steps.now_utc())
    elif all(row["finished_at"] for row in rows if row["step"] != steps.STORE):
        steps.store_run(run.key, settings, by=by)


def _appear(key: str, settings: Settings, console: Console, absent: Callable[[], None], patience: float) -> None:
    """Wait until a worker has begun the run of that key. Says which other run is going meanwhile."""
    until, told = time.monotonic() + patience, ""
    while True:
        try:
            with database.reading(settings.database) as connection:
                if ledger.get(connection, key):
                    return
                going = lease.going(connection, now=database.clock(connection))
        except DatabaseUnavailable:  # it may only restart
            if time.monotonic() > until:
                raise
            time.sleep(1)
            continue
        if going:
            until = time.monotonic() + patience
            if going.key != told:
                told = going.key
                since = f"{going.started_at:%Y-%m-%d %H:%M} UTC"
                console.print(Text(f"sent; run {told} is going since {since}; Ctrl-C gives up"), soft_wrap=True)
        elif time.monotonic() > until:
            where = masked(settings.database)
            raise BrokerUnavailable(
                f"No worker has begun {key}: all are busy, or they write to another database than {where}."
            )
        absent()
        time.sleep(POLL_SECONDS)


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for row in rows:
        name, state, fact = _words(row)
        table.add_row(name, Text(state, style=COLOURS.get(row["status"], "dim")), Text(fact))
    return table


def _lines(rows: list[dict[str, Any]], shown: dict[str, str], console: Console) -> None:
    for row in rows:
        name, state, fact = _words(row)
        told = state if row["finished_at"] is None else f"{state} {fact}"
        if shown.get(name) != told:
            shown[name] = told
            console.print(Text(f"{name:<15} {state:<10} {fact}".rstrip()), soft_wrap=True)


def _words(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Name, state and fact of a step: "wikicfp", "done", "96 pages  1 840 listings  3 rejected  8 m 04 s"."""
    name = row["step"].removesuffix("_conferences")
    state = {"ok": "done", "running": "reading"}.get(row["status"], row["status"])
    if row["step"] == steps.STORE:
        state = {"running": "storing"}.get(row["status"], state)
        return name, state, counted(row["count"], "listing") if row["count"] is not None else ""
    if row["status"] == "queued" and row["attempt"] > 1:
        return name, "waiting", f"for attempt {row['attempt']}, from {row['queued_at']:%H:%M:%S} UTC"
    if row["finished_at"] is None:
        progress = row["progress"] or {}
        return name, state, f"{_pages(progress)}  {counted(progress['listings'], 'listing')}" if progress else ""
    data = row["metadata"] or {}
    parts = [_pages(data), counted(row["count"] or 0, "listing")]
    if data.get("rejected"):
        parts.append(f"{number(data['rejected'])} rejected")
    parts.append(seconds((row["finished_at"] - row["started_at"]).total_seconds() if row["started_at"] else 0))
    reason = (row["reason"] or "").replace("_", " ")
    if data.get("expected"):
        state, reason = "done", "as far as expected"
    told = [part for part in (reason, row["error"]) if part]
    return name, state, "  ".join([*parts, ": ".join(told)] if told else parts)


def _pages(counts: Mapping[str, Any]) -> str:
    """ "1 page", "96 pages"."""
    return counted(counts.get("pages", 0), "page")
