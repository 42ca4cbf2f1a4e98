"""The tables. Alembic owns them; the tests prove that its migrations give exactly these."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from confradar.storage.columns import Id, Instant, Json

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

series = Table(
    "series",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    Column("acronym", Text),
    Column("name", Text, nullable=False),
)
series_name = Table(
    "series_name",
    metadata,
    Column("series_id", Id, ForeignKey("series.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("former", Boolean, nullable=False, server_default=text("false")),
)
conference = Table(
    "conference",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("slug", Text, nullable=False, unique=True),
    Column("title_key", Text, nullable=False, index=True),
    Column("series_id", Id, ForeignKey("series.id"), index=True),
    Column("type", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("year", Integer, nullable=False, index=True),
    Column("acronym", Text),
    Column("full_name", Text),
    Column("place", Text),
    Column("city", Text),
    Column("country", Text),
    Column("online", Boolean),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("website", Text),
    Column("topics", Json, nullable=False),
    Column("ranks", Json, nullable=False),
    Column("parent_id", Id, ForeignKey("conference.id")),
    Column("merged_into", Id, ForeignKey("conference.id")),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # Derived, by which it is found: ` word word`, and `|topic:vision|country:FI|`.
    Column("search_text", Text, nullable=False, server_default=text("''")),
    Column("facets", Text, nullable=False, server_default=text("''")),
)
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
mention = Table(
    "mention",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("source", String(40), nullable=False),
    Column("feed", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("url", Text, nullable=False),
    Column("conference_id", Id, ForeignKey("conference.id"), nullable=False, index=True),
    Column("evidence", Text, nullable=False),
    Column("identity_keys", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("first_run_id", Id, nullable=False),  # runs are purged after 90 days, mentions never: no foreign key
    Column("last_run_id", Id, nullable=False),
    Column("not_seen_since", Instant),
    UniqueConstraint("source", "feed", "ref", "year"),
)
deadline = Table(
    "deadline",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("conference_id", Id, ForeignKey("conference.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("round", Integer, nullable=False),
    Column("track", Text, nullable=False),
    Column("verdict", String(10), nullable=False),
    Column("earliest", Instant),
    Column("latest", Instant, index=True),
    Column("safe_at", Instant, index=True),
    UniqueConstraint("conference_id", "kind", "round", "track"),
)
claim = Table(
    "claim",
    metadata,
    Column("mention_id", Id, ForeignKey("mention.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("track", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("zone_text", Text),
    Column("earliest", Instant),
    Column("latest", Instant),
    Column("precision", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("estimated", Boolean, nullable=False),
    Column("extended_from", Text),
    Column("first_confirmed_at", Instant, nullable=False),
    Column("last_confirmed_at", Instant),
)
change = Table(
    "change",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("run_id", Id, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("conference_id", Id, ForeignKey("conference.id"), nullable=False, index=True),
    Column("deadline_id", Id, ForeignKey("deadline.id"), index=True),
    Column("mention_id", Id, ForeignKey("mention.id")),
    Column("field", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("before_at", Instant),
    Column("after_at", Instant),
    Column("direction", String(10)),
    Column("reverted", Boolean, nullable=False),
)
identity_pin = Table(
    "identity_pin",
    metadata,
    Column("id", Id, primary_key=True),
    Column("first", Json, nullable=False),
    Column("second", Json, nullable=False),
    Column("together", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("lifted_at", Instant),  # since when it counts no more
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
# One open alert per condition.
Index(
    "uq_alert_open",
    alert.c.condition,
    unique=True,
    postgresql_where=text("resolved_at IS NULL"),
    sqlite_where=text("resolved_at IS NULL"),
)
