"""Rows by the hundred: set-wise writing with fixed statements, and whole tables read at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice, repeat
from typing import Any

from sqlalchemy import Connection, Dialect, String, Table
from sqlalchemy.types import JSON, TypeEngine

from confradar.storage.columns import Instant

Row = Mapping[str, Any]
BATCH = 500


def insert(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Insert rows that all name the same columns: one fixed statement for each 500, none for no rows.

    Raises ValueError for a naive datetime, NUL, a lone surrogate, and for rows of different columns.
    """
    for names, batch in _batches(table, rows):
        columns = ", ".join(f'"{name}"' for name in names)
        if connection.dialect.name == "postgresql":
            values = f"SELECT {columns} {_from_json(connection, table, names)}"
        else:
            values = f"VALUES ({', '.join('?' * len(names))})"
        _send(connection, table, f"INSERT INTO {table.name} ({columns}) {values}", names, batch)


def update(connection: Connection, table: Table, rows: Iterable[Row], key: Sequence[str] = ("id",)) -> None:
    """Set the other columns of the rows that `key` names. Statements, equal columns and errors as for `insert`."""
    postgresql = connection.dialect.name == "postgresql"
    for names, batch in _batches(table, rows):
        changed = [name for name in names if name not in key]
        values = ", ".join(f'"{name}" = new."{name}"' if postgresql else f'"{name}" = ?' for name in changed)
        where = " AND ".join(f'{table.name}."{name}" = ' + (f'new."{name}"' if postgresql else "?") for name in key)
        given = _from_json(connection, table, names) if postgresql else ""
        statement = f"UPDATE {table.name} SET {values} {given} WHERE {where}"  # noqa: S608 - names of ours
        _send(connection, table, statement, (*changed, *key), batch)


def keep(
    connection: Connection, table: Table, past: Table, rows: Iterable[Row], key: Sequence[str], *, now: datetime
) -> None:
    """Copy the rows that `key` names, as they are, into the table of past ones: replaced `now`.

    Those that were stored at that moment, too, are left out: nobody has seen them. One named twice is kept once.
    """
    named = ({name: row[name] for name in key} for row in rows)
    columns, own = (", ".join(f'{of}"{one.name}"' for one in table.columns) for of in ("", f"{table.name}."))
    moment = instant(now)
    unseen = f"({table.name}.stored_at IS NULL OR {table.name}.stored_at < {moment})"
    for _, batch in _batches(table, named):
        if connection.dialect.name == "postgresql":
            same = " AND ".join(f'{table.name}."{name}" = new."{name}"' for name in key)
            of = f"{_from_json(connection, table, key)} JOIN {table.name} ON {same} WHERE {unseen}"
        else:
            same = " AND ".join(f'{table.name}."{name}" = ?' for name in key)
            of = f"FROM {table.name} WHERE {same} AND {unseen}"
        statement = (
            f'INSERT INTO {past.name} ({columns}, "replaced_at") SELECT {own}, {moment} {of} ON CONFLICT DO NOTHING'
        )
        _send(connection, table, statement, key, batch)


def instant(at: datetime) -> str:
    """An instant as a literal, as both databases have it in a column."""
    return f"'{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"


def columns(connection: Connection, table: Table) -> dict[str, Iterable[Any]]:
    """The whole table in key order: each column's values by its name. For whole tables quicker than `select`."""
    names, keys = (", ".join(f'"{c.name}"' for c in part) for part in (table.columns, table.primary_key))
    query = f"SELECT {names} FROM {table.name} ORDER BY {keys}"  # noqa: S608 - names of ours
    found = connection.exec_driver_sql(query).all()
    values = zip(*found, strict=True) if found else repeat(())
    readers = [(column.name, _reader(column.type, connection.dialect)) for column in table.columns]
    return {name: map(read, part) if read else part for (name, read), part in zip(readers, values, strict=False)}


def _batches(table: Table, rows: Iterable[Row]) -> Iterator[tuple[Sequence[str], list[Row]]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        if any(row.keys() != batch[0].keys() for row in batch):
            raise ValueError(f"{table.name}: rows of different columns")
        yield tuple(batch[0]), batch


def _send(connection: Connection, table: Table, statement: str, names: Sequence[str], batch: list[Row]) -> None:
    convert = {name: _writer(table.columns[name].type, connection.dialect) for name in names}
    values = [[write(row[name]) if write else row[name] for name, write in convert.items()] for row in batch]
    if connection.dialect.name == "postgresql":
        records = [dict(zip(names, row, strict=True)) for row in values]
        text = json.dumps(records, ensure_ascii=False, allow_nan=False, default=str)  # `default` writes instants, days
        connection.exec_driver_sql(statement, (text,))
    else:
        connection.exec_driver_sql(statement, [tuple(row) for row in values])


def _from_json(connection: Connection, table: Table, names: Sequence[str]) -> str:
    """A batch as one JSON parameter that the server takes apart: as quick as COPY, and without its escapes."""
    types = (f'"{name}" {table.columns[name].type.compile(connection.dialect)}' for name in names)
    return f"FROM json_to_recordset(%s) AS new({', '.join(types)})"


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, String):
        return _without_nul
    if isinstance(kind, JSON) and dialect.name == "postgresql":
        return None  # goes into the batch's JSON
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, Instant) and dialect.name == "postgresql":
        return None  # the driver gives them in the session's zone, UTC
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _without_nul(value: str | None) -> str | None:
    if value is not None and "\0" in value:  # PostgreSQL refuses it, SQLite would cut the text there
        raise ValueError(f"a text with NUL: {value[:80]!r}")
    return value
