"""Reading the store as it was: what each table has, at a moment that is over, to whoever selects from it then.

What was believed at a moment is what had been stored by then (`stored_at`, by the clock of the store): nights that came
late, were replayed or added later do not rewrite it. Beside `conference`, `mention`, `deadline`, `claim` and `change`:
- `mention.last_seen_at` is told by the sightings; `archived` is not told, as pages are kept for 90 days only;
- `run` and `audit` are empty, since they are kept for some time only: nothing that was believed hangs on them;
- `series` and `series_name` only grow, and conferences have the words by which they were found.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select

from confradar.errors import SelectionError
from confradar.storage import run_tables, tables
from confradar.storage.bulk import instant
from confradar.storage.past_tables import PAST, sighting

OPTION = "confradar_as_of"  # of a connection: the moment as of which it reads
EMPTY = (run_tables.run, run_tables.audit)
_NAMES = re.compile(rf"\b({'|'.join(table.name for table in (*PAST, tables.change, *EMPTY))})\b")
_TABLES = {table.name: table for table in (*PAST, tables.change, *EMPTY)}


def hide(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> tuple[str, Any]:
    """Put before a SELECT what its tables had then: the name of a WITH hides the table. An event of the engine."""
    at = moment(connection)
    if at is None or not statement.startswith("SELECT"):
        return statement, parameters
    names = dict.fromkeys(_NAMES.findall(statement))
    own = "main." if connection.dialect.name == "sqlite" else ""
    then = (f"{name} AS NOT MATERIALIZED ({_then(_TABLES[name], at, own, connection)})" for name in names)
    return (f"WITH {', '.join(then)} {statement}" if names else statement), parameters


def moment(connection: Connection) -> datetime | None:
    """The moment as of which a connection reads, None for now."""
    found: datetime | None = connection.get_execution_options().get(OPTION)
    return found


def check(connection: Connection, at: datetime, *, now: datetime) -> None:
    """Raise SelectionError unless it is known what was believed at that moment; `now` is this one."""
    first = connection.scalar(select(func.min(sighting.c.stored_at)))
    if at > now:
        wrong = f"found {at:%Y-%m-%d %H:%M:%S} UTC, which is to come; wanted a moment that is over"
    elif first is None:
        wrong = "nothing is stored yet; `confradar crawl` reads the sources"
    elif at < first:
        wrong = f"found {at:%Y-%m-%d %H:%M:%S} UTC; what was believed is known from {first:%Y-%m-%d %H:%M:%S} UTC on"
    else:
        return
    raise SelectionError([("as_of", wrong)])


def _then(table: Table, at: datetime, own: str, connection: Connection) -> str:
    """The rows of a table as of a moment, as a query."""
    if table in EMPTY:
        kinds = ((one.name, one.type.compile(connection.dialect)) for one in table.columns)
        nothing = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in kinds)
        return f"SELECT {nothing} WHERE 1 = 0"  # names of ours, as below
    then = instant(at)
    columns = ", ".join(_column(table, one.name, then, own) for one in table.columns)
    rows, stored = f"{own}{table.name}", f"(it.stored_at IS NULL OR it.stored_at <= {then})"
    if (past := PAST.get(table)) is not None:
        # Conditions stand outside: PostgreSQL looks rows up by their index only in a union whose parts have none.
        names = ", ".join(f'"{one.name}"' for one in table.columns)
        never = f"CAST(NULL AS {past.c.replaced_at.type.compile(connection.dialect)}) AS replaced_at"
        rows = f"(SELECT {names}, {never} FROM {rows} UNION ALL SELECT {names}, replaced_at FROM {past.name})"  # noqa: S608
        stored += f" AND (it.replaced_at IS NULL OR it.replaced_at > {then})"
    return f"SELECT {columns} FROM {rows} AS it WHERE {stored}"  # noqa: S608


def _column(table: Table, name: str, then: str, own: str) -> str:
    if table is not tables.mention or name not in ("last_seen_at", "archived"):
        return f'it."{name}"'
    if name == "archived":
        return "CAST(NULL AS TEXT) AS archived"
    least, greatest = ("min", "max") if own else ("least", "greatest")
    begun = "coalesce(it.seen_from, it.last_seen_at)"
    sighted = (
        "SELECT max(seen.at) FROM sighting AS seen WHERE seen.source = it.source"  # noqa: S608
        f" AND seen.mention_id IN (0, it.id) AND seen.stored_at <= {then}"
    )
    return f"{greatest}({begun}, {least}(it.last_seen_at, coalesce(({sighted}), {begun}))) AS last_seen_at"
