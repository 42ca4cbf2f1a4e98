"""What operators did and decided: one line for each act, and the switch of the schedule. Nothing here is altered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from confradar.storage.run_tables import audit, schedule_state

Entry = dict[str, Any]


def record(connection: Connection, *, by: str, action: str, subject: str, why: str, at: datetime) -> None:
    """Write down who did what to which run, step or schedule, and why."""
    connection.execute(insert(audit).values(by=by, action=action, subject=subject, why=why, at=at))


def entries(connection: Connection, subject: str | None = None, *, limit: int = 100) -> list[Entry]:
    """What was done, newest first: at, by, action, subject, why. Of one subject, with its parts, if given."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if subject is not None:
        query = query.where((audit.c.subject == subject) | audit.c.subject.startswith(f"{subject} ", autoescape=True))
    return [dict(row) for row in connection.execute(query).mappings()]


def switch(connection: Connection, schedule: str, *, paused: bool, by: str, why: str, at: datetime) -> None:
    """Pause or resume a schedule from that instant on."""
    connection.execute(insert(schedule_state).values(schedule=schedule, paused=paused, by=by, why=why, at=at))
    record(connection, by=by, action="pause" if paused else "resume", subject=schedule, why=why, at=at)


def pause(connection: Connection, schedule: str, at: datetime) -> Entry | None:
    """The pause that holds a schedule at that instant (who, when, why); None if it runs."""
    state = schedule_state.c
    query = select(schedule_state).where(state.schedule == schedule, state.at <= at).order_by(state.id.desc()).limit(1)
    found = connection.execute(query).mappings().one_or_none()
    return dict(found) if found and found["paused"] else None
