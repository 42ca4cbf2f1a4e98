"""`make truth`: how right the dates, moves and identities are, on real data. Exit code 1 if a figure is missed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import editions, instants, mistakes, moves, pages, speed
from .table import Row

COMMITTED = Path(__file__).resolve().parent / "committed"
SHOWN = 10  # differences of a row


def measured(corpus: Path | None) -> Iterator[Row]:
    """All rows, on the corpus; without one, on the cases that are committed here, in the same layout."""
    if corpus:
        yield from pages.rows(corpus)
    for part in (instants, mistakes, moves):
        yield from part.rows(corpus or COMMITTED)
    if corpus:
        yield from editions.rows(corpus)
        yield editions.order(corpus)
    yield speed.row()


def corpus() -> Path | None:
    """The folder of labelled data, if it is there."""
    place = Path(os.environ.get("CONFRADAR_CORPUS", COMMITTED.parents[3] / "shared" / "corpus"))
    return place if place.is_dir() else None


def main() -> int:
    """Print the table; returns the exit code."""
    place = corpus()
    console = Console(width=None if sys.stdout.isatty() else 180)
    table = Table(title="How right ConfRadar is", box=None, header_style="bold", pad_edge=False)
    for name in ("", "what", "on", "must reach", "reached"):
        table.add_column(name, overflow="fold")
    rows = list(measured(place))
    for row in rows:
        mark = Text("✗", style="red") if row.missing else Text("✓", style="green")
        left = f" ({row.left_out:,} cases left out)" if row.left_out > 0 else ""
        table.add_row(mark, row.what, row.on, row.must, Text(row.reached + left))
    console.print(table)
    for row in rows:
        for missing in row.missing[:SHOWN]:
            console.print(Text(f"✗ {row.what}, {row.on}: {missing}"), soft_wrap=True)
    if place is None:
        console.print("The corpus is not here (CONFRADAR_CORPUS names its place); the committed cases were measured.")
        console.print("Left out: all records and facts of pages, all identities, and what the rows say.")
    return int(any(row.missing for row in rows))


if __name__ == "__main__":
    sys.exit(main())
