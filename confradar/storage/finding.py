"""What conferences are found by: derived from what is known of them, in columns beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from confradar.deadlines.conference import Conference
from confradar.deadlines.facets import facets, search_text
from confradar.storage import tables, versions

DERIVED = ("search_text", "facets", "stored_at", "seen_from")  # columns that are in no record
MANY = 500  # so many conferences or series are not named one by one


def describe(
    connection: Connection, conference_ids: Collection[int] = (), series_ids: Collection[int] = (), *, now: datetime
) -> None:
    """Bring the derived columns of those conferences, of those series' editions and of new rows up to date.

    `now` is the moment at which the transaction stores.
    """
    edition, name = tables.conference.c, tables.series_name.c
    query = select(tables.conference).order_by(edition.id)
    if max(len(conference_ids), len(series_ids)) < MANY:
        query = query.where(
            or_(edition.search_text == "", edition.id.in_(conference_ids), edition.series_id.in_(series_ids))
        )
    rows = connection.execute(query).mappings().all()
    if not rows:
        return
    names: defaultdict[int, list[str]] = defaultdict(list)
    for number, said in connection.execute(select(name.series_id, name.name).order_by(name.series_id, name.name)):
        names[number].append(said)

    def differing() -> Iterator[dict[str, Any]]:
        for row in rows:
            one = Conference(**{key: value for key, value in row.items() if key not in DERIVED})
            told = {"search_text": search_text(one, names.get(one.series_id or 0, ())), "facets": tokens(facets(one))}
            if any(row[column] != value for column, value in told.items()):
                yield {"id": one.id, **told}

    versions.update(connection, tables.conference, differing(), now=now)


def tokens(found: Collection[str]) -> str:
    """Facets as the column has them: `|country:FI|topic:vision|`."""
    return "|".join(["", *sorted(found), ""])
