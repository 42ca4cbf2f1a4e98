"""Keep what was believed before: rows that are replaced, and when each source was read.

Rows that are there already count from the beginning (`stored_at` is NULL). What was believed before the first night
after this migration nobody can say, nor what code of 0007 has replaced since.

Revision: 0008.0007, after 0007. Made 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008.0007"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
STORED = ("conference", "mention", "deadline", "claim", "change")
PAST = {
    "conference_past": (
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("title_key", sa.Text, nullable=False),
        sa.Column("series_id", ID),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("acronym", sa.Text),
        sa.Column("full_name", sa.Text),
        sa.Column("place", sa.Text),
        sa.Column("city", sa.Text),
        sa.Column("country", sa.Text),
        sa.Column("online", sa.Boolean),
        sa.Column("starts_on", sa.Date),
        sa.Column("ends_on", sa.Date),
        sa.Column("website", sa.Text),
        sa.Column("topics", JSON, nullable=False),
        sa.Column("ranks", JSON, nullable=False),
        sa.Column("parent_id", ID),
        sa.Column("merged_into", ID),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("facets", sa.Text, nullable=False),
    ),
    "mention_past": (
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("feed", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("identity_keys", sa.Text, nullable=False),
        sa.Column("raw", sa.Text, nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("first_run_id", ID, nullable=False),
        sa.Column("last_run_id", ID, nullable=False),
        sa.Column("not_seen_since", INSTANT),
        sa.Column("archived", sa.Text),
        sa.Column("seen_from", INSTANT),
    ),
    "deadline_past": (
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("conference_id", ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("track", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("earliest", INSTANT),
        sa.Column("latest", INSTANT),
        sa.Column("safe_at", INSTANT),
    ),
    "claim_past": (
        sa.Column("mention_id", ID, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("track", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("zone_text", sa.Text),
        sa.Column("earliest", INSTANT),
        sa.Column("latest", INSTANT),
        sa.Column("precision", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("estimated", sa.Boolean, nullable=False),
        sa.Column("extended_from", sa.Text),
        sa.Column("first_confirmed_at", INSTANT, nullable=False),
        sa.Column("last_confirmed_at", INSTANT),
    ),
}


def upgrade() -> None:
    for name in STORED:
        op.add_column(name, sa.Column("stored_at", INSTANT))
    op.add_column("mention", sa.Column("seen_from", INSTANT))
    for name, columns in PAST.items():
        moments = (sa.Column("stored_at", INSTANT), sa.Column("replaced_at", INSTANT, primary_key=True))
        op.create_table(name, *columns, *moments)
    op.create_table(
        "sighting",
        sa.Column("source", sa.String(40), primary_key=True),
        sa.Column("mention_id", ID, primary_key=True, autoincrement=False),
        sa.Column("at", INSTANT, primary_key=True),
        sa.Column("stored_at", INSTANT, nullable=False),
    )
    op.create_index("ix_sighting_stored_at", "sighting", ["stored_at"])


def downgrade() -> None:
    for name in ("sighting", *PAST):
        op.drop_table(name)
    for name in STORED:
        with op.batch_alter_table(name) as table:
            table.drop_column("stored_at")
            if name == "mention":
                table.drop_column("seen_from")
