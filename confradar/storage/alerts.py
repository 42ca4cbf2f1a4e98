"""The alerts: at most one open for each condition, closed when the condition is over."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from confradar.storage.run_tables import alert


@dataclass(frozen=True, slots=True)
class Alert:
    """What was wrong since when, until when (None: it still is), and when operators were last told so."""

    id: int
    condition: str
    detail: str
    opened_at: datetime
    last_sent_at: datetime | None
    resolved_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Alert:
        """An alert from its row."""
        return cls(**{part.name: getattr(row, part.name) for part in fields(cls)})


def open_alert(connection: Connection, condition: str, detail: str, *, now: datetime) -> bool:
    """Open an alert, unless one of that condition is open. Returns whether it is new."""
    is_open = select(alert.c.id).where(alert.c.condition == condition, alert.c.resolved_at.is_(None))
    if connection.execute(is_open).first():
        return False
    try:
        with connection.begin_nested():
            connection.execute(insert(alert).values(condition=condition, detail=detail, opened_at=now))
    except IntegrityError:  # another watchdog was quicker
        return False
    return True


def resolve(connection: Connection, condition: str, *, now: datetime) -> Alert | None:
    """Close the open alert of that condition. Returns it, or None if there was none."""
    mine = (alert.c.condition == condition, alert.c.resolved_at.is_(None))
    row = connection.execute(update(alert).where(*mine).values(resolved_at=now).returning(alert)).one_or_none()
    return Alert.of(row) if row else None


def all_open(connection: Connection) -> list[Alert]:
    """The open alerts, oldest first."""
    query = select(alert).where(alert.c.resolved_at.is_(None)).order_by(alert.c.id)
    return [Alert.of(row) for row in connection.execute(query)]


def recent(connection: Connection, *, limit: int = 100) -> list[Alert]:
    """The newest alerts, open ones first, then the newest first."""
    order = (alert.c.resolved_at.is_not(None), alert.c.id.desc())
    return [Alert.of(row) for row in connection.execute(select(alert).order_by(*order).limit(limit))]


def mark_told(connection: Connection, alert_id: int, *, now: datetime) -> None:
    """Write down that a message about an alert was written to operators."""
    connection.execute(update(alert).where(alert.c.id == alert_id).values(last_sent_at=now))
