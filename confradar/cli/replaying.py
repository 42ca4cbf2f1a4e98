"""Commands that run again from the archive: replay."""

from __future__ import annotations

import sys

import click

from confradar import settings as configuration
from confradar import steps
from confradar.cli import tables
from confradar.cli.running import EXIT_CODES, busy_option, by_option
from confradar.settings import Settings, masked
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


def chosen(into: str | None) -> Settings:
    """The settings, with that database instead of theirs if one is named; its tables are made if it has none."""
    settings = configuration.load(**({"CONFRADAR_DATABASE_URL": into} if into else {}))
    if into and database.revision(settings.database) is None:
        steps.upgrade(settings.database)
    steps.prepare(settings)
    return settings
