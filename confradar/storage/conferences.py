"""What we believe, in the store: all of it for `merge`, and one night's differences back."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, func, select

from confradar.deadlines.conference import (
    Change,
    Claim,
    Conference,
    Deadline,
    Known,
    Mention,
    Merged,
    Series,
    SeriesName,
    Verdict,
)
from confradar.deadlines.dates import Precision
from confradar.deadlines.identity import MentionKey
from confradar.deadlines.listing import EntryType, Kind
from confradar.deadlines.verdict import Gate
from confradar.storage import bulk, finding, pins, tables, versions

Record = TypeVar("Record", Series, SeriesName, Conference, Mention, Claim, Deadline, Change)
NUMBERED = (tables.series, tables.conference, tables.mention, tables.deadline, tables.change)


def known(connection: Connection) -> Known:
    """Everything that `merge` needs. Takes no lock: the storing transaction holds `database.writer_lock`."""
    kind = _member(Kind)
    return Known(
        series=_all(connection, tables.series, Series, "key"),
        series_names=_series_names(connection),
        conferences=_all(
            connection, tables.conference, Conference, "id", type=_member(EntryType), topics=tuple, ranks=_pairs
        ),
        mentions=_all(connection, tables.mention, Mention, "key", identity_keys=_keys),
        claims=_all(connection, tables.claim, Claim, "key", kind=kind, precision=_member(Precision)),
        deadlines=_all(connection, tables.deadline, Deadline, "key", kind=kind, verdict=_member(Verdict)),
        pins=pins.counting(connection),
        former=_former(connection),
        **{f"next_{table.name}": _next(connection, table) for table in NUMBERED},
    )


def said_by(connection: Connection, source: str) -> dict[MentionKey, dict[Gate, Claim]]:
    """What a source says still: the claims of its mentions that are seen, by the mention's key and the gate."""
    said, words = tables.mention.c, tables.claim
    query = (
        select(said.source, said.feed, said.ref, said.year, words)
        .join(tables.mention, said.id == words.c.mention_id)
        .where(said.source == source, said.not_seen_since.is_(None), words.c.last_confirmed_at.is_(None))
    )
    found: defaultdict[MentionKey, dict[Gate, Claim]] = defaultdict(dict)
    for row in connection.execute(query).mappings():
        values = {name: row[name] for name in _own(words)}
        claim = Claim(**{**values, "kind": Kind(row["kind"]), "precision": Precision(row["precision"])})
        found[row["source"], row["feed"], row["ref"], row["year"]][claim.gate] = claim
    return dict(found)


def archived(connection: Connection) -> set[str]:
    """The references of the archived pages that stand behind mentions."""
    column = tables.mention.c.archived
    return set(connection.scalars(select(column).where(column.is_not(None)).distinct()))


def last_archived(connection: Connection) -> str | None:
    """The reference of the page that was archived last."""
    seen = tables.mention.c
    query = select(seen.archived).where(seen.archived.is_not(None)).order_by(seen.last_seen_at.desc(), seen.id).limit(1)
    found: str | None = connection.scalar(query)
    return found


def write(connection: Connection, merged: Merged, *, now: datetime) -> None:
    """Write one night's differences, set-wise and in key order; nothing is executed for what has no rows.

    `now` is the moment at which the transaction stores, the same for all that it writes: from then on this is believed.
    """
    stored = {"stored_at": now}
    new = sorted(merged.new_conferences, key=attrgetter("id"))
    links = ("parent_id", "merged_into")
    bulk.insert(connection, tables.series, _rows(tables.series, merged.new_series))
    bulk.insert(connection, tables.series_name, _rows(tables.series_name, merged.new_series_names))
    # A conference may point to one that comes after it: all of them first, their links after.
    unlinked = dict.fromkeys(links)
    bulk.insert(connection, tables.conference, ({**r, **unlinked, **stored} for r in _rows(tables.conference, new)))
    linked = [row for row in new if row.parent_id or row.merged_into]
    bulk.update(connection, tables.conference, _rows(tables.conference, linked, "id", *links))
    versions.update(connection, tables.conference, _rows(tables.conference, merged.changed_conferences), now=now)
    bulk.insert(connection, tables.mention, ({**row, **stored} for row in _mentions(merged.new_mentions)))
    versions.update(connection, tables.mention, _mentions(merged.changed_mentions), now=now)
    versions.confirm(connection, merged.confirmed_mentions, at=merged.at, run_id=merged.run_id, now=now)
    if merged.new_mentions or merged.changed_mentions or merged.confirmed_mentions:
        versions.sight(connection, at=merged.at, run_id=merged.run_id, now=now)
    pages = ({"id": number, "archived": merged.archived[number]} for number in sorted(merged.archived))
    bulk.update(connection, tables.mention, pages)
    bulk.insert(connection, tables.claim, ({**row, **stored} for row in _rows(tables.claim, merged.new_claims)))
    keys = tables.claim.primary_key.columns.keys()
    versions.update(connection, tables.claim, _rows(tables.claim, merged.changed_claims), now=now, key=keys)
    gates = _rows(tables.deadline, merged.new_deadlines)
    bulk.insert(connection, tables.deadline, ({**row, **stored} for row in gates))
    versions.update(connection, tables.deadline, _rows(tables.deadline, merged.changed_deadlines), now=now)
    bulk.insert(connection, tables.change, ({**row, **stored} for row in _rows(tables.change, merged.changes)))
    touched = {one.id for one in (*merged.new_conferences, *merged.changed_conferences)}
    named = {name.series_id for name in merged.new_series_names}
    if touched or named:
        finding.describe(connection, touched, named, now=now)


def _all(
    connection: Connection, table: Table, record: type[Record], key: str, **convert: Callable[[Any], Any]
) -> dict[Any, Record]:
    """A table's rows as records, by that attribute. Both have the same names in the same order, but derived columns."""
    found = bulk.columns(connection, table)
    values = (map(convert[name], found[name]) if name in convert else found[name] for name in _own(table))
    return {getattr(one, key): one for one in map(record, *values)}


def _rows(table: Table, records: Iterable[Record], *names: str) -> Iterator[dict[str, Any]]:
    """Records, already in key order or not, as rows in key order; of only those columns if any are named."""
    names = names or _own(table)
    key = attrgetter(*table.primary_key.columns.keys())
    values = attrgetter(*names)
    for record in sorted(records, key=key):
        yield dict(zip(names, values(record), strict=True))


def _mentions(records: Iterable[Mention]) -> Iterator[dict[str, Any]]:
    for row in _rows(tables.mention, records):
        keys = json.dumps(sorted(row["identity_keys"]), ensure_ascii=False)
        yield {**row, "identity_keys": keys, "seen_from": row["last_seen_at"]}


def _own(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns if column.name not in finding.DERIVED)


def _keys(text: str) -> frozenset[str]:
    return frozenset(json.loads(text))


def _pairs(value: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, value))


def _member(enum: type[StrEnum]) -> Callable[[str], StrEnum]:
    """The member of that value, ten times as quick as `enum(value)`."""
    return {member.value: member for member in enum}.__getitem__


def _next(connection: Connection, table: Table) -> int:
    return (connection.scalar(select(func.max(table.c.id))) or 0) + 1


def _series_names(connection: Connection) -> set[tuple[int, str]]:
    query = select(tables.series_name.c.series_id, tables.series_name.c.name)
    return {(number, name) for number, name in connection.execute(query)}


def moves(connection: Connection) -> dict[tuple[int, Gate], list[Change]]:
    """The changes of dates by mention and gate, the oldest first."""
    line = tables.change
    gate = (tables.deadline.c.kind, tables.deadline.c.round, tables.deadline.c.track)
    query = (
        select(line, *gate)
        .join(tables.deadline, tables.deadline.c.id == line.c.deadline_id)
        .where(line.c.field == "date", line.c.mention_id.is_not(None))
        .order_by(line.c.at, line.c.id)
    )
    found: defaultdict[tuple[int, Gate], list[Change]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        change = Change(**{name: row[name] for name in _own(line)})
        found[row["mention_id"], (Kind(row["kind"]), row["round"], row["track"])].append(change)
    return found


def _former(connection: Connection) -> dict[tuple[int, Kind, int, str], frozenset[datetime]]:
    gate = (tables.deadline.c.kind, tables.deadline.c.round, tables.deadline.c.track)
    query = (
        select(tables.change.c.mention_id, *gate, tables.change.c.before_at)
        .join(tables.deadline, tables.deadline.c.id == tables.change.c.deadline_id)
        .where(
            tables.change.c.field == "date",
            tables.change.c.mention_id.is_not(None),
            tables.change.c.before_at.is_not(None),
        )
    )
    found: defaultdict[tuple[int, Kind, int, str], set[datetime]] = defaultdict(set)
    for mention_id, kind, round_, track, before_at in connection.execute(query):
        found[mention_id, Kind(kind), round_, track].add(before_at)
    return {key: frozenset(instants) for key, instants in found.items()}
