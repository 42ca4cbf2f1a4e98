"""The command that shows what the steps of a run logged."""

from __future__ import annotations

import json
import logging
import sys
import time
from dataclasses import asdict

import click
from rich.console import Console
from rich.text import Text

from confradar.cli import tables
from confradar.cli.reading import opened
from confradar.errors import UnknownName
from confradar.logs import LEVELS, written
from confradar.storage import database, history, ledger
from confradar.storage import logs as kept

POLL_SECONDS = 0.5
INDENT = "    "
STYLES = {"DEBUG": "dim", "INFO": "", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}


@click.command()
@click.argument("key")
@click.argument("step", required=False)
@click.option("--attempt", type=click.IntRange(min=1), help="Show only this attempt.")
@click.option(
    "--level", type=click.Choice([*LEVELS], case_sensitive=False), default="DEBUG", help="Show no lower level."
)
@click.option("--follow", "-f", is_flag=True, help="Go on until the run is closed.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each line.")
def logs(key: str, step: str | None, attempt: int | None, level: str, follow: bool, as_json: bool) -> None:
    """Show what a run logged, or one of its steps, e.g. `confradar logs nightly:2026-11-24 elra --level WARNING`.

    With --follow it goes on until the run is closed.
    """
    settings, console = opened(), tables.output()
    cursor, shown = kept.START, 0
    try:
        while True:
            with database.reading(settings.database) as connection:
                run = history.resolve(connection, key)
                name = _named(step, run) if step else None
                page = kept.read(connection, run.id, name, attempt, level=LEVELS[level], after=cursor, limit=kept.PAGE)
            for record in page.records:
                _show(record, console, as_json=as_json, alone=name is not None)
            cursor, shown = page.cursor, shown + len(page.records)
            if page.records:
                continue
            if not follow or run.status in ledger.FINAL_RUN:
                break
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        sys.exit(130)
    if not shown:
        tables.messages().print(f"Nothing was logged at {level} or above.", style="dim")


def _named(step: str, run: ledger.Run) -> str:
    """The run's step of that name, or of that source."""
    for name in run.steps:
        if step in (name, name.removesuffix("_conferences")):
            return name
    raise UnknownName(f"The run {run.key} has no step {step!r}; it has {', '.join(run.steps)}.")


def _show(record: kept.Record, console: Console, *, as_json: bool, alone: bool) -> None:
    """Print a record; of more than one line, the others indented."""
    level = logging.getLevelName(record.level)
    if as_json:
        fields = {**asdict(record), "at": written(record.at), "level": level}
        del fields["written"]
        click.echo(json.dumps(fields, ensure_ascii=False))
        return
    step = record.step.removesuffix("_conferences") + (f"#{record.attempt}" if record.attempt > 1 else "")
    where = record.logger if alone else f"{step} {record.logger}"
    line = f"{written(record.at)} {level:<8} {where} " + record.text.replace("\n", f"\n{INDENT}")
    if console.is_terminal:
        console.print(Text(line, style=STYLES[level]), soft_wrap=True)
    else:
        click.echo(line)
