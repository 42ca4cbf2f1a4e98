"""The command `alerts`: what is wrong, what was, and whether word of it would arrive."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click
from rich.table import Table
from rich.text import Text

from confradar import steps
from confradar.cli import tables
from confradar.cli.reading import json_option, opened, print_json
from confradar.storage import alerts as kept
from confradar.storage import database

LIMIT = 20


@click.group(invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1, 500), default=LIMIT, show_default=True)
@json_option
@click.pass_context
def alerts(context: click.Context, limit: int, as_json: bool) -> None:
    """Show what is wrong now, then what was, the newest first.

    The watchdog opens and ends them, and writes to the addresses in CONFRADAR_ALERT_TO (several with spaces between):
    when one opens, once a day while it lasts, and when it is over.
    """
    if context.invoked_subcommand:
        return
    settings = opened()
    with database.reading(settings.database) as connection:
        found = kept.recent(connection, limit=limit)
    if as_json:
        print_json([asdict(one) for one in found])
    elif found:
        table = Table("since", "until", "what", "told", box=None, pad_edge=False)
        for one in found:
            until = f"{one.resolved_at:%d %b %H:%M}" if one.resolved_at else Text("still", style="red")
            told = f"{one.last_sent_at:%d %b %H:%M}" if one.last_sent_at else "nobody"
            table.add_row(f"{one.opened_at:%d %b %H:%M}", until, Text(f"{one.condition}: {one.detail}"), told)
        tables.output().print(table)
    else:
        click.echo("Nothing is wrong, nor was.")


@alerts.command()
@json_option
def test(as_json: bool) -> None:
    """Send each address of CONFRADAR_ALERT_TO a message. Say what came of it.

    Exit code 1 if any did not take it.
    """
    said = steps.test_alerts(opened())
    if as_json:
        print_json([asdict(one) for one in said])
    else:
        for one in said:
            click.echo(f"{one.address}: {one.error or 'taken'}")
    sys.exit(1 if any(one.error for one in said) else 0)
