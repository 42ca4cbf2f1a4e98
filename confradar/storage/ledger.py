"""The record of what runs: runs and step runs, opened, claimed, closed. Flower forgets; this does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from confradar.errors import UnknownName
from confradar.storage.run_tables import lease, run, step_run

FINAL_STEP = ("ok", "degraded", "failed", "quarantined", "cancelled", "skipped", "lost")
FINAL_RUN = ("ok", "partial", "failed", "cancelled", "superseded")
GOING = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of (part of) the graph. `logical_instant` is the `now` of all its steps."""

    id: int
    key: str
    trigger: str
    logical_instant: datetime
    target: str
    steps: tuple[str, ...]
    status: str
    started_at: datetime
    deadline_at: datetime
    finished_at: datetime | None
    stored_at: datetime | None
    statistics: dict[str, Any] | None
    message: str | None
    token: int
    by: str | None
    retry_of: str | None
    stopping_at: datetime | None

    @property
    def waits(self) -> bool:
        """Whether it waits for another run to end; its message says for which."""
        return self.status == "queued" and self.message is not None

    @classmethod
    def of(cls, row: Any) -> Run:
        """A run from its row."""
        values = {part.name: getattr(row, part.name) for part in fields(cls)}
        return cls(**{**values, "steps": tuple(row.steps)})


def open_run(
    connection: Connection,
    *,
    key: str,
    trigger: str,
    logical_instant: datetime,
    target: str,
    steps: Sequence[str],
    now: datetime,
    deadline_seconds: float,
    by: str | None = None,
    retry_of: str | None = None,
) -> tuple[Run, bool]:
    """Open the run of that key, all its steps queued, or find it: it begins with the lease. Returns it, and if new."""
    values = {
        "key": key,
        "trigger": trigger,
        "logical_instant": logical_instant,
        "target": target,
        "steps": list(steps),
        "status": "queued",
        "started_at": now,
        "deadline_at": now + timedelta(seconds=deadline_seconds),
        "by": by,
        "retry_of": retry_of,
    }
    try:
        with connection.begin_nested():
            run_id = connection.execute(insert(run).values(values).returning(run.c.id)).scalar_one()
            queued = {"run_id": run_id, "attempt": 1, "status": "queued", "queued_at": now}
            if steps:
                connection.execute(insert(step_run), [{**queued, "step": step} for step in steps])
    except IntegrityError:
        return find(connection, key), False
    return find(connection, key), True


def find(connection: Connection, key: str, *, lock: bool = False) -> Run:
    """The run of that key, locked for this transaction if asked. Raises UnknownName."""
    query = select(run).where(run.c.key == key)
    row = connection.execute(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if row is None:
        raise UnknownName(f"There is no run {key!r}. `confradar runs` lists them.")
    return Run.of(row)


def get(connection: Connection, key: str) -> Run | None:
    """The run of that key, or None."""
    row = connection.execute(select(run).where(run.c.key == key)).one_or_none()
    return Run.of(row) if row else None


def unfinished(connection: Connection) -> list[Run]:
    """The runs that are not final, oldest first."""
    query = select(run).where(run.c.status.not_in(FINAL_RUN)).order_by(run.c.id)
    return [Run.of(row) for row in connection.execute(query)]


def mark_running(connection: Connection, run_id: int) -> None:
    """The run's messages are on their way."""
    connection.execute(update(run).where(run.c.id == run_id, run.c.status == "queued").values(status="running"))


def mark_waiting(connection: Connection, run_id: int, message: str, *, deadline_at: datetime) -> None:
    """Say what a run that is queued waits for, and until when it may."""
    waits = run.c.message.is_distinct_from(message)
    values = {"message": message, "deadline_at": deadline_at}
    connection.execute(update(run).where(run.c.id == run_id, waits).values(values))


def step_runs(connection: Connection, run_id: int) -> list[dict[str, Any]]:
    """The newest attempt of each step of a run, in the order of the plan: the columns of `step_run` as mappings."""
    newest = (
        select(step_run.c.step, func.max(step_run.c.attempt).label("attempt"))
        .where(step_run.c.run_id == run_id)
        .group_by(step_run.c.step)
        .subquery()
    )
    query = (
        select(step_run)
        .join(newest, and_(newest.c.step == step_run.c.step, newest.c.attempt == step_run.c.attempt))
        .where(step_run.c.run_id == run_id)
    )
    order = connection.execute(select(run.c.steps).where(run.c.id == run_id)).scalar_one()
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return sorted(rows, key=lambda row: order.index(row["step"]))


def begin_step(
    connection: Connection,
    found: Run,
    step: str,
    *,
    task_id: str | None,
    retries: int,
    worker: str,
    pid: int,
    now: datetime,
    lost_after: float,
) -> int | None:
    """Claim the next attempt of a step. Returns its number; None if it is done, or in other hands that are alive.

    A doubled message has the same task and retry count as the attempt under way and is refused while that
    one's heart beats. A redelivery after a lost process counts one retry more and takes over.
    """
    query = select(step_run).where(step_run.c.run_id == found.id, step_run.c.step == step)
    rows = connection.execute(query.order_by(step_run.c.attempt.desc()).with_for_update()).all()
    values = {
        "status": "running",
        "task_id": task_id,
        "worker": worker,
        "pid": pid,
        "started_at": now,
        "heartbeat_at": now,
    }
    last = rows[0]
    if last.status == "queued":
        if last.attempt > 1 and now < last.queued_at - timedelta(seconds=1):
            return None  # a copy of the message that failed; the next attempt has a time of its own
        connection.execute(update(step_run).where(step_run.c.id == last.id).values(values))
        return int(last.attempt)
    if last.status == "running":
        alive = (now - last.heartbeat_at).total_seconds() < lost_after
        if alive and retries < last.attempt:
            return None
        finish_step(connection, found.id, step, last.attempt, status="lost", reason="lost", now=now)
    elif last.status != "lost" or found.status in FINAL_RUN:
        return None
    attempt = int(last.attempt) + 1
    row = {"run_id": found.id, "step": step, "attempt": attempt, "queued_at": now, **values}
    connection.execute(insert(step_run).values(row))
    return attempt


def beat(connection: Connection, run_id: int, step: str, attempt: int, *, now: datetime, progress: object) -> bool:
    """Say that an attempt is alive and how far it is. Returns False if it is no longer wanted.

    One that was called lost by mistake lives again, unless another attempt has begun.
    """
    alive = {"status": "running", "finished_at": None, "heartbeat_at": now, "progress": progress}
    changed = connection.execute(update(step_run).where(*_open(run_id, step, attempt)).values(alive))
    wanted = select(run.c.id).where(run.c.id == run_id, run.c.status.in_(GOING), run.c.stopping_at.is_(None))
    return changed.rowcount > 0 and connection.execute(wanted).first() is not None


def finish_step(
    connection: Connection,
    run_id: int,
    step: str,
    attempt: int,
    *,
    status: str,
    now: datetime,
    reason: str = "",
    count: int | None = None,
    metadata: Mapping[str, Any] | None = None,
    error: str | None = None,
    retry_at: datetime | None = None,
) -> bool:
    """Close an attempt that is open; with `retry_at`, queue the next one. Returns whether it was open.

    One that was called lost by mistake is open still, unless another attempt has begun.
    """
    values = {
        "status": status,
        "reason": reason,
        "count": count,
        "metadata": metadata,
        "error": error,
        "finished_at": now,
    }
    changed = connection.execute(update(step_run).where(*_open(run_id, step, attempt)).values(values))
    if changed.rowcount and retry_at:
        queued = {"run_id": run_id, "step": step, "attempt": attempt + 1, "status": "queued", "queued_at": retry_at}
        connection.execute(insert(step_run).values(queued))
    return changed.rowcount > 0


def _open(run_id: int, step: str, attempt: int) -> tuple[ColumnElement[bool], ...]:
    later = step_run.alias()
    taken_over = exists().where(later.c.run_id == run_id, later.c.step == step, later.c.attempt > attempt)
    is_open = or_(step_run.c.status.not_in(FINAL_STEP), and_(step_run.c.status == "lost", ~taken_over))
    return step_run.c.run_id == run_id, step_run.c.step == step, step_run.c.attempt == attempt, is_open


def mark_released(connection: Connection, run_id: int, step: str, *, by: str) -> None:
    """An operator has released what a check held of a step: it counts as good."""
    mine = (step_run.c.run_id == run_id, step_run.c.step == step, step_run.c.status == "quarantined")
    values = {"status": "ok", "reason": "released", "error": f"released by {by}, after: " + step_run.c.error}
    connection.execute(update(step_run).where(*mine).values(values))


def stop(connection: Connection, key: str, *, now: datetime) -> None:
    """Ask the steps of a run to end as a limit ends them: what has come is kept and stored."""
    asked = update(run).where(run.c.key == key, run.c.status.in_(GOING), run.c.stopping_at.is_(None))
    connection.execute(asked.values(stopping_at=now))
    # Who waits for another attempt need not wait any longer.
    mine = select(run.c.id).where(run.c.key == key).scalar_subquery()
    waiting = (step_run.c.run_id == mine, step_run.c.status == "queued", step_run.c.attempt > 1)
    ended = {"status": "cancelled", "reason": "stopped", "finished_at": now}
    connection.execute(update(step_run).where(*waiting).values(ended))


def finish_run(
    connection: Connection,
    run_id: int,
    *,
    status: str,
    now: datetime,
    statistics: Mapping[str, Any] | None = None,
    stored: bool = False,
    message: str | None = None,
) -> None:
    """Close a run, which gives its lease back; with `stored`, say that its listings are in the store.

    Closed again, because something was added, it ended when it did.
    """
    finished_at = func.coalesce(run.c.finished_at, now)
    values: dict[str, Any] = {"status": status, "finished_at": finished_at, "message": message}
    if statistics is not None:
        values["statistics"] = statistics
    if stored:
        values["stored_at"] = now
    connection.execute(update(run).where(run.c.id == run_id).values(values))
    connection.execute(update(lease).where(lease.c.run_id == run_id).values(run_id=None, expires_at=None))


def close_steps(
    connection: Connection,
    run_id: int,
    *,
    status: str,
    reason: str,
    error: str,
    now: datetime,
    only: str | None = None,
    but: str | None = None,
) -> set[str]:
    """Close the open attempts of a run (of `only` one step, or of all `but` one); returns the steps' names."""
    ended = update(step_run).where(step_run.c.run_id == run_id, step_run.c.status.not_in(FINAL_STEP))
    ended = ended.where(step_run.c.step == only) if only else ended.where(step_run.c.step.is_distinct_from(but))
    values = {"status": status, "reason": reason, "error": error, "finished_at": now}
    return set(connection.scalars(ended.values(values).returning(step_run.c.step)))
