"""The logs of a run's steps: appended in chunks while a step runs, capped, read from their end or followed."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from confradar.errors import SettingError
from confradar.logs import INSTANT_LENGTH, LEVELS, Line
from confradar.storage.run_tables import step_log

CHUNK = 64 * 1024  # bytes
PARTS = 16  # chunks of a log that has reached its limit; more, if they would be larger than CHUNK
START = ""  # the place before the first line
PAGE = 2000  # lines

_PLACE = re.compile(r"(\S+)/([0-9]{1,9}):([0-9]{1,18})")
_columns = step_log.c


@dataclass(frozen=True, slots=True)
class Record:
    """A line of a step's log: its number from 1, its instant (UTC), one of the five levels, and a text to be shown.

    The text has no control characters but line ends; `written` is the line as it is kept. The line that tells how
    many were left out has the number of the first of them.
    """

    step: str
    attempt: int
    number: int
    at: datetime
    level: int
    logger: str
    text: str
    written: str


@dataclass(frozen=True, slots=True)
class Page:
    """Records in the order of their instants, and the place from which reading on gives what comes later."""

    records: list[Record]
    cursor: str


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A chunk without its lines. `before` is the number of the last line that is kept before its first."""

    id: int
    level: int
    first: int
    last: int
    before: int


def append(connection: Connection, run_id: int, step: str, attempt: int, lines: Sequence[str], *, limit: int) -> None:
    """Add lines, each one that `str(logs.Line)` gives, to the log of a step's attempt.

    Of a log that is longer than `limit` bytes the first and the last half are kept, in whole chunks.
    """
    if not lines:
        return
    mine = (_columns.run_id == run_id, _columns.step == step, _columns.attempt == attempt)
    newest = connection.execute(select(step_log).where(*mine).order_by(_columns.chunk.desc()).limit(1)).mappings()
    row = newest.one_or_none()
    size = min(CHUNK, limit // PARTS)
    half = limit // 2 // size  # chunks
    rows = list(_packed(dict(row) if row else None, lines, size))
    last = rows[-1]["chunk"]
    if row:
        grown = rows.pop(0)
        values = {name: grown[name] for name in ("level", "line_count", "lines")}
        connection.execute(update(step_log).where(_columns.id == row["id"]).values(values))
    kept = [new for new in rows if new["chunk"] < half or new["chunk"] > last - half]
    if kept:
        same = {"run_id": run_id, "step": step, "attempt": attempt}
        connection.execute(insert(step_log), [{**new, **same} for new in kept])
        connection.execute(delete(step_log).where(*mine, _columns.chunk >= half, _columns.chunk <= last - half))


def _packed(begun: dict[str, Any] | None, lines: Sequence[str], size: int) -> Iterator[dict[str, Any]]:
    """The chunk that was begun, grown, and the new ones after it."""
    row = begun or {"chunk": 0, "level": 0, "first_line": 1, "line_count": 0, "lines": ""}
    parts, filled = [row["lines"]], len(row["lines"].encode())
    for line in lines:
        length = len(line.encode()) + 1
        if row["line_count"] and filled + length > size:
            yield {**row, "lines": "".join(parts)}
            following = {"chunk": row["chunk"] + 1, "first_line": row["first_line"] + row["line_count"]}
            row, parts, filled = {"level": 0, "line_count": 0, **following}, [], 0
        parts.append(line + "\n")
        row = {**row, "line_count": row["line_count"] + 1, "level": max(row["level"], _level(line))}
        filled += length
    yield {**row, "lines": "".join(parts)}


def _level(line: str) -> int:
    return LEVELS[line.split(" ", 2)[1]]


def read(
    connection: Connection,
    run_id: int,
    step: str | None = None,
    attempt: int | None = None,
    *,
    level: int = 0,
    after: str | None = None,
    limit: int = 500,
) -> Page:
    """Lines of that level or above of a run's steps, or of one step, or of one attempt; oldest first, at most `limit`.

    Without `after` they are the newest ones; with it, those that come next after that place: START, or the cursor of
    an earlier page. A gap is told where it lies, whatever the level. Raises SettingError for a place that is none.
    """
    places = _places(after or START)
    streams = _streams(connection, run_id, step, attempt)
    chosen = {
        stream: _chosen(chunks, level, places.get(stream, 0), limit, newest=after is None)
        for stream, chunks in streams.items()
    }
    identities = [chunk.id for chunks in chosen.values() for chunk in chunks]
    found = connection.execute(select(_columns.id, _columns.lines).where(_columns.id.in_(identities)))
    lines = {row.id: row.lines for row in found}
    told = (
        [
            record
            for chunk in chunks
            for record in _records(stream, chunk, lines[chunk.id], level, places.get(stream, 0))
        ]
        for stream, chunks in chosen.items()
    )
    records = list(heapq.merge(*told, key=attrgetter("at")))
    ends = places | {stream: chunks[-1].last for stream, chunks in streams.items()}
    if after is None:
        return Page(records[-limit:], _cursor(ends))
    for record in reversed(records[limit:]):  # what is left for later is to be read again
        ends[record.step, record.attempt] = record.number - 1
    return Page(records[:limit], _cursor(ends))


def every(
    connection: Connection, run_id: int, step: str | None = None, attempt: int | None = None, *, level: int = 0
) -> Iterator[Record]:
    """All lines as `read` gives them, oldest first, a page at a time."""
    page = read(connection, run_id, step, attempt, level=level, after=START, limit=PAGE)
    while page.records:
        yield from page.records
        page = read(connection, run_id, step, attempt, level=level, after=page.cursor, limit=PAGE)


def _streams(
    connection: Connection, run_id: int, step: str | None, attempt: int | None
) -> dict[tuple[str, int], list[_Chunk]]:
    """The chunks of each step's attempt, in order."""
    query = select(*(_columns[name] for name in ("id", "step", "attempt", "level", "first_line", "line_count")))
    query = query.where(_columns.run_id == run_id)
    if step is not None:
        query = query.where(_columns.step == step)
    if attempt is not None:
        query = query.where(_columns.attempt == attempt)
    streams: dict[tuple[str, int], list[_Chunk]] = {}
    for row in connection.execute(query.order_by(_columns.step, _columns.attempt, _columns.chunk)):
        chunks = streams.setdefault((row.step, row.attempt), [])
        before = chunks[-1].last if chunks else 0
        chunks.append(_Chunk(row.id, row.level, row.first_line, row.first_line + row.line_count - 1, before))
    return streams


def _chosen(chunks: Sequence[_Chunk], level: int, place: int, limit: int, *, newest: bool) -> list[_Chunk]:
    """The chunks that have to be read for more than `limit` records after that place, in order."""
    chosen, certain = [], 0
    for chunk in reversed(chunks) if newest else chunks:
        if chunk.last <= place or (chunk.level < level and chunk.first == chunk.before + 1):
            continue
        chosen.append(chunk)
        if level <= min(LEVELS.values()):
            certain += chunk.last - max(place, chunk.first - 1)
        elif chunk.first > place and chunk.level >= level:
            certain += 1
        if certain > limit:
            break
    return sorted(chosen, key=attrgetter("first"))


def _records(stream: tuple[str, int], chunk: _Chunk, lines: str, level: int, place: int) -> Iterator[Record]:
    """The records of a chunk after that place; before them how many lines were left out, if any were."""
    kept = lines.removesuffix("\n").split("\n")
    names = tuple(f"{name} " for name, value in LEVELS.items() if value >= level)
    missing = max(chunk.before, place) + 1
    if missing < chunk.first:
        count = f"{chunk.first - missing:,}".replace(",", " ")
        at = Line.read(kept[0]).at
        yield _record(
            stream, missing, str(Line(at, LEVELS["WARNING"], "confradar.logs", f"… {count} lines left out …"))
        )
    for number, line in enumerate(kept, start=chunk.first):
        if line.startswith(names, INSTANT_LENGTH + 1) and number > place:
            yield _record(stream, number, line)


def _record(stream: tuple[str, int], number: int, written: str) -> Record:
    line = Line.read(written)
    return Record(*stream, number, line.at, line.level, line.logger, line.shown, written)


def _cursor(places: Mapping[tuple[str, int], int]) -> str:
    return " ".join(f"{step}/{attempt}:{number}" for (step, attempt), number in sorted(places.items()))


def _places(cursor: str) -> dict[tuple[str, int], int]:
    places = {}
    for part in cursor.split():
        found = _PLACE.fullmatch(part)
        if found is None:
            raise SettingError(f"after: found {part[:80]!r}, wanted the cursor of an earlier page")
        places[found[1], int(found[2])] = int(found[3])
    return places
