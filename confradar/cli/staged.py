"""The demo: three nights of real crawls over staged sites that show true facts."""

from __future__ import annotations

import shlex
import shutil
import sys
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from confradar import app, servers, steps
from confradar import settings as configuration
from confradar.cli import following, radar, tables
from confradar.cli.running import EXIT_CODES, Watching, said
from confradar.deadlines.selection import Selection
from confradar.demo import sites
from confradar.settings import Settings
from confradar.storage import ledger

BUDGET = 30
WELCOME = """\
A staged demonstration: true facts of 13 January, 20 January and 3 February
2026, shown on five sites that stand on this machine alone. Everything behind
them is real: workers, chord, spiders, store."""


@click.group(invoke_without_command=True)
@click.pass_context
def demo(context: click.Context) -> None:
    """See it work: five staged sites on this machine, three nights, real workers, one chord a night.

    The facts are true, who shows them is staged. Needs no network.
    """
    if context.invoked_subcommand is None:
        sys.exit(play())


def play() -> int:
    """Run the three nights; returns the exit code."""
    folder = configuration.load().data_dir / "demo"
    with servers.alone(folder.with_suffix(".lock")):
        return _nights(folder)


def _nights(folder: Path) -> int:
    console = tables.messages()
    shutil.rmtree(folder, ignore_errors=True)
    settings = configuration.load(data_dir=folder, CONFRADAR_DATABASE_URL=f"sqlite:///{folder / 'confradar.sqlite'}")
    steps.prepare(settings)
    console.print(WELCOME)
    status = "ok"
    with sites.serve() as staged, servers.stack(settings, staged.environment()) as (broker, own):
        console.print(said(settings, broker))
        for number, night in enumerate(sites.NIGHTS, 1):
            staged.night = number
            run = _night(settings, console, broker, night, Watching(settings, own))
            status = run.status if run.status not in EXIT_CODES or status == "ok" else status
            tables.figures(console, run)
            if run.stopping_at:  # Ctrl-C ends the demo, not one of its nights
                return EXIT_CODES["partial"]
            if number == 1:
                radar.coming(settings, Selection(limit=12), now=night)
            else:
                radar.changes(settings, run_id=run.id, limit=25)
    _look_further(console, folder)
    return EXIT_CODES.get(status, 1)


def _night(settings: Settings, console: Console, broker: str, night: datetime, watching: Watching) -> ledger.Run:
    console.print(f"\n[bold]The night of {night:%A} {night.day} {night:%B %Y}[/bold]")
    key = "manual:" + app.submit(broker, logical_date=night.isoformat(), budget=BUDGET)
    return following.follow(key, settings, console, tend=watching)


def _look_further(console: Console, folder: Path) -> None:
    """Say which commands show more; they work as they are printed, from any folder."""
    places = {"CONFRADAR_DATA_DIR": str(folder)}
    if configuration.load(data_dir=folder).database != (own := f"sqlite:///{folder / 'confradar.sqlite'}"):
        places["CONFRADAR_DATABASE_URL"] = own  # the environment names another one
    settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in places.items())
    console.print("\nThis was staged. Look further, in this shell:")
    console.print(Text(f"  export {settings}"), soft_wrap=True)
    for command in ("list", "show eccv-2026", "changes", "runs", "serve"):
        now = "" if command == "runs" else " --now 2026-02-03"
        console.print(Text(f"  {_program()} {command}{now}"), soft_wrap=True)
    console.print(Text(f"To be told when a date moves: {_program()} follow eccv-2026 --to ADDRESS"), soft_wrap=True)
    console.print(Text(f"The living sites, in another shell: {_program()} crawl"), soft_wrap=True)


def _program() -> str:
    """How to call this program: its name where the shell finds it by that, else its path."""
    called = Path(sys.argv[0]).resolve()
    if called.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m confradar"
    found = shutil.which("confradar")
    return "confradar" if found and Path(found).resolve() == called else shlex.quote(str(called))


@demo.command("sites", short_help="Serve only the staged sites.")
@click.option("--night", type=click.IntRange(1, 3), default=1, show_default=True)
def sites_(night: int) -> None:
    """Serve only the staged sites, and print the settings that point any stack at them. Ctrl-C ends."""
    with sites.serve(night=night) as staged:
        for name, value in staged.environment().items():
            click.echo(f"export {name}={value}")
        sys.stdout.flush()
        click.echo("serving; Ctrl-C ends", err=True)
        try:
            staged.wait()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
