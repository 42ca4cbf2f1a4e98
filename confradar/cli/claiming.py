"""Commands by which a person corrects a date: claim set, claim withdraw, claim clear."""

from __future__ import annotations

import click
from rich.text import Text

from confradar import steps
from confradar.cli import radar, tables
from confradar.cli.operating import why_option
from confradar.cli.reading import opened
from confradar.cli.running import by_option
from confradar.deadlines.listing import Kind
from confradar.deadlines.moments import IN_UTC

kind_argument = click.argument("kind", type=click.Choice([str(kind) for kind in Kind]), metavar="KIND")
round_option = click.option(
    "--round", "number", type=click.IntRange(0, 99), default=0, help="Of several rounds, which."
)
track_option = click.option("--track", default="", metavar="NAME", help="Of several tracks, which.")


@click.group()
def claim() -> None:
    """Correct a date against all sources, or let them decide again."""


@claim.command("set")
@click.argument("conference")
@kind_argument
@click.argument("text")
@click.option("--url", required=True, metavar="URL", help="The page that says so.")
@why_option
@click.option("--zone", metavar="ZONE", help="The zone, if the text does not name one.")
@round_option
@track_option
@by_option
def set_(
    conference: str, kind: str, text: str, url: str, why: str, zone: str | None, number: int, track: str, by: str
) -> None:
    """Say when a gate is due, against all sources, until it is cleared.

    E.g. `confradar claim set icml-2027 submission "28 January 2027, 23:59 AoE" --url https://icml.cc --why "they say"`.
    KIND is abstract, submission, notification, camera_ready, … Exit code 2 if the text names no date.
    """
    window = steps.set_claim(
        conference.lower(), (Kind(kind), number, track), text, opened(), zone_text=zone, url=url, why=why, by=by
    )
    shown = radar.span(window.earliest, window.latest, IN_UTC) if window.earliest else ""
    doubts = "; ".join(filter(None, (window.reason, window.finding)))
    tables.output().print(Text(shown + (f" ({doubts})" if doubts else "")), soft_wrap=True)


@claim.command()
@click.argument("conference")
@kind_argument
@click.option("--url", required=True, metavar="URL", help="The page that says so.")
@why_option
@round_option
@track_option
@by_option
def withdraw(conference: str, kind: str, url: str, why: str, number: int, track: str, by: str) -> None:
    """Say that a gate is no more, until that is cleared.

    E.g. `confradar claim withdraw icml-2027 rebuttal_end --url https://icml.cc --why "no rebuttal this year"`.
    """
    steps.withdraw_claim(conference.lower(), (Kind(kind), number, track), opened(), url=url, why=why, by=by)
    tables.output().print("withdrawn")


@claim.command()
@click.argument("conference")
@kind_argument
@why_option
@round_option
@track_option
@by_option
def clear(conference: str, kind: str, why: str, number: int, track: str, by: str) -> None:
    """Let the sources decide a gate again, e.g. `confradar claim clear icml-2027 submission --why "they agree now"`."""
    steps.clear_claim(conference.lower(), (Kind(kind), number, track), opened(), why=why, by=by)
    tables.output().print("cleared")
