"""The alerts: at most one open for each condition, closed when the condition is over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from confradar.storage.run_tables import alert


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


def resolve(connection: Connection, condition: str, *, now: datetime) -> bool:
    """Close the open alert of that condition. Returns whether there was one."""
    mine = (alert.c.condition == condition, alert.c.resolved_at.is_(None))
    return connection.execute(update(alert).where(*mine).values(resolved_at=now)).rowcount > 0


def all_open(connection: Connection) -> list[tuple[str, str, datetime]]:
    """The open alerts, oldest first: condition, detail, since when."""
    query = select(alert.c.condition, alert.c.detail, alert.c.opened_at).where(alert.c.resolved_at.is_(None))
    return [(row.condition, row.detail, row.opened_at) for row in connection.execute(query.order_by(alert.c.id))]
