"""Commands that run again from the archive: replay, backfill."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from confradar import settings as configuration
from confradar import steps
from confradar.cli import tables
from confradar.cli.running import EXIT_CODES, busy_option, by_option
from confradar.masking import masked
from confradar.settings import Settings
from confradar.storage import database

into_option = click.option("--into", metavar="URL", help="Another database, made ready if it is empty.")


@click.command()
@click.argument("run")
@into_option
@busy_option
@by_option
def replay(run: str, into: str | None, if_busy: str, by: str) -> None:
    """Read a run again from its archive, without network, e.g. `confradar replay nightly:2026-11-24`.

    Its pages go through today's spiders and are stored at the instant of that run: nothing newer is overwritten. Checks
    report and hold nothing. With unchanged code the result is the same: nights that are replayed in order into an empty
    database (`--into sqlite:///again.sqlite`) give the same `confradar db dump`. Exit codes as of `confradar crawl`.
    """
    settings, console = chosen(into), tables.messages()
    console.print(f"database {masked(settings.database)} · archive {settings.archive_dir}", soft_wrap=True)
    done = steps.replay(run, settings, by=by, if_busy=if_busy, say=console.print)
    tables.figures(console, done)
    sys.exit(EXIT_CODES.get(done.status, 1))


@click.command()
@click.option("--from", "first", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The first day.")
@click.option("--to", "last", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The last day, included.")
@click.option("--source", metavar="NAME", help="Only this source.")
@click.option("--pause", type=click.FloatRange(min=0), default=1, show_default=True, help="Seconds between two parts.")
@by_option
def backfill(first: datetime, last: datetime, source: str | None, pause: float, by: str) -> None:
    """Read the nights of some days again from the archive, e.g. `backfill --from 2026-11-20 --to 2026-11-22`.

    One source of one day at a time, each at the instant of its night: nothing newer is overwritten, and what was missed
    is added to the history with a mark. Called again, it does only what is missing or failed. Days of which the archive
    has nothing are named and skipped. Exit codes: 0 done, 1 failed, 2 usage or refused, 3 some parts failed.
    """
    settings, console = chosen(None), tables.messages()
    done, _ = steps.backfill(
        first.date(), last.date(), settings, source=source, by=by, pause=pause,
        say=lambda told: console.print(told, soft_wrap=True),
    )  # fmt: skip
    tables.figures(console, done)
    sys.exit(EXIT_CODES.get(done.status, 1))


def chosen(into: str | None) -> Settings:
    """The settings, with that database instead of theirs if one is named; its tables are made if it has none."""
    settings = configuration.load(**({"CONFRADAR_DATABASE_URL": into} if into else {}))
    if into and database.revision(settings.database) is None:
        steps.upgrade(settings.database)
    steps.prepare(settings)
    return settings
