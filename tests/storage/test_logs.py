"""The logs of a run's steps in the database: what is kept of them, and how they are read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from sqlalchemy import Connection, event, func, insert, select

from confradar.errors import SettingError
from confradar.logs import LEVELS, Line
from confradar.storage import database, logs
from confradar.storage.run_tables import run, step_log

BEGIN = datetime(2026, 11, 24, 2, tzinfo=UTC)
ELRA, WIKICFP = "elra_conferences", "wikicfp_conferences"
MEBIBYTE = 1024 * 1024


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    """A transaction in which run 1 is open."""
    values = {"key": "nightly:2026-11-24", "trigger": "schedule", "logical_instant": BEGIN, "target": "*",
              "steps": [ELRA, WIKICFP], "status": "running", "started_at": BEGIN, "deadline_at": BEGIN}  # fmt: skip
    with database.transaction(url) as connection:
        connection.execute(insert(run).values(id=1, **values))
        yield connection


def lines(count: int, *, first: int = 1, level: str = "INFO", size: int = 10) -> list[str]:
    """Lines that tell their number, one a second."""
    return [
        str(
            Line(
                BEGIN + timedelta(seconds=number), LEVELS[level], "tests", f"line {number} {'x' * (size - 10)}".strip()
            )
        )
        for number in range(first, first + count)
    ]


def numbers(records: list[logs.Record]) -> list[int]:
    return [record.number for record in records]


def test_what_is_appended_is_read(connection: Connection) -> None:
    """In whatever pieces it came: every line once, with its number, in order."""
    given = lines(50)
    for start in range(0, 50, 7):
        logs.append(connection, 1, ELRA, 1, given[start : start + 7], limit=MEBIBYTE)
    logs.append(connection, 1, ELRA, 1, [], limit=MEBIBYTE)

    found = logs.read(connection, 1).records
    assert [record.written for record in found] == given
    assert numbers(found) == list(range(1, 51))
    assert (found[0].step, found[0].attempt, found[0].text) == (ELRA, 1, "line 1")
    assert (found[0].at, found[0].level, found[0].logger) == (BEGIN + timedelta(seconds=1), 20, "tests")
    assert connection.execute(select(func.count()).select_from(step_log)).scalar_one() == 1


def test_a_text_is_shown_without_control_characters(connection: Connection) -> None:
    """Line ends are such again; what could trouble a terminal stays an escape."""
    logs.append(connection, 1, ELRA, 1, [str(Line(BEGIN, 40, "a", "two\nlines\x1b[31m \x00 \\n"))], limit=MEBIBYTE)

    [record] = logs.read(connection, 1).records
    assert record.text == "two\nlines\\x1b[31m \\x00 \\n"


def test_of_a_long_log_both_ends_are_kept(connection: Connection) -> None:
    """The first and the last half of the limit; how many lines lie between is told where they lay."""
    limit = 64 * 1024
    for start in range(1, 5001, 100):
        logs.append(connection, 1, ELRA, 1, lines(100, first=start, size=60), limit=limit)
        kept = connection.execute(select(step_log.c.lines)).scalars().all()
        assert sum(map(len, kept)) <= limit

    found = list(logs.every(connection, 1))
    [gap] = [place for place, record in enumerate(found) if "left out" in record.text]
    head, tail = found[:gap], found[gap + 1 :]
    assert numbers(head) == list(range(1, len(head) + 1))
    assert numbers(tail) == list(range(5001 - len(tail), 5001))
    assert found[gap].text == f"… {5000 - len(head) - len(tail):,} lines left out …".replace(",", " ")
    for part in (head, tail):
        assert limit * 3 / 8 < sum(len(record.written) for record in part) <= limit / 2


@pytest.mark.parametrize("sizes", [[100_000], [300, 1, 99_699]])
def test_many_lines_at_once_are_capped_as_well(connection: Connection, sizes: list[int]) -> None:
    """What comes in one piece leaves the same as what comes in many."""
    given = iter(lines(100_000))
    for size in sizes:
        logs.append(connection, 1, ELRA, 1, list(islice(given, size)), limit=64 * 1024)

    found = list(logs.every(connection, 1))
    assert (found[0].number, found[-1].number) == (1, 100_000)
    assert connection.execute(select(func.count()).select_from(step_log)).scalar_one() == 16


def test_a_chunk_is_no_larger_than_it_may_be(connection: Connection) -> None:
    """64 KiB of UTF-8, its count and highest level beside it; a large limit gives more chunks, not larger ones."""
    text = "é" * 14_000
    given = [str(Line(BEGIN, level, "a", text)) for level in [20] * 100 + [40]]
    logs.append(connection, 1, ELRA, 1, given, limit=16 * MEBIBYTE)

    rows = connection.execute(select(step_log).order_by(step_log.c.chunk)).all()
    assert all(len(row.lines.encode()) <= 64 * 1024 for row in rows)
    assert sum(row.line_count for row in rows) == 101
    assert [row.level for row in rows] == [20] * (len(rows) - 1) + [40]
    assert len(list(logs.every(connection, 1))) == 101


def test_steps_and_attempts_are_read_together_or_alone(connection: Connection) -> None:
    """Those of a run in the order of their instants."""
    logs.append(connection, 1, ELRA, 1, lines(2), limit=MEBIBYTE)
    logs.append(connection, 1, ELRA, 2, lines(2, first=5), limit=MEBIBYTE)
    logs.append(connection, 1, WIKICFP, 1, lines(2, first=2), limit=MEBIBYTE)

    def of(*which: str | int) -> list[str]:
        return [record.text for record in logs.read(connection, 1, *which).records]  # type: ignore[arg-type]

    assert of() == ["line 1", "line 2", "line 2", "line 3", "line 5", "line 6"]
    assert of(ELRA) == ["line 1", "line 2", "line 5", "line 6"]
    assert of(ELRA, 2) == ["line 5", "line 6"]
    assert of("store_conferences") == []
    assert logs.read(connection, 2).records == []


def test_the_newest_lines_of_a_level(connection: Connection) -> None:
    """At most as many as asked for, whatever lies between them."""
    for start in range(1, 10_001, 100):
        logs.append(connection, 1, ELRA, 1, lines(99, first=start, size=60), limit=MEBIBYTE)
        logs.append(connection, 1, ELRA, 1, lines(1, first=start + 99, level="WARNING"), limit=MEBIBYTE)

    assert numbers(logs.read(connection, 1, level=30, limit=3).records) == [9800, 9900, 10_000]
    assert numbers(logs.read(connection, 1, level=30).records) == list(range(100, 10_001, 100))
    assert numbers(logs.read(connection, 1, limit=3).records) == [9998, 9999, 10_000]
    assert logs.read(connection, 1, level=40).records == []


def test_a_log_is_followed(connection: Connection) -> None:
    """From the place where a page ended comes what was written since: each line once, of each step."""
    logs.append(connection, 1, ELRA, 1, lines(3), limit=MEBIBYTE)
    page = logs.read(connection, 1, limit=2)
    assert numbers(page.records) == [2, 3]

    assert logs.read(connection, 1, after=page.cursor).records == []
    logs.append(connection, 1, ELRA, 1, lines(2, first=4), limit=MEBIBYTE)
    logs.append(connection, 1, WIKICFP, 1, lines(1), limit=MEBIBYTE)
    page = logs.read(connection, 1, after=page.cursor)
    assert [(record.step, record.number) for record in page.records] == [(WIKICFP, 1), (ELRA, 4), (ELRA, 5)]
    assert logs.read(connection, 1, after=page.cursor).records == []


def test_what_is_dropped_while_a_log_is_followed_is_told(connection: Connection) -> None:
    """The gap begins where the reader was."""
    logs.append(connection, 1, ELRA, 1, lines(1000, size=60), limit=64 * 1024)
    page = logs.read(connection, 1)
    logs.append(connection, 1, ELRA, 1, lines(9000, first=1001, size=60), limit=64 * 1024)

    page = logs.read(connection, 1, after=page.cursor)
    gap, first, *_ = page.records
    assert gap.text == f"… {first.number - 1001:,} lines left out …".replace(",", " ")
    assert gap.number == 1001


@pytest.mark.parametrize("level", [0, 30])
def test_pages_of_any_size_give_every_line_once(connection: Connection, level: int) -> None:
    """However many lines a page has: two steps, two attempts, a gap, lines of two levels."""
    for step, attempt, count in ((ELRA, 1, 700), (ELRA, 2, 40), (WIKICFP, 1, 90)):
        given = lines(count, size=60)
        given[::3] = [line.replace(" INFO ", " WARNING ") for line in given[::3]]
        logs.append(connection, 1, step, attempt, given, limit=16 * 1024)
    whole = [record.written for record in logs.read(connection, 1, level=level, limit=10_000).records]
    assert any("left out" in line for line in whole)

    for size in (1, 7, 100, 10_000):
        page, found = logs.read(connection, 1, level=level, after=logs.START, limit=size), list[str]()
        while page.records:
            found += [record.written for record in page.records]
            page = logs.read(connection, 1, level=level, after=page.cursor, limit=size)
        assert found == whole


@pytest.mark.parametrize("place", ["elra", "elra/1", "elra/1:x", "elra/1:2;", "elra/1:-1"])
def test_a_place_that_is_none_is_refused(connection: Connection, place: str) -> None:
    """It is said so, with the place."""
    with pytest.raises(SettingError, match="after: found 'elra"):
        logs.read(connection, 1, after=place)


def test_a_page_takes_two_queries(connection: Connection) -> None:
    """However long the log is; and of a long log only what is told is read."""
    logs.append(connection, 1, ELRA, 1, lines(10_000, size=60), limit=MEBIBYTE)
    said: list[str] = []
    event.listen(connection, "before_cursor_execute", lambda *told: said.append(told[2]))
    logs.read(connection, 1, ELRA, limit=500)
    logs.read(connection, 1, ELRA, limit=500, level=30)

    assert len(said) == 4
