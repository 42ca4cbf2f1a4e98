"""The web server while a store commits ten thousand changes and PostgreSQL dies once; and memory over twenty nights."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from confradar import servers
from confradar.deadlines.conference import Change, Deadline, Direction, Merged
from confradar.storage import conferences, database
from tests.faults.backends import Server
from tests.faults.stack import free_port
from tests.workers.conftest import until

from . import many
from .conftest import House
from .measuring import MEGABYTE, pss, script, show, tree

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
SECONDS, RATE = 60, 50
STORE_AT, DEATH_AT = 15, 35  # seconds after the first request
RECOVERED = 5  # seconds
CHANGES = 10_000
NIGHTS, EVENTS = 20, 200


@pytest.fixture
def server() -> Iterator[Server]:
    """A PostgreSQL that can be killed, with the great store."""
    one = Server()
    many.store(one.url)
    yield one
    one.stop()


def changes() -> Merged:
    """A night in which ten thousand gates move by a day."""
    first = many.night()
    gates: list[Deadline] = [gate for gate in first.new_deadlines if gate.safe_at][:CHANGES]
    found = Merged(run_id=2, at=many.NOW, changed_deadlines=[replace(gate, safe_at=_later(gate)) for gate in gates])
    for number, gate in enumerate(gates, len(first.changes) + 1):
        moved = (gate.safe_at, _later(gate), Direction.LATER)
        where = (gate.conference_id, gate.id, None, "verdict")
        found.changes.append(Change(number, 2, many.NOW, *where, str(gate.safe_at), str(_later(gate)), *moved))
    return found


def _later(gate: Deadline) -> datetime:
    assert gate.safe_at
    return gate.safe_at + many.DAY


def test_readers_beside_a_great_store_and_a_death(server: Server, tmp_path: Path) -> None:
    """What fifty requests a second get meanwhile."""
    address, night = f"http://127.0.0.1:{free_port()}", changes()
    given = {
        "CONFRADAR_DATA_DIR": str(tmp_path), "CONFRADAR_DATABASE_URL": server.url,
        "CONFRADAR_WEB_REQUESTS_PER_SECOND": "1000000",
    }  # fmt: skip
    command = servers.confradar("serve", "--port", address.rpartition(":")[2], "--now", f"{many.NOW:%Y-%m-%d}")
    web = servers.start("web", command, tmp_path / "web.log", given)
    until(lambda: "127.0.0.1" in web.log.read_text(), 30, web.last_words)
    readers = script("asking.py", address, str(SECONDS), str(RATE), stdout=subprocess.PIPE)
    began = time.monotonic()
    time.sleep(STORE_AT)
    with database.transaction(server.url) as connection:
        conferences.write(connection, night)
    stored = time.monotonic()
    time.sleep(began + DEATH_AT - stored)
    away = time.monotonic()
    server.kill()
    server.start()
    back = time.monotonic()
    said, _ = readers.communicate(timeout=2 * SECONDS)
    web.stop()

    answers = json.loads(said)
    bad = [(due, status) for due, status, _ in answers if status not in (200, 304)]
    outside = [(due, *rest) for due, *rest in answers if not away - 1 <= due <= back + RECOVERED]
    good = sum(status in (200, 304) for _, status, _ in outside) / len(outside)
    taken = sorted(seconds for *_, seconds in outside)
    recovered = max([0.0, *(due - back for due, _ in bad)])
    p50, p99, most = (1000 * taken[int(part * (len(taken) - 1))] for part in (0.5, 0.99, 1))
    show(
        f"{SECONDS} s with {RATE} requests a second, {many.CONFERENCES:,} conferences",
        ("answers", ", ".join(f"{status or 'none'}: {n}" for status, n in Counter(row[1] for row in answers).items())),
        ("200 or 304 outside the restart", f"{good:.2%} (target 99.9 %)"),
        ("p50, p99, most outside it", f"{p50:.0f} · {p99:.0f} · {most:.0f} ms (target of p99 1000 ms)"),
        ("PostgreSQL away", f"{back - away:.1f} s; answers failed for {recovered:.1f} s more (target 5 s)"),
        ("the store of ten thousand changes", f"{stored - began - STORE_AT:.1f} s"),
    )


def test_memory_is_flat_over_twenty_nights(house: Callable[..., House]) -> None:
    """The memory of the worker with its processes, and of the watchdog, after each night."""
    home = house(EVENTS)
    night = home.night
    log = night.settings.data_dir / "logs" / "watchdog.log"
    night.servers.append(servers.start("watchdog", servers.confradar("watchdog"), log, night.given))
    sizes: dict[str, list[float]] = {"worker": [], "watchdog": []}
    for _ in range(NIGHTS):
        home.run()
        for size, server in zip(sizes.values(), night.servers, strict=True):
            size.append(sum(pss(process.pid) for process in tree(server.process.pid)) / MEGABYTE)
    show(
        f"memory (PSS) after each of {NIGHTS} nights of five lists with {EVENTS} entries",
        *(
            (name, f"{' '.join(f'{one:.0f}' for one in size)} MB; last five by first five {_grown(size):.2f} ×")
            for name, size in sizes.items()
        ),
    )


def _grown(sizes: list[float]) -> float:
    return sum(sizes[-5:]) / sum(sizes[:5])
