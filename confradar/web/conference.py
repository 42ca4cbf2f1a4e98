"""What the page of a conference shows: its gates in order, every claim, the history, and what belongs to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection

from confradar.deadlines.chain import place
from confradar.deadlines.listing import EntryType
from confradar.deadlines.marks import told
from confradar.deadlines.moments import TEXT_SHOWN, ReaderZone, label
from confradar.deadlines.selection import SHOWN_TYPES, Selection
from confradar.deadlines.words import edition, late, moved
from confradar.publish import rows
from confradar.storage import answers
from confradar.web import gates
from confradar.web.form import View

Row = Mapping[str, Any]
LINES = 200  # of history that are shown; the API has all


@dataclass(frozen=True, slots=True)
class Said:
    """A claim: who says it, in which words and zone, what they mean to the reader, since when, and till when."""

    source: str
    url: str
    text: str
    zone: str
    means: str
    reason: str
    extended_from: str
    first: str
    last: str
    doubt: str
    safe: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line of history: when it was seen, of what, what was and is, in which sense, by whom."""

    at: str
    slug: str
    name: str
    gate: str
    was: str
    now: str
    sense: str
    words: str
    source: str
    url: str


def conference(connection: Connection, slug: str, view: View, *, now: datetime, report: str) -> dict[str, Any]:
    """The values of the template: `found` (its `slug` is another one if it was merged), `rounds`, `history` and so on.

    Raises UnknownName, naming near slugs.
    """
    found = answers.conference(connection, slug)
    ordered = sorted(rows.gates_of(found), key=lambda gate: place((gate["kind"], gate["round"], gate["track"])))
    relatives: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in answers.relatives(connection, found):
        told = gates.short(edition(one["acronym"] or one["title"], one["year"]))
        relatives[one["relation"]].append((told, view.plain(f"/conferences/{one['slug']}")))
    return {
        "found": found,
        "name": gates.short(gates.name(found)),
        "days": gates.days(found),
        "rounds": [
            (heading, [(gates.shown(row, view.zone, now, report), claims(row, view.zone)) for row in same])
            for heading, same in groupby(ordered, _round)
        ],
        "history": [line(one, view.zone) for one in found["changes"][:LINES]],
        "more": len(found["changes"]) > LINES,
        "relatives": {name: relatives[name] for name in ("parent", "child", "edition")},
        "outlets": _outlets(found, view),
    }


def line(row: Row, zone: ReaderZone) -> Line:
    """A change, as `answers.conference` and `selecting.changes` give it."""
    dated = row["field"] in ("date", "verdict")
    sense = {"earlier": "earlier", "later": "later", "zone": "doubt", "withdrawn": "doubt"}.get(row["direction"], "")
    words = moved(dict(row)) if row["direction"] else "changed"
    gone, came = (
        told(row[name] or "", row[f"{name}_at"], zone) if dated else row[name] or "" for name in ("before", "after")
    )
    return Line(
        at=zone.moment(row["at"]),
        slug=row["slug"],
        name=gates.short(edition(row.get("acronym") or row["title"], row.get("year"))),
        gate=gates.gate(row) if row["kind"] else row["field"].replace("_", " "),
        was=gates.short(gone),
        now=gates.short(came),
        sense=sense,
        words=words + (", back where it was before" if row["reverted"] else "") + late(dict(row)),
        source=row["source"] or "several sources",
        url=row["url"] or "",
    )


def _round(row: Row) -> str:
    """The heading above the gates of one round and track."""
    parts = [f"Round {row['round']}"] if row["round"] else []
    return " · ".join([*parts, row["track"]] if row["track"] else parts)


def claims(row: Row, zone: ReaderZone) -> list[Said]:
    """The claims of a gate, in the order in which the row has them."""
    chosen = rows.published(row)
    return [_said(one, zone, safe=one is chosen) for one in row["claims"]]


def _said(claim: Row, zone: ReaderZone, *, safe: bool) -> Said:
    earliest, latest = claim["earliest"], claim["latest"]
    means = "no date" if earliest is None else zone.moment(earliest)
    if earliest != latest:
        means = f"between {means} and {zone.moment(latest)}"
    doubts = ["only a guess of its source"] * claim["estimated"]
    if not claim["stands"]:
        doubts.append("no longer said there")
    if claim["not_seen_since"]:
        doubts.append(f"not listed any more since {zone.moment(claim['not_seen_since'])}")
    return Said(
        source=claim["source"],
        url=claim["url"],
        text=claim["text"] if len(claim["text"]) <= 5 * TEXT_SHOWN else claim["text"][: 5 * TEXT_SHOWN - 1] + "…",
        zone=label(claim["zone_text"]) if claim["zone_text"] else "",
        means=means,
        reason=claim["reason"] or "",
        extended_from=claim["extended_from"] or "",
        first=zone.moment(claim["first_confirmed_at"]),
        last=zone.moment(claim["last_confirmed_at"]),
        doubt="; ".join(doubts),
        safe=safe,
    )


def _outlets(found: Row, view: View) -> list[tuple[str, str]]:
    """How to take a conference along: all its gates for a calendar, what changes of it, and its records."""
    slug, type_ = found["slug"], EntryType(found["type"])
    asked = Selection(as_of=view.asked.as_of)
    query = replace(asked, conference=(slug,), type=SHOWN_TYPES if type_ in SHOWN_TYPES else (type_,))
    past = f"?{asked}" if view.past else ""
    return [
        ("add to calendar", f"/conferences/{quote(slug)}.ics{past}"),
        ("follow changes (Atom)", f"/feeds/changes.atom?{query}"),
        ("JSON", f"/api/v1/conferences/{quote(slug)}{past}"),
        ("history (JSON)", f"/api/v1/conferences/{quote(slug)}/history{past}"),
    ]
