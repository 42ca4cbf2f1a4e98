"""Commands that read the store: list, show, changes, sources."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from confradar import settings as configuration
from confradar import steps
from confradar.cli import tables
from confradar.deadlines.selection import Selection
from confradar.deadlines.words import what
from confradar.settings import Settings
from confradar.storage import answers, database, selecting

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
now_option = click.option("--now", metavar="DATE", help="Count from this day or instant, e.g. 2026-02-03.")
limit_option = click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)


def opened() -> Settings:
    """The settings, once the store can be read: the embedded one is made, or brought up to date, by itself."""
    settings = configuration.load()
    steps.prepare(settings)
    return settings


def print_json(value: Any) -> None:
    """Print an answer as JSON."""
    click.echo(json.dumps(answers.to_json(value), ensure_ascii=False, indent=2))


@click.command("list")
@now_option
@limit_option
@json_option
def list_(now: str | None, limit: int, as_json: bool) -> None:
    """Show the deadlines coming next, soonest first, e.g. `confradar list --limit 10`."""
    settings, moment = opened(), steps.instant(now)
    with database.reading(settings.database) as connection:
        rows = selecting.gates(connection, Selection(limit=limit), now=moment).rows
        newest = answers.last_deadline(connection)
    if as_json:
        print_json(rows)
    else:
        tables.show_coming(rows, moment, newest)


@click.command()
@click.argument("conference")
@now_option
@json_option
def show(conference: str, now: str | None, as_json: bool) -> None:
    """Show one conference with every claim, e.g. `confradar show icml-2026`."""
    settings, moment = opened(), steps.instant(now)
    with database.reading(settings.database) as connection:
        found = answers.conference(connection, conference.lower())
    if as_json:
        print_json(found)
        return
    console = tables.output()
    console.print(Text(found["title"], style="bold"), f"[dim]{found['slug']}[/dim]")
    days = " to ".join(f"{day:%a %d %b %Y}" for day in (found["starts_on"], found["ends_on"]) if day)
    for line in (found["full_name"], " · ".join(part for part in (found["place"], days) if part), found["website"]):
        if line and line != found["title"]:
            console.print(Text(line))
    claims = tables.plain("gate", "safe date (UTC)", "left", "verdict", "source", "says", "last confirmed")
    for gate in found["deadlines"]:
        head = [
            what({**gate, "title": "", "year": ""}).removeprefix(" · "),
            tables.when(gate["earliest"], gate["latest"], gate["safe_at"]),
            tables.left(gate["safe_at"], moment) if gate["safe_at"] and gate["latest"] >= moment else "passed",
            gate["verdict"],
        ]
        for claim in gate["claims"]:
            zone = claim["zone_text"] or "no zone"
            words = f"“{claim['text']}” {zone}" + (f" ({claim['reason']})" if claim["reason"] else "")
            claims.add_row(*map(Text, head), claim["source"], Text(words), f"{claim['last_confirmed_at']:%Y-%m-%d}")
            head = ["", "", "", ""]
    tables.show(console, claims)
    for mention in found["mentions"]:
        console.print(Text(f"{mention['source']}: {mention['url']}", style="dim"))
    moved = [row for row in found["changes"] if row["direction"] and row["field"] != "conference"]
    if moved:
        console.print("\nhistory")
        tables.show_changes([{**row, "year": found["year"], "acronym": found["acronym"]} for row in moved])


@click.command()
@now_option
@click.option("--since", metavar="DATE", help="From this day on; the last 30 days if not given.")
@limit_option
@json_option
def changes(now: str | None, since: str | None, limit: int, as_json: bool) -> None:
    """Show what moved, earlier ones first, e.g. `confradar changes --since 2026-01-01`."""
    settings, moment = opened(), steps.instant(now)
    begin = steps.instant(since) if since else moment - timedelta(days=30)
    if as_json:
        with database.reading(settings.database) as connection:
            print_json(answers.recent_changes(connection, since=begin, until=moment, limit=limit, urgent_first=True))
    else:
        tables.changes(settings, since=begin, until=moment, limit=limit)


@click.command()
@json_option
def sources(as_json: bool) -> None:
    """Show the sources: feeds, state, cadence, expected range."""
    settings = opened()
    with database.reading(settings.database) as connection:
        shown = steps.describe_sources(connection, settings)
    if as_json:
        print_json(shown)
        return
    console = tables.output()
    table = tables.plain("source", "state", "listings", "expected", "cadence", "known as", "read at")
    for source_ in shown:
        state = f"{source_['state']} {source_['reason']}".strip()
        counts = (str(source_["listings"] or ""), source_["expected"], source_["cadence"])
        table.add_row(*map(Text, (source_["name"], state, *counts, source_["home"], source_["base"])))
    tables.show(console, table)
    console.print()
    tables.show(console, _feeds(shown))


def _feeds(shown: list[dict[str, Any]]) -> Table:
    """What each source reads, and why there; several lists for one reason are told it once."""
    table = tables.plain("source", "feed", "reads", "why there")
    for source_ in shown:
        name, told = source_["name"], ""
        for feed in source_["feeds"]:
            state = feed["name"] + ("" if feed["enabled"] else " (off)")
            table.add_row(name, state, Text(feed["path"]), "" if feed["why"] == told else Text(feed["why"]))
            name, told = "", feed["why"]
    return table
