"""What readers get from the store: plain dictionaries whose keys are the names of the tables' columns.

`to_json` makes them printable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from rapidfuzz import process
from sqlalchemy import Connection, Select, Table, and_, case, func, or_, select

from confradar.deadlines.conference import Direction, Verdict
from confradar.deadlines.selection import SHOWN_TYPES
from confradar.errors import UnknownName
from confradar.storage import tables

Answer = dict[str, Any]
NEWEST = (tables.change.c.at.desc(), tables.change.c.id.desc())
RELATIVES = 100  # that are named


def conference(connection: Connection, slug: str) -> Answer:
    """All about one conference: its own columns, its series' key as `series`, `deadlines` (with `claims`), `mentions`,
    and `changes`, newest first.

    The slug of a conference that was merged into another leads there. Raises UnknownName, naming near slugs.
    """
    edition = tables.conference.c
    every = select(tables.conference, tables.series.c.key.label("series")).outerjoin(tables.series)
    query = every.where(edition.slug == slug)
    while (found := connection.execute(query).mappings().one_or_none()) and found["merged_into"]:
        query = every.where(edition.id == found["merged_into"])
    if found is None:
        names = near(connection, slug)
        hint = f" Near: {', '.join(names)}." if names else ""
        if not connection.scalar(select(edition.id).limit(1)):
            hint = " Nothing is stored yet; `confradar crawl` reads the sources."
        raise UnknownName(f"There is no conference {slug!r}.{hint}", near=names)
    gate, said = tables.deadline.c, tables.mention
    gates = select(tables.deadline).where(gate.conference_id == found["id"])
    mentions = (
        select(*_but(said, "raw", "identity_keys")).where(said.c.conference_id == found["id"]).order_by(said.c.id)
    )
    return {
        **found,
        "deadlines": with_claims(
            connection, fetched(connection, gates.order_by(gate.safe_at, gate.kind, gate.round, gate.track))
        ),
        "mentions": fetched(connection, mentions),
        "changes": fetched(connection, _changes().where(tables.change.c.conference_id == found["id"])),
    }


def relatives(connection: Connection, found: Answer) -> list[Answer]:
    """What belongs to a conference: other editions of its series, its parent, its children; the newest first.

    Each has `relation` (`edition`, `parent`, `child`), `slug`, `title`, `acronym`, `year`, `type` and `starts_on`.
    """
    edition = tables.conference.c
    relation = case(
        (edition.id == found["parent_id"], "parent"), (edition.parent_id == found["id"], "child"), else_="edition"
    )
    same = or_(
        edition.id == found["parent_id"],
        edition.parent_id == found["id"],
        (edition.series_id == found["series_id"]) & edition.series_id.is_not(None),
    )
    query = (
        select(relation.label("relation"), *(edition[name] for name in ("slug", "title", "acronym", "year", "type")))
        .add_columns(edition.starts_on)
        .where(same, edition.id != found["id"], edition.merged_into.is_(None))
        .order_by(edition.year.desc(), edition.slug)
        .limit(RELATIVES)
    )
    return fetched(connection, query)


def near(connection: Connection, name: str) -> list[str]:
    """The slugs that are most like a name, three at most."""
    slugs = connection.scalars(select(tables.conference.c.slug)).all()
    return [slug for slug, *_ in process.extract(name, slugs, limit=3, score_cutoff=60)]


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
    return fetched(connection, query)


def moves_of_days(connection: Connection, conference_ids: Iterable[int]) -> dict[int, int]:
    """How often the days of those conferences have changed since they were first told, of those where they have."""
    line = tables.change.c
    days = line.field.in_(("starts_on", "ends_on")) & line.before.is_not(None)
    query = select(line.conference_id, func.count()).where(line.conference_id.in_(list(conference_ids)), days)
    return dict(connection.execute(query.group_by(line.conference_id)).all())


def least_certain(connection: Connection, sure: Mapping[str, int], *, limit: int) -> list[Answer]:
    """Conferences of several mentions, those first whose weakest evidence is the least sure.

    `sure` says how sure each kind of evidence is, of 100; one that it does not know counts as 0. Each has `slug`,
    `title`, `year`, `mentions` (how many), `sure` and `evidence` (the weakest).
    """
    grade = case(*((tables.mention.c.evidence == name, value) for name, value in sure.items()), else_=0)
    graded = (
        select(tables.mention.c.conference_id, func.count().label("mentions"), func.min(grade).label("sure"))
        .group_by(tables.mention.c.conference_id)
        .having(func.count() > 1)
        .subquery()
    )
    weakest = (
        select(func.min(tables.mention.c.evidence))
        .where(tables.mention.c.conference_id == graded.c.conference_id, grade == graded.c.sure)
        .correlate(graded)
        .scalar_subquery()
    )
    query = (
        select(
            tables.conference.c.slug, tables.conference.c.title, tables.conference.c.year,
            graded.c.mentions, graded.c.sure, weakest.label("evidence"),
        )
        .join(graded, graded.c.conference_id == tables.conference.c.id)
        .order_by(graded.c.sure, graded.c.mentions.desc(), tables.conference.c.slug)
        .limit(limit)
    )  # fmt: skip
    return fetched(connection, query)


def last_deadline(connection: Connection) -> datetime | None:
    """The latest instant of any deadline that readers see without asking for more; None if there is none."""
    gate, edition = tables.deadline.c, tables.conference.c
    query = select(func.max(gate.latest)).join(tables.conference, edition.id == gate.conference_id)
    found: datetime | None = connection.scalar(
        query.where(edition.merged_into.is_(None), edition.type.in_(SHOWN_TYPES))
    )
    return found


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


def fetched(connection: Connection, query: Select[Any]) -> list[Answer]:
    """The rows of a query, by the names of their columns."""
    found = connection.execute(query)
    names = tuple(found.keys())
    return [dict(zip(names, row, strict=True)) for row in found]


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


def with_claims(connection: Connection, gates: list[Answer]) -> list[Answer]:
    """Gates (rows of `deadline`), each with its `claims`: the claim's columns, source and url of the mention.

    `last_confirmed_at` is the moment when the source was last seen to say so, `stands` whether its entry still does; by
    source, in a fixed order.
    """
    gate, said, words = tables.deadline.c, tables.mention.c, tables.claim.c
    same = (words.kind == gate.kind, words.round == gate.round, words.track == gate.track)
    claims = (
        select(gate.id.label("gate_id"), said.source, said.url, said.not_seen_since)
        .add_columns(*_but(tables.claim, "kind", "round", "track", "last_confirmed_at"))
        .add_columns(func.coalesce(words.last_confirmed_at, said.last_seen_at).label("last_confirmed_at"))
        .add_columns(words.last_confirmed_at.is_(None).label("stands"))
        .join(tables.mention, said.conference_id == gate.conference_id)
        .join(tables.claim, and_(words.mention_id == said.id, *same))
        .where(gate.id.in_([found["id"] for found in gates]))
        .order_by(said.source, said.id)
    )
    of_gate: defaultdict[int, list[Answer]] = defaultdict(list)
    for answer in fetched(connection, claims):
        of_gate[answer.pop("gate_id")].append(answer)
    return [{**found, "claims": of_gate[found["id"]]} for found in gates]
