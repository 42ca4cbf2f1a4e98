"""Tables for a terminal. Without a terminal: the same columns, no control codes, and lines that are whole."""

from __future__ import annotations

from typing import NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from confradar.cli.following import COLOURS
from confradar.deadlines.words import ORDER, counted, number
from confradar.storage import ledger

PIPE_WIDTH = 1000  # of a pipe: no line is cut or folded


class _Output(Console):
    """Standard output, whose reader may leave at any line: that is no failure."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def output() -> Console:
    """Standard output; in a pipe as wide as the tables need."""
    console = _Output(highlight=False)
    return console if console.is_terminal else _Output(highlight=False, width=PIPE_WIDTH)


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
