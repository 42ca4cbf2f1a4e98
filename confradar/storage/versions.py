"""Rows of what we believe, written so that the past stays: each that is replaced is kept beside (`past_tables`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, exists, func, insert, literal, or_, select

from confradar.storage import bulk, database, run_tables, tables
from confradar.storage.bulk import Row
from confradar.storage.columns import Id, Instant
from confradar.storage.past_tables import PAST, sighting


def moment(connection: Connection) -> datetime:
    """When a transaction stores that has the writer's lock: this moment, but behind all that is stored already.

    A clock that is set back must not put what replaces a row before it.
    """
    dated = (sighting, tables.change, *PAST)
    newest = (select(func.max(table.c.stored_at)).scalar_subquery() for table in dated)
    last = max(filter(None, connection.execute(select(*newest)).one()), default=None)
    now = database.clock(connection)
    return now if last is None else max(now, last + timedelta(microseconds=1))


def update(
    connection: Connection, table: Table, rows: Iterable[Row], *, now: datetime, key: Sequence[str] = ("id",)
) -> None:
    """As `bulk.update`; the rows as they were are kept. `now` is the one moment at which the transaction stores."""
    changed = list(rows)
    # Nobody can ask of what was before the first sighting.
    if changed and connection.scalar(select(exists().select_from(sighting))):
        bulk.keep(connection, table, PAST[table], changed, key, now=now)
    bulk.update(connection, table, ({**row, "stored_at": now} for row in changed), key)


def confirm(connection: Connection, mentions: Collection[int], *, at: datetime, run_id: int, now: datetime) -> None:
    """Write that those mentions were last seen `at`, by that run; in place, for most of them.

    When a mention was last seen before is told by the sightings of its source: one that missed some of these, and is
    seen again, is kept as it was. Those that a recheck sees, a few of a source, have sightings of their own.
    """
    if not mentions:
        return
    seen = {"last_seen_at": at, "last_run_id": run_id}
    again = _missed(connection) & set(mentions)
    update(connection, tables.mention, ({"id": one, **seen, "seen_from": at} for one in sorted(again)), now=now)
    bulk.update(connection, tables.mention, ({"id": one, **seen} for one in sorted(set(mentions) - again)))


def _missed(connection: Connection) -> set[int]:
    """The mentions that were not seen when all of their source was last read, or of which it is not known."""
    said = tables.mention.c
    last = (
        select(sighting.c.source, func.max(sighting.c.at).label("at"))
        .where(sighting.c.mention_id == 0)
        .group_by(sighting.c.source)
        .subquery()
    )
    query = select(said.id).outerjoin(last, last.c.source == said.source)
    query = query.where(or_(said.last_seen_at < last.c.at, said.seen_from.is_(None)))
    return set(connection.scalars(query))


def sight(connection: Connection, *, at: datetime, run_id: int, now: datetime) -> None:
    """Write down of which sources mentions were seen `at`, and if a recheck saw them, which."""
    said = tables.mention.c
    trigger = connection.scalar(select(run_tables.run.c.trigger).where(run_tables.run.c.id == run_id))
    of = said.id if trigger == run_tables.RECHECK else literal(0, Id)
    there = select(sighting.c.source).where(
        sighting.c.source == said.source, sighting.c.mention_id.in_((0, of)), sighting.c.at == at
    )
    seen = (
        select(said.source, of, literal(at, Instant), literal(now, Instant))
        .where(said.last_seen_at == at, ~there.exists())
        .distinct()
    )
    connection.execute(insert(sighting).from_select(["source", "mention_id", "at", "stored_at"], seen))
