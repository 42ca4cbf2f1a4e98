"""Commands that look at what ran and act on it: runs and its verbs, schedule."""

from __future__ import annotations

import difflib
import sys

import click
from rich.text import Text

from confradar import graph, steps
from confradar.cli import records, tables
from confradar.cli.reading import json_option, opened, print_json
from confradar.cli.running import budget_option, busy_option, by_option, execute
from confradar.crawling.options import check_environment
from confradar.deadlines.words import short_key
from confradar.settings import Settings
from confradar.sources.base import step_of
from confradar.storage import database, history, ledger

why_option = click.option("--why", required=True, metavar="TEXT", help="The reason, which is kept.")


class Runs(click.Group):
    """A group that says how to open a run if its key stands where a verb should."""

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As any group does, with what was probably meant."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.commands, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"To open a run: confradar runs show {args[0]}"
            context.fail(f"No such command {args[0]!r}. {hint}")
        return super().resolve_command(context, args)


@click.group(cls=Runs, invoke_without_command=True)
@click.option("--status", multiple=True, metavar="WORD", help="failed, success, in-progress, partial, …; repeatable.")
@click.option("--source", metavar="NAME", help="Only runs of this source or step; --status is then that of its step.")
@click.option(
    "--trigger",
    type=click.Choice(["schedule", "manual", "prompt", "recheck", "replay", "backfill"]),
    help="Only runs that this began. Rechecks that are over are shown only so.",
)
@click.option("--since", metavar="WHEN", help="Begun since: 7d, 12h, a day or an instant.")
@click.option("--until", metavar="WHEN", help="Begun until, that day included.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@click.option("--before", metavar="KEY", help="Only runs older than this one: the next page.")
@json_option
@click.pass_context
def runs(
    context: click.Context,
    status: tuple[str, ...],
    source: str | None,
    trigger: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    before: str | None,
    as_json: bool,
) -> None:
    """Show what ran, newest first, e.g. `confradar runs --status failed --since 7d`.

    The beginning of a key is enough wherever a KEY is wanted.
    """
    if context.invoked_subcommand:
        return
    settings, now = opened(), steps.now_utc()
    step = step_of(source) if source and source != steps.STORE else source
    with database.reading(settings.database) as connection:
        found = history.runs(
            connection,
            status=status,
            step=step,
            trigger=trigger,
            since=history.bound(since, now=now) if since else None,
            until=history.bound(until, now=now, end=True) if until else None,
            before=history.resolve(connection, before).id if before else None,
            limit=limit,
        )
        rows = history.steps_of(connection, found)
        nothing_yet = not found and not history.runs(connection, limit=1)
    if as_json:
        print_json([history.answer(run, rows[run.id]) for run in found])
    elif found:
        records.show_runs([(run, rows[run.id]) for run in found])
        if len(found) == limit:
            click.echo(f"older ones: --before {short_key(found[-1].key)}", err=True)
    elif nothing_yet:
        click.echo("Nothing has run yet. `confradar crawl` reads the sources, `confradar demo` shows how.")
    else:
        click.echo("No run is so: take a filter away.")


@runs.command()
@click.argument("key")
@json_option
def show(key: str, as_json: bool) -> None:
    """Show one run with all that is known of it.

    Steps and attempts, what came, checks, changes made, and who did what to it.
    """
    settings = opened()
    with database.reading(settings.database) as connection:
        found = history.details(connection, history.resolve(connection, key).key)
    if as_json:
        print_json(found)
    else:
        records.show_run(found)


@runs.command()
@click.argument("key")
@click.argument("step", required=False)
@click.option("--why", default="", metavar="TEXT", help="The reason, which is kept.")
@by_option
def cancel(key: str, step: str | None, why: str, by: str) -> None:
    """Cancel a run, or one of its steps.

    A cancelled run stores nothing; of a cancelled step the others are stored.
    """
    settings = opened()
    run = _resolved(settings, key)
    ended = steps.cancel(run.key, settings, by=by, why=why, step=step)
    click.echo(f"cancelled {run.key}: {', '.join(ended) or 'all its steps were over'}", err=True)


@runs.command()
@click.argument("key")
@budget_option
@busy_option
@by_option
def retry(key: str, budget: float, if_busy: str, by: str) -> None:
    """Run again what failed in a run, and what needs it.

    Follows the new run, with the exit codes of `confradar crawl`.
    """
    settings = opened()
    run = _resolved(settings, key)
    plan = graph.plan(steps.retry_target(run.key, settings))
    check_environment(settings, plan.names)
    click.echo(f"repeats {', '.join(plan.names)} of {run.key}", err=True)
    sys.exit(execute(settings, plan, budget=budget, if_busy=if_busy, by=by, retry_of=run.key))


@runs.command()
@click.argument("key")
@click.argument("step")
@why_option
@by_option
def release(key: str, step: str, why: str, by: str) -> None:
    """Store what a check holds of a step, after all."""
    settings = opened()
    run = _resolved(settings, key)
    tables.figures(tables.messages(), steps.release(run.key, step, settings, by=by, why=why))


def _resolved(settings: Settings, key: str) -> ledger.Run:
    with database.reading(settings.database) as connection:
        return history.resolve(connection, key)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def schedule(context: click.Context, as_json: bool) -> None:
    """Show when the next night is due, and how the last one went."""
    if context.invoked_subcommand:
        return
    settings = opened()
    with database.reading(settings.database) as connection:
        night = steps.night_state(connection, settings, now=database.clock(connection))
    if as_json:
        print_json(
            {
                "schedule": steps.SCHEDULE,
                "next": None if night.pause else night.next,
                "due": night.due,
                "last": night.last and history.answer(night.last),
                "missing": night.missing,
                "late": night.late,
                "trouble": night.trouble,
                "pause": night.pause and {name: night.pause[name] for name in ("by", "at", "why")},
            }
        )
        return
    table = tables.plain("", "")
    table.show_header = False
    last = night.last
    ended = f", took {records.took(last.started_at, last.finished_at)}" if last and last.finished_at else ""
    told = f"{last.key}, {last.status}, began {records.moment(last.started_at)} UTC{ended}" if last else "none yet"
    held = night.pause
    table.add_row("schedule", f"{steps.SCHEDULE}, each night at {steps.NIGHT:%H:%M} UTC")
    table.add_row("next", f"{'none, it is paused' if held else records.moment(night.next) + ' UTC'}")
    table.add_row("last", told)
    table.add_row("late?", Text(night.trouble, style="red") if night.trouble else "no")
    if held:
        table.add_row(
            "paused", Text(f"since {records.moment(held['at'])} UTC by {held['by']}: {held['why']}", "yellow")
        )
    tables.show(tables.output(), table)


@schedule.command()
@why_option
@by_option
def pause(why: str, by: str) -> None:
    """Let no night begin from now on."""
    settings = opened()
    at = steps.pause(steps.SCHEDULE, settings, by=by, why=why)
    click.echo(f"{steps.SCHEDULE} is paused since {records.moment(at)} UTC by {by}: {why}", err=True)


@schedule.command()
@click.option("--why", default="", metavar="TEXT", help="The reason, which is kept.")
@by_option
def resume(why: str, by: str) -> None:
    """Let nights begin again."""
    settings = opened()
    steps.resume(steps.SCHEDULE, settings, by=by, why=why)
    with database.reading(settings.database) as connection:
        night = steps.night_state(connection, settings, now=database.clock(connection))
    click.echo(f"{steps.SCHEDULE} runs again: the next night is due {records.moment(night.next)} UTC", err=True)
