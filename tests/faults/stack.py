"""A whole installation that faults are done to, and the oracle that is asked after each."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
from sqlalchemy import delete, insert, select

from confradar import app, servers, settings
from confradar.demo import sites
from confradar.sources.base import readers
from confradar.steps import STORE
from confradar.steps.runs import patiently
from confradar.storage import database, history, ledger
from confradar.storage.columns import metadata
from confradar.storage.run_tables import alert, lease, step_log
from confradar.storage.tables import change, claim, mention
from tests.workers.conftest import Installation, Stored, children, stored, until

from .backends import Broker
from .front import Front

SECRET = "never-to-be-seen"
# Every bound of the design, crossed within a test's time.
QUICK = {
    "CONFRADAR_RETRY_WAITS": "0.1,0.1,0.1",
    "CONFRADAR_PAGE_RETRY_WAITS": "0.1,0.2",
    "CONFRADAR_LOST_AFTER_SECONDS": "8",
    "CONFRADAR_LEASE_SECONDS": "12",
    "CONFRADAR_RUN_DEADLINE_SECONDS": "90",
    "CONFRADAR_RESPONSE_SECONDS": "60",
    "CONFRADAR_CLOSING_SECONDS": "5",
    "CONFRADAR_STORE_GRACE_SECONDS": "3",
    "CONFRADAR_WATCHDOG_SECONDS": "0.5",
    "CONFRADAR_WAITING_SECONDS": "0.5",
    "CONFRADAR_VISIBILITY_SECONDS": "15",
    "CONFRADAR_MEMORY_BYTES": str(64 * 1024 * 1024),
    "CONFRADAR_METRICS_TOKEN": SECRET,
}
SCRAPERS = [f"{name}_conferences" for name in readers()]
FIRST = sites.NIGHTS[0]
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]")  # escapes are the tests' own: colours of Celery's banner


# In braces is what each stack has of its own.
COMMANDS = {
    "worker1": servers.celery("worker", "--loglevel", "INFO", "--hostname", "worker1@%h"),
    "worker2": servers.celery("worker", "--loglevel", "INFO", "--hostname", "worker2@%h"),
    "watchdog": servers.confradar("watchdog"),
    "web": servers.confradar("serve", "--port", "{web}"),
    "beat": servers.celery("beat", "--loglevel", "INFO", "--pidfile", "{folder}/beat.pid"),
    "flower": servers.celery("flower", "--address=127.0.0.1", "--port={flower}"),
}


class Stack(Installation):
    """Two worker nodes, a watchdog and the pages, over a PostgreSQL and a Valkey; the five sites behind a front."""

    def __init__(self, url: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.front = Front()
        self.front.start()
        self.folder = folder
        (folder / "tmp").mkdir(parents=True)
        self.environment = {**self.front.environment(), "TMPDIR": str(folder / "tmp"), **environment}
        self.valkey = Broker(folder / "valkey")
        where = {"CONFRADAR_DATABASE_URL": url, "broker_url": self.valkey.url}
        chosen = settings.load(data_dir=folder / "data", **where)
        database.upgrade(url)
        with database.reading(url) as connection:
            self._leases = [dict(row) for row in connection.execute(select(lease)).mappings()]
        super().__init__(chosen, self.valkey.url, [])
        self.own = {"folder": folder, "web": free_port(), "flower": free_port()}
        self.web = f"http://127.0.0.1:{self.own['web']}"
        self.named: dict[str, servers.Server] = {}

    def start(self, *names: str) -> None:
        """Start those parts that do not run."""
        for name in names:
            if name not in self.named or not self.named[name].alive():
                command = [part.format(**self.own) for part in COMMANDS[name]]
                self.named[name] = servers.start(name, command, self.folder / f"{name}.log", self.given)
        self.servers = [*self.named.values()]

    @property
    def given(self) -> dict[str, str]:
        """The settings under which every part and every command runs."""
        return {**self.environment, **super().given}

    def kill(self, name: str) -> None:
        """End a part and all that it started, at once, as a machine that loses its power."""
        os.killpg(self.named[name].process.pid, signal.SIGKILL)
        self.named[name].process.wait(10)

    def stop(self) -> None:
        """Take everything away."""
        servers._stop_all(self.servers)
        self.valkey.stop()
        self.front.stop()

    def fresh(self, *names: str) -> None:
        """Begin a test: everything runs, no fault is left, nothing is stored."""
        self.front.reset()
        self.start(*names)
        with app.connected(self.broker) as celery:
            celery.connection_for_read().default_channel.client.flushall()
        patiently(self._forget)  # a watchdog that looks just now may stand in the way

    def _forget(self) -> None:
        with database.transaction(self.settings.database) as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))
            connection.execute(insert(lease), self._leases)

    def worker_of(self, pid: int) -> str:
        """The node whose pool a process belongs to."""
        return next(name for name, node in self.named.items() if pid in {p.pid for p in children(node.process.pid)})

    def crawl_of(self, key: str, step: str, attempt: int = 1) -> psutil.Process:
        """The crawl process of that attempt of a step, whose next page is held."""

        def crawling() -> psutil.Process | None:
            row = self.steps(key)[step] if self.began(key) else {}
            going = row.get("attempt") == attempt and row["status"] == "running"
            return next(iter(children(row["pid"])), None) if going else None

        crawl = until(crawling, 30, lambda: f"{step} does not crawl: {self._state(key)}")
        source = step.removesuffix("_conferences")
        until(lambda: self.front.waiting[source] >= attempt, 30, lambda: f"{source} is not asked: {self._state(key)}")
        return crawl

    def execute(self, *statements: str) -> None:
        """Do something to the database that no part of the product does."""
        with database.transaction(self.settings.database) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def alerts(self) -> dict[str, bool]:
        """Each incident by its condition: whether it is over. One that was told twice fails here."""
        with database.reading(self.settings.database) as connection:
            rows = connection.execute(select(alert.c.condition, alert.c.resolved_at)).all()
        assert len({row.condition for row in rows}) == len(rows), f"an alert twice: {rows}"
        return {row.condition: row.resolved_at is not None for row in rows}

    # The oracle.

    def sound(self, healthy: Stored, *, missing: tuple[str, ...] = (), alerts: tuple[str, ...] = ()) -> None:
        """After the fault, and again after the next healthy night: nothing lost, doubled, left behind or untold.

        `missing` are the sources that this night could not give, `alerts` the conditions of which one is to be told.
        """
        self.start(*self.named)
        self._quiet()
        assert set(self.alerts()) == set(alerts)
        self._rows(healthy, missing)
        with database.reading(self.settings.database) as connection:
            keys = [run.key for run in history.runs(connection)]
        before = stored(self.settings.database)
        self._send_again(keys)
        assert stored(self.settings.database) == before, "a message that came again changed something"
        self.front.reset()
        next_day = self.submit(logical_date=(FIRST + timedelta(days=1)).isoformat())
        assert self.finished(next_day).status == "ok", self._state(next_day)
        self._quiet()
        self._rows(healthy, (), slugs=not missing)
        until(lambda: all(self.alerts().values()), 10, lambda: f"not over: {self.alerts()}")
        assert set(self.alerts()) == set(alerts)
        self._clean()

    def _rows(self, healthy: Stored, missing: tuple[str, ...], *, slugs: bool = True) -> None:
        """What is stored is what a healthy night stores; `slugs` stay as they were given when less was known."""
        found = stored(self.settings.database)
        if not slugs:
            found, healthy = _without_slugs(found), _without_slugs(healthy)
        of_source = {name: [row for row in found["mention"] if row[0] == name] for name in readers()}
        for name, rows in of_source.items():
            wanted = [row for row in healthy["mention"] if row[0] == name]
            assert rows == ([] if name in missing else wanted), f"rows of {name}"
        if not missing:
            assert {name: found[name] for name in found if name != "change"} == {
                name: healthy[name] for name in healthy if name != "change"
            }
        with database.reading(self.settings.database) as connection:
            one = change.c
            told = [
                tuple(row)
                for row in connection.execute(
                    select(one.conference_id, one.deadline_id, one.mention_id, one.field, one.before, one.after)
                )
            ]
            assert max(Counter(told).values(), default=1) == 1, (
                f"a change is told twice: {Counter(told).most_common(1)}"
            )
            said = mention.c
            unsourced = select(claim.c.kind).join(mention).where((said.url == "") | (said.last_run_id == 0))
            assert not connection.execute(unsourced).all(), "a date without an address or a run"

    def _quiet(self) -> None:
        """Every run final, every message done."""

        def done() -> bool:
            with database.reading(self.settings.database) as connection:
                return all(run.status in ledger.FINAL_RUN for run in history.runs(connection))

        until(done, 30, lambda: f"a run is open: {[server.last_words(8) for server in self.servers]}")
        with app.connected(self.broker) as celery:
            queue = celery.connection_for_read().default_channel.client
            left = lambda: (queue.llen("celery"), queue.hlen("unacked"))  # noqa: E731
            until(lambda: left() == (0, 0), 45, lambda: f"messages are left, waiting and taken: {left()}")

    def _send_again(self, keys: list[str]) -> None:
        """Every message of those runs once more."""
        with app.connected(self.broker) as celery:
            for key in keys:
                with database.reading(self.settings.database) as connection:
                    rows = ledger.step_runs(connection, ledger.find(connection, key).id)
                for row in rows:
                    arguments = [[], key] if row["step"] == STORE else [key]
                    celery.send_task(f"confradar.{row['step']}", args=arguments, task_id=row["task_id"])
        self._quiet()

    def _clean(self) -> None:
        """No process, file, secret or control character where none belongs; the pages answer."""
        assert not self.crawls()
        until(lambda: not self._orphans(), 5, lambda: f"left behind: {[one.cmdline() for one in self._orphans()]}")
        until(lambda: not [*(self.folder / "tmp").glob("confradar-crawl-*")], 5, lambda: "scratch is left behind")
        told = [*self.folder.glob("*.log")]
        written = {log.name: log.read_bytes() for log in told}
        with database.reading(self.settings.database) as connection:
            written["ledger"] = "\n".join(connection.scalars(select(step_log.c.lines))).encode()
        if "web" in self.named:
            written["/"] = urllib.request.urlopen(self.web, timeout=10).read()  # noqa: S310 - our own
        for name, text in written.items():
            assert SECRET.encode() not in text, f"{name} tells a secret"
            assert not CONTROL.search(text), f"{name} holds {CONTROL.search(text)}"

    def _orphans(self) -> list[psutil.Process]:
        """Who was started here and belongs to no part."""
        begun = [process for process in psutil.process_iter() if self._owns(process)]
        ours = {process.pid for node in self.servers for process in _family(node.process.pid)}
        return [process for process in begun if process.pid not in ours]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            living = process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
            return living and process.environ().get("TMPDIR") == str(self.folder / "tmp")
        except psutil.Error:
            return False


def _without_slugs(rows: Stored) -> Stored:
    return {**rows, "conference": sorted(row[1:] for row in rows["conference"])}


def _family(pid: int) -> list[psutil.Process]:
    try:
        return [found := psutil.Process(pid), *found.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def free_port() -> int:
    """A port of loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def built(url: str, environment: Mapping[str, str] = QUICK) -> Iterator[Stack]:
    """An installation over that database, with those settings; gone at the end, with all that it wrote."""
    folder = Path(tempfile.mkdtemp(prefix="cf-", dir="/tmp"))
    stack = Stack(url, folder, environment)
    try:
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(folder, ignore_errors=True)
