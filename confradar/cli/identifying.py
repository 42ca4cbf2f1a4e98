"""Commands on which mentions are one conference: identify, identity."""

from __future__ import annotations

import json
import sys
from typing import TextIO

import click
from rich.text import Text

from confradar import steps
from confradar.cli import tables
from confradar.cli.operating import why_option
from confradar.cli.reading import json_option, opened, print_json
from confradar.cli.running import by_option


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8", errors="surrogateescape"))
def identify(file: TextIO) -> None:
    """Group mentions, given as JSON lines, into conferences; e.g. `confradar identify mentions.jsonl`.

    A mention has `id`, `source`, `title`, `acronym`, `full_name`, `year`, `link`, `place`, `start`, `end`, `deadline`,
    `timezone`; all but the year and one name may be absent. Prints one JSON line for each conference: `cluster`,
    `mentions`, and for each mention the rule that brought it in. Exit code 3 if any line could not be read.
    """
    clusters, errors = steps.identify(file)
    for cluster in clusters:
        click.echo(json.dumps(cluster, ensure_ascii=False))
    for error in errors:
        click.echo(str(error), err=True)
    sys.exit(3 if errors else 0)


@click.group()
def identity() -> None:
    """Look at which mentions are one conference, and correct it."""


@identity.command()
@click.argument("conference")
@json_option
def show(conference: str, as_json: bool) -> None:
    """Show by which rule each mention came in.

    E.g. `confradar identity show icml-2026`. Beside it how sure that is, of 100, and what operators decided. The
    numbers are those that `split` takes.
    """
    found = steps.identity_of(conference.lower(), opened())
    if as_json:
        print_json(found)
        return
    table = tables.plain("mention", "source", "ref", "year", "by", "sure", "says so")
    for one in found["mentions"]:
        cells = (one["id"], one["source"], one["ref"], one["year"], one["evidence"], one["sure"], one["url"])
        table.add_row(*(Text(str(cell)) for cell in cells))
    console = tables.output()
    console.print(Text(found["title"], style="bold"), f"[dim]{found['slug']}[/dim]")
    tables.show(console, table)
    for pin in found["pins"]:
        two = f"{pin['first'][0]} {pin['first'][2]} and {pin['second'][0]} {pin['second'][2]}"
        said = (
            f"{'together' if pin['together'] else 'apart'}: {two}, by {pin['by']} on {pin['at']:%Y-%m-%d}: {pin['why']}"
        )
        console.print(Text(said + (" (taken back)" if pin["lifted_at"] else ""), style="dim"))


@identity.command()
@click.argument("conference")
@click.argument("mentions", metavar="MENTION...", nargs=-1, required=True, type=int)
@why_option
@by_option
def split(conference: str, mentions: tuple[int, ...], why: str, by: str) -> None:
    """Take mentions out of a conference.

    E.g. `confradar identity split sec-2026 17 --why "edge, not IFIP"`. They become a conference of their
    own, and stay so. `confradar identity merge` undoes it.
    """
    slugs = steps.split(conference.lower(), mentions, opened(), by=by, why=why)
    click.echo("\n".join(slugs))


@identity.command()
@click.argument("conference")
@click.argument("other")
@why_option
@by_option
def merge(conference: str, other: str, why: str, by: str) -> None:
    """Make one conference of two.

    E.g. `confradar identity merge www-2026 thewebconf-2026 --why "renamed"`. The older keeps its
    slug, the other leads there. `confradar identity split` undoes it.
    """
    slugs = steps.join(conference.lower(), other.lower(), opened(), by=by, why=why)
    click.echo("\n".join(slugs))


@identity.command()
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@json_option
def review(limit: int, as_json: bool) -> None:
    """Show conferences, the least certain first."""
    found = steps.uncertain(opened(), limit=limit)
    if as_json:
        print_json(found)
        return
    table = tables.plain("sure", "conference", "mentions", "weakest evidence", "title")
    for one in found:
        cells = (one["sure"], one["slug"], one["mentions"], one["evidence"], one["title"])
        table.add_row(*(Text(str(cell)) for cell in cells))
    tables.show(tables.output(), table)
