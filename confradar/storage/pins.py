"""The operators' decisions which mentions are one conference. Nothing here is altered; a later one counts more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert

from confradar.deadlines.conference import Pin
from confradar.storage.tables import identity_pin


def add(connection: Connection, pin: Pin, *, by: str, why: str, at: datetime) -> None:
    """Keep a decision, with who made it, why, and when (aware)."""
    values = {"first": list(pin.first), "second": list(pin.second), "together": pin.together}
    connection.execute(insert(identity_pin).values(**values, by=by, why=why, at=at))
