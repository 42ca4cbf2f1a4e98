"""What the store says, as tables for a terminal. Without a terminal: the same columns, no control codes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from confradar.cli.following import number
from confradar.deadlines.conference import Direction
from confradar.settings import Settings
from confradar.storage import answers, database, ledger

STYLES = {"earlier": "bold red", "later": "green", "zone": "yellow", "disputed": "yellow"}
# Earlier first: it is the one that costs a paper.
ORDER = [
    Direction.EARLIER,
    Direction.WITHDRAWN,
    Direction.ZONE,
    Direction.NARROWED,
    Direction.ANNOUNCED,
    Direction.LATER,
    Direction.WIDENED,
    Direction.NEW,
]
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
    style = {"ok": "green", "partial": "yellow"}.get(run.status, "red")
    console.print(f"run {run.key}: [{style}]{run.status}[/{style}]", soft_wrap=True)
    if found:
        told = [f"{number(found[name])} {name}" for name in ("total", "created", "updated", "unchanged", "rejected")]
        moves = [f"{number(found['moves'][name])} {name}" for name in ORDER if found["moves"].get(name)]
        conferences_ = f"{number(found['new_conferences'])} new conferences"
        console.print(
            f"listings: {', '.join(told)} · {conferences_} · moves: {', '.join(moves) or 'none'}",
            soft_wrap=True,
        )


def coming(settings: Settings, *, now: datetime, limit: int) -> None:
    """Print the deadlines coming next."""
    with database.reading(settings.database) as connection:
        rows = answers.coming(connection, now=now, limit=limit)
    show_coming(rows, now)


def show_coming(rows: list[dict[str, Any]], now: datetime) -> None:
    """Print deadlines: how long is left · what · when · as published · how sure."""
    console = output()
    if not rows:
        console.print(
            f"No deadline is known that comes after {now:%a %d %b %Y %H:%M} UTC. `confradar crawl` reads the sources."
        )
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
    for row in _once(sorted(rows, key=lambda row: ORDER.index(row["direction"]))):
        table.add_row(
            Text(moved(row), style=STYLES.get(row["direction"], "")),
            Text(what(row)),
            Text(once_zoned(row["before"] or "–")),
            Text(once_zoned(row["after"] or "–")),
            Text(row["source"] or "several"),
        )
    show(console, table)


def _once(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each gate, direction and run, in the order of the first: the most exact words, and who else says so.

    Words with an hour and a zone are the longer ones.
    """
    gates: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        gate = tuple(row.get(name) for name in ("slug", "kind", "round", "track", "direction", "run_id"))
        gates.setdefault(gate, []).append(row)
    told = []
    for same in gates.values():
        exact = max(same, key=lambda row: len(row["after"] or row["before"] or ""))
        others = sorted({row["source"] or "several" for row in same} - {exact["source"]})
        told.append({**exact, "source": ", ".join([exact["source"] or "several", *others])})
    return told


def moved(row: dict[str, Any]) -> str:
    """ "23 hours EARLIER", "7 days later", "new"."""
    direction = str(row["direction"])
    if direction not in ("earlier", "later") or not (row["before_at"] and row["after_at"]):
        return direction
    span = span_of(abs(row["after_at"] - row["before_at"]))
    return f"{span} {'EARLIER' if direction == 'earlier' else 'later'}"


def what(row: dict[str, Any]) -> str:
    """ "ICML 2026 · submission, round 2"."""
    name = row.get("acronym") or row["title"]
    name = name if str(row.get("year", "")) in name else f"{name} {row.get('year', '')}".strip()
    gate = str(row["kind"] or "").replace("_", " ")
    extra = [f"round {row['round']}"] if row.get("round") else []
    extra += [row["track"]] if row.get("track") else []
    return " · ".join([name, ", ".join([gate, *extra])]) if gate else name


def left(instant: datetime, now: datetime) -> str:
    """ "8 days", "5 hours", "today's edge has passed" for a range that is still open somewhere."""
    return span_of(instant - now) if instant > now else "still open somewhere"


def span_of(span: timedelta) -> str:
    """A span in its largest sensible unit."""
    minutes = round(span.total_seconds() / 60)
    for name, size in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * size or (name == "hour" and minutes >= size):
            count = minutes // size
            return f"{count} {name}{'s' if count != 1 else ''}"
    return f"{minutes} min"


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


def once_zoned(words: str) -> str:
    """ "2026-03-05T22:00:00Z UTC" as "2026-03-05T22:00:00Z": its last letter has said it."""
    return words.removesuffix(" UTC") if words.endswith("Z UTC") else words


def sources(claims: Iterable[dict[str, Any]]) -> str:
    """Who says it, each once."""
    return ", ".join(sorted({claim["source"] for claim in claims}))
