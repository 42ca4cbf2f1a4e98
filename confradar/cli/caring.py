"""Commands for who looks after an installation: doctor, config, db."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import click
from rich.text import Text

from confradar import app, steps
from confradar import settings as configuration
from confradar.cli import tables
from confradar.cli.running import check_sources
from confradar.errors import BrokerUnavailable, ConfRadarError
from confradar.settings import Settings, masked
from confradar.sources.base import readers
from confradar.storage import alerts, database, history

DISK_MIN = 500 * 1024 * 1024


class Finding(NamedTuple):
    """One line of the doctor: what was looked at, whether it is well, and what to know or do."""

    name: str
    ok: bool
    detail: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> None:
    """Find what is wrong: database, migrations, broker, workers, alerts, disk, settings.

    Each line is ok, or says the one thing to do. Exit code 1 if any is not.
    """
    settings = configuration.load()
    findings = list(examine(settings))
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], ensure_ascii=False, indent=2))
    else:
        console = tables.output()
        for finding in findings:
            mark = Text("ok    ", style="green") if finding.ok else Text("not ok", style="red")
            console.print(mark.append(f"  {finding.name:<11} {finding.detail}", style="default"), soft_wrap=True)
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at each part of the installation; what cannot be looked at is not ok, with the reason."""
    checks: dict[str, Callable[[Settings], str]] = {
        "database": _database,
        "broker": _broker,
        "nights": _nights,
        "alerts": _alerts,
        "disk": _disk,
        "sources": _sources,
    }
    readable = True
    for name, check in checks.items():
        if name in ("nights", "alerts") and not readable:
            continue  # the database's own line has said why
        try:
            yield Finding(name, True, check(settings))
        except ConfRadarError as error:
            readable = readable and name != "database"
            yield Finding(name, False, str(error))


def _database(settings: Settings) -> str:
    steps.prepare(settings)
    return f"{masked(settings.database)}, tables as this version wants them"


def _broker(settings: Settings) -> str:
    try:
        found = app.workers(settings)
    except BrokerUnavailable:
        if not settings.broker_missing:
            raise
        return f"{settings.broker_silent}; none is needed: `confradar crawl` brings its own, `confradar up` runs one"
    if not found:
        raise ConfRadarError(f"{masked(settings.broker)} answers, but no worker does. Start one: celery worker")
    return f"{masked(settings.broker)}, workers: {', '.join(found)}"


def _nights(settings: Settings) -> str:
    with database.reading(settings.database) as connection:
        nights = history.runs(connection, trigger="schedule", limit=1)
    if not nights:
        return "no scheduled night yet; `celery beat` sends one at 02:00 UTC"
    return f"last {nights[0].key}: {nights[0].status}"


def _alerts(settings: Settings) -> str:
    with database.reading(settings.database) as connection:
        found = alerts.all_open(connection)
    if found:
        raise ConfRadarError("; ".join(f"{detail} (since {at:%Y-%m-%d %H:%M} UTC)" for _, detail, at in found))
    return "none open"


def _disk(settings: Settings) -> str:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < DISK_MIN:
        raise ConfRadarError(f"{free // 1024**2} MiB free at {folder}: make room, at least {DISK_MIN // 1024**2} MiB")
    return f"{free // 1024**3} GiB free at {folder}"


def _sources(settings: Settings) -> str:
    check_sources(settings)
    return f"{len(readers())} declared; `confradar sources` shows them"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def config(as_json: bool) -> None:
    """Print the effective settings, secrets masked."""
    shown = configuration.load().shown()
    for name in readers():
        for field, value in configuration.source_overrides(name).items():
            shown[f"source_{name}_{field}"] = masked(value)
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2, default=str))
        return
    for name, value in shown.items():
        written = ",".join(f"{part:g}" for part in value) if isinstance(value, tuple) else value
        click.echo(f"{'' if name.startswith('postgres_') else 'CONFRADAR_'}{name.upper()}={written}")


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
def upgrade() -> None:
    """Bring the tables up to date."""
    url = configuration.load().database
    database.upgrade(url)
    click.echo(f"{masked(url)}: at revision {database.revision(url)}", err=True)
