"""Name the archived page behind each mention, and when a line of history was added that is not of its own night.

Mentions that are there already get theirs when they are seen again; every line that is there was written in its night.

Revision: 0007, after 0006. Made 2026-11-26.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mention", sa.Column("archived", sa.Text))
    op.add_column("change", sa.Column("added_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    with op.batch_alter_table("change") as table:
        table.drop_column("added_at")
    with op.batch_alter_table("mention") as table:
        table.drop_column("archived")
