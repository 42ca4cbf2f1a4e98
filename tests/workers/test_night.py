"""A night on real worker processes, and what it gives."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import Celery

from confradar import app, servers, steps
from confradar.demo import sites
from confradar.demo.sites import Sites
from confradar.steps import STORE
from confradar.storage import database, history

from .conftest import Installation, children, stored, until

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


@pytest.mark.fault("C1", "two beats, one restarted: one run per logical date")
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
