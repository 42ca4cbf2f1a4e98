"""A night on real worker processes: what it gives, and what it survives."""

import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from celery import Celery

from confradar import app, servers, steps
from confradar.demo import sites
from confradar.demo.sites import Sites
from confradar.sources.base import readers
from confradar.steps import STORE
from confradar.storage import database, history, ledger

from .conftest import Installation, Stored, children, stored, until

pytestmark = pytest.mark.integration
Install = Callable[..., Installation]
FIRST = sites.NIGHTS[0].isoformat()
ELRA, CHAIRING = "elra_conferences", "chairing_tool_conferences"


@pytest.fixture(scope="module")
def staged() -> Iterator[Sites]:
    """The five sites of the demo."""
    with sites.serve() as served:
        yield served


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of each kind; the empty text is SQLite in the data directory."""
    return request.getfixturevalue("postgres_database") if request.param == "postgresql" else ""


def slowly(staged: Sites, seconds: float, *sources: str) -> dict[str, str]:
    """The settings of the staged sites, with some sources read slowly."""
    delays = {f"CONFRADAR_SOURCE_{source.upper()}_DELAY": str(seconds) for source in sources}
    return {**staged.environment(), **delays}


def running_crawl(installation: Installation, key: str, step: str) -> psutil.Process:
    """The process that crawls for a step now."""

    def found() -> psutil.Process | None:
        row = installation.steps(key).get(step) if appeared(installation, key) else None
        if not row or row["status"] != "running" or not (row["progress"] or {}).get("pages"):
            return None
        crawls = children(row["pid"])
        return crawls[0] if crawls else None

    return until(found, 40, lambda: f"{step} does not crawl")


def appeared(installation: Installation, key: str) -> bool:
    """Whether the run is in the ledger yet."""
    with database.reading(installation.settings.database) as connection:
        return ledger.get(connection, key) is not None


def test_a_night_runs_in_five_processes_and_gives_envelopes(install: Install, staged: Sites, url: str) -> None:
    """Five steps name five pool processes, none the worker's own; results lie in Redis, listings in the ledger."""
    night = install(url=url, **slowly(staged, 0.8, "acl_web", "chairing_tool", "elra"))
    key = night.submit(logical_date=FIRST)
    run = night.finished(key)

    rows = night.steps(key)
    crawled = {step: row for step, row in rows.items() if step != STORE}
    assert run.status == "ok", {step: (row["status"], row["reason"], row["error"]) for step, row in rows.items()}
    pids, worker = {row["pid"] for row in crawled.values()}, night.servers[0].process.pid
    assert len(pids) == 5
    assert worker not in pids
    assert len(pids & {child.pid for child in children(worker)}) >= 4  # the one that stored may have been replaced
    celery: Celery = app.connected(night.broker)
    envelope = celery.AsyncResult(crawled[ELRA]["task_id"]).get(timeout=5)
    assert (envelope["status"], envelope["count"]) == ("ok", crawled[ELRA]["count"])
    assert {"count", "source", "preview", "seconds", "pages", "bytes", "statuses", "rejected"} <= set(
        envelope["metadata"]
    )
    assert set(envelope["metadata"]["seconds"]) >= {"waiting", "crawling", "parsing"}
    assert len(str(envelope)) < 16_384
    figures = celery.AsyncResult(rows[STORE]["task_id"]).get(timeout=5)
    assert figures["value"]["total"] == sum(row["count"] for row in crawled.values())
    assert set(figures["metadata"]) >= {"total_scraped", "new_conferences", "updated_conferences"}
    assert not night.crawls(), "no crawl outlives its night"


def test_a_second_night_of_the_same_pages_changes_nothing(install: Install, staged: Sites, url: str) -> None:
    """The same pages again: no conference made or changed, no line of history, every claim confirmed."""
    night = install(url=url, **staged.environment())
    night.finished(night.submit(logical_date=FIRST))
    before = stored(night.settings.database)
    again = night.finished(night.submit(logical_date=sites.NIGHTS[1].isoformat()))

    assert again.statistics is not None
    assert again.statistics["created"] == again.statistics["updated"] == 0
    assert stored(night.settings.database) == before


def test_a_killed_crawl_is_tried_once_more(install: Install, staged: Sites, healthy: Stored) -> None:
    """The crawl process dies, then its pool process: one retry each, nothing mixed, no orphan."""
    night = install(**slowly(staged, 1.5, "elra"))
    key = night.submit(logical_date=FIRST)
    crawl = running_crawl(night, key, ELRA)
    crawl.kill()
    until(lambda: night.steps(key)[ELRA]["attempt"] == 2, 20)
    second = running_crawl(night, key, ELRA)
    killed = night.steps(key)[ELRA]["pid"]
    os.kill(killed, signal.SIGKILL)
    until(lambda: not second.is_running() or second.status() == psutil.STATUS_ZOMBIE, 10)
    run = night.finished(key, 90)

    row = night.steps(key)[ELRA]
    assert (run.status, row["status"], row["attempt"]) == ("ok", "ok", 3)
    assert not list(Path(tempfile.gettempdir()).glob(f"confradar-crawl-{killed}-*")), "scratch of a killed process"
    refs = [ref for source, _, ref, *_ in stored(night.settings.database)["mention"] if source == "elra"]
    assert max(Counter(refs).values()) == 1
    night.sound(healthy)


def test_a_crawl_that_always_dies_costs_its_own_source_alone(install: Install, staged: Sites, healthy: Stored) -> None:
    """Killed on every attempt: failed after three retries, the four others stored."""
    night = install(**slowly(staged, 1.5, "elra"))
    key = night.submit(logical_date=FIRST)
    for attempt in range(1, 5):
        until(lambda attempt=attempt: appeared(night, key) and night.steps(key)[ELRA]["attempt"] == attempt, 40)
        running_crawl(night, key, ELRA).kill()
    run = night.finished(key, 60)

    rows = night.steps(key)
    assert run.status == "partial"
    assert (rows[ELRA]["status"], rows[ELRA]["reason"], rows[ELRA]["attempt"]) == ("failed", "lost", 4)
    assert all(row["status"] in ("ok", "degraded") for step, row in rows.items() if step != ELRA)
    assert {source for source, *_ in stored(night.settings.database)["mention"]} == set(readers()) - {"elra"}
    night.sound(healthy)


def closed_by_watchdog(night: Installation, key: str) -> None:
    """Let the watchdog look until the run is closed."""

    def looked() -> bool:
        night.look()
        return night.run(key).status in ledger.FINAL_RUN

    until(looked, 30)


def test_the_watchdog_finishes_the_night_of_a_killed_worker(install: Install, staged: Sites, healthy: Stored) -> None:
    """A whole worker node is killed: what was lost is said so, what had come is stored. Its messages come back."""
    night = install(**slowly(staged, 2, "elra"), CONFRADAR_VISIBILITY_SECONDS="8")
    key = night.submit(logical_date=FIRST)
    running_crawl(night, key, ELRA)
    until(lambda: sum(row["finished_at"] is not None for row in night.steps(key).values()) == 4, 40)
    os.killpg(night.servers[0].process.pid, signal.SIGKILL)
    closed_by_watchdog(night, key)

    rows = night.steps(key)
    assert (rows[ELRA]["status"], night.run(key).status) == ("lost", "partial")
    assert night.run(key).message == "finished by watchdog"
    before = stored(night.settings.database)
    assert {source for source, *_ in before["mention"]} == set(readers()) - {"elra"}
    assert night.look() == []
    assert stored(night.settings.database) == before
    night.start_worker()
    night.sound(healthy)


def test_a_callback_that_never_comes_is_made_up_for(install: Install, staged: Sites, healthy: Stored) -> None:
    """Headers done, callback lost: the watchdog stores what lies in the ledger."""
    night = install(**staged.environment())
    run = steps.open_run(
        "manual:no-callback",
        trigger="manual",
        target="*",
        steps=[*SCRAPERS, STORE],
        logical_instant=sites.NIGHTS[0],
        settings=night.settings,
    ).run
    with app.connected(night.broker) as celery:
        for step in SCRAPERS:
            celery.send_task(f"confradar.{step}", args=[run.key])
    until(lambda: all(night.steps(run.key)[step]["finished_at"] for step in SCRAPERS), 40)
    closed_by_watchdog(night, run.key)

    states = {step: (row["status"], row["reason"], row["error"]) for step, row in night.steps(run.key).items()}
    assert night.run(run.key).status == "ok", states
    assert {source for source, *_ in stored(night.settings.database)["mention"]} == set(readers())
    night.sound(healthy)


SCRAPERS = [f"{name}_conferences" for name in readers()]


def test_every_message_twice_gives_the_same_store(install: Install, staged: Sites, healthy: Stored) -> None:
    """Each message is delivered twice: one attempt each, one run, and the store of a night without copies."""
    night = install(workers=0, **staged.environment())
    with app.connected(night.broker) as celery:
        key = f"manual:{celery.send_task('confradar.crawl_all', kwargs={'logical_date': FIRST}).id}"
        queue = celery.connection_for_read().default_channel.client
        [message] = queue.lrange("celery", 0, -1)
        queue.lpush("celery", message)
        night.start_worker()
        night.finished(key)
        once = stored(night.settings.database)
        tasks = {step: night.steps(key)[step]["task_id"] for step in [*SCRAPERS, STORE]}
        for step, identity in tasks.items():
            arguments = [[], key] if step == STORE else [key]
            celery.send_task(f"confradar.{step}", args=arguments, task_id=identity)
        until(lambda: queue.llen("celery") == 0 and queue.hlen("unacked") == 0, 20)

    assert stored(night.settings.database) == once
    assert all(row["attempt"] == 1 for row in night.steps(key).values())
    with database.reading(night.settings.database) as connection:
        assert len(history.runs(connection)) == 1
    night.sound(healthy)


def test_a_step_that_raises_still_answers(install: Install, staged: Sites) -> None:
    """A wrong setting breaks one step: its envelope says so, the callback runs, the others are stored."""
    night = install(**{**staged.environment(), "CONFRADAR_SOURCE_ELRA_DELAY": "soon"})
    key = night.submit(logical_date=FIRST)
    run = night.finished(key)

    row = night.steps(key)[ELRA]
    assert (run.status, row["status"], row["reason"]) == ("partial", "failed", "error")
    assert "CONFRADAR_SOURCE_ELRA_DELAY" in row["error"]
    assert "soon" in row["error"]


def test_two_beats_make_one_night(install: Install, staged: Sites, tmp_path: Path) -> None:
    """Two beats that tick each second, and a beat that is restarted, open one run of the date."""
    (tmp_path / "often.py").write_text(
        "from celeryconfig import *\nbeat_schedule['daily_crawl_schedule']['schedule'] = 1.0\n"
    )
    night = install(**staged.environment())
    given = {
        "CELERY_CONFIG_MODULE": "often",
        "PYTHONPATH": str(tmp_path),
        "CONFRADAR_BROKER_URL": night.broker,
        "CONFRADAR_DATA_DIR": str(night.settings.data_dir),
    }

    def beat(name: str) -> servers.Server:
        command = servers.celery("beat", "--loglevel", "INFO", "--schedule", str(tmp_path / name), "--pidfile=")
        return servers.start(name, command, tmp_path / f"{name}.log", given)

    beats = [beat("one"), beat("two")]
    try:
        until(lambda: all("Sending due task" in one.log.read_text() for one in beats), 30)
        beats[0].stop()
        beats[0] = beat("one")
        key = f"nightly:{steps.now_utc().date()}"
        night.finished(key)
        time.sleep(3)
    finally:
        for one in beats:
            one.stop()
    with database.reading(night.settings.database) as connection:
        runs = history.runs(connection)
    assert [(run.key, run.trigger) for run in runs] == [(key, "schedule")]
