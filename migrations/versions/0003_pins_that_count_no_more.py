"""Keep an operator's word on identity after it was taken back.

A pin that is lifted counts no more and stays as history. All that are there already count.

Revision: 0003, after 0002. Made 2026-11-25.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("identity_pin") as table:
        table.add_column(sa.Column("lifted_at", INSTANT))


def downgrade() -> None:
    # What was lifted does not count in the earlier version either.
    op.execute(sa.text("DELETE FROM identity_pin WHERE lifted_at IS NOT NULL"))
    with op.batch_alter_table("identity_pin") as table:
        table.drop_column("lifted_at")
