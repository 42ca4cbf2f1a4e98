"""Real workers on a real Valkey over a real database: what the tests of this folder stand on."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from confradar import app, servers, settings, steps
from confradar.errors import UnknownName
from confradar.settings import Settings
from confradar.storage import database, ledger
from confradar.storage.tables import change, claim, conference, deadline, mention

PORT = re.compile(r"(?<=127\.0\.0\.1):[0-9]+")
Stored = dict[str, list[tuple[object, ...]]]


@dataclass
class Installation:
    """A broker with workers, a database, and the means to look at them."""

    settings: Settings
    broker: str
    servers: list[servers.Server]

    @property
    def given(self) -> dict[str, str]:
        """The settings that lead a part or a command here."""
        return {
            "CONFRADAR_DATA_DIR": str(self.settings.data_dir),
            "CONFRADAR_BROKER_URL": self.broker,
            "CONFRADAR_DATABASE_URL": self.settings.database,
        }

    def start_worker(self, name: str = "late") -> None:
        """Start one more worker; it ends with the installation."""
        command = servers.celery("worker", "--loglevel", "INFO", "--hostname", f"{name}@%h")
        self.servers.append(servers.start(name, command, self.settings.data_dir / "logs" / f"{name}.log", self.given))

    def submit(self, **arguments: Any) -> str:
        """Send a run; returns its key."""
        return "manual:" + app.submit(self.broker, **arguments)

    def began(self, key: str) -> bool:
        """Whether a run is in the ledger."""
        with database.reading(self.settings.database) as connection:
            return ledger.get(connection, key) is not None

    def run(self, key: str) -> ledger.Run:
        """The run as the ledger has it now."""
        with database.reading(self.settings.database) as connection:
            return ledger.find(connection, key)

    def steps(self, key: str) -> dict[str, dict[str, Any]]:
        """The newest attempt of each step of a run, by the step's name."""
        with database.reading(self.settings.database) as connection:
            return {row["step"]: row for row in ledger.step_runs(connection, ledger.find(connection, key).id)}

    def finished(self, key: str, seconds: float = 60) -> ledger.Run:
        """Wait until the run is closed."""
        until(lambda: self._closed(key), seconds, lambda: f"{key} is not closed: {self._state(key)}")
        return self.run(key)

    def _closed(self, key: str) -> bool:
        try:
            return self.run(key).status in ledger.FINAL_RUN
        except UnknownName:
            return False

    def _state(self, key: str) -> str:
        words = [server.last_words(20) for server in self.servers]
        try:
            return f"{ {step: row['status'] for step, row in self.steps(key).items()} } {words}"
        except UnknownName:
            return f"it never began; {words}"

    def look(self) -> list[str]:
        """What the watchdog does in one look."""
        now = steps.now_utc()
        return steps.watch(self.settings, since=now, now=now)

    def crawls(self) -> list[psutil.Process]:
        """The crawl processes that run now: grandchildren of a worker's main process, below its pool."""
        pool = [child for server in self.servers for child in children(server.process.pid)]
        return [crawl for process in pool for crawl in children(process.pid)]


def children(pid: int) -> list[psutil.Process]:
    """The living children of a process."""
    try:
        found = psutil.Process(pid).children()
        return [child for child in found if child.status() != psutil.STATUS_ZOMBIE]
    except psutil.NoSuchProcess:
        return []


def until(
    true: Callable[[], object], seconds: float = 30, otherwise: Callable[[], str] = lambda: "it never came"
) -> Any:
    """Wait until something is so, and return it."""
    end = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > end:
            pytest.fail(otherwise())
        time.sleep(0.05)
    return found


def stored(url: str) -> Stored:
    """What readers get to see, without ids, the moments at which it was written, and the staged sites' ports."""
    told = {
        conference: ("slug", "title", "year", "place"),
        mention: ("source", "feed", "ref", "year", "raw"),
        deadline: ("kind", "round", "track", "verdict", "safe_at"),
        claim: ("kind", "round", "track", "text", "zone_text", "earliest"),
        change: ("field", "before", "after", "direction"),
    }
    with database.reading(url) as connection:
        return {
            table.name: [
                tuple(PORT.sub("", value) if isinstance(value, str) else value for value in row)
                for row in connection.execute(select(*(table.c[name] for name in names)).order_by(*names))
            ]
            for table, names in told.items()
        }


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    """Bring up an installation; whatever it started is gone when the test ends."""
    with ExitStack() as exits:

        def installed(*, url: str = "", workers: int = 1, services: bool = False, **environment: str) -> Installation:
            folder = tmp_path / "data"
            url = url or f"sqlite:///{folder / 'confradar.sqlite'}"
            quick = {
                "CONFRADAR_RETRY_WAITS": "0.1,0.1,0.1",
                "CONFRADAR_LOST_AFTER_SECONDS": "3",
                "CONFRADAR_STORE_GRACE_SECONDS": "1",
                "CONFRADAR_ALLOW_PRIVATE_HOSTS": "true",
                "CONFRADAR_AUTOTHROTTLE": "false",
                **environment,
            }
            exits.enter_context(given(quick))
            chosen = settings.load(data_dir=folder, CONFRADAR_DATABASE_URL=url)
            database.upgrade(chosen.database)
            broker, running = exits.enter_context(servers.stack(chosen, quick, workers=workers, services=services))
            return Installation(chosen, broker, running)

        yield installed
    orphans = [process for process in psutil.process_iter() if _belongs(process, tmp_path / "data")]
    assert not orphans, f"left behind: {[process.cmdline() for process in orphans]}"


def _belongs(process: psutil.Process, folder: Path) -> bool:
    """Whether a living process was started for that installation."""
    try:
        living = process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
        return living and process.environ().get("CONFRADAR_DATA_DIR") == str(folder)
    except psutil.Error:
        return False


@contextmanager
def given(values: dict[str, str]) -> Iterator[None]:
    old = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in old.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
