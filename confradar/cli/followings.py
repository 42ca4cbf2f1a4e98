"""Commands for messages to people: follow, followed, unfollow, deliver."""

from __future__ import annotations

import re
from typing import Any

import click
from rich.text import Text

from confradar import steps
from confradar.cli import asking, tables
from confradar.cli.asking import selection_options, zone_option
from confradar.cli.reading import json_option, opened, print_json
from confradar.cli.running import by_option
from confradar.deadlines.moments import reader_zone
from confradar.deadlines.selection import Selection
from confradar.deadlines.words import counted
from confradar.sources.base import readers

EDITION = re.compile(r".*-(19|20)\d\d(-\d+)?")


@click.command()
@click.argument("what", nargs=-1, metavar="[WHAT]...")
@click.option("--to", "address", required=True, metavar="ADDRESS", help="Where messages go: ada@example.org, json://…")
@click.option("--remind", default="", metavar="SPANS", help="Also remind so long before each safe date, e.g. 7d,1d.")
@selection_options("to", "from", "within", "status", "order", "limit", "cursor", "as_of")
@zone_option
@by_option
def follow(what: tuple[str, ...], address: str, remind: str, zone: str | None, by: str, **given: Any) -> None:
    """Send messages when a date of a selection moves.

    \b
    confradar follow icml-2027 eccv-2026 --to ada@example.org --remind 7d,1d
    confradar follow --topic vision --rank core:A* --to slack://… --zone Europe/Berlin
    confradar follow "topic=vision&kind=submission" --to json://hooks.example.org/radar

    WHAT is conferences (icml-2027), series (icml), or the query of a page's address; the options are those of
    `confradar list`. ADDRESS is a mail address, if CONFRADAR_MAIL_URL names a server, or any address of apprise. Dates
    that moved earlier, are withdrawn or read in another zone are told at once; the rest comes in one message at eight
    in the morning of ZONE. The same selection and address again change reminders and zone.
    """
    settings = opened()
    reader = asking.zone(zone, settings).name
    for asked in _selections(what, given):
        begun = steps.follow(asked, address, settings, by=by, remind=steps.leads(remind), zone=reader)
        one = begun.follow
        has = counted(begun.deadlines, "deadline") if begun.deadlines else "no deadline now; one that comes is told"
        spans = f", reminders {_spans(one.remind)} before" if one.remind else ""
        verb = "follows" if begun.new else "follows as before"
        told = f"{one.id}: {one.shown} {verb} {one.selection or 'all conferences'} ({has}){spans}, in {one.zone}"
        tables.messages().print(Text(told), soft_wrap=True)


def _selections(what: tuple[str, ...], given: dict[str, Any]) -> list[Selection]:
    """The selections of what is named, each with the options: the conferences, the series, each query.

    Raises SelectionError.
    """
    options = asking.selection(given).pairs()
    editions = [("conference", word) for word in what if EDITION.fullmatch(word) and "=" not in word]
    series = [("series", word.lower()) for word in what if not EDITION.fullmatch(word) and "=" not in word]
    queries = [
        Selection.parse(word.partition("?")[2] or word, sources=readers()).pairs() for word in what if "=" in word
    ]
    named = [pairs for pairs in (editions, series, *queries) if pairs] or [[]]
    return [Selection.parse([*options, *pairs]) for pairs in named]


def _spans(hours: tuple[int, ...]) -> str:
    return ", ".join(f"{one // 24}d" if one % 24 == 0 else f"{one}h" for one in hours)


@click.command()
@json_option
def followed(as_json: bool) -> None:
    """Show who follows what, and whether their messages arrive."""
    settings = opened()
    steps.follow_settings(settings)
    found = steps.followed(settings)
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("Nobody follows anything. `confradar follow icml-2027 --to ada@example.org` begins.")
        return
    table = tables.plain("follow", "address", "what", "messages")
    for one in found:
        spans = f"\nreminders {_spans(one['remind'])} before" if one["remind"] else ""
        table.add_row(str(one["id"]), Text(one["shown"]), Text((one["selection"] or "all") + spans), _state(one))
    tables.show(tables.output(), table)


def _state(one: dict[str, Any]) -> Text:
    """ "12 sent, the last on Tue 3 Feb 2026 07:00 UTC", "2 wait: no answer"."""
    last = f", the last on {reader_zone(one['zone']).moment(one['last_sent_at'])}" if one["last_sent_at"] else ""
    told = Text(f"{one['sent']} sent{last}")
    if one["waiting"]:
        told.append(f"\n{one['waiting']} wait")
    if one["given_up"]:
        told.append(f"\n{one['given_up']} given up", "red")
    if one["error"]:
        told.append(f"\nfails: {one['error']}", "red")
    return told


@click.command()
@click.argument("number", type=click.IntRange(1, 2**63 - 1), metavar="NUMBER")
@by_option
def unfollow(number: int, by: str) -> None:
    """End a follow by its number, e.g. `confradar unfollow 3`; `confradar followed` shows them."""
    ended = steps.unfollow(number, opened(), by=by)
    click.echo(f"{ended.shown} follows {ended.selection or 'all conferences'} no more", err=True)


@click.command()
def deliver() -> None:
    """Send the messages that are due, and put reminders in; a worker does it each minute by itself.

    Exit code 1 if a channel did not take its message; that is tried again later.
    """
    done = steps.deliver(opened()).value
    failed = f", {done['failed']} failed: `confradar followed` says why" if done["failed"] else ""
    click.echo(f"{done['sent']} sent{failed}, {done['waiting']} wait", err=True)
    raise SystemExit(1 if done["failed"] else 0)
