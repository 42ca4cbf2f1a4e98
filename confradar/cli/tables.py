"""What the store says, as tables for a terminal. Without a terminal: the same columns, no control codes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from confradar.cli.following import COLOURS
from confradar.deadlines.selection import Selection
from confradar.deadlines.words import ORDER, counted, moved, number, once, once_zoned, span_of, what
from confradar.settings import Settings
from confradar.storage import answers, database, ledger, selecting

STYLES = {"earlier": "bold red", "withdrawn": "bold red", "later": "green", "zone": "yellow", "disputed": "yellow"}
PIPE_WIDTH = 1000  # of a pipe: no line is cut or folded


def output() -> Console:
    """Standard output; in a pipe as wide as the tables need."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def messages() -> Console:
    """Standard error, for what is no data; in a pipe no line is folded."""
    console = Console(stderr=True, highlight=False)
    return console if console.is_terminal else Console(stderr=True, highlight=False, width=PIPE_WIDTH)


def show(console: Console, table: Table) -> None:
    """Print a table; in a pipe without the blanks that fill its last column."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as caught:
        console.print(table)
    for line in caught.get().splitlines():
        console.out(line.rstrip(), highlight=False)


def plain(*columns: str) -> Table:
    """A table with hairlines only."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:  # the first one stays whole on a narrow terminal: it is what one looks for
        table.add_column(column, overflow="fold", no_wrap=column == columns[0])
    return table


def figures(console: Console, run: ledger.Run) -> None:
    """Say what a run stored, in one or two lines."""
    found = run.statistics or {}
    head = Text(f"run {run.key}: ").append(run.status, style=COLOURS.get(run.status, ""))
    console.print(head.append(f", {run.message}" if run.message else ""), soft_wrap=True)
    if found:
        told = [f"{number(found[name])} {name}" for name in ("total", "created", "updated", "unchanged", "rejected")]
        moves = [f"{number(found['moves'][name])} {name}" for name in ORDER if found["moves"].get(name)]
        fresh = counted(found["new_conferences"], "new conference")
        console.print(
            f"listings: {', '.join(told)} · {fresh} · moves: {', '.join(moves) or 'none'}",
            soft_wrap=True,
        )


def coming(settings: Settings, asked: Selection, *, now: datetime) -> None:
    """Print the deadlines of a selection."""
    with database.reading(settings.database) as connection:
        rows, newest = selecting.gates(connection, asked, now=now).rows, answers.last_deadline(connection)
    show_coming(rows, now, newest)


def show_coming(rows: list[dict[str, Any]], now: datetime, newest: datetime | None) -> None:
    """Print deadlines: how long is left · what · when · as published · how sure. `newest` is the store's last one."""
    console = output()
    if not rows:
        hint = "`confradar crawl` reads the sources."
        if newest and newest < now:
            before = newest - timedelta(days=30)
            hint = f"The last one was on {newest:%d %b %Y}: `confradar list --now {before:%Y-%m-%d}` counts from there."
        console.print(f"No deadline is known that comes after {now:%a %d %b %Y %H:%M} UTC. {hint}", soft_wrap=True)
        return
    table = plain("left", "what", "safe date (UTC)", "as published", "verdict", "sources")
    for row in rows:
        table.add_row(
            left(row["safe_at"], now),
            Text(what(row)),
            when(row["earliest"], row["latest"], row["safe_at"]),
            Text(published(row)),
            Text(row["verdict"], style=STYLES.get(row["verdict"], "")),
            sources(row["claims"]),
        )
    show(console, table)


def changes(
    settings: Settings,
    *,
    limit: int,
    run_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> None:
    """Print what moved, earlier ones first."""
    with database.reading(settings.database) as connection:
        rows = answers.recent_changes(
            connection,
            since=since or datetime.min.replace(tzinfo=UTC),
            until=until,
            limit=500,
            run_id=run_id,
            urgent_first=True,
        )
    show_changes([row for row in rows if row["direction"] and row["field"] != "conference"][:limit])


def show_changes(rows: list[dict[str, Any]]) -> None:
    """Print changes of dates: the direction · what · what was · what is · who says so."""
    console = output()
    if not rows:
        console.print("No date has moved.")
        return
    table = plain("moved", "what", "was", "is now", "source")
    for row in once(sorted(rows, key=lambda row: ORDER.index(row["direction"]))):
        table.add_row(
            Text(moved(row), style=STYLES.get(row["direction"], "")),
            Text(what(row)),
            Text(once_zoned(row["before"] or "–")),
            Text(once_zoned(row["after"] or "–")),
            Text(row["source"] or "several"),
        )
    show(console, table)


def left(instant: datetime, now: datetime) -> str:
    """ "8 days", "5 hours", "today's edge has passed" for a range that is still open somewhere."""
    return span_of(instant - now) if instant > now else "still open somewhere"


def when(earliest: datetime | None, latest: datetime | None, safe: datetime | None) -> str:
    """The safe date with weekday; of a range, how far it reaches."""
    if safe is None:
        return "not known"
    shown = f"{safe:%a %d %b %Y %H:%M}"
    return shown if earliest == latest or latest is None else f"{shown} … {latest:%a %d %b %H:%M}"


def published(row: dict[str, Any]) -> str:
    """The words of the most exact claim of a gate, with the zone as written."""
    dated = [claim for claim in row["claims"] if claim["earliest"] and not claim["estimated"]]
    if not dated:
        return ""
    best = min(dated, key=lambda claim: (claim["latest"] - claim["earliest"], claim["earliest"]))
    zone, words = best["zone_text"], str(best["text"])
    return words if zone and zone in words else once_zoned(f"{words} {zone or '(no zone)'}")


def sources(claims: Iterable[dict[str, Any]]) -> str:
    """Who says it, each once."""
    return ", ".join(sorted({claim["source"] for claim in claims}))
