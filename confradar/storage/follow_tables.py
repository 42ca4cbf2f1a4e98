"""The tables of who is told what: follows, and the outbox of messages. Alembic owns them, as `tables`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, text

from confradar.storage.columns import Id, Instant, Json, metadata

follow = Table(
    "follow",
    metadata,
    Column("id", Id, primary_key=True),
    Column("selection", Text, nullable=False),  # as a query string, in its one form
    Column("address", Text, nullable=False),  # may hold a password: shown as `shown`
    Column("shown", Text, nullable=False),
    Column("remind", Json, nullable=False),  # hours before the safe date
    Column("zone", Text, nullable=False),
    Column("secret", String(64), nullable=False),  # signs the link that ends it
    Column("by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text),
)
# One address follows one selection once.
Index(
    "uq_follow_open",
    follow.c.selection,
    follow.c.address,
    unique=True,
    postgresql_where=text("ended_at IS NULL"),
    sqlite_where=text("ended_at IS NULL"),
)
message = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # what it says, and to whom: it can exist only once
    Column("kind", String(20), nullable=False),
    Column("follow_id", Id, ForeignKey("follow.id", ondelete="CASCADE"), index=True),
    Column("address", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("parts", Json, nullable=False),  # of a digest that may still grow
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant),  # then it says nothing of use any more
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_try_at", Instant, nullable=False),
    Column("taken_until", Instant),  # by whom it is being delivered
    Column("sent_at", Instant),
    Column("failed_at", Instant),  # given up
    Column("error", Text),
)
# What is still to be sent.
Index(
    "ix_message_waiting",
    message.c.next_try_at,
    postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
    sqlite_where=text("sent_at IS NULL AND failed_at IS NULL"),
)
