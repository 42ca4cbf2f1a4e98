"""What was believed before: the replaced rows of `tables`, and when each source was read. They never go."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from confradar.storage import tables
from confradar.storage.columns import Id, Instant, metadata


def _past(table: Table) -> Table:
    """A table of the rows that an update has replaced; `replaced_at` is when. A row counts from its `stored_at` on."""
    own = (
        Column(one.name, one.type, primary_key=one.primary_key, nullable=one.nullable, autoincrement=False)
        for one in table.columns
    )
    return Table(f"{table.name}_past", metadata, *own, Column("replaced_at", Instant, primary_key=True))


PAST = {table: _past(table) for table in (tables.conference, tables.mention, tables.deadline, tables.claim)}
# A row for each source and moment at which all of it was read (`mention_id` 0), and for each mention read by itself.
sighting = Table(
    "sighting",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("mention_id", Id, primary_key=True, autoincrement=False),
    Column("at", Instant, primary_key=True),
    Column("stored_at", Instant, nullable=False, index=True),
)
