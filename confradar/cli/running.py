"""Commands that run the job: crawl, up, watchdog."""

from __future__ import annotations

import getpass
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import click
from rich.console import Console

from confradar import app, environment, graph, logs, servers, steps
from confradar import settings as configuration
from confradar.cli import following, radar, tables
from confradar.crawling.options import check_environment
from confradar.deadlines.selection import Selection
from confradar.deadlines.words import counted, seconds, short_key
from confradar.errors import BrokerUnavailable, DatabaseUnavailable, ServerFailed
from confradar.masking import masked
from confradar.settings import Settings
from confradar.storage import database, history, ledger
from confradar.storage.run_tables import RECHECK

EXIT_CODES = {"ok": 0, "partial": 3}
TERMINAL_BUDGET = 300

log = logging.getLogger(__name__)


def _me() -> str:
    """The user of this system who types."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return f"user {os.getuid()}"


by_option = click.option("--by", default=_me, metavar="NAME", help="Who asks for it; the system's user if not given.")
busy_option = click.option(
    "--if-busy",
    type=click.Choice(["wait", "refuse"]),
    default="wait",
    show_default=True,
    help="What to do while another run is going.",
)
budget_option = click.option(
    "--budget",
    type=click.FloatRange(min=1),
    default=TERMINAL_BUDGET,
    show_default=True,
    help="Seconds of crawling that each source may take.",
)


@click.command()
@click.argument("target", default="*")
@budget_option
@click.option("--dry-run", is_flag=True, help="Print the plan and stop.")
@busy_option
@by_option
def crawl(target: str, budget: float, dry_run: bool, if_busy: str, by: str) -> None:
    """Read the sources now and store what they say, e.g. `confradar crawl` or `confradar crawl elra+`.

    TARGET is `*`, a step or source, `elra+` (with what needs it), `+store_conferences` (with what it needs),
    `group:scrapers`, or several with `,`, `and`, `or`, `not` and parentheses between. Inputs that it does not
    select are taken from their last good run. Uses the workers of the configured broker if any answer, else
    brings broker and workers of its own for the run. Exit code: 0 done, 1 failed, 2 usage or refused, 3 some
    sources failed or were read in part.
    """
    settings = configuration.load()
    plan = graph.plan(target)
    check_environment(settings, plan.names)
    if dry_run:
        _show_plan(plan, settings)
    else:
        sys.exit(execute(settings, plan, budget=budget, if_busy=if_busy, by=by))


def _show_plan(plan: graph.Plan, settings: Settings) -> None:
    """Print the steps of a plan, and where the inputs come from that it does not select."""
    taken = {}
    if plan.taken:
        steps.prepare(settings)
        with database.reading(settings.database) as connection:
            taken = graph.taken(plan, connection)
    for step in plan.steps:
        click.echo(step.name)
    for source, good in taken.items():
        told = "nothing: it has no good output yet"
        if good:
            night = f"{good.logical_instant:%a %d %b %Y %H:%M} UTC"
            told = f"{counted(good.count, 'listing')} of {good.run}, {night}"
        click.echo(f"  takes {source}: {told}")


def execute(
    settings: Settings, plan: graph.Plan, *, budget: float, if_busy: str, by: str, retry_of: str | None = None
) -> int:
    """Send a plan to the workers, follow the run to its end and say what came of it; returns the exit code.

    Raises RunRefused if another run is going and this one is not to wait for it.
    """
    how = {"target": plan.target, "budget": budget, "if_busy": if_busy, "by": by, "retry_of": retry_of}
    return through(settings, plan, "confradar.crawl_all", how, refuse=if_busy == "refuse")


def through(settings: Settings, plan: graph.Plan, task: str, how: Mapping[str, Any], *, refuse: bool) -> int:
    """Send the task that runs a plan, and see it through; returns the exit code.

    With `refuse`, raises RunRefused if another run is going.
    """
    console = tables.messages()
    with working(settings, console) as (broker, watching):
        if refuse:
            steps.refuse_if_busy(settings)
        if plan.scrapers:
            console.print(f"each source may take at most {seconds(how['budget'])}", style="dim")
        task_id = app.submit(broker, task, **how)
        key = f"manual:{task_id}"

        def absent() -> None:
            watching()
            if failed := app.failure(broker, task_id):
                raise failed

        def forget(by: str) -> None:
            steps.withdraw(key, plan.target, plan.names, settings, by=by)
            app.revoke(broker, task_id)

        run = following.follow(key, settings, console, tend=watching, absent=absent, forget=forget)
    tables.figures(console, run)
    if run.status == "failed":
        show = f"confradar runs show {short_key(run.key)}"
        console.print(f"what happened: {show}; whether the sources answer: confradar doctor --online", soft_wrap=True)
    if run.status in EXIT_CODES:
        radar.coming(settings, Selection(limit=10), now=run.logical_instant)
    return EXIT_CODES.get(run.status, 1)


class Watching:
    """Called at each look at a run: sees that our own worker lives, and does the watchdog's work each minute."""

    def __init__(self, settings: Settings, own: list[servers.Server]) -> None:
        self._settings, self._own, self._since, self._last = settings, own, steps.now_utc(), time.monotonic()

    def __call__(self) -> None:
        """Raise ServerFailed if a server of ours is gone."""
        for server in self._own:
            if not server.alive():
                raise ServerFailed(f"{server.name} ended: {server.last_words()}")
        if time.monotonic() - self._last > self._settings.watchdog_seconds:
            self._last = time.monotonic()
            with suppress(DatabaseUnavailable):  # looked at again in a minute
                steps.watch(self._settings, since=self._since, now=steps.now_utc())


class Telling:
    """Called at each look: says of every run when it begins, and what became of it."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self._settings, self._console, self._since = settings, console, steps.now_utc()
        self._told: dict[str, str] = {}

    def __call__(self) -> None:
        """Tell what is new."""
        with suppress(DatabaseUnavailable), database.reading(self._settings.database) as connection:
            for run in reversed(history.runs(connection, since=self._since)):
                if run.trigger == RECHECK:  # each hour
                    continue
                before = self._told.get(run.key)
                self._told[run.key] = run.status
                if before is None:
                    self._console.print(f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC  run {run.key}: began", soft_wrap=True)
                if run.status != before and run.status in ledger.FINAL_RUN:
                    tables.figures(self._console, run)


@contextmanager
def working(settings: Settings, console: Console) -> Iterator[tuple[str, Watching]]:
    """A broker with workers: the configured one if any worker answers there, else our own for the time."""
    steps.prepare(settings)
    try:
        found = app.workers(settings)
    except BrokerUnavailable:
        if settings.broker_url:
            raise
        found = []
    if found:
        console.print(said(settings, f"{masked(settings.broker)} with {', '.join(found)}"))
        yield settings.broker, Watching(settings, [])
        return
    with servers.stack(settings, private=True) as (broker, own):
        console.print(said(settings, "own, for this run"))
        yield broker, Watching(settings, own)


def said(settings: Settings, broker: str) -> str:
    """The first line of a command that works: which database and which broker are in use."""
    return f"database {masked(settings.database)} · broker {broker}"


@click.command()
def up() -> None:
    """Run everything on this machine: broker, worker, beat, watchdog, web server and Flower.

    The pages are on http://127.0.0.1:3000, Flower on http://127.0.0.1:5555; CONFRADAR_WEB_PORT and
    CONFRADAR_FLOWER_PORT give other ports. Stays in the foreground; Ctrl-C stops all of it.
    """
    settings, console = configuration.load(), tables.messages()
    check_environment(settings)
    steps.prepare(settings)
    with servers.alone(settings.data_dir / "up.lock"), servers.stack(settings, services=True) as (broker, own):
        try:
            console.print(said(settings, broker))
            console.print(f"running: {', '.join(server.name for server in own)}; logs in {settings.data_dir / 'logs'}")
            flower = f"http://127.0.0.1:{settings.flower_port}"
            console.print(f"pages: http://127.0.0.1:{settings.web_port}/ops")
            console.print(f"Flower: {flower} · next night: 02:00 UTC · now: celery call confradar.crawl_all")
            watching, telling = Watching(settings, own), Telling(settings, console)
            while True:
                watching()
                telling()
                time.sleep(1)
        except KeyboardInterrupt:
            console.print("stopping")


@click.command()
@click.option("--check", is_flag=True, help="Say whether the watchdog of this data directory looks, and stop.")
def watchdog(check: bool) -> None:
    """Finish what a chord left open and notice nights that did not come, each minute, on the database alone.

    With --check, the exit code is 1 if the last look that came to its end was too long ago.
    """
    settings = configuration.load()
    if check:
        click.echo(f"looked at {steps.last_look(settings, now=steps.now_utc()):%Y-%m-%d %H:%M:%S} UTC")
        return
    check_environment(settings)
    logs.conceal(environment.secrets(settings))
    logs.configure(settings.log_format)
    log.info("watching %s each %g s", masked(settings.database), settings.watchdog_seconds)
    steps.keep_watching(settings, log.info)
