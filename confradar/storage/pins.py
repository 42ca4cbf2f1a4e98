"""The operators' decisions which mentions are one conference. A later one counts more; a lifted one is history."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from confradar.deadlines.conference import Pin
from confradar.deadlines.identity import MentionKey
from confradar.storage.tables import identity_pin

COUNTS = identity_pin.c.lifted_at.is_(None)


def counting(connection: Connection) -> list[Pin]:
    """The pins that count, oldest first: a later one may take an earlier one back."""
    pin = identity_pin.c
    query = select(pin.first, pin.second, pin.together).where(COUNTS).order_by(pin.id)
    return [Pin(tuple(first), tuple(second), together) for first, second, together in connection.execute(query)]


def add(connection: Connection, pin: Pin, *, by: str, why: str, at: datetime) -> None:
    """Keep a decision, with who made it, why, and when (aware)."""
    values = {"first": list(pin.first), "second": list(pin.second), "together": pin.together}
    connection.execute(insert(identity_pin).values(**values, by=by, why=why, at=at))


def lift(connection: Connection, pins: Collection[Pin], *, at: datetime) -> None:
    """Let these decisions count no more from then on."""
    for row in connection.execute(select(identity_pin).where(COUNTS)).mappings().all():
        if Pin(tuple(row["first"]), tuple(row["second"]), row["together"]) in pins:
            connection.execute(update(identity_pin).where(identity_pin.c.id == row["id"]).values(lifted_at=at))


def on(connection: Connection, mentions: Collection[MentionKey]) -> list[dict[str, Any]]:
    """What was decided on any of these mentions, oldest first, with what was lifted since."""
    rows = connection.execute(select(identity_pin).order_by(identity_pin.c.id)).mappings()
    return [dict(row) for row in rows if {tuple(row["first"]), tuple(row["second"])} & set(mentions)]
