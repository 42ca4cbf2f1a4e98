"""The first tables: what is believed, what ran, what an operator decided.

There is nothing before them, so no rows have to be kept on the way up; the way down takes them all.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers rows by itself only for INTEGER
INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", ID, nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("last_sent_at", INSTANT),
        sa.Column("resolved_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
    )
    op.create_index(
        "uq_alert_open",
        "alert",
        ["condition"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
        sqlite_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "identity_pin",
        sa.Column("id", ID, nullable=False),
        sa.Column("first", JSON, nullable=False),
        sa.Column("second", JSON, nullable=False),
        sa.Column("together", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identity_pin"),
    )
    op.create_table(
        "run",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("logical_instant", INSTANT, nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("steps", JSON, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("task_id", sa.Text()),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("deadline_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.Column("stored_at", INSTANT),
        sa.Column("token", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("statistics", JSON),
        sa.Column("message", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.UniqueConstraint("key", name="uq_run_key"),
    )
    op.create_index("ix_run_status", "run", ["status"])
    op.create_table(
        "series",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("acronym", sa.Text()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.UniqueConstraint("key", name="uq_series_key"),
    )
    op.create_table(
        "conference",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title_key", sa.Text(), nullable=False),
        sa.Column("series_id", ID),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("acronym", sa.Text()),
        sa.Column("full_name", sa.Text()),
        sa.Column("place", sa.Text()),
        sa.Column("city", sa.Text()),
        sa.Column("country", sa.Text()),
        sa.Column("online", sa.Boolean()),
        sa.Column("starts_on", sa.Date()),
        sa.Column("ends_on", sa.Date()),
        sa.Column("website", sa.Text()),
        sa.Column("topics", JSON, nullable=False),
        sa.Column("ranks", JSON, nullable=False),
        sa.Column("parent_id", ID),
        sa.Column("merged_into", ID),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["merged_into"], ["conference.id"], name="fk_conference_merged_into_conference"),
        sa.ForeignKeyConstraint(["parent_id"], ["conference.id"], name="fk_conference_parent_id_conference"),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_conference_series_id_series"),
        sa.PrimaryKeyConstraint("id", name="pk_conference"),
        sa.UniqueConstraint("slug", name="uq_conference_slug"),
    )
    op.create_index("ix_conference_series_id", "conference", ["series_id"])
    op.create_index("ix_conference_title_key", "conference", ["title_key"])
    op.create_index("ix_conference_year", "conference", ["year"])
    op.create_table(
        "kept_output",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("output", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_kept_output_run_id_run", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_kept_output"),
        sa.UniqueConstraint("run_id", "step", "attempt", "output", name="uq_kept_output_run_id_step_attempt_output"),
    )
    op.create_table(
        "series_name",
        sa.Column("series_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("former", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_series_name_series_id_series"),
        sa.PrimaryKeyConstraint("series_id", "name", name="pk_series_name"),
    )
    op.create_table(
        "step_log",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_step_log_run_id_run", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_step_log"),
        sa.UniqueConstraint("run_id", "step", "attempt", "chunk", name="uq_step_log_run_id_step_attempt_chunk"),
    )
    op.create_table(
        "step_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("task_id", sa.Text()),
        sa.Column("worker", sa.Text()),
        sa.Column("pid", sa.Integer()),
        sa.Column("queued_at", INSTANT),
        sa.Column("started_at", INSTANT),
        sa.Column("heartbeat_at", INSTANT),
        sa.Column("finished_at", INSTANT),
        sa.Column("count", sa.Integer()),
        sa.Column("progress", JSON),
        sa.Column("metadata", JSON),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_step_run_run_id_run", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_step_run"),
        sa.UniqueConstraint("run_id", "step", "attempt", name="uq_step_run_run_id_step_attempt"),
    )
    op.create_table(
        "deadline",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("track", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("earliest", INSTANT),
        sa.Column("latest", INSTANT),
        sa.Column("safe_at", INSTANT),
        sa.ForeignKeyConstraint(["conference_id"], ["conference.id"], name="fk_deadline_conference_id_conference"),
        sa.PrimaryKeyConstraint("id", name="pk_deadline"),
        sa.UniqueConstraint(
            "conference_id", "kind", "round", "track", name="uq_deadline_conference_id_kind_round_track"
        ),
    )
    op.create_index("ix_deadline_safe_at", "deadline", ["safe_at"])
    op.create_table(
        "mention",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("identity_keys", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("first_run_id", ID, nullable=False),
        sa.Column("last_run_id", ID, nullable=False),
        sa.Column("not_seen_since", INSTANT),
        sa.ForeignKeyConstraint(["conference_id"], ["conference.id"], name="fk_mention_conference_id_conference"),
        sa.PrimaryKeyConstraint("id", name="pk_mention"),
        sa.UniqueConstraint("source", "feed", "ref", "year", name="uq_mention_source_feed_ref_year"),
    )
    op.create_index("ix_mention_conference_id", "mention", ["conference_id"])
    op.create_table(
        "change",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("deadline_id", ID),
        sa.Column("mention_id", ID),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("before_at", INSTANT),
        sa.Column("after_at", INSTANT),
        sa.Column("direction", sa.String(length=10)),
        sa.Column("reverted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["conference_id"], ["conference.id"], name="fk_change_conference_id_conference"),
        sa.ForeignKeyConstraint(["deadline_id"], ["deadline.id"], name="fk_change_deadline_id_deadline"),
        sa.ForeignKeyConstraint(["mention_id"], ["mention.id"], name="fk_change_mention_id_mention"),
        sa.PrimaryKeyConstraint("id", name="pk_change"),
    )
    op.create_index("ix_change_at", "change", ["at"])
    op.create_index("ix_change_conference_id", "change", ["conference_id"])
    op.create_table(
        "claim",
        sa.Column("mention_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("track", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("zone_text", sa.Text()),
        sa.Column("earliest", INSTANT),
        sa.Column("latest", INSTANT),
        sa.Column("precision", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("extended_from", sa.Text()),
        sa.Column("first_confirmed_at", INSTANT, nullable=False),
        sa.Column("last_confirmed_at", INSTANT),
        sa.ForeignKeyConstraint(["mention_id"], ["mention.id"], name="fk_claim_mention_id_mention"),
        sa.PrimaryKeyConstraint("mention_id", "kind", "round", "track", name="pk_claim"),
    )


def downgrade() -> None:
    op.drop_table("claim")
    op.drop_table("change")
    op.drop_table("mention")
    op.drop_table("deadline")
    op.drop_table("step_run")
    op.drop_table("step_log")
    op.drop_table("series_name")
    op.drop_table("kept_output")
    op.drop_table("conference")
    op.drop_table("series")
    op.drop_table("run")
    op.drop_table("identity_pin")
    op.drop_table("alert")
