"""Commands that read the store: list, show, changes, search, sources."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from confradar import settings as configuration
from confradar import steps
from confradar.cli import asking, radar, tables
from confradar.cli.asking import selection_options, zone_option
from confradar.deadlines.listing import EntryType
from confradar.deadlines.parameters import LIMIT_MAX, Order, Status
from confradar.publish import rows, telling
from confradar.settings import Settings
from confradar.storage import answers, database, selecting
from confradar.web import outlets
from confradar.web.caching import Body, Kept

SINCE = timedelta(days=30)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
now_option = click.option("--now", metavar="DATE", help="Count from this day or instant, e.g. 2026-02-03.")


def opened() -> Settings:
    """The settings, once the store can be read: the embedded one is made, or brought up to date, by itself."""
    settings = configuration.load()
    steps.prepare(settings)
    return settings


def print_json(value: Any) -> None:
    """Print an answer as JSON."""
    click.echo(json.dumps(answers.to_json(value), ensure_ascii=False, indent=2))


def write(body: Body) -> None:
    """Print what an outlet answers: JSON laid out, all else byte for byte."""
    if body.kind == outlets.JSON:
        print_json(json.loads(body.content))
    else:
        click.echo(body.content, nl=False)


@click.command("list")
@selection_options()
@asking.forms("json", "csv", "ics")
@zone_option
@now_option
def list_(form: str | None, zone: str | None, now: str | None, **given: Any) -> None:
    """Show the deadlines of a selection: those coming next, soonest first.

    \b
    confradar list --topic machine-learning --within 30d --zone Europe/Berlin
    confradar list --q icml --status all
    confradar list --kind abstract --kind submission --rank core:A* --ics > deadlines.ics

    The options are the parameters of every page, feed and answer, and find the same deadlines in the same order.
    --json prints what /api/v1/deadlines answers, --csv and --ics what /feeds/deadlines.csv and .ics are.
    """
    asked, settings = asking.selection(given), opened()
    reader, moment = asking.zone(zone, settings), asking.moment(now, asked)
    if form is None:
        radar.coming(settings, asked, now=moment, zone=reader)
        return
    with database.reading(settings.database, as_of=asked.as_of) as connection:
        if form == "ics":
            rights = telling.rights(settings.data_licence)
            write(outlets.deadlines_ics(asked, settings.site, rights, False, (), Kept(), connection, moment))
        else:
            make = outlets.deadlines_json if form == "json" else outlets.deadlines_csv
            write(make(asked, connection, moment))


@click.command()
@click.argument("conference")
@json_option
@asking.as_of_option
@zone_option
@now_option
def show(conference: str, as_json: bool, zone: str | None, now: str | None, **given: Any) -> None:
    """Show one conference with every claim, and how its dates moved.

    \b
    confradar show icml-2026 --zone AoE
    confradar show icml-2026 --as-of 2026-01-31

    --json prints what /api/v1/conferences/icml-2026 answers.
    """
    asked, settings = asking.selection(given), opened()
    reader, moment = asking.zone(zone, settings), asking.moment(now, asked)
    with database.reading(settings.database, as_of=asked.as_of) as connection:
        found = answers.conference(connection, conference.lower())
    if as_json:
        print_json(rows.whole(found))
    else:
        radar.show_conference(found, moment, reader)


@click.command()
@click.option("--since", metavar="DATE", help="From this day or instant on; the last 30 days if not given.")
@selection_options("from", "to", "within", "order", "status")
@asking.forms("json", "csv")
@zone_option
@now_option
def changes(since: str | None, form: str | None, zone: str | None, now: str | None, **given: Any) -> None:
    """Show what moved of a selection: what moved earlier first, then the newest.

    \b
    confradar changes --since 2026-01-01 --topic vision
    confradar changes --conference icml-2026 --json

    --json and --csv print what /api/v1/changes and /feeds/changes.csv are: all that changed, the newest first.
    """
    asked, settings = asking.selection(given), opened()
    reader, moment = asking.zone(zone, settings), asking.moment(now, asked)
    begin = steps.instant(since) if since else moment - SINCE
    with database.reading(settings.database, as_of=asked.as_of) as connection:
        if form == "json":
            write(outlets.changes_json(asked, None, connection, moment, since=begin))
            return
        if form == "csv":
            write(outlets.changes_csv(asked, connection, moment, since=begin))
            return
        every = replace(asked, limit=LIMIT_MAX)
        found = selecting.changes(connection, every, now=moment, since=begin, until=moment).rows
    radar.show_changes(radar.moves(found)[: asked.limit], reader)


@click.command()
@click.argument("text", nargs=-1, required=True)
@json_option
@asking.as_of_option
@zone_option
@now_option
def search(text: tuple[str, ...], as_json: bool, zone: str | None, now: str | None, **given: Any) -> None:
    """Find conferences by words of their title, acronym, former names, place or year.

    \b
    confradar search machine learning 2026

    --json prints what /api/v1/conferences answers. Exit code 1 if nothing is found.
    """
    asked = asking.selection(
        {"q": " ".join(text), "status": Status.ALL, "type": tuple(EntryType), "order": Order.LATEST, **given}
    )
    settings = opened()
    reader, moment = asking.zone(zone, settings), asking.moment(now, asked)
    with database.reading(settings.database, as_of=asked.as_of) as connection:
        if as_json:
            write(outlets.conferences_json(asked, connection, moment))
            return
        found = selecting.conferences(connection, asked, now=moment).rows
        slugs = tuple(row["slug"] for row in found)
        ahead = replace(asked, q="", status=Status.OPEN, order=Order.SOONEST, conference=slugs, limit=LIMIT_MAX)
        gates = selecting.gates(connection, ahead, now=moment).rows if slugs else []
        near = [] if slugs else answers.near(connection, asked.q)
    if not slugs:
        hint = f"Near: {', '.join(near)}." if near else "`confradar list` shows what comes next."
        tables.messages().print(Text(f"No conference has the words {asked.q!r}. {hint}"), soft_wrap=True)
        raise SystemExit(1)
    radar.show_found(found, gates, moment, reader)


@click.command()
@json_option
def sources(as_json: bool) -> None:
    """Show the sources: feeds, state, cadence, expected range."""
    settings = opened()
    with database.reading(settings.database) as connection:
        shown = steps.describe_sources(connection, settings, now=steps.now_utc())
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
