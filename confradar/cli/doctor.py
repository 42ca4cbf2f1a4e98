"""The command `doctor`: looks at each part of the installation and says what is wrong, and the one thing to do."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property, partial
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from confradar import app, archive, environment, steps
from confradar import settings as configuration
from confradar.cli import tables
from confradar.cli.records import name_of
from confradar.crawling.options import check_sources
from confradar.deadlines.words import span_of
from confradar.errors import (
    BrokenArchive,
    BrokerUnavailable,
    ConfRadarError,
    DatabaseUnavailable,
    SchemaMismatch,
    SettingError,
)
from confradar.masking import masked
from confradar.settings import Settings
from confradar.sources.base import readers
from confradar.storage import alerts, conferences, database, history

LLM_KEYS = ("CONFRADAR_SA_OPENAI", "OPENAI_API_KEY")
BAD = ("failed", "lost", "quarantined")
SET_BY = {  # the settings without which nothing can be said of a part
    "database": ("data_dir", "database_url"),
    "broker": tuple(Settings.model_fields),  # Celery's configuration needs each
    "disk": ("data_dir",),
    "archive": ("data_dir",),
}


class Finding(NamedTuple):
    """One line of the doctor: what was looked at, whether it is well, and what to know or do."""

    name: str
    ok: bool
    detail: str


@click.command()
@click.option("--online", is_flag=True, help="Also ask each source for one page, as politely as a crawl does.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(online: bool, as_json: bool) -> None:
    """Find what is wrong: database, broker, workers, schedule, steps, sources, settings.

    Each line is ok, or says the one thing to do. Exit code 1 if any is not.
    """
    findings = []
    console = tables.output()
    for finding in examine(online=online):
        findings.append(finding)
        if not as_json:
            _tell(console, finding)
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], ensure_ascii=False, indent=2))
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


def _tell(console: Console, finding: Finding) -> None:
    """Print a finding: in a pipe one line, on a terminal folded between words below its beginning."""
    mark = Text("ok", style="green") if finding.ok else Text("not ok", style="red")
    if console.is_terminal:
        row = Table.grid(Column(width=6), Column(width=10), Column(), padding=(0, 2))
        row.add_row(mark, finding.name, Text(finding.detail))
        console.print(row)
    else:
        console.print(Text(f"{mark.plain:<6}  {finding.name:<10}  {finding.detail}"), soft_wrap=True)


def examine(*, online: bool = False, environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Look at each part of the installation; what cannot be looked at is not ok, with the reason.

    Each part has its line: one that rests on another which is not well names that one as what to mend first.
    """
    try:
        settings, left, wrong = _readable()
    except SettingError as error:
        yield Finding("settings", False, str(error))
        yield Finding("llm", True, _llm(environ))
        return
    roots: dict[str, str] = {}  # by the name of a check that is not well, the one to mend first
    for name, (rests_on, look) in _Looked(settings, environ).checks(online=online).items():
        if name == "settings" and wrong:
            yield Finding(name, False, wrong)
            continue
        if left.intersection(SET_BY.get(name, ())):
            roots["settings"], rests_on = "settings", ("settings",)
        if root := next((roots[other] for other in rests_on if other in roots), None):
            roots[name] = root
            yield Finding(name, False, f"not known: mend what the line `{root}` says first")
            continue
        try:
            yield Finding(name, True, look())
        except ConfRadarError as error:
            roots[name] = name
            yield Finding(name, False, str(error))


def _readable() -> tuple[Settings, frozenset[str], str]:
    """The settings, those that cannot be used left at their defaults; the fields of these, and the first one's error.

    Raises SettingError for one that cannot be left out.
    """
    left: dict[str, Any] = {}
    wrong = ""
    while True:
        try:
            return configuration.load(**left), frozenset(left), wrong
        except SettingError as error:
            wrong = wrong or str(error)
            variable = str(error).partition(":")[0]
            fields = [name for name in Settings.model_fields.keys() - left if configuration.variable(name) == variable]
            if not fields:
                raise
            left[fields[0]] = Settings.model_fields[fields[0]].get_default(call_default_factory=True)


class _Looked:
    """The installation as the checks see it: each returns what is so, or raises a ConfRadarError with what to do."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings, self._environ = settings, environ

    def checks(self, *, online: bool) -> dict[str, tuple[tuple[str, ...], Callable[[], str]]]:
        """The checks in their order: those that each rests on, and the check."""
        found: dict[str, tuple[tuple[str, ...], Callable[[], str]]] = {
            "database": ((), self._database),
            "migrations": (("database",), self._migrations),
            "broker": ((), self._broker),
            "workers": (("broker",), self._workers),
            "beat": (("broker",), self._beat),
            "queue": (("broker", "migrations"), self._queue),
            "schedule": (("migrations",), self._schedule),
            "steps": (("migrations",), self._steps),
            "alerts": (("migrations",), self._alerts),
            "disk": ((), self._disk),
            "archive": (("migrations",), self._archive),
            "sources": ((), self._sources),
            "settings": ((), self._set),
            "llm": ((), lambda: _llm(self._environ)),
        }
        if online:
            found |= {name: ((), partial(steps.reach, name, self._settings)) for name in readers()}
        return found

    def _database(self) -> str:
        database.revision(self._settings.database)
        return f"{masked(self._settings.database)} answers"

    def _migrations(self) -> str:
        steps.prepare(self._settings)
        found = database.revision(self._settings.database)
        newer = "" if found == database.head() else f" of {database.head()}"
        return f"the tables are of revision {found}, on which this code{newer} runs"

    @cached_property
    def nodes(self) -> app.Nodes | None:
        """Who answers on the broker; None if none answers and none is configured."""
        try:
            return app.nodes(self._settings)
        except BrokerUnavailable:
            if not self._settings.broker_missing:
                raise
            return None

    def _broker(self) -> str:
        if self.nodes is None:
            own = "`confradar crawl` brings its own, `confradar up` runs one"
            return f"none is there, and none is needed: {own}. {self._settings.broker_looked_for}"
        return f"{masked(self._settings.broker)} answers"

    def _workers(self) -> str:
        if self.nodes is None:
            return "none is there, as no broker is: `confradar crawl` brings its own for its run"
        if not self.nodes.workers:
            raise ConfRadarError("none answers, so that nothing is crawled. Start one: celery worker")
        return ", ".join(self.nodes.workers)

    def _beat(self) -> str:
        if self.nodes is None:
            return "none is there, as no broker is: no night begins by itself; `confradar up` runs one"
        beats = self.nodes.beats
        if not beats:
            raise ConfRadarError("none answers, so that no night begins by itself. Start one: celery beat")
        if len(beats) > 1:
            raise ConfRadarError(f"{', '.join(beats)} answer, and each sends the night. Stop all but one")
        with suppress(DatabaseUnavailable, SchemaMismatch):  # the database's own lines say so
            night = self._night()
            if night.missing:
                raise ConfRadarError(f"{beats[0]} is alive but silent, {night.key} did not begin. Restart it")
        return beats[0]

    def _queue(self) -> str:
        if self.nodes is None:
            return "nothing can wait, as no broker is there"
        found = app.queue(self._settings)
        with database.reading(self._settings.database) as connection:
            now = database.clock(connection)
            oldest = history.oldest_waiting(connection, now=now, but=steps.STORE)
        told = f"{found.waiting} waiting for a worker, {found.taken} in hands"
        if oldest:
            waits = span_of(now - oldest["queued_at"])
            told += f"; {name_of(oldest['step'])} of {oldest['run']} waits for {waits}"
        return told

    def _night(self) -> steps.NightState:
        with database.reading(self._settings.database) as connection:
            return steps.night_state(connection, self._settings, now=database.clock(connection))

    def _schedule(self) -> str:
        night = self._night()
        if night.trouble:
            raise ConfRadarError(night.trouble)
        return night.message + ("; `confradar schedule resume` lets nights begin again" if night.pause else "")

    def _steps(self) -> str:
        with database.reading(self._settings.database) as connection:
            states = history.last_states(connection)
        bad = [row for row in states.values() if row["status"] in BAD]
        if bad:
            told = [" ".join(filter(None, (name_of(row["step"]), row["status"], row["reason"]))) for row in bad]
            newest = max(bad, key=lambda row: row["id"])
            raise ConfRadarError(f"{'; '.join(told)}. What happened: confradar runs show {newest['run']}")
        return f"{len(states)} have run, none failed when it last did" if states else "none has run yet"

    def _alerts(self) -> str:
        with database.reading(self._settings.database) as connection:
            found = alerts.all_open(connection)
        if found:
            raise ConfRadarError("; ".join(f"{one.detail} (since {one.opened_at:%Y-%m-%d %H:%M} UTC)" for one in found))
        if not (told := len(self._settings.alert_addresses)):
            return "none open; nobody would be told of one: CONFRADAR_ALERT_TO is not set"
        return f"none open; {told} {'address' if told == 1 else 'addresses'} would be told of one"

    def _disk(self) -> str:
        if trouble := steps.disk_trouble(self._settings):
            raise ConfRadarError(trouble)
        folder, free = steps.disk_free(self._settings)
        return f"{free // 1024**3} GiB free at {folder}"

    def _archive(self) -> str:
        folder = self._settings.archive_dir
        found = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        place = next(one for one in (folder, *folder.parents) if one.exists())
        if not os.access(place, os.W_OK | os.X_OK):
            raise ConfRadarError(f"{place} cannot be written to, so that no crawl is archived: mend its rights")
        with database.reading(self._settings.database) as connection:
            last = conferences.last_archived(connection)
        try:
            told = f"the page that was read last is there: {archive.find(folder, last).url}" if last else "still empty"
        except BrokenArchive as error:
            wanted = "all nodes must share this folder (CONFRADAR_DATA_DIR)"
            raise ConfRadarError(f"the page that was read last is not there, {wanted}: {error}") from error
        return f"{found / 1024**2:.1f} MiB at {folder}; {told}"

    def _sources(self) -> str:
        check_sources(self._settings)
        return f"{len(readers())} declared; `confradar sources` shows them, `confradar doctor --online` asks them"

    def _set(self) -> str:
        ours = environment.given(self._environ, sources=readers(), others=LLM_KEYS)
        return f"{len(ours)} set; `confradar config` prints all that count, secrets masked"


def _llm(environ: Mapping[str, str]) -> str:
    """Whether a key for extraction by a language model is set. Never its value, and nothing uses it."""
    said = [f"{name} is {'set' if environ.get(name) else 'not set'}" for name in LLM_KEYS]
    return f"extraction by a language model is not in use; {', '.join(said)}"
