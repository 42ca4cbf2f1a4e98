"""The tables of what ran, and of what its operators did. Alembic owns them, as `tables`."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from confradar.storage.columns import Id, Instant, Json, metadata

run = Table(
    "run",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("trigger", String(20), nullable=False),
    Column("logical_instant", Instant, nullable=False),
    Column("target", Text, nullable=False),
    Column("steps", Json, nullable=False),
    Column("status", String(20), nullable=False, index=True),
    Column("task_id", Text),
    Column("started_at", Instant, nullable=False),
    Column("deadline_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("stored_at", Instant),
    Column("token", Integer, nullable=False, server_default=text("0")),
    Column("statistics", Json),
    Column("message", Text),
    Column("by", Text),  # who asked for it
    Column("retry_of", Text),  # the key of the run whose failures it repeats
    Column("stopping_at", Instant),  # since when its crawls are asked to end as a limit ends them
)
RECHECK = "recheck"  # the trigger of runs that read a few pages again
AGAIN = ("replay", "backfill")  # the triggers of runs that ask no site
# How a source, its nights and its counts stand is read off the other runs.
whole = run.c.trigger.not_in((RECHECK, *AGAIN))
# Who may run the job now. The token grows with each holder; the storing transaction compares it with its run's.
lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("run_id", Id, ForeignKey("run.id", ondelete="SET NULL")),
    Column("token", Integer, nullable=False),
    Column("expires_at", Instant),
)
step_run = Table(
    "step_run",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_id", Id, ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("step", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("reason", Text),
    Column("task_id", Text),
    Column("worker", Text),
    Column("pid", Integer),
    Column("queued_at", Instant),
    Column("started_at", Instant),
    Column("heartbeat_at", Instant),
    Column("finished_at", Instant),
    Column("count", Integer),
    Column("progress", Json),
    Column("metadata", Json),
    Column("error", Text),
    UniqueConstraint("run_id", "step", "attempt"),
    Index(None, "step", "finished_at"),
)
kept_output = Table(
    "kept_output",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_id", Id, ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("step", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("output", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("kept_at", Instant, nullable=False),
    Column("held", Boolean, nullable=False, server_default=text("false")),  # by a check, until an operator releases it
    UniqueConstraint("run_id", "step", "attempt", "output"),
)
step_log = Table(
    "step_log",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_id", Id, ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("step", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("chunk", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("lines", Text, nullable=False),
    Column("first_line", Integer, nullable=False, server_default=text("0")),
    Column("line_count", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("run_id", "step", "attempt", "chunk"),
)
check_result = Table(
    "check_result",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_id", Id, ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("step", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("output", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("blocking", Boolean, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("description", Text, nullable=False),
    Column("observed", Text, nullable=False),
    UniqueConstraint("run_id", "step", "attempt", "output", "name"),
)
alert = Table(
    "alert",
    metadata,
    Column("id", Id, primary_key=True),
    Column("condition", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("last_sent_at", Instant),
    Column("resolved_at", Instant),
)
# One open alert per condition.
Index(
    "uq_alert_open",
    alert.c.condition,
    unique=True,
    postgresql_where=text("resolved_at IS NULL"),
    sqlite_where=text("resolved_at IS NULL"),
)
audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("action", String(20), nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("why", Text, nullable=False),
)
# Append-only: the newest row of a schedule says whether it is paused, the older ones whether it was.
schedule_state = Table(
    "schedule_state",
    metadata,
    Column("id", Id, primary_key=True),
    Column("schedule", Text, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
)
