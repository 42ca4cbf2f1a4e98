"""Commands for who looks after an installation: config, db."""

from __future__ import annotations

import json

import click

from confradar import environment, steps
from confradar import settings as configuration
from confradar.masking import masked
from confradar.sources.base import readers
from confradar.storage import database, dumping, rights


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def config(as_json: bool) -> None:
    """Print the effective settings, secrets masked."""
    shown = configuration.load().shown()
    for name in readers():
        for field, value in environment.source_overrides(name).items():
            shown[f"source_{name}_{field}"] = masked(value)
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2, default=str))
        return
    for name, value in shown.items():
        written = ",".join(f"{part:g}" for part in value) if isinstance(value, tuple) else value
        click.echo(f"{configuration.variable(name)}={written}")


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the tables up to date. Also the role of CONFRADAR_READERS_DATABASE_URL, if that is set."""
    settings = configuration.load()
    steps.upgrade(settings.database)
    click.echo(f"{masked(settings.database)}: at revision {database.revision(settings.database)}", err=True)
    if settings.readers_database_url:
        role = rights.let_read(settings.database, settings.readers_database)
        click.echo(f"the role {role} may read what readers are shown", err=True)


@db.command()
def dump() -> None:
    """Print what is believed. One JSON object a line: conferences, deadlines, claims, changes.

    By natural keys, sorted, without numbers of rows and times of the clock: two databases that believe the same print
    the same, as after `confradar replay` of the same nights.
    """
    url = configuration.load().database
    steps.prepare(configuration.load())
    with database.reading(url) as connection:
        for line in dumping.dump(connection):
            click.echo(line)
