"""Which mentions are one conference: of a file, and in the store, where an operator's word counts most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from confradar.deadlines import mentions, pinning
from confradar.deadlines.conference import Known, Mention
from confradar.deadlines.identity import SURE
from confradar.deadlines.merge import merge
from confradar.deadlines.verdict import EDITOR
from confradar.errors import FieldError, Refused, UnknownName
from confradar.settings import Settings
from confradar.storage import answers, audit, conferences, database, pins, versions


def identify(lines: Iterable[str]) -> tuple[Iterator[dict[str, Any]], tuple[FieldError, ...]]:
    """The conferences among mentions that are given as JSON lines, and what is wrong with lines that were left out."""
    found = mentions.read(lines)
    return mentions.clusters(found), found.errors


def identity_of(slug: str, settings: Settings) -> dict[str, Any]:
    """Which mentions a conference has, by which rule and how sure (of 100), and the pins on them.

    Raises UnknownName, naming near slugs.
    """
    with database.reading(settings.database) as connection:
        found = answers.conference(connection, slug)
        keys = [(one["source"], one["feed"], one["ref"], one["year"]) for one in found["mentions"]]
        return {
            **{name: found[name] for name in ("slug", "title", "year", "series_id", "parent_id")},
            "mentions": [
                {name: one[name] for name in ("id", "source", "feed", "ref", "year", "url", "evidence")}
                | {"sure": SURE.get(one["evidence"], 0)}
                for one in found["mentions"]
            ],
            "pins": pins.on(connection, keys),
        }


def uncertain(settings: Settings, *, limit: int) -> list[dict[str, Any]]:
    """Conferences of several mentions, the least certain first: slug, title, year, mentions, sure, evidence."""
    with database.reading(settings.database) as connection:
        return answers.least_certain(connection, SURE, limit=limit)


def split(slug: str, numbers: Sequence[int], settings: Settings, *, by: str, why: str) -> list[str]:
    """Take mentions, by their ids, out of a conference; returns the slugs of what was one.

    The slug stays with the part that holds the oldest mention. The decision outlives the nights. Raises UnknownName,
    and Refused if nothing or nobody would be left.
    """

    def decide(known: Known, members: list[Mention]) -> pinning.Pinning:
        taken = [one.key for one in members if one.id in numbers]
        if missing := set(numbers) - {one.id for one in members}:
            shown = ", ".join(str(one.id) for one in members)
            raise UnknownName(f"{slug} has no mention {min(missing)}. Its mentions: {shown}.")
        said = [one for one in members if one.source != EDITOR]  # an editor's claim alone is no conference
        if sum(one.key in taken for one in said) in (0, len(said)):
            raise Refused(f"A split of {slug} must name some of its {len(said)} mentions by sources, not all.")
        return pinning.apart(known, taken, [one.key for one in members if one.key not in taken])

    return _decide((slug,), settings, decide, action="identity split", by=by, why=why)


def join(slug: str, other: str, settings: Settings, *, by: str, why: str) -> list[str]:
    """Make one conference of two; returns its slug, the older one's; the other leads there from now on.

    The decision outlives the nights. Raises UnknownName, and Refused if the two are one already.
    """

    def decide(known: Known, members: list[Mention]) -> pinning.Pinning:
        first = [one.key for one in members if one.conference_id == members[0].conference_id]
        others = [one.key for one in members if one.key not in first]
        if not others:
            raise Refused(f"{slug} and {other} are one conference already.")
        return pinning.together(known, first, others)

    return _decide((slug, other), settings, decide, action="identity merge", by=by, why=why)


def _decide(
    slugs: Sequence[str],
    settings: Settings,
    decide: Callable[[Known, list[Mention]], pinning.Pinning],
    *,
    action: str,
    by: str,
    why: str,
) -> list[str]:
    """Write a decision on the mentions of these conferences and group them anew, in one transaction."""
    with database.transaction(settings.database) as connection:
        database.writer_lock(connection)
        known, now = conferences.known(connection), database.clock(connection)
        wanted = [answers.conference(connection, slug)["id"] for slug in slugs]
        members = sorted(
            (one for one in known.mentions.values() if one.conference_id in wanted), key=lambda one: one.id
        )
        pinned = decide(known, members)
        pins.lift(connection, pinned.lifted, at=now)
        for pin in pinned.added:
            pins.add(connection, pin, by=by, why=why, at=now)
        audit.record(connection, by=by, action=action, subject=" ".join(slugs), why=why, at=now)
        keys = [one.key for one in members]
        latest = max(one.last_run_id for one in members)
        known = replace(known, pins=pinned.applied(known.pins))
        merged = merge(known, (), run_id=latest, now=now, touched=keys)
        conferences.write(connection, merged, now=versions.moment(connection))
        return _slugs(connection, keys)


def _slugs(connection: Connection, keys: Sequence[tuple[str, str, str, int]]) -> list[str]:
    known = conferences.known(connection)
    found = {known.mentions[key].conference_id for key in keys}
    return [known.conferences[number].slug for number in sorted(found)]
