"""Processes that die: of a night nothing is lost, nothing doubled, and nothing is left behind."""

import os
import signal
from collections import Counter
from http.server import BaseHTTPRequestHandler

import psutil
import pytest
from celery import chord

from confradar import app, steps
from confradar.sources.base import readers
from confradar.steps import STORE
from confradar.storage import database, history
from tests.workers.conftest import Stored, stored, until

from .stack import FIRST, SCRAPERS, Stack

pytestmark = pytest.mark.integration
NIGHT = FIRST.isoformat()
ELRA = "elra_conferences"
OTHERS = set(readers()) - {"elra"}
fault = pytest.mark.fault


def gone(process: psutil.Process) -> bool:
    """Whether a process runs no more."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def sources(stack: Stack) -> set[str]:
    """Which sources have anything in the store."""
    return {source for source, *_ in stored(stack.settings.database)["mention"]}


def others_done(stack: Stack, key: str) -> None:
    """Wait until four of the five crawls are over."""
    until(lambda: sum(row["finished_at"] is not None for row in stack.steps(key).values()) == 4, 30)


def opened(stack: Stack, key: str) -> str:
    """Open a run of the whole job whose messages the test sends; returns its key."""
    steps.open_run(
        f"manual:{key}", trigger="manual", target="*", steps=[*SCRAPERS, STORE], logical_instant=FIRST,
        settings=stack.settings,
    )  # fmt: skip
    return f"manual:{key}"


@fault("A1", "one retry, no mixed items, no fetching orphan")
def test_a1_a_killed_crawl_and_a_killed_pool_process(stack: Stack, healthy: Stored) -> None:
    """The crawl process dies on its second page, then the pool process of its next attempt."""
    stack.front.hold("elra")
    key = stack.submit(logical_date=NIGHT)
    stack.crawl_of(key, ELRA).kill()
    second = stack.crawl_of(key, ELRA, attempt=2)
    os.kill(stack.steps(key)[ELRA]["pid"], signal.SIGKILL)
    until(lambda: gone(second), 10)
    stack.front.release("elra")
    run = stack.finished(key, 60)

    row = stack.steps(key)[ELRA]
    assert (run.status, row["status"], row["attempt"]) == ("ok", "ok", 3)
    refs = [ref for source, _, ref, *_ in stored(stack.settings.database)["mention"] if source == "elra"]
    assert max(Counter(refs).values()) == 1
    stack.sound(healthy)


@fault("A2", "source failed after 3 retries; four others stored in time")
def test_a2_a_crawl_that_is_killed_on_every_attempt(stack: Stack, healthy: Stored) -> None:
    """Four attempts die; the night is stored without that source."""
    stack.front.hold("elra")
    key = stack.submit(logical_date=NIGHT)
    for attempt in (1, 2, 3, 4):
        stack.crawl_of(key, ELRA, attempt).kill()
    run = stack.finished(key, 60)

    row = stack.steps(key)[ELRA]
    assert (run.status, row["status"], row["reason"], row["attempt"]) == ("partial", "failed", "lost", 4)
    stack.sound(healthy, missing=("elra",))


@fault("A3", "finished by the other node or the watchdog before the deadline")
def test_a3_a_worker_node_is_killed(stack: Stack, healthy: Stored) -> None:
    """The machine of one crawl loses its power: what had come is stored, the rest is said to be lost."""
    stack.front.hold("elra")
    key = stack.submit(logical_date=NIGHT)
    stack.crawl_of(key, ELRA)
    stack.execute("UPDATE run SET deadline_at = started_at + interval '30 seconds'")
    others_done(stack, key)
    stack.kill(stack.worker_of(stack.steps(key)[ELRA]["pid"]))
    run = stack.finished(key, 40)

    assert (run.status, run.message, stack.steps(key)[ELRA]["status"]) == ("partial", "finished by watchdog", "lost")
    assert run.finished_at is not None
    assert run.finished_at < run.deadline_at
    stack.sound(healthy, missing=("elra",))


@fault("A6", "every message twice: same dump, no deadlock surfaces")
def test_a6_every_message_comes_twice(stack: Stack, healthy: Stored) -> None:
    """The entry twice, each step twice, the store three times at once: one run with one attempt of each."""
    with app.connected(stack.broker) as celery:
        entry = celery.send_task("confradar.crawl_all", kwargs={"logical_date": NIGHT})
        celery.send_task("confradar.crawl_all", kwargs={"logical_date": NIGHT}, task_id=entry.id)
        key = f"manual:{entry.id}"
        until(lambda: stack.began(key), 20)
        ids = {step: row["task_id"] or "" for step, row in stack.steps(key).items()}
        for step in SCRAPERS:
            celery.send_task(f"confradar.{step}", args=[key], task_id=ids[step] or None)
        others_done_or_over = lambda: all(row["finished_at"] for row in stack.steps(key).values())  # noqa: E731
        until(others_done_or_over, 40)
        for _ in range(2):
            celery.send_task(f"confradar.{STORE}", args=[[], key])
    run = stack.finished(key)

    assert run.status == "ok"
    assert all(row["attempt"] == 1 for row in stack.steps(key).values())
    with database.reading(stack.settings.database) as connection:
        assert len(history.runs(connection)) == 1
    assert not any("deadlock" in log.read_text() for log in stack.folder.glob("worker*.log"))
    stack.sound(healthy)


@pytest.mark.slow
@fault("A7", "step longer than visibility: one effective attempt; host not hit twice")
def test_a7_a_step_outlasts_the_visibility_of_its_message(stack: Stack, healthy: Stored) -> None:
    """Its message comes back while it is in hands: nobody begins it anew."""
    stack.front.hold("elra")
    key = stack.submit(logical_date=NIGHT)
    stack.crawl_of(key, ELRA)
    received = f"{ELRA}[{stack.steps(key)[ELRA]['task_id']}] received"
    logs = [stack.named[name].log for name in ("worker1", "worker2")]
    until(lambda: sum(log.read_text().count(received) for log in logs) == 2, 40, lambda: "it never came back")
    stack.front.release("elra")
    run = stack.finished(key)

    assert (run.status, stack.steps(key)[ELRA]["attempt"]) == ("ok", 1), stack._state(key)
    paths = [asked.path for asked in stack.front.asked["elra"]]
    assert len(paths) == len(set(paths))
    stack.sound(healthy)


@fault("A8", "a header raises: its envelope says so, the callback runs")
def test_a8_a_step_that_raises_still_answers(stack: Stack, healthy: Stored) -> None:
    """The database refuses what one crawl gives: the step says so, and the four others are stored."""
    stack.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE data_exception USING MESSAGE = 'made to fail'; END$$",
        "CREATE TRIGGER refuse BEFORE INSERT ON kept_output FOR EACH ROW WHEN (NEW.output = 'elra') "
        "EXECUTE FUNCTION refuse()",
    )
    try:
        key = stack.submit(logical_date=NIGHT)
        run = stack.finished(key)
    finally:
        stack.execute("DROP TRIGGER refuse ON kept_output", "DROP FUNCTION refuse()")

    row = stack.steps(key)[ELRA]
    assert (run.status, row["status"], row["reason"]) == ("partial", "failed", "error")
    assert run.message is None, "its own callback closed it"
    stack.sound(healthy, missing=("elra",))


@pytest.mark.slow
@fault("A9", "a header hits the hard limit: it is said so, the night is stored")
def test_a9_a_step_at_celerys_hard_limit(stack: Stack, healthy: Stored) -> None:
    """Its own process cannot say so any more: the worker does, and the watchdog closes the run without it."""
    stack.front.hold("elra")
    key = opened(stack, "hard")
    with app.connected(stack.broker) as celery:
        headers = [celery.signature(f"confradar.{step}", args=[key], immutable=True) for step in SCRAPERS]
        headers[SCRAPERS.index(ELRA)].set(time_limit=4)
        chord(headers, app=celery)(celery.signature(f"confradar.{STORE}", args=[key]))
    run = stack.finished(key, 60)

    row = stack.steps(key)[ELRA]
    assert (run.status, row["status"], row["reason"]) == ("partial", "failed", "lost")
    assert "TimeLimitExceeded" in row["error"]
    until(lambda: not stack.crawls(), 10)
    stack.sound(healthy, missing=("elra",))


@fault("A10", "one step cancelled: the others stored; who and when kept")
def test_a10_one_step_is_cancelled(stack: Stack, healthy: Stored) -> None:
    """Its crawl is gone within seconds, and the night is closed with the others."""
    stack.front.hold("elra")
    key = stack.submit(logical_date=NIGHT)
    crawl = stack.crawl_of(key, ELRA)
    steps.cancel(key, stack.settings, by="ada", why="the wrong week", step=ELRA)
    run = stack.finished(key)

    assert (run.status, stack.steps(key)[ELRA]["status"]) == ("partial", "cancelled")
    with database.reading(stack.settings.database) as connection:
        [entry] = history.details(connection, key)["audit"]
    assert (entry["by"], entry["why"]) == ("ada", "the wrong week")
    until(lambda: gone(crawl), 20)
    stack.sound(healthy, missing=("elra",))


@pytest.mark.slow
@fault("A10", "whole run cancelled: no half store; who and when kept")
def test_a10_a_whole_run_is_cancelled(stack: Stack, healthy: Stored) -> None:
    """Nothing of it is stored, its crawls are gone, and the next run begins at once."""
    stack.front.hold("elra")
    key = stack.submit(logical_date=NIGHT)
    crawl = stack.crawl_of(key, ELRA)
    steps.cancel(key, stack.settings, by="ada", why="the wrong week")
    until(lambda: gone(crawl), 20)

    assert stack.run(key).status == "cancelled"
    assert stored(stack.settings.database)["mention"] == []
    with database.reading(stack.settings.database) as connection:
        [entry] = history.details(connection, key)["audit"]
    assert (entry["by"], entry["why"]) == ("ada", "the wrong week")
    stack.sound(healthy, missing=tuple(readers()))


@fault("A11", "headers done, callback never comes: stored from staging, once")
def test_a11_a_callback_never_comes(stack: Stack, healthy: Stored) -> None:
    """The five steps run without a chord: the watchdog stores what lies in the ledger."""
    key = opened(stack, "no-callback")
    with app.connected(stack.broker) as celery:
        for step in SCRAPERS:
            celery.send_task(f"confradar.{step}", args=[key])
    run = stack.finished(key, 40)

    assert (run.status, run.message) == ("ok", "finished by watchdog")
    stack.sound(healthy)


@fault("A11", "results expired: stored from staging, once")
def test_a11_the_results_expire(stack: Stack, healthy: Stored) -> None:
    """Four results and the chord's count are gone when the fifth crawl ends."""
    stack.front.hold("elra")
    key = stack.submit(logical_date=NIGHT)
    stack.crawl_of(key, ELRA)
    others_done(stack, key)
    with app.connected(stack.broker) as celery:
        client = celery.backend.client
        client.delete(*client.keys("celery-task-meta-*"), *client.keys("chord*"))
    stack.front.release("elra")
    run = stack.finished(key, 40)

    assert run.status == "ok"
    stack.sound(healthy)


@pytest.mark.slow
@fault("A16", "SIGTERM in a crawl: clean finish, gone in 90 s")
def test_a16_a_worker_is_told_to_end_in_mid_crawl(stack: Stack, healthy: Stored) -> None:
    """It finishes what it has in hands and is gone; the night is whole."""
    stack.front.hold("elra")
    key = stack.submit(logical_date=NIGHT)
    stack.crawl_of(key, ELRA)
    node = stack.named[stack.worker_of(stack.steps(key)[ELRA]["pid"])]
    node.process.terminate()
    until(lambda: "shutdown" in node.log.read_text().lower(), 20)
    stack.front.release("elra")
    run = stack.finished(key, 60)
    node.process.wait(60)

    assert (run.status, stack.steps(key)[ELRA]["attempt"]) == ("ok", 1)
    stack.sound(healthy)


@pytest.mark.slow
@fault("A17", "child over its memory: only that source fails, reason memory")
def test_a17_a_crawl_that_takes_too_much_memory(stack: Stack, healthy: Stored) -> None:
    """A page of nine million bytes that is all tags: its crawl is ended, the others are stored."""

    def enormous(handler: BaseHTTPRequestHandler) -> None:
        body = b"<!DOCTYPE html><title>x</title>" + b"<i a=1></i>" * 900_000
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html; charset=utf-8")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    stack.front.answers["elra"] = enormous
    key = stack.submit(logical_date=NIGHT)
    run = stack.finished(key)

    row = stack.steps(key)[ELRA]
    assert (run.status, row["status"], row["reason"]) == ("partial", "failed", "memory")
    stack.sound(healthy, missing=("elra",))
