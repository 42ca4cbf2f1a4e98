"""The figures of the ledger, each by one query whatever the history."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from confradar.storage.run_tables import kept_output, lease, run, step_run, whole


class Ended(NamedTuple):
    """An attempt of a step that has ended."""

    step: str
    started_at: datetime
    finished_at: datetime
    status: str
    rejected: int | None


class Kept(NamedTuple):
    """The newest good output of a source."""

    listings: int
    kept_at: datetime


def runs(connection: Connection) -> dict[tuple[str, str], int]:
    """How many runs there are, by status and trigger."""
    query = select(run.c.status, run.c.trigger, func.count()).group_by(run.c.status, run.c.trigger)
    return {(status, trigger): number for status, trigger, number in connection.execute(query)}


def ended_steps(connection: Connection, since: datetime, *, limit: int = 10_000) -> list[Ended]:
    """The attempts that have ended since then, newest first; not those of rechecks."""
    query = (
        select(*(step_run.c[name] for name in ("step", "started_at", "finished_at", "status")))
        .add_columns(step_run.c.metadata["rejected"].as_integer())
        .join(run, run.c.id == step_run.c.run_id)
        .where(step_run.c.finished_at >= since, step_run.c.started_at.is_not(None), whole)
        .order_by(step_run.c.finished_at.desc(), step_run.c.id.desc())
        .limit(limit)
    )
    return [Ended(*row) for row in connection.execute(query)]


def newest_good(connection: Connection) -> dict[str, Kept]:
    """The newest output of each whole source that no check holds, by the source's name."""
    newest = select(func.max(kept_output.c.id)).join(run, run.c.id == kept_output.c.run_id)
    newest = newest.where(~kept_output.c.held, whole).group_by(kept_output.c.output)
    query = select(kept_output.c.output, kept_output.c.count, kept_output.c.kept_at).where(kept_output.c.id.in_(newest))
    return {source: Kept(listings, kept_at) for source, listings, kept_at in connection.execute(query)}


def leased_since(connection: Connection) -> datetime | None:
    """When the run began that has the lease; None if it is free."""
    found: datetime | None = connection.scalar(select(run.c.started_at).join(lease, lease.c.run_id == run.c.id))
    return found
