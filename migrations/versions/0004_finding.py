"""Let conferences be found by words and facets, gates by the moment that they close, changes by their gate.

The new columns are derived: they are filled after the migration, and by each store.

Revision: 0004, after 0003. Made 2026-11-25.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("conference") as table:
        table.add_column(sa.Column("search_text", sa.Text, nullable=False, server_default=sa.text("''")))
        table.add_column(sa.Column("facets", sa.Text, nullable=False, server_default=sa.text("''")))
    op.create_index("ix_deadline_latest", "deadline", ["latest"])
    op.create_index("ix_change_deadline_id", "change", ["deadline_id"])


def downgrade() -> None:
    op.drop_index("ix_change_deadline_id", "change")
    op.drop_index("ix_deadline_latest", "deadline")
    with op.batch_alter_table("conference") as table:
        table.drop_column("facets")
        table.drop_column("search_text")
