"""Which conferences have a gate at hand, and where their sources say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from confradar.storage.tables import conference, deadline, mention


class Place(NamedTuple):
    """Where a source says something of a conference."""

    source: str
    feed: str
    url: str


def conferences(connection: Connection, *, passed_after: datetime, due_before: datetime) -> list[int]:
    """The conferences with a gate that may still be open after the one instant and is due before the other.

    Those that are due first come first.
    """
    due = deadline.c.safe_at
    query = (
        select(deadline.c.conference_id)
        .join(conference, conference.c.id == deadline.c.conference_id)
        .where(deadline.c.latest > passed_after, due < due_before, conference.c.merged_into.is_(None))
        .group_by(deadline.c.conference_id)
        .order_by(func.min(due), deadline.c.conference_id)
    )
    return list(connection.scalars(query))


def places(connection: Connection, conferences_: Sequence[int]) -> list[Place]:
    """Where the sources say something of these conferences, as far as they still do; in the order of these."""
    said = (mention.c.conference_id.in_(conferences_), mention.c.not_seen_since.is_(None))
    names = (mention.c.source, mention.c.feed, mention.c.url)
    found = connection.execute(select(mention.c.conference_id, *names).where(*said).order_by(mention.c.id)).all()
    order = {number: place for place, number in enumerate(conferences_)}
    return [Place(*row[1:]) for row in sorted(found, key=lambda row: order[row.conference_id])]
