"""The lease: one run of the job at a time. It has an owner, an end and a growing token.

Locks are taken in one order: the owner's run, then the lease.

Beat has one of its own, without a run: it lasts as long as beat is heard of often enough.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from confradar.storage import ledger
from confradar.storage.ledger import Run
from confradar.storage.run_tables import lease, run

JOB, BEAT = "crawl_job", "beat"
SLACK = timedelta(seconds=30)  # an end that is nearly as late is not written again

_MINE = lease.c.name == JOB


def holder(connection: Connection) -> Run | None:
    """The run that has the lease, expired or not; None if it is free."""
    key = connection.scalar(select(run.c.key).join(lease, lease.c.run_id == run.c.id).where(_MINE))
    return ledger.find(connection, key) if key else None


def going(connection: Connection, *, now: datetime) -> Run | None:
    """The run that has the lease at that moment; None if it is free or has run out."""
    query = select(run.c.key).join(lease, lease.c.run_id == run.c.id).where(_MINE, lease.c.expires_at > now)
    key = connection.scalar(query)
    return ledger.find(connection, key) if key else None


def take(connection: Connection, wanting: Run, *, now: datetime, seconds: float, deadline_seconds: float) -> Run | None:
    """Take the lease for a run, for so many seconds. Returns None, or the run that has it.

    A lease that has run out is taken over: nobody beats for its run any more, which is closed as superseded. What
    that run has kept is there for the next store. The deadline of the run counts from here.
    """
    owner = holder(connection)
    if owner and owner.id != wanting.id:
        still = select(lease.c.name).where(_MINE, lease.c.run_id == owner.id, lease.c.expires_at > now)
        if connection.execute(still).first():
            return owner
        ledger.find(connection, owner.key, lock=True)
    found = connection.execute(select(lease).where(_MINE).with_for_update()).one()
    if found.run_id == wanting.id:
        extend(connection, wanting.id, now + timedelta(seconds=seconds))
        return None
    if found.run_id is not None:
        if owner is None or owner.id != found.run_id or found.expires_at > now:  # it changed hands just now
            return holder(connection)
        told = f"nobody beat for it until {found.expires_at:%H:%M:%S} UTC; {wanting.key} took over"
        ledger.close_steps(connection, owner.id, status="lost", reason="lost", error=told, now=now)
        ledger.finish_run(connection, owner.id, status="superseded", message=told, now=now)
    values = {"run_id": wanting.id, "token": lease.c.token + 1, "expires_at": now + timedelta(seconds=seconds)}
    token = connection.scalar(update(lease).where(_MINE).values(values).returning(lease.c.token))
    begun = {"token": token, "started_at": now, "deadline_at": now + timedelta(seconds=deadline_seconds)}
    connection.execute(update(run).where(run.c.id == wanting.id).values(message=None, **begun))
    return None


def free_since(connection: Connection, *, now: datetime) -> datetime | None:
    """Since when the lease could have been taken; None while a run has it, or if none ever had."""
    if going(connection, now=now):
        return None
    expired = connection.scalar(select(lease.c.expires_at).where(_MINE))
    ended = connection.scalar(select(func.max(run.c.finished_at)))
    return max((at for at in (expired, ended) if at), default=None)


def extend(connection: Connection, run_id: int, until: datetime) -> None:
    """Let the lease of a run last at least until then, give or take half a minute."""
    ends_sooner = or_(lease.c.expires_at.is_(None), lease.c.expires_at < until - SLACK)
    connection.execute(update(lease).where(_MINE, lease.c.run_id == run_id, ends_sooner).values(expires_at=until))


def held_by(connection: Connection, found: Run) -> bool:
    """Whether a run has the lease still, with the token that it was given."""
    token = connection.scalar(select(lease.c.token).where(_MINE, lease.c.run_id == found.id))
    return token is not None and token == found.token


def ran_out(connection: Connection, run_id: int, now: datetime) -> bool:
    """Whether a run has the lease still, but nobody has beaten for it until then."""
    expired = select(lease.c.name).where(_MINE, lease.c.run_id == run_id, lease.c.expires_at <= now)
    return connection.execute(expired).first() is not None


def hear_beat(connection: Connection, until: datetime) -> None:
    """Beat was heard of, and is to be again before that instant."""
    if not connection.execute(update(lease).where(lease.c.name == BEAT).values(expires_at=until)).rowcount:
        with suppress(IntegrityError), connection.begin_nested():  # another process heard it first, just now
            connection.execute(insert(lease).values(name=BEAT, token=0, expires_at=until))


def beat_until(connection: Connection) -> datetime | None:
    """Before which instant beat is to be heard of again; None if it never was."""
    found: datetime | None = connection.scalar(select(lease.c.expires_at).where(lease.c.name == BEAT))
    return found
