"""The figures of the ledger, each by one query whatever the history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from math import ceil
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from confradar.storage.run_tables import RECHECK, kept_output, lease, run, step_run, whole

ASKING = ("schedule", "manual", "prompt", RECHECK)  # the triggers of runs that ask the sources what they say now


class Ended(NamedTuple):
    """An attempt of a step that has ended."""

    step: str
    started_at: datetime
    finished_at: datetime
    status: str
    rejected: int | None


class Delay(NamedTuple):
    """How long a source's `moves` were out before we knew them, at most: half of them so many seconds, nine of ten."""

    moves: int
    p50: float
    p90: float


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


def detection_delays(connection: Connection, since: datetime) -> dict[str, Delay]:
    """By source, how long the dates that it moved or withdrew since then were out before we knew them.

    What is known is a bound: from the moment at which the old words were seen last to the one at which the new ones
    were stored and messages about them written.
    """
    unseen = run.c.statistics["unseen"].as_json()
    query = select(unseen, run.c.started_at, run.c.stored_at).where(run.c.stored_at >= since, run.c.trigger.in_(ASKING))
    found: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
    for by_source, began, stored in connection.execute(query):
        took = max((stored - began).total_seconds(), 0)
        for source, counts in (by_source or {}).items():
            found[source] += ((int(seconds) + took, count) for seconds, count in counts.items())
    return {
        source: Delay(sum(count for _, count in some), _quantile(some, 0.5), _quantile(some, 0.9))
        for source, some in found.items()
    }


def _quantile(counted: Iterable[tuple[float, int]], quantile: float) -> float:
    """The least of the values (seconds, each with how often it is there) that so great a part does not exceed."""
    values = [seconds for seconds, count in sorted(counted) for _ in range(count)]
    return values[ceil(quantile * len(values)) - 1]


def leased_since(connection: Connection) -> datetime | None:
    """When the run began that has the lease; None if it is free."""
    found: datetime | None = connection.scalar(select(run.c.started_at).join(lease, lease.c.run_id == run.c.id))
    return found
