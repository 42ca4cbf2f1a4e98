"""What we believe, in the store: all of it for `merge`, one night's differences back, and answers for readers.

The answers are plain dictionaries whose keys are the names of the tables' columns; `to_json` makes them printable.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, TypeVar

from rapidfuzz import process
from sqlalchemy import Connection, Select, Table, func, select

from confradar.deadlines.conference import (
    Change,
    Claim,
    Conference,
    Deadline,
    Direction,
    Known,
    Mention,
    Merged,
    Pin,
    Series,
    Verdict,
)
from confradar.deadlines.dates import Precision
from confradar.deadlines.listing import EntryType, Kind
from confradar.errors import UnknownName
from confradar.storage import database, tables

Answer = dict[str, Any]
Record = TypeVar("Record", Series, Conference, Mention, Claim, Deadline, Change)
NUMBERED = (tables.series, tables.conference, tables.mention, tables.deadline, tables.change)
NEWEST = (tables.change.c.at.desc(), tables.change.c.id.desc())
OF_CONFERENCE = ("slug", "title", "acronym", "year", "type", "place", "website")
GATE = ("conference_id", "kind", "round", "track")
SHOWN_TYPES = (EntryType.CONFERENCE, EntryType.WORKSHOP, EntryType.TRACK)


def known(connection: Connection) -> Known:
    """Everything that `merge` needs. Takes no lock: the storing transaction holds `database.writer_lock`."""
    kind = _member(Kind)
    return Known(
        series=_all(connection, tables.series, Series, "key"),
        conferences=_all(
            connection, tables.conference, Conference, "id", type=_member(EntryType), topics=tuple, ranks=_pairs
        ),
        mentions=_all(connection, tables.mention, Mention, "key", identity_keys=_keys),
        claims=_all(connection, tables.claim, Claim, "key", kind=kind, precision=_member(Precision)),
        deadlines=_all(connection, tables.deadline, Deadline, "key", kind=kind, verdict=_member(Verdict)),
        pins=_pins(connection),
        former=_former(connection),
        **{f"next_{table.name}": _next(connection, table) for table in NUMBERED},
    )


def write(connection: Connection, merged: Merged) -> None:
    """Write one night's differences, set-wise and in key order; nothing is executed for what has no rows."""
    new = sorted(merged.new_conferences, key=attrgetter("id"))
    links = ("parent_id", "merged_into")
    database.insert(connection, tables.series, _rows(tables.series, merged.new_series))
    # A conference may point to one that comes after it: all of them first, their links after.
    database.insert(
        connection, tables.conference, ({**row, **dict.fromkeys(links)} for row in _rows(tables.conference, new))
    )
    linked = [row for row in new if row.parent_id or row.merged_into]
    database.update(connection, tables.conference, _rows(tables.conference, linked, "id", *links))
    database.update(connection, tables.conference, _rows(tables.conference, merged.changed_conferences))
    database.insert(connection, tables.mention, _rows(tables.mention, merged.new_mentions))
    database.update(connection, tables.mention, _rows(tables.mention, merged.changed_mentions))
    seen = {"last_seen_at": merged.at, "last_run_id": merged.run_id}
    database.update(
        connection, tables.mention, ({"id": mention_id, **seen} for mention_id in sorted(merged.confirmed_mentions))
    )
    database.insert(connection, tables.claim, _rows(tables.claim, merged.new_claims))
    database.update(
        connection,
        tables.claim,
        _rows(tables.claim, merged.changed_claims),
        key=tables.claim.primary_key.columns.keys(),
    )
    database.insert(connection, tables.deadline, _rows(tables.deadline, merged.new_deadlines))
    database.update(connection, tables.deadline, _rows(tables.deadline, merged.changed_deadlines))
    database.insert(connection, tables.change, _rows(tables.change, merged.changes))


def _all(
    connection: Connection, table: Table, record: type[Record], key: str, **convert: Callable[[Any], Any]
) -> dict[Any, Record]:
    """A table's rows as records, by that attribute. Both have the same names in the same order."""
    found = database.columns(connection, table)
    values = (map(convert[name], found[name]) if name in convert else found[name] for name in found)
    return {getattr(one, key): one for one in map(record, *values)}


def _rows(table: Table, records: Iterable[Record], *names: str) -> Iterator[dict[str, Any]]:
    """Records, already in key order or not, as rows in key order; of only those columns if any are named."""
    names = names or tuple(table.columns.keys())
    key = attrgetter(*table.primary_key.columns.keys())
    values = attrgetter(*names)
    for record in sorted(records, key=key):
        row = dict(zip(names, values(record), strict=True))
        if isinstance(record, Mention):
            row["identity_keys"] = json.dumps(sorted(record.identity_keys), ensure_ascii=False)
        yield row


def _keys(text: str) -> frozenset[str]:
    return frozenset(json.loads(text))


def _pairs(value: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, value))


def _member(enum: type[StrEnum]) -> Callable[[str], StrEnum]:
    """The member of that value, ten times as quick as `enum(value)`."""
    return {member.value: member for member in enum}.__getitem__


def _next(connection: Connection, table: Table) -> int:
    return (connection.scalar(select(func.max(table.c.id))) or 0) + 1


def _pins(connection: Connection) -> list[Pin]:
    """An operator's decisions, oldest first: a later one may take an earlier one back."""
    query = select(tables.identity_pin.c.first, tables.identity_pin.c.second, tables.identity_pin.c.together).order_by(
        tables.identity_pin.c.id
    )
    return [Pin(tuple(first), tuple(second), together) for first, second, together in connection.execute(query)]


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


def coming(
    connection: Connection,
    *,
    now: datetime,
    limit: int,
    until: datetime | None = None,
    kinds: Collection[Kind] = (),
    types: Collection[EntryType] = SHOWN_TYPES,
) -> list[Answer]:
    """The deadlines that may still be met, soonest safe date first; of all kinds unless some are given.

    Each has slug, title, acronym, year, type, place and website of its conference, the gate's kind, round, track,
    verdict, earliest, latest and safe_at, and its `claims` (see `_with_claims`). `until` bounds the safe date.
    """
    gate, edition = tables.deadline.c, tables.conference.c
    query = (
        select(*(edition[name] for name in OF_CONFERENCE), tables.deadline)
        .join(tables.conference, edition.id == gate.conference_id)
        .where(gate.latest >= now, edition.merged_into.is_(None), edition.type.in_(types))
        .order_by(gate.safe_at, edition.slug, gate.kind, gate.round, gate.track)
        .limit(limit)
    )
    if until is not None:
        query = query.where(gate.safe_at <= until)
    if kinds:
        query = query.where(gate.kind.in_(kinds))
    return _with_claims(connection, query)


def conference(connection: Connection, slug: str) -> Answer:
    """All about one conference: its own columns, `deadlines` (with `claims`), `mentions` and `changes`, newest first.

    The slug of a conference that was merged into another leads there. Raises UnknownName, naming near slugs.
    """
    edition = tables.conference.c
    query = select(tables.conference).where(edition.slug == slug)
    while (found := connection.execute(query).mappings().one_or_none()) and found["merged_into"]:
        query = select(tables.conference).where(edition.id == found["merged_into"])
    if found is None:
        slugs = connection.scalars(select(edition.slug)).all()
        near = process.extract(slug, slugs, limit=3, score_cutoff=60)
        hint = f" Near: {', '.join(name for name, *_ in near)}." if near else ""
        hint = hint if slugs else " Nothing is stored yet; `confradar crawl` reads the sources."
        raise UnknownName(f"There is no conference {slug!r}.{hint}")
    gate, said = tables.deadline.c, tables.mention
    gates = select(tables.deadline).where(gate.conference_id == found["id"])
    mentions = (
        select(*_but(said, "raw", "identity_keys")).where(said.c.conference_id == found["id"]).order_by(said.c.id)
    )
    return {
        **found,
        "deadlines": _with_claims(connection, gates.order_by(gate.safe_at, gate.kind, gate.round, gate.track)),
        "mentions": _answers(connection, mentions),
        "changes": _answers(connection, _changes().where(tables.change.c.conference_id == found["id"])),
    }


def recent_changes(
    connection: Connection,
    *,
    since: datetime,
    limit: int,
    until: datetime | None = None,
    run_id: int | None = None,
    urgent_first: bool = False,
) -> list[Answer]:
    """What moved since an instant, newest first; of one run if given; dates that moved earlier first if asked.

    Each has the columns of a change with slug and title of its conference, kind, round and track of its gate, and
    source and url of the mention, None where it has none.
    """
    query = _changes().where(tables.change.c.at >= since).limit(limit)
    if until is not None:
        query = query.where(tables.change.c.at <= until)
    if run_id is not None:
        query = query.where(tables.change.c.run_id == run_id)
    if urgent_first:
        earlier = tables.change.c.direction.is_not_distinct_from(Direction.EARLIER)
        query = query.order_by(None).order_by(earlier.desc(), *NEWEST)
    return _answers(connection, query)


def counts(connection: Connection) -> dict[str, int]:
    """How many conferences (those merged into others apart), mentions, claims, deadlines, disputed ones, changes."""

    def number(table: Table, *where: Any) -> int:
        return connection.scalar(select(func.count()).select_from(table).where(*where)) or 0

    return {
        "conferences": number(tables.conference, tables.conference.c.merged_into.is_(None)),
        "mentions": number(tables.mention),
        "claims": number(tables.claim),
        "deadlines": number(tables.deadline),
        "disputed": number(tables.deadline, tables.deadline.c.verdict == Verdict.DISPUTED),
        "changes": number(tables.change),
    }


def to_json(answer: Any) -> Any:
    """An answer with its instants and days as ISO 8601 text, fit for `json.dumps`."""
    if isinstance(answer, dict):
        return {name: to_json(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [to_json(value) for value in answer]
    return answer.isoformat() if isinstance(answer, date) else answer


def _answers(connection: Connection, query: Select[Any]) -> list[Answer]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _but(table: Table, *names: str) -> list[Any]:
    return [column for column in table.columns if column.name not in names]


def _changes() -> Select[Any]:
    """All changes, newest first, with the names of what they speak of."""
    line, edition, gate, said = tables.change, tables.conference, tables.deadline, tables.mention
    return (
        select(
            line, edition.c.slug, edition.c.title, gate.c.kind, gate.c.round, gate.c.track, said.c.source, said.c.url
        )
        .join(edition, edition.c.id == line.c.conference_id)
        .outerjoin(gate, gate.c.id == line.c.deadline_id)
        .outerjoin(said, said.c.id == line.c.mention_id)
        .order_by(*NEWEST)
    )


def _with_claims(connection: Connection, query: Select[Any]) -> list[Answer]:
    """The gates of a query, each with its `claims`: the claim's columns with source and url of the mention.

    `last_confirmed_at` is the moment when the source was last seen to say so; by source, in a fixed order.
    """
    gates = _answers(connection, query)
    said, words = tables.mention.c, tables.claim.c
    claims = (
        select(said.conference_id, said.source, said.url, said.not_seen_since)
        .add_columns(*_but(tables.claim, "last_confirmed_at"))
        .add_columns(func.coalesce(words.last_confirmed_at, said.last_seen_at).label("last_confirmed_at"))
        .join(tables.claim, words.mention_id == said.id)
        .where(said.conference_id.in_({found["conference_id"] for found in gates}))
        .order_by(said.source, said.id)
    )
    of_gate: defaultdict[tuple[Any, ...], list[Answer]] = defaultdict(list)
    for answer in _answers(connection, claims):
        of_gate[tuple(answer.pop(name) for name in GATE)].append(answer)
    return [{**found, "claims": of_gate[tuple(found[name] for name in GATE)]} for found in gates]
