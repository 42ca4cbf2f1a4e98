"""Keep what an operator needs: checks, a lease, who did what, the schedule's switch.

One run of the job at a time holds the lease; one that is going already has it until its deadline, so that it ends as it
would have. Rows that are there already stay as they are: earlier runs name nobody
who asked for them, earlier log chunks start at line 0, earlier outputs are not held.

Revision: 0002, after 0001. Made 2026-11-25.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("run") as table:
        table.add_column(sa.Column("by", sa.Text()))
        table.add_column(sa.Column("retry_of", sa.Text()))
        table.add_column(sa.Column("stopping_at", INSTANT))
    with op.batch_alter_table("kept_output") as table:
        table.add_column(sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    with op.batch_alter_table("step_log") as table:
        table.add_column(sa.Column("first_line", sa.Integer(), nullable=False, server_default=sa.text("0")))
        table.add_column(sa.Column("line_count", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.create_index("ix_step_run_step_finished_at", "step_run", ["step", "finished_at"])
    lease = op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("run_id", ID),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_lease_run_id_run", ondelete="SET NULL"),
    )
    op.bulk_insert(lease, [{"name": "crawl_job", "token": 0}])
    op.execute(
        "UPDATE lease SET run_id = run.id, token = run.token, expires_at = run.deadline_at FROM run WHERE run.id = "
        "(SELECT max(id) FROM run WHERE status NOT IN ('ok', 'partial', 'failed', 'cancelled', 'superseded'))"
    )
    op.create_table(
        "check_result",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("output", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("blocking", sa.Boolean(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("observed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_check_result"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_check_result_run_id_run", ondelete="CASCADE"),
        sa.UniqueConstraint(
            "run_id", "step", "attempt", "output", "name", name="uq_check_result_run_id_step_attempt_output_name"
        ),
    )
    op.create_table(
        "audit",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])
    op.create_table(
        "schedule_state",
        sa.Column("id", ID, nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_state"),
    )


def downgrade() -> None:
    for name in ("schedule_state", "audit", "check_result", "lease"):
        op.drop_table(name)
    op.drop_index("ix_step_run_step_finished_at", "step_run")
    with op.batch_alter_table("step_log") as table:
        table.drop_column("line_count")
        table.drop_column("first_line")
    with op.batch_alter_table("kept_output") as table:
        table.drop_column("held")
    with op.batch_alter_table("run") as table:
        for name in ("stopping_at", "retry_of", "by"):
            table.drop_column(name)
