"""Whether the installation is well: the line on every page, and what `/readyz` answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from confradar import app
from confradar.errors import BrokerUnavailable, ConfRadarError, DatabaseUnavailable, SchemaMismatch
from confradar.settings import Settings
from confradar.steps import STORE
from confradar.storage import alerts, database, history, ledger
from confradar.web.views import STATEMENT_SECONDS


@dataclass(frozen=True, slots=True)
class Health:
    """The last night in one line: whether all is well, and what is so."""

    ok: bool
    text: str


def health(settings: Settings) -> Health:
    """How the last scheduled night was, and which alerts are open."""
    try:
        with database.reading(settings.readers_database, statement_seconds=STATEMENT_SECONDS) as connection:
            nights = history.last_nights(connection)
            rows = [row for steps in history.steps_of(connection, nights).values() for row in steps]
            found = [alert.condition for alert in alerts.all_open(connection)]
    except ConfRadarError:
        return Health(False, "the database cannot be read: `confradar doctor` says why")
    told = [_night(nights[0], rows)] if nights else ["no night yet, the next is at 02:00 UTC"]
    return Health(not found and all(_good(row) for row in rows), " · ".join([*told, *found]))


def _night(run: ledger.Run, rows: list[dict[str, Any]]) -> str:
    sources = [row for row in rows if row["step"] != STORE]
    good = sum(_good(row) for row in sources)
    bad = [f"{row['step'].removesuffix('_conferences')} {row['status']}" for row in rows if not _good(row)]
    if run.finished_at is None:
        return f"a night is going, since {run.started_at:%a %d %b %H:%M} UTC"
    return " · ".join([f"last night {run.finished_at:%a %d %b %H:%M} UTC", f"{good} of {len(sources)} sources", *bad])


def _good(row: dict[str, Any]) -> bool:
    """Whether a step came to what was expected of it, or has not ended yet."""
    if row["status"] == "degraded":
        return bool((row["metadata"] or {}).get("expected"))
    return row["status"] == "ok" or row["finished_at"] is None


def readiness(settings: Settings) -> dict[str, str]:
    """Whether database, tables and broker can be worked with: "ok" for each, or why not. It names no address."""
    return {
        "database": _said(lambda: database.revision(settings.readers_database)),
        "tables": _said(lambda: database.check_schema(settings.readers_database)),
        "broker": _said(lambda: app.check_broker(settings)),
    }


def _said(check: Callable[[], object]) -> str:
    try:
        check()
    except DatabaseUnavailable:
        return "the database does not answer"
    except BrokerUnavailable:
        return "the broker does not answer"
    except SchemaMismatch as error:
        return str(error).partition(": ")[2]
    return "ok"
