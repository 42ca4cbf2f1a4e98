"""How long readers' answers take within the process, from 20 000 conferences and 60 000 deadlines in PostgreSQL.

Three ways to ask, each by the median: anew, as the first who asks after a night; a second time, from the shelf of
answers; with a tag that still holds. A calendar's events are remembered over nights, so the first of all is told too.
The processor's time is this process's alone: on a busy machine it says more than the clock.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import event

from confradar import settings
from confradar.deadlines.parameters import PARAMETERS, Position
from confradar.deadlines.selection import Selection
from confradar.storage import database
from confradar.web import app as web
from confradar.web.caching import Shelf
from tests.bench import many
from tests.bench.measuring import show

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]
TIMES = 31
TARGET, TARGET_304 = 30, 5  # ms
FILTERED = "kind=submission&region=europe&topic=machine-learning"
ASKED = {
    "radar": "/",
    "radar, filtered": f"/?{FILTERED}&zone=Europe/Berlin",
    "radar, searched": "/?q=learning+vision",
    "JSON, filtered": f"/api/v1/deadlines?{FILTERED}",
    "JSON, what moved": "/api/v1/deadlines?status=moved",
    "calendar of 500 events": "/feeds/deadlines.ics?limit=500",
    "Atom": "/feeds/deadlines.atom",
    "CSV": "/feeds/deadlines.csv",
    "changes": "/changes",
    "a month": "/calendar",
    "a conference": "/conferences/c7-2026",
    "conferences": "/api/v1/conferences",
}

# One value of each parameter of a selection, as a reader may set it.
FILTERS = {
    "q": "learning", "topic": "machine-learning", "source": "elra", "kind": "submission", "type": "conference",
    "country": "KR", "region": "europe", "online": "no", "rank": "core:A*", "verdict": "disputed", "status": "moved",
    "from": "2026-03-01", "to": "2026-03-02", "within": "30d", "series": "series7", "conference": "c7-2026",
    "order": "name", "limit": "500",
    "cursor": dict(Selection(cursor=Position(many.NOW, "c7-2026", "submission", 0, "")).pairs())["cursor"],
}  # fmt: skip
SLOW = 100  # ms of an answer


class Answered(NamedTuple):
    """An answer, how many milliseconds it took, those of this process's processor, and how many statements."""

    status: int
    tag: str
    size: int
    took: float
    cpu: float
    statements: int


class Asker:
    """Asks an application in its own process, without a socket between."""

    def __init__(self, url: str, folder: Path, shelf: int) -> None:
        chosen = settings.load(data_dir=folder, CONFRADAR_DATABASE_URL=url, web_requests_per_second=10**6)
        self._app = web.create(chosen, now=lambda: many.NOW)
        self._app.state.shelf = Shelf(chosen, shelf)
        self._statements = 0
        event.listen(database.engine(url), "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self._statements += 1

    def __call__(self, address: str, tag: str = "") -> Answered:
        return asyncio.run(self._ask(address, tag))

    async def _ask(self, address: str, tag: str) -> Answered:
        parts, said = urlsplit(address), []
        headers = [(b"host", b"radar.example")] + [(b"if-none-match", tag.encode())] * bool(tag)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(),
            "headers": headers, "client": ("127.0.0.1", 1), "server": ("radar.example", 80), "root_path": "",
        }  # fmt: skip

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, object]) -> None:
            said.append(message)

        self._statements, began, used = 0, time.perf_counter(), time.process_time()
        await self._app(scope, receive, send)  # type: ignore[arg-type]
        took, cpu = 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - used)
        known = {name.decode(): value.decode() for name, value in said[0]["headers"]}  # type: ignore[attr-defined]
        size = sum(len(part.get("body", b"")) for part in said[1:])  # type: ignore[misc, arg-type]
        return Answered(said[0]["status"], known.get("etag", ""), size, took, cpu, self._statements)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def great(postgres_url: str) -> Iterator[str]:
    """The address of the great store."""
    many.store(postgres_url)
    return postgres_url


def test_outlets_over_many_conferences(great: str, tmp_path: Path) -> None:
    """The median and the fastest of each way, in milliseconds, beside what is wanted."""
    anew, kept = Asker(great, tmp_path, 0), Asker(great, tmp_path, 32 * 1024 * 1024)
    rows = []
    for name, address in ASKED.items():
        first = anew(address)
        uncached, cached, unchanged = [], [], []
        tag = kept(address).tag
        for _ in range(TIMES):
            uncached.append(anew(address))
            cached.append(kept(address))
            if tag:
                unchanged.append(kept(address, tag))
        assert {answer.status for answer in (first, *uncached, *cached)} == {200}
        assert {answer.status for answer in unchanged} <= {304}
        told = [f"anew {_told(uncached, TARGET)}, {uncached[0].statements} statements, {first.size:,} bytes"]
        told += [f"first of all {first.took:.0f} ms", f"again {_told(cached, TARGET)}"]
        told += [f"304 {_told(unchanged, TARGET_304)}"] if unchanged else []
        rows.append((name, " · ".join(told)))
    show(f"outlets over {many.CONFERENCES:,} conferences with {many.GATES * many.CONFERENCES:,} deadlines", *rows)


def test_each_filter_over_many_conferences(great: str, tmp_path: Path) -> None:
    """Each parameter by itself, and beside words that nothing has, which must be looked for to the end."""
    assert {*FILTERS} == {*PARAMETERS}
    ask, rows = Asker(great, tmp_path, 0), []
    for name, value in FILTERS.items():
        for more in ({}, {"q": "zzz", "status": "all"}):
            asked = urlencode({**more, name: value})
            answers = [ask(f"/api/v1/deadlines?{asked}") for _ in range(5)]
            assert {answer.status for answer in answers} == {200}, asked
            rows.append((asked[:40], f"{_told(answers, SLOW)}, {answers[0].size:,} bytes"))
    show(f"filters over {many.GATES * many.CONFERENCES:,} deadlines", *rows)


def _told(answers: list[Answered], target: float) -> str:
    middle, cpu = (statistics.median(getattr(answer, name) for answer in answers) for name in ("took", "cpu"))
    least = min(answer.took for answer in answers)
    return f"{middle:.1f} ms (fastest {least:.1f}, processor {cpu:.1f}, {'met' if middle < target else 'MISSED'})"
