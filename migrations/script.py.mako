"""${message}.

Say here why, and what becomes of the rows that are there already ("a gap is better than a guess").

Rules: yesterday's code must still run on the new tables, so add first and remove in a later release. One that only
adds names the oldest code that runs on its tables: it is `0009.0008`, its file `0009.0008_….py`. Both ways keep the
data, on PostgreSQL and on SQLite (`with op.batch_alter_table(...)` there); no table is rewritten or scanned under a
lock that pages wait for; constraints get their names from the convention in `tables.py`.

Revision: ${up_revision}, after ${down_revision | comma,n}. Made ${create_date.date()}.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
