"""The one query of all outlets: gates, conferences and changes of a selection, page by page, in one order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, literal, select, tuple_

from confradar.deadlines.conference import MOVES, Direction
from confradar.deadlines.facets import search_words
from confradar.deadlines.parameters import Order, Position, Status
from confradar.deadlines.selection import Selection
from confradar.errors import SelectionError
from confradar.storage import answers, database, tables
from confradar.storage.answers import Answer

COUNTED = 1000  # so far a selection is counted
FEW = 500  # conferences that have the words: they are named, so that no plan reads all gates to find none
NEVER = datetime.max.replace(tzinfo=UTC)  # where conferences without a date stand
OF_CONFERENCE = (
    "slug", "title", "acronym", "full_name", "year", "type", "place", "country", "online", "starts_on", "ends_on",
    "website", "topics", "ranks", "updated_at",
)  # fmt: skip

_edition, _gate, _line = tables.conference.c, tables.deadline.c, tables.change.c
_later = tables.change.alias().c


@dataclass(frozen=True, slots=True)
class Page:
    """A part of an answer; `next` asks for what comes after it, None at the end."""

    rows: list[Answer]
    next: Selection | None


def gates(connection: Connection, asked: Selection, *, now: datetime) -> Page:
    """The dated gates of a selection.

    Each has the columns of its deadline and those of its conference in `OF_CONFERENCE`, its series' key as `series`,
    its `claims` (see `answers.with_claims`) and `changes`, the oldest first: what was told of its date.
    """
    rows, more = _page(connection, _dated(connection, asked, now, *_shown(), tables.deadline), asked.limit)
    return Page(_told(connection, rows), _next(asked, rows[-1]) if more else None)


def gate_ids(connection: Connection, asked: Selection, *, now: datetime) -> tuple[list[int], bool]:
    """The ids of the gates that `gates` gives for that selection, in that order, and whether more match."""
    rows, more = _page(connection, _dated(connection, asked, now, _gate.id), asked.limit)
    return [row["id"] for row in rows], more


def withdrawn_ids(connection: Connection, asked: Selection, *, since: datetime) -> list[int]:
    """The gates of a selection's conferences that have been withdrawn since then, in order of their ids.

    Of what is asked of gates only their kind counts: they have no date and no verdict any more.
    """
    back = exists().where(_later.deadline_id == _line.deadline_id, _later.field == "date", _later.id > _line.id)
    gone = select(_line.deadline_id).where(_line.at >= since, _line.direction == Direction.WITHDRAWN)
    gone = gone.where(~back.correlate(tables.change))
    query = _gates(_gate.id).where(*_of_conference(connection, asked), _gate.id.in_(gone))
    if asked.kind:
        query = query.where(_gate.kind.in_(asked.kind))
    return list(connection.scalars(query.where(_gate.safe_at.is_(None)).order_by(_gate.id).limit(asked.limit)))


def gates_of(connection: Connection, ids: Sequence[int]) -> list[Answer]:
    """The gates of those ids as `gates` gives them, dated or not, in no order."""
    query = _gates(*_shown(), tables.deadline).where(_gate.id.in_(ids))
    return _told(connection, answers.fetched(connection, query))


def conferences(connection: Connection, asked: Selection, *, now: datetime) -> Page:
    """The conferences of a selection, in the order of the first gate of each that it asks for (`first_at`).

    Those without a date come last, and only if it asks nothing of gates. Each has the columns in `OF_CONFERENCE`
    and its series' key as `series`.
    """
    first = func.min if asked.order is not Order.LATEST else func.max
    dated = (
        select(_gate.conference_id, first(_gate.safe_at).label("at"))
        .join(tables.conference, _edition.id == _gate.conference_id)
        .where(*_of_conference(connection, asked), *_of_gate(asked, now))
        .group_by(_gate.conference_id)
        .subquery()
    )
    at = func.coalesce(dated.c.at, literal(NEVER, tables.deadline.c.safe_at.type))
    query = (
        select(*_shown(), dated.c.at.label("first_at"))
        .select_from(tables.conference)
        .join(dated, dated.c.conference_id == _edition.id, isouter=not asked.of_gates)
        .outerjoin(tables.series, tables.series.c.id == _edition.series_id)
        .where(*_of_conference(connection, asked))
    )
    key = (_edition.slug,) if asked.order is Order.NAME else (at, _edition.slug)
    if (begin := asked.cursor) is not None:
        where = (begin.slug,) if asked.order is Order.NAME else (begin.safe_at or NEVER, begin.slug)
        query = query.where(_behind(key, where, asked.order))
    query = query.order_by(*(part.desc() if asked.order is Order.LATEST else part for part in key))
    rows, more = _page(connection, query, asked.limit)
    position = Position(rows[-1]["first_at"], rows[-1]["slug"]) if more else None
    return Page(rows, replace(asked, cursor=position) if position else None)


def changes(
    connection: Connection,
    asked: Selection,
    *,
    now: datetime,
    after: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page:
    """The changes of a selection's conferences, as `answers.recent_changes` has them, each with its `year` and so on.

    The newest first, or those after that number, in the order in which they were written. What is asked of gates
    holds for the gate that a change speaks of; of `status`, only `moved` means something here; `order` nothing.
    Also those of a conference that was merged into another. `since` and `until` bound when they were seen.
    """
    of_gate = replace(asked, status=Status.ALL)
    query = (
        select(tables.change, *_shown(), _gate.kind, _gate.round, _gate.track, tables.mention.c.source)
        .add_columns(tables.mention.c.url)
        .join(tables.conference, _edition.id == _line.conference_id)
        .outerjoin(tables.series, tables.series.c.id == _edition.series_id)
        .outerjoin(tables.deadline, _gate.id == _line.deadline_id)
        .outerjoin(tables.mention, tables.mention.c.id == _line.mention_id)
        .where(*_of_conference(connection, asked, merged=True))
    )
    if of_gate.of_gates:
        query = query.where(*_of_gate(of_gate, now, dated=False))
    if asked.status is Status.MOVED:
        query = query.where(_line.field == "date", _line.direction.in_(MOVES))
    if asked.source:
        query = query.where(tables.mention.c.source.in_(asked.source))
    if since is not None:
        query = query.where(_line.at >= since)
    if until is not None:
        query = query.where(_line.at <= until)
    key = (_line.at, _line.id)
    if after is not None:
        query = query.where(_line.id > after).order_by(_line.id)
    else:
        query = query.order_by(*(part.desc() for part in key))
        if (at := asked.cursor) is not None:
            query = query.where(_behind(key, (at.safe_at or NEVER, _number(at.slug)), Order.LATEST))
    rows, more = _page(connection, query, asked.limit)
    position = Position(rows[-1]["at"], str(rows[-1]["id"])) if more else None
    return Page(rows, replace(asked, cursor=position) if position else None)


def _number(text: str) -> int:
    """The number of a change in a cursor, which may be one of gates."""
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise SelectionError([("cursor", "is none of an answer with changes")])
    return int(text)


def last_change(connection: Connection, *, until: datetime | None = None) -> int:
    """The number of the newest change, 0 before the first: `changes` after it are those that are still to come.

    If `until` is given, the newest of those that had been seen by then.
    """
    query = select(func.max(_line.id))
    return connection.scalar(query if until is None else query.where(_line.at <= until)) or 0


def count(connection: Connection, asked: Selection, *, now: datetime) -> int:
    """How many gates a selection has in all, up to `COUNTED`."""
    found = (
        select(literal(1))
        .select_from(tables.deadline)
        .join(tables.conference, _edition.id == _gate.conference_id)
        .where(*_of_conference(connection, asked), *_of_gate(asked, now))
        .limit(COUNTED)
    )
    return connection.scalar(select(func.count()).select_from(found.subquery())) or 0


def _gates(*columns: Any) -> Select[Any]:
    """Those columns of gates, their conferences and the series of these."""
    return (
        select(*columns)
        .select_from(tables.deadline)
        .join(tables.conference, _edition.id == _gate.conference_id)
        .outerjoin(tables.series, tables.series.c.id == _edition.series_id)
    )


def _dated(connection: Connection, asked: Selection, now: datetime, *columns: Any) -> Select[Any]:
    """Those columns of a selection's gates, from where its cursor stands, in its order."""
    by_name = asked.order is Order.NAME
    first = (_edition.slug, _gate.safe_at) if by_name else (_gate.safe_at, _edition.slug)
    key = (*first, _gate.kind, _gate.round, _gate.track)
    query = _gates(*columns).where(*_of_conference(connection, asked), *_of_gate(asked, now))
    if (at := asked.cursor) is not None:
        dated, rest = (at.safe_at or NEVER, at.slug), (at.kind, at.round, at.track)
        query = query.where(_behind(key, (*(dated[::-1] if by_name else dated), *rest), asked.order))
    return query.order_by(*(part.desc() if asked.order is Order.LATEST else part for part in key))


def _next(asked: Selection, last: Answer) -> Selection:
    """What asks for the gates behind that one."""
    return replace(asked, cursor=Position(*(last[name] for name in ("safe_at", "slug", "kind", "round", "track"))))


def _shown() -> list[ColumnElement[Any]]:
    return [*(_edition[name] for name in OF_CONFERENCE), tables.series.c.key.label("series")]


def _page(connection: Connection, query: Select[Any], limit: int) -> tuple[list[Answer], bool]:
    found = answers.fetched(connection, query.limit(limit + 1))
    return found[:limit], len(found) > limit


def _behind(key: Sequence[ColumnElement[Any]], where: Sequence[Any], order: Order) -> ColumnElement[bool]:
    there = tuple_(*(literal(value, part.type) for value, part in zip(where, key, strict=True)))
    return tuple_(*key) < there if order is Order.LATEST else tuple_(*key) > there


def _of_conference(connection: Connection, asked: Selection, *, merged: bool = False) -> Iterable[ColumnElement[bool]]:
    if not merged:
        yield _edition.merged_into.is_(None)
    yield _edition.type.in_(asked.type)
    if words := search_words(asked.q):
        each = [database.has_token(connection, _edition.search_text, [word], between=" ", begun=True) for word in words]
        ids = connection.scalars(select(_edition.id).where(*each).limit(FEW + 1)).all()
        yield from each if len(ids) > FEW else [_edition.id.in_(ids)]
    for name in ("topic", "country", "region", "rank"):
        if values := getattr(asked, name):
            yield _has_facet(connection, *(f"{name}:{value}" for value in values))
    if asked.online is not None:
        online = _has_facet(connection, "online:yes")
        yield online if asked.online else ~online
    if asked.series:
        yield _edition.series_id.in_(select(tables.series.c.id).where(tables.series.c.key.in_(asked.series)))
    if asked.conference:
        yield _edition.id.in_(ids_of(connection, asked.conference))
    if asked.source:
        said = tables.mention.c
        speaks = exists().where(said.conference_id == _edition.id, said.source.in_(asked.source))
        yield speaks.correlate(tables.conference)  # a query may have mentions of its own


def _has_facet(connection: Connection, *wanted: str) -> ColumnElement[bool]:
    return database.has_token(connection, _edition.facets, wanted, between="|")


def ids_of(connection: Connection, slugs: Iterable[str]) -> list[int]:
    """The conferences of those slugs, or those that took them in; of a slug that there is not, none."""
    target = func.coalesce(_edition.merged_into, _edition.id)
    return list(connection.scalars(select(target).where(_edition.slug.in_(tuple(slugs)))))


def _of_gate(asked: Selection, now: datetime, *, dated: bool = True) -> Iterable[ColumnElement[bool]]:
    if dated:
        yield _gate.safe_at.is_not(None)
    if asked.status in (Status.OPEN, Status.MOVED):
        yield _gate.latest >= now
    if asked.status is Status.CLOSED:
        yield _gate.latest < now
    if asked.status is Status.MOVED:
        moved = exists().where(_line.deadline_id == _gate.id, _line.field == "date", _line.direction.in_(MOVES))
        yield moved.correlate(tables.deadline)
    if asked.kind:
        yield _gate.kind.in_(asked.kind)
    if asked.verdict:
        yield _gate.verdict.in_(asked.verdict)
    begin, end = asked.bounds(now)
    if begin is not None:
        yield _gate.safe_at >= begin
    if end is not None:
        yield _gate.safe_at < end
    if asked.source:
        said, words = tables.mention.c, tables.claim.c
        dates = exists().where(
            said.conference_id == _gate.conference_id, said.source.in_(asked.source), words.mention_id == said.id,
            words.kind == _gate.kind, words.round == _gate.round, words.track == _gate.track,
        )  # fmt: skip
        yield dates.correlate(tables.deadline)


def _told(connection: Connection, rows: list[Answer]) -> list[Answer]:
    """The gates, each with its claims and with the changes of its date, the oldest first."""
    rows = answers.with_claims(connection, rows)
    query = (
        select(tables.change, tables.mention.c.source)
        .outerjoin(tables.mention, tables.mention.c.id == _line.mention_id)
        .where(_line.deadline_id.in_([row["id"] for row in rows]))
        .order_by(_line.id)
    )
    found: defaultdict[int, list[Answer]] = defaultdict(list)
    for row in answers.fetched(connection, query):
        found[row["deadline_id"]].append(row)
    return [{**row, "changes": found[row["id"]]} for row in rows]
