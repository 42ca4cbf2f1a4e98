"""The command that says why a date is believed: why."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console
from rich.text import Text

from confradar import steps
from confradar.cli import asking, radar, tables
from confradar.cli.asking import zone_option
from confradar.cli.reading import json_option, opened, print_json
from confradar.deadlines.listing import Kind
from confradar.deadlines.moments import ReaderZone
from confradar.deadlines.words import linked, moved, once_zoned, what
from confradar.publish import rows
from confradar.storage.answers import Answer


@click.command()
@click.argument("conference")
@click.argument("kind", type=click.Choice([str(kind) for kind in Kind]), metavar="[KIND]", required=False)
@json_option
@asking.as_of_option
@zone_option
def why(conference: str, kind: str | None, as_json: bool, zone: str | None, **given: Any) -> None:
    """Say why a date is believed: who says it where, since when, and who changed it.

    \b
    confradar why icml-2027 submission --zone AoE

    Each claim comes with its words, its page, the archived copy with its hash, and the rule that linked it.
    With --as-of, what was believed then; copies and runs, which are kept for some time only, are not told.
    """
    asked, settings = asking.selection(given), opened()
    reader = asking.zone(zone, settings)
    found = steps.why(conference.lower(), Kind(kind) if kind else None, settings, as_of=asked.as_of)
    if as_json:
        print_json(rows.why(found))
        return
    console = tables.output()
    console.print(Text(found["title"], style="bold"), f"[dim]{found['slug']}[/dim]")
    for gate in found["gates"]:
        _gate(console, gate, reader)
    for one in found["decisions"]:
        _line(console, f"{reader.moment(one['at'])} · {one['action']} by {one['by']}: {one['why']}")


def _gate(console: Console, gate: Answer, zone: ReaderZone) -> None:
    """A gate: where it stands, then claim by claim what is behind it, then its history, the oldest first."""
    console.print()
    head = Text(f"{what(gate)}: ", "bold").append_text(radar.when(gate, zone))
    console.print(head.append(f" · {gate['verdict']}"), soft_wrap=True)
    for claim in gate["claims"]:
        said = f"“{claim['text']}”" + (f" zone {claim['zone_text']}" if claim["zone_text"] else "")
        means = radar.span(claim["earliest"], claim["latest"], zone) if claim["earliest"] else "no date"
        guess = ", a guess of its source" if claim["estimated"] else ""
        _line(console, f"  {claim['source']} says {said} = {means}{guess}", "")
        for name, told in _behind(claim, zone):
            _line(console, f"    {name:<12} {told}")
    for line in gate["changes"]:
        sense = moved(line) if line["direction"] else line["field"]
        was, now = (once_zoned(line[side] or "–") for side in ("before", "after"))
        who = [line["source"] or "several sources", line["run"] or "a run that is gone"]
        who += [f"by {line['by']}"] if line["by"] else []
        who += [f"added {zone.moment(line['added_at'])}"] if line["added_at"] else []
        _line(console, f"  {zone.moment(line['at'])} · {sense} · “{was}” → “{now}” · {' · '.join(who)}")


def _behind(claim: Answer, zone: ReaderZone) -> list[tuple[str, str]]:
    """What is behind a claim, line by line, each with its name."""
    told = [("page", claim["url"])]
    if page := claim["archived"]:
        told.append(("hash", page["digest"]))
        lost = page["lost"] or f"{page['file']}, offset {page['offset']}, read {zone.moment(page['at'])}"
        told.append(("archived", lost))
    told.append(("first seen", zone.moment(claim["first_confirmed_at"])))
    told.append(("confirmed" if claim["stands"] else "said until", zone.moment(claim["last_confirmed_at"])))
    if claim["reason"]:
        told.append(("read as", claim["reason"]))
    if claim["not_seen_since"]:
        told.append(("not seen since", zone.moment(claim["not_seen_since"])))
    return [*told, ("linked by", linked(claim["evidence"], claim["sure"]))]


def _line(console: Console, told: str, style: str = "dim") -> None:
    console.print(Text(told, style), soft_wrap=True)
