"""The outbox: messages to people and operators, each of which exists once, until a channel has taken it or all tries
are used up.

A message is written in the transaction that makes it true. Who delivers takes it with a lease, commits, hands it to
the channel, and writes down what came of that. Whoever is killed in between leaves it to the next after the lease: a
message is never lost. It can come twice only if the kill falls between the channel's answer and our commit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from confradar.storage.follow_tables import message

# Seconds until the next try, after each that failed; after the last of them the message is given up.
WAITS = (60, 300, 1800, 2 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
ERROR_MAX = 300

_OPEN: tuple[ColumnElement[bool], ...] = (message.c.sent_at.is_(None), message.c.failed_at.is_(None))


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said to whom. `key` names that: a second one of the same key is none.

    `address` is one of `notify.channels`. It goes out at `due_at` or after, and not any more at `expires_at` (aware
    instants). `parts` is what a digest is made of, as JSON, for who adds to it.
    """

    key: str
    kind: str
    address: str
    subject: str
    body: str
    due_at: datetime
    follow_id: int | None = None
    expires_at: datetime | None = None
    parts: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A message in the hands of who delivers it."""

    id: int
    key: str
    follow_id: int | None
    address: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """An address that takes nothing: how many messages wait for it, how many were given up, and why the newest was."""

    address: str
    waiting: int
    given_up: int
    error: str


def put(connection: Connection, new: Message, *, now: datetime) -> bool:
    """Put a message in the outbox. Returns False, and does nothing, if there is one of that key, sent or not."""
    if known(connection, new.key):
        return False
    row = {name: getattr(new, name) for name in Message.__slots__}
    row |= {"parts": list(new.parts), "created_at": now, "next_try_at": new.due_at}
    try:
        with connection.begin_nested():
            connection.execute(insert(message).values(row))
    except IntegrityError:  # another one was quicker
        return False
    return True


def parts(connection: Connection, key: str) -> list[Any] | None:
    """The parts of a message that nobody has taken yet, for `rewrite` in this transaction; None if there is none."""
    untouched = (message.c.key == key, *_OPEN, message.c.attempts == 0)
    found: list[Any] | None = connection.scalar(select(message.c.parts).where(*untouched).with_for_update())
    return found


def rewrite(connection: Connection, new: Message) -> None:
    """Let the message of that key say this instead."""
    told = {"subject": new.subject, "body": new.body, "parts": list(new.parts)}
    connection.execute(update(message).where(message.c.key == new.key).values(told))


def take(connection: Connection, *, now: datetime, seconds: float, but: Collection[str] = ()) -> Taken | None:
    """The next message that is due, marked as taken for so many seconds; None if there is none.

    Those to the addresses `but` are left. One that another has in hands is passed over; one whose lease ran out is
    taken anew. What is past its use, or was tried too often by processes that are gone, is given up.
    """
    free = or_(message.c.taken_until.is_(None), message.c.taken_until <= now)
    query = (
        select(message)
        .where(*_OPEN, message.c.next_try_at <= now, free, message.c.address.not_in(but))
        .order_by(message.c.next_try_at, message.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    while (row := connection.execute(query).mappings().one_or_none()) is not None:
        if row["expires_at"] and row["expires_at"] <= now:
            _give_up(connection, row["id"], "it would have come too late", now=now)
        elif row["attempts"] > len(WAITS):
            _give_up(connection, row["id"], "whoever delivered it was lost, each time", now=now)
        else:
            held = {"taken_until": now + timedelta(seconds=seconds), "attempts": row["attempts"] + 1}
            connection.execute(update(message).where(message.c.id == row["id"]).values(held))
            return Taken(**{name: row[name] for name in Taken.__slots__})
    return None


def sent(connection: Connection, message_id: int, *, now: datetime) -> None:
    """Write down that the channel has taken a message."""
    done = {"sent_at": now, "taken_until": None, "error": None}
    connection.execute(update(message).where(message.c.id == message_id).values(done))


def failed(connection: Connection, message_id: int, error: str, *, now: datetime) -> None:
    """Write down why the channel did not take a message: it is tried again after a wait, or given up."""
    tries: int = connection.execute(select(message.c.attempts).where(message.c.id == message_id)).scalar_one()
    if tries > len(WAITS):
        _give_up(connection, message_id, error, now=now)
        return
    again = now + timedelta(seconds=WAITS[tries - 1])
    values = {"next_try_at": again, "taken_until": None, "error": error[:ERROR_MAX]}
    connection.execute(update(message).where(message.c.id == message_id).values(values))


def _give_up(connection: Connection, message_id: int, error: str, *, now: datetime) -> None:
    values = {"failed_at": now, "taken_until": None, "error": error[:ERROR_MAX]}
    connection.execute(update(message).where(message.c.id == message_id).values(values))


def withdraw(connection: Connection, *which: ColumnElement[bool]) -> int:
    """Drop the messages for which all that holds and that nobody has begun to send. Returns how many."""
    return connection.execute(delete(message).where(*_OPEN, message.c.taken_until.is_(None), *which)).rowcount


def begins(prefix: str) -> ColumnElement[bool]:
    """Of `withdraw`: the messages whose keys begin so."""
    return message.c.key.startswith(prefix, autoescape=True)


def last_word(connection: Connection, prefix: str, *, now: datetime) -> datetime | None:
    """When the newest message whose key begins so was sent or given up; `now` if it waits, None if there is none."""
    ended = func.coalesce(message.c.sent_at, message.c.failed_at)
    row = connection.execute(select(ended).where(begins(prefix)).order_by(message.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else row[0] or now


def waiting(connection: Connection) -> int:
    """How many messages are still to be sent, now or later."""
    return connection.scalar(select(func.count()).select_from(message).where(*_OPEN)) or 0


def troubled(connection: Connection, *, since: datetime) -> list[Trouble]:
    """The addresses whose newest try failed, of messages that wait or that were given up since then."""
    bad = or_(message.c.failed_at >= since, message.c.failed_at.is_(None))
    query = (
        select(message.c.address, message.c.failed_at, message.c.error)
        .where(message.c.sent_at.is_(None), message.c.error.is_not(None), bad)
        .order_by(message.c.id)
    )
    found: dict[str, Trouble] = {}
    for address, failed_at, error in connection.execute(query):
        old = found.get(address, Trouble(address, 0, 0, ""))
        counts = (old.waiting + (failed_at is None), old.given_up + (failed_at is not None))
        found[address] = Trouble(address, *counts, error)
    return [found[address] for address in sorted(found)]


def known(connection: Connection, key: str) -> bool:
    """Whether there is, or was, a message of that key."""
    return connection.execute(select(message.c.id).where(message.c.key == key)).first() is not None
