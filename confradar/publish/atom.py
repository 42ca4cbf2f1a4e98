"""Atom (RFC 4287): what changed, and what is due, as feeds whose ids never change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from confradar.deadlines.conference import Direction
from confradar.deadlines.words import late, moved
from confradar.publish import rows, telling

Row = Mapping[str, Any]
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # of a feed in which nothing has happened yet
_TOLD = {
    Direction.ZONE: "read in another zone",
    Direction.NARROWED: "told more exactly",
    Direction.WIDENED: "told less exactly",
    Direction.NEW: "new",
    Direction.ANNOUNCED: "announced",
    Direction.WITHDRAWN: "withdrawn",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `summary` is plain text."""

    id: str
    title: str
    at: datetime
    url: str
    summary: str
    categories: tuple[str, ...] = ()

    @property
    def updated(self) -> str:
        """RFC 3339."""
        return self.at.isoformat()


def changes(found: Iterable[Row], *, site: str, rights: str, path: str, query: str, next_query: str | None) -> str:
    """The feed of changes as `selecting.changes` gives them; one entry for each, its time when it was seen.

    `site` is the address of the pages, `rights` says whose terms hold, `path` is the feed's own, the queries those of
    this page of it and of the next.
    """
    entries = [
        Entry(
            f"{tag(site)}change/{row['id']}",
            f"{telling.name(row)}: {_what(row)}",
            row["at"],
            f"{site}/conferences/{quote(row['slug'])}",
            _was(row),
            tuple(filter(None, (row["direction"] or row["field"], row["kind"]))),
        )
        for row in found
    ]
    return _feed(
        "changes", "ConfRadar: what changed", f"{site}/changes", entries, site, rights, path, query, next_query
    )


def deadlines(found: Iterable[Row], *, site: str, rights: str, path: str, query: str, next_query: str | None) -> str:
    """The feed of gates as `selecting.gates` gives them; an entry is updated when anything told of it changes."""
    entries = [
        Entry(
            f"{tag(site)}deadline/{quote(rows.gate_id(row))}",
            f"{telling.name(row)}: {telling.instant(row['safe_at'])}",
            rows.updated_at(row),
            f"{site}/conferences/{quote(row['slug'])}",
            "\n".join(telling.sentences(row)),
            (row["kind"], *map(telling.clean, row["topics"])),
        )
        for row in found
    ]
    return _feed("deadlines", "ConfRadar: deadlines", f"{site}/", entries, site, rights, path, query, next_query)


def tag(site: str) -> str:
    """How the ids of what is served at that address begin (RFC 4151): two installations number their changes alike."""
    return f"tag:{urlsplit(site).hostname},2026:"


def _feed(
    name: str,
    title: str,
    page: str,
    entries: list[Entry],
    site: str,
    rights: str,
    path: str,
    query: str,
    next_query: str | None,
) -> str:
    def address(asked: str) -> str:
        return f"{site}{path}{'?' if asked else ''}{asked}"

    return _template().render(
        id=f"{tag(site)}{name}{'?' if query else ''}{query}",
        title=title,
        rights=rights,
        updated=max((entry.at for entry in entries), default=BEGINNING).isoformat(),
        here=address(query),
        page=page,
        next=address(next_query) if next_query is not None else None,
        entries=entries,
    )


def _what(row: Row) -> str:
    """What a change is, in a few words: "moved 23 hours EARLIER", "place is now Seoul"."""
    if row["field"] == "conference":
        return "new"
    if row["field"] == "merged_into":
        return f"is told under {row['after']}"
    if row["field"] == "date" and row["direction"]:
        told = _TOLD.get(row["direction"]) or f"moved {moved(dict(row))}"
        return f"{told}{', back where it was' if row['reverted'] else ''}{late(dict(row))}"
    name = {"verdict": "the safe date"}.get(row["field"], row["field"].replace("_", " "))
    after = telling.clean(row["after"] or "")[: telling.NAME_MAX]
    return f"{name} is now {after}" if after else f"{name} is gone"


def _was(row: Row) -> str:
    lines = []
    for label, words, at in (("was", row["before"], row["before_at"]), ("is", row["after"], row["after_at"])):
        if words or at:
            lines.append(f"{label}: {words or ''}{f' ({telling.instant(at)})' if at else ''}")
    if row["source"]:
        lines.append(f"{row['source']}: {row['url']}")
    return telling.clean("\n".join(lines))


@cache
def _template() -> Template:
    loader = PackageLoader("confradar.publish")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("feed.atom")
