"""By what a kept answer is known to hold still: nothing was stored, no gate has closed since."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from confradar.storage import database, past, run_tables, tables

LONGEST_STORE = timedelta(minutes=10)  # what is stored has the date of its transaction's beginning


def version(connection: Connection) -> str:
    """What changes whenever anything that a reader is shown has been stored; of a past that is settled nothing does."""
    if (moment := past.moment(connection)) is not None:
        now = database.clock(connection)
        return f"as of {moment.isoformat()}" + f", asked {now.isoformat()}" * (now - moment < LONGEST_STORE)
    stored = select(func.max(run_tables.run.c.stored_at)).scalar_subquery()
    changes, acts = (select(func.max(table.c.id)).scalar_subquery() for table in (tables.change, run_tables.audit))
    at, *newest = connection.execute(select(stored, changes, acts)).one()
    return "-".join(str(part or 0) for part in (at and at.timestamp(), *newest))


def closed_until(connection: Connection, *, now: datetime) -> datetime | None:
    """When the last gate closed that is closed at that moment: until the next one does, nothing closes or opens."""
    found: datetime | None = connection.scalar(
        select(func.max(tables.deadline.c.latest)).where(tables.deadline.c.latest < now)
    )
    return found


def changed_at(connection: Connection) -> datetime | None:
    """When anything was last told or decided: since then nothing but confirmations came."""
    newest = (select(func.max(table.c.at)).scalar_subquery() for table in (tables.change, run_tables.audit))
    return max(filter(None, connection.execute(select(*newest)).one()), default=None)
