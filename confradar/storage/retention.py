"""What may be deleted, and its deletion: the record of old runs. The history of dates is in other tables and stays."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, or_, select

from confradar.storage.follow_tables import follow, message
from confradar.storage.ledger import FINAL_RUN
from confradar.storage.run_tables import (
    alert,
    audit,
    check_result,
    kept_output,
    run,
    schedule_state,
    step_log,
    step_run,
    whole,
)

RUNS = 20  # of a batch
TABLES = (step_log, check_result, kept_output, step_run, run, alert, message, follow, audit, schedule_state)
Doomed = Mapping[Table, ColumnElement[bool]]  # by table, which of its rows go; children before their parents


def old_runs(connection: Connection, *, ended_before: datetime, after: int, lock: bool) -> list[int]:
    """The ids of the next runs that were over by then, above the id `after`.

    With `lock`, for this transaction; a run that somebody has in hands, as who releases an old output, is passed over.
    """
    old = (run.c.status.in_(FINAL_RUN), run.c.finished_at < ended_before, run.c.id > after)
    query = select(run.c.id).where(*old).order_by(run.c.id).limit(RUNS)
    return list(connection.scalars(query.with_for_update(skip_locked=True) if lock else query))


def of_runs(connection: Connection, ids: Sequence[int], *, cut: Collection[str]) -> Doomed:
    """What goes of these runs: logs and checks of each, and all else but what is needed still.

    That is the newest good output of each source, the newest that was not cut short (for a reason in `cut`) with which
    its counts are compared, and the rows of the steps and runs that these are of. The newest run stays, for its number
    must never be given again: changes name it.
    """
    rank = (
        func.row_number()
        .over(
            partition_by=(kept_output.c.output, func.coalesce(step_run.c.reason, "").in_(cut)),
            order_by=(run.c.logical_instant.desc(), kept_output.c.id.desc()),
        )
        .label("rank")
    )
    attempt = (step_run.c[name] == kept_output.c[name] for name in ("run_id", "step", "attempt"))
    good = (
        select(kept_output.c.id, kept_output.c.run_id, rank)
        .join(run, run.c.id == kept_output.c.run_id)
        .join(step_run, and_(*attempt))
        .where(~kept_output.c.held, run.c.status != "cancelled", whole)
        .subquery()
    )
    needed = connection.execute(select(good.c.id, good.c.run_id).where(good.c.rank == 1)).all()
    outputs = [row.id for row in needed]
    gone = set(ids) - {row.run_id for row in needed} - {connection.scalar(select(func.max(run.c.id)))}
    return {
        step_log: step_log.c.run_id.in_(ids),
        check_result: check_result.c.run_id.in_(ids),
        kept_output: and_(kept_output.c.run_id.in_(ids), kept_output.c.id.not_in(outputs)),
        step_run: step_run.c.run_id.in_(gone),
        run: run.c.id.in_(gone),
    }


def of_operators(*, resolved_before: datetime, acted_before: datetime) -> Doomed:
    """Alerts, messages and follows that were over by then; acts before that, but for how each schedule stands now."""
    newest = select(func.max(schedule_state.c.id)).group_by(schedule_state.c.schedule)
    return {
        alert: alert.c.resolved_at < resolved_before,
        message: or_(message.c.sent_at < resolved_before, message.c.failed_at < resolved_before),
        follow: follow.c.ended_at < resolved_before,
        audit: audit.c.at < acted_before,
        schedule_state: and_(schedule_state.c.at < acted_before, schedule_state.c.id.not_in(newest)),
    }


def count(connection: Connection, doomed: Doomed) -> dict[str, int]:
    """How many rows of each table would go, by its name."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()
        for table, which in doomed.items()
    }


def remove(connection: Connection, doomed: Doomed) -> dict[str, int]:
    """Delete; returns how many rows of each table went, by its name."""
    return {table.name: connection.execute(delete(table).where(which)).rowcount for table, which in doomed.items()}
