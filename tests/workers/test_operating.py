"""What an operator does to runs that are going, on real worker processes."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from celery.result import AsyncResult

from confradar import app, graph, settings, steps
from confradar.demo import sites
from confradar.demo.sites import Sites
from confradar.sources.base import readers
from confradar.steps import STORE
from confradar.storage import database, ledger

from .conftest import Installation, children, given, stored, until

pytestmark = pytest.mark.integration
Install = Callable[..., Installation]
FIRST = sites.NIGHTS[0].isoformat()
ELRA = "elra_conferences"


@pytest.fixture(scope="module")
def staged() -> Iterator[Sites]:
    """The five sites of the demo."""
    with sites.serve() as served:
        yield served


def slowly(staged: Sites, seconds: float = 1.5) -> dict[str, str]:
    """The settings of the staged sites, with one of them read slowly."""
    return {**staged.environment(), "CONFRADAR_SOURCE_ELRA_DELAY": str(seconds)}


def crawling(night: Installation, key: str, step: str = ELRA) -> psutil.Process:
    """The process that crawls for a step, once it has read a page."""

    def found() -> psutil.Process | None:
        with database.reading(night.settings.database) as connection:
            run = ledger.get(connection, key)
        row = night.steps(key)[step] if run else None
        if not row or row["status"] != "running" or not (row["progress"] or {}).get("pages"):
            return None
        return next(iter(children(row["pid"])), None)

    return until(found, 40, lambda: f"{step} does not crawl")


@pytest.mark.fault("C6", "run still going when the next is due: queued or refused")
def test_a_second_run_waits_its_turn_or_is_refused(install: Install, staged: Sites) -> None:
    """One at a time: the waiting one says for which, and begins when that is over."""
    night = install(**slowly(staged), CONFRADAR_WAITING_SECONDS="0.3")
    first = night.submit(logical_date=FIRST)
    crawling(night, first)
    second = night.submit(logical_date=sites.NIGHTS[1].isoformat(), target="acl_web+")
    waiting = until(lambda: _message(night, second), 20)
    refused = night.submit(logical_date=FIRST, if_busy="refuse")
    with app.connected(night.broker) as celery:
        answer = AsyncResult(refused.removeprefix("manual:"), app=celery)
        with pytest.raises(Exception, match=f"run {first} is going") as told:
            answer.get(timeout=20)

    assert waiting.startswith(f"waits: run {first} is going since")
    assert type(told.value).__name__ == "RunRefused"
    one, other = night.finished(first), night.finished(second)
    assert (one.status, other.status, other.message) == ("ok", "ok", None)
    assert one.finished_at is not None
    assert other.started_at >= one.finished_at
    assert [row["step"] for row in night.steps(second).values()] == ["acl_web_conferences", STORE]


def _message(night: Installation, key: str) -> str | None:
    with database.reading(night.settings.database) as connection:
        run = ledger.get(connection, key)
        return run.message if run else None


@pytest.mark.fault("E2", "half or ten times the records: held, not stored, not deleted; an operator may accept")
def test_a_source_that_loses_most_of_its_listings_is_held_until_it_is_released(
    install: Install, staged: Sites, tmp_path: Path
) -> None:
    """Its rows of yesterday stay, the four others are stored; released, it is added to its closed run."""
    folder = tmp_path / "data"
    with given(staged.environment()):
        chosen = settings.load(data_dir=folder, CONFRADAR_DATABASE_URL=f"sqlite:///{folder / 'confradar.sqlite'}")
        assert graph.materialize("*", settings=chosen, now=sites.NIGHTS[0]).success
    before = stored(chosen.database)
    night = install(**{**staged.environment(), "CONFRADAR_SOURCE_ELRA_FLOOR": "50"})
    key = night.submit(logical_date=(sites.NIGHTS[0] + timedelta(days=1)).isoformat())
    run = night.finished(key)

    row = night.steps(key)[ELRA]
    assert (run.status, row["status"], row["reason"]) == ("partial", "quarantined", "count_above_floor")
    assert stored(chosen.database)["mention"] == before["mention"]
    assert run.statistics is not None
    assert "elra" not in run.statistics["per_source"]

    released = steps.release(key, ELRA, night.settings, by="ada", why="it is a short list in winter")

    assert released.statistics is not None
    assert (released.status, released.statistics["per_source"]["elra"]["unchanged"]) == ("ok", row["count"])
    assert released.message == f"added to: {ELRA} was released by ada"


def test_a_step_that_celery_is_told_to_revoke_is_cancelled(install: Install, staged: Sites) -> None:
    """By Celery's own means: the ledger has it, the crawl is gone, and the night is closed with the others."""
    night = install(**slowly(staged, 20))
    key = night.submit(logical_date=FIRST)
    crawling(night, key)
    with app.connected(night.broker) as celery:
        celery.control.revoke(night.steps(key)[ELRA]["task_id"], terminate=True)
    until(lambda: night.steps(key)[ELRA]["status"] == "cancelled", 20)

    assert night.steps(key)[ELRA]["reason"] == "revoked"
    until(lambda: not night.crawls(), 20)
    until(lambda: night.look() or night.run(key).status == "partial", 30)
    assert {source for source, *_ in stored(night.settings.database)["mention"]} == set(readers()) - {"elra"}


def test_each_message_of_a_run_is_stamped_with_its_key(install: Install, staged: Sites) -> None:
    """Flower and `celery` find the messages of a run by it."""
    night = install(**slowly(staged), CONFRADAR_WORKER_CONCURRENCY="1")
    key = night.submit(logical_date=FIRST)
    with app.connected(night.broker) as celery:
        queue = celery.connection_for_read().default_channel.client

        def waiting() -> list[dict[str, Any]]:
            headers = [json.loads(message)["headers"] for message in queue.lrange("celery", 0, -1)]
            return [one for one in headers if one["task"] != "confradar.crawl_all"]

        assert [one["stamps"] for one in until(waiting, 30) if one["stamps"] != {"run": key}] == []
        night.finished(key, 90)
