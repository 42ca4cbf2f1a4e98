"""What we believe as lines of text by natural keys: two databases that believe the same give the same lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table

from confradar.storage import bulk, tables
from confradar.storage.finding import DERIVED

# Numbers of rows and runs, the clock's time, and what is derived or lies in the archive: none of it is what we believe.
LEFT_OUT = {
    tables.conference: ("created_at", "updated_at", *DERIVED),
    tables.deadline: DERIVED,
    tables.claim: DERIVED,
    tables.change: ("run_id", "added_at", *DERIVED),
}
LINKS = {
    "conference_id": tables.conference,
    "parent_id": tables.conference,
    "merged_into": tables.conference,
    "series_id": tables.series,
    "mention_id": tables.mention,
    "deadline_id": tables.deadline,
}
KEYS = {
    tables.series: ("key",),
    tables.conference: ("slug",),
    tables.mention: ("source", "feed", "ref", "year"),
    tables.deadline: ("conference_id", "kind", "round", "track"),
}


def dump(connection: Connection) -> Iterator[str]:
    """The conferences, deadlines, claims and changes, one JSON object a line, sorted."""
    named: dict[Table, dict[int, Any]] = {}
    for table, key in KEYS.items():
        rows = list(_rows(connection, table))
        named[table] = {row["id"]: [_told(row, name, named) for name in key] for row in rows}
    for table, left_out in LEFT_OUT.items():
        names = [column.name for column in table.columns if column.name not in ("id", *left_out)]
        lines = (
            json.dumps({table.name: {name: _told(row, name, named) for name in names}}, ensure_ascii=False)
            for row in _rows(connection, table)
        )
        yield from sorted(lines)


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    found = bulk.columns(connection, table)
    for values in zip(*found.values(), strict=True):
        yield dict(zip(found, values, strict=True))


def _told(row: Mapping[str, Any], name: str, named: Mapping[Table, Mapping[int, Any]]) -> Any:
    value = row[name]
    if value is not None and name in LINKS:
        return named[LINKS[name]][value]
    return value.isoformat() if isinstance(value, datetime | date) else value
