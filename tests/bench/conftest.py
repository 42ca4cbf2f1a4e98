"""What the benches stand on: the staged sites beside them, and an installation on PostgreSQL whose worker is warm."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
import psycopg2
import pytest
from sqlalchemy import make_url

from confradar.storage import columns
from tests.workers.conftest import Installation, install

from .measuring import script

__all__ = ["install"]


@dataclass
class Stage:
    """The five staged sites, in a process of their own."""

    process: subprocess.Popen[str]
    environment: dict[str, str]

    def asked(self) -> dict[str, Any]:
        """How many requests came since the last call, and the instant of the first (seconds of the epoch)."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@dataclass
class House:
    """A whole installation that is up and has seen a night: sites, broker, worker, PostgreSQL."""

    stage: Stage
    night: Installation
    database: str

    @property
    def worker(self) -> int:
        """The pid of the worker's main process."""
        return self.night.servers[0].process.pid

    @property
    def services(self) -> dict[str, int]:
        """The pids of what stands beside the worker."""
        found = {child.name(): child.pid for child in psutil.Process().children()}
        return {"sites": self.stage.process.pid, "postgres": found["postgres"], "valkey": found["valkey-server"]}

    def empty(self) -> None:
        """Forget everything, so that the next night is a first one."""
        names = ", ".join(columns.metadata.tables)
        with closing(psycopg2.connect(self.database)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS plain; TRUNCATE {names} RESTART IDENTITY CASCADE")
            cursor.execute("INSERT INTO lease (name, token) VALUES ('crawl_job', 0)")  # the migration's own row

    def run(self, seconds: float = 120) -> dict[str, Any]:
        """Send a night and wait until it is closed; returns its figures."""
        return self.finished(self.night.submit(), seconds)

    def finished(self, key: str, seconds: float = 120) -> dict[str, Any]:
        """Wait until a run is closed, looking a hundred times a second; returns its figures."""
        end = time.monotonic() + seconds
        with closing(psycopg2.connect(self.database)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while time.monotonic() < end:
                cursor.execute("SELECT finished_at FROM run WHERE key = %s AND finished_at IS NOT NULL", (key,))
                if cursor.fetchone():
                    break
                time.sleep(0.01)
        run = self.night.run(key)
        states = {step: (row["status"], row["reason"], row["error"]) for step, row in self.night.steps(key).items()}
        assert run.status == "ok", states
        assert run.statistics is not None
        return run.statistics


@contextmanager
def staged(events: int) -> Iterator[Stage]:
    """Serve five sites of that many invented events each."""
    process = script("serving.py", str(events), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    try:
        yield Stage(process, json.loads(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(10)


@pytest.fixture
def house(install: Callable[..., Installation], postgres_database: str) -> Iterator[Callable[..., House]]:
    """Bring up a house of that many events at each site, its worker warm unless said otherwise."""
    with ExitStack() as exits:

        def built(events: int, *, warm: bool = True) -> House:
            stage = exits.enter_context(staged(events))
            night = install(url=postgres_database, **stage.environment)
            address = make_url(postgres_database)
            given = House(
                stage, night, f"host={address.query['host']} user={address.username} dbname={address.database}"
            )
            for _ in range(2 * warm):  # for the worker's five processes, and the sites
                given.run()
            return given

        yield built
