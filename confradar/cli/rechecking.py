"""The command that reads pages of conferences with a gate at hand again."""

from __future__ import annotations

import sys

import click

from confradar import graph, steps
from confradar.cli.reading import now_option, opened
from confradar.cli.running import budget_option, by_option, through
from confradar.crawling.options import check_environment


@click.command()
@click.argument("conference", required=False)
@budget_option
@now_option
@by_option
def recheck(conference: str | None, budget: float, now: str | None, by: str) -> None:
    """Read the pages of conferences with a gate at hand again, e.g. `confradar recheck icml-2027`.

    That is of the CONFERENCE of that slug, or of each with a gate in the next 72 hours or passed less than 24 hours
    ago, or that somebody follows with one in the next 14 days. The schedule does the latter each hour. While another
    run is going it is refused. Exit codes are those of `crawl`.
    """
    settings, instant = opened(), steps.instant(now)
    check_environment(settings)
    found = steps.to_recheck(settings, now=instant, conference=conference)
    if not found:
        click.echo("No gate is near: there is nothing to read again.")
        return
    plan = graph.part(conference or steps.NEAR, found)
    how = {"conference": conference, "logical_date": instant.isoformat(), "budget": budget, "by": by}
    sys.exit(through(settings, plan, "confradar.recheck", how, refuse=True))
