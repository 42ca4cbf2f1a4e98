"""What the page shows that says why dates are believed: archived copies behind claims, makers behind changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from confradar import steps
from confradar.deadlines.chain import place
from confradar.deadlines.moments import ReaderZone
from confradar.deadlines.words import linked
from confradar.web import gates
from confradar.web.conference import Line, Said, claims, line
from confradar.web.form import View

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Copy:
    """The archived copy of a page: its hash, where it lies, when it was read; no `at` if it cannot be read now."""

    digest: str
    file: str
    at: str


@dataclass(frozen=True, slots=True)
class Behind:
    """A claim and what is behind it: the copy, if its page was kept, and the rule that linked it to the conference."""

    said: Said
    copy: Copy | None
    rule: str


def explained(connection: Connection, slug: str, view: View, *, now: datetime, archived_in: Path) -> dict[str, Any]:
    """The values of the template: `found` (its `slug` is another one if it was merged), `gates`, `others`, `decisions`.

    A gate comes with its claims and with its changes, the oldest first; `others` are the changes that are of no gate.
    Raises UnknownName, naming near slugs.
    """
    found, zone = steps.explained(connection, slug, None, archived_in=archived_in), view.zone
    ordered = sorted(found["gates"], key=lambda gate: place((gate["kind"], gate["round"], gate["track"])))
    others = [one for one in found["changes"] if one["deadline_id"] is None]
    return {
        "found": found,
        "name": gates.short(gates.name(found)),
        "gates": [
            (gates.shown(gate, zone, now), _behind(gate, zone), _made(gate["changes"], zone)) for gate in ordered
        ],
        "others": _made(sorted(others, key=lambda one: int(one["id"])), zone),
        "decisions": [{**one, "at": zone.moment(one["at"])} for one in found["decisions"]],
    }


def _behind(gate: Row, zone: ReaderZone) -> list[Behind]:
    return [
        Behind(said, _copy(claim["archived"], zone), linked(claim["evidence"], claim["sure"]))
        for said, claim in zip(claims(gate, zone), gate["claims"], strict=True)
    ]


def _copy(archived: Row | None, zone: ReaderZone) -> Copy | None:
    if archived is None:
        return None
    at = "" if archived["lost"] else zone.moment(archived["at"])
    return Copy(archived["digest"], f"{archived['file']}, offset {archived['offset']}", at)


def _made(changes: list[Row], zone: ReaderZone) -> list[tuple[Line, str]]:
    """Changes, each with who made it: the run, and the person who asked for that, if one did."""
    return [
        (line(one, zone), (one["run"] or "a run that is gone") + (f" by {one['by']}" if one["by"] else ""))
        for one in changes
    ]
