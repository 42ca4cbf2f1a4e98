"""Who follows what: begun, found, ended; and what was told of a gate before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from confradar.deadlines.conference import MOVES, Direction
from confradar.storage import outbox, tables
from confradar.storage.follow_tables import follow, message

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Follow:
    """A selection (a query string) and the address that hears of it. `remind` is hours before a safe date.

    `shown` is the address without its secrets, `secret` signs the link that ends it. `ended_by` is empty while it goes
    on.
    """

    id: int
    selection: str
    address: str
    shown: str
    remind: tuple[int, ...]
    zone: str
    secret: str
    by: str
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


def begin(connection: Connection, new: Follow) -> tuple[Follow, bool]:
    """Begin a follow, whose `id` is given here; returns it, and whether it is new.

    If that address follows that selection already, its reminders and zone are those of `new` from now on.
    """
    going = (follow.c.selection == new.selection, follow.c.address == new.address, follow.c.ended_at.is_(None))
    values = {"remind": list(new.remind), "zone": new.zone, "shown": new.shown}
    known = connection.execute(update(follow).where(*going).values(values).returning(follow.c.id)).scalar()
    if known:
        return find(connection, known) or new, False
    row = {name: getattr(new, name) for name in Follow.__slots__ if name != "id"}
    number = connection.execute(insert(follow).values({**row, **values}).returning(follow.c.id)).scalar_one()
    return replace(new, id=number), True


def find(connection: Connection, follow_id: int) -> Follow | None:
    """The follow of that number, ended or not."""
    row = connection.execute(select(follow).where(follow.c.id == follow_id)).mappings().one_or_none()
    return _follow(row) if row else None


def going(connection: Connection) -> list[Follow]:
    """The follows that have not ended, the oldest first."""
    query = select(follow).where(follow.c.ended_at.is_(None)).order_by(follow.c.id)
    return [_follow(row) for row in connection.execute(query).mappings()]


def of(connection: Connection, by: str) -> list[Follow]:
    """All follows that were begun by that name, ended or not."""
    query = select(follow).where(follow.c.by == by).order_by(follow.c.id)
    return [_follow(row) for row in connection.execute(query).mappings()]


def end(connection: Connection, follow_id: int, *, by: str, now: datetime) -> bool:
    """End a follow, and drop what is still to be sent for it. Returns False if it had ended already."""
    going = (follow.c.id == follow_id, follow.c.ended_at.is_(None))
    ended = connection.execute(update(follow).where(*going).values(ended_at=now, ended_by=by)).rowcount > 0
    if ended:
        outbox.withdraw(connection, message.c.follow_id == follow_id)
    return ended


def states(connection: Connection) -> dict[int, Row]:
    """How the messages of each follow stand: `sent` (how many), `last_sent_at`, `waiting`, `given_up`, `error`.

    `error` is why the newest that was not sent was not, None if all were.
    """
    newest = (
        select(message.c.error)
        .where(message.c.follow_id == follow.c.id, message.c.sent_at.is_(None), message.c.error.is_not(None))
        .order_by(message.c.id.desc())
        .limit(1)
        .correlate(follow)
        .scalar_subquery()
    )
    open_ = message.c.sent_at.is_(None) & message.c.failed_at.is_(None)
    query = (
        select(
            follow.c.id,
            func.count(message.c.sent_at).label("sent"),
            func.max(message.c.sent_at).label("last_sent_at"),
            func.count(message.c.id).filter(open_).label("waiting"),
            func.count(message.c.failed_at).label("given_up"),
            newest.label("error"),
        )
        .outerjoin(message, message.c.follow_id == follow.c.id)
        .group_by(follow.c.id)
    )
    return {row["id"]: dict(row) for row in connection.execute(query).mappings()}


def told(connection: Connection, deadline_ids: Collection[int], *, until: int) -> dict[int, Row]:
    """By gate, the newest of its changes up to that number by which its date moved or was withdrawn."""
    line = tables.change
    query = (
        select(line)
        .where(line.c.deadline_id.in_(deadline_ids), line.c.id <= until, line.c.field == "date")
        .where(line.c.direction.in_((*MOVES, Direction.WITHDRAWN)))
        .order_by(line.c.id)
    )
    found: defaultdict[int, Row] = defaultdict(dict)
    for row in connection.execute(query).mappings():
        found[row["deadline_id"]] = dict(row)
    return dict(found)


def speakers(connection: Connection, mention_ids: Collection[int]) -> dict[int, Row]:
    """Of mentions, by id: `source`, `url`, and the `slug` of the conference of which they speak."""
    query = (
        select(tables.mention.c.id, tables.mention.c.source, tables.mention.c.url, tables.conference.c.slug)
        .join(tables.conference, tables.conference.c.id == tables.mention.c.conference_id)
        .where(tables.mention.c.id.in_(mention_ids))
    )
    return {row["id"]: dict(row) for row in connection.execute(query).mappings()}


def _follow(row: Any) -> Follow:
    return Follow(**{**row, "remind": tuple(row["remind"])})
