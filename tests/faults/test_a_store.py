"""The store is killed: the commit has happened or it has not, and the night is stored once."""

import os
import signal

import pytest
from sqlalchemy import Engine

from confradar import app
from confradar.steps import STORE
from confradar.storage import answers, database
from tests.workers.conftest import Stored, until

from .stack import FIRST, Stack

pytestmark = pytest.mark.integration
fault = pytest.mark.fault

STORING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"


def held(stack: Stack, administrator: Engine, seconds: float) -> tuple[str, int]:
    """Send a night whose store is held inside its COMMIT; returns the run's key and the backend's pid."""
    with administrator.connect() as connection:
        connection.exec_driver_sql("INSERT INTO hold VALUES (%s)", (seconds,))
        key = stack.submit(logical_date=FIRST.isoformat())
        backend = until(lambda: connection.exec_driver_sql(STORING).scalar(), 60, lambda: "nobody stores")
    return key, backend


def let_go(administrator: Engine, backend: int = 0) -> None:
    """Hold nobody who comes from now on; end the session that is held, if one is named."""
    with administrator.connect() as connection:
        connection.exec_driver_sql("DELETE FROM hold")
        if backend:
            connection.exec_driver_sql("SELECT pg_terminate_backend(%s)", (backend,))


def storing_process(stack: Stack) -> int:
    """The pool process that runs the store now."""
    with app.connected(stack.broker) as celery:
        active = celery.control.inspect(timeout=2).active() or {}
    [task] = [task for tasks in active.values() for task in tasks if task["name"] == f"confradar.{STORE}"]
    return int(task["worker_pid"])


@fault("A4", "killed before commit: nothing visible; retry not blocked by the orphan backend; stored once")
def test_a4_a_store_is_killed_before_its_commit(stack: Stack, administrator: Engine, healthy: Stored) -> None:
    """Killed with everything written and nothing committed, with its session still there."""
    key, _ = held(stack, administrator, 120)
    os.kill(storing_process(stack), signal.SIGKILL)
    let_go(administrator)
    with database.reading(stack.settings.database) as reading:
        assert answers.counts(reading)["conferences"] == 0
    assert stack.finished(key, 60).status == "ok"
    stack.sound(healthy)


@fault("A5", "killed inside commit: the second delivery is a no-op")
def test_a5_a_store_is_killed_inside_its_commit(stack: Stack, administrator: Engine, healthy: Stored) -> None:
    """The server commits although its client is dead."""
    key, _ = held(stack, administrator, 3)
    os.kill(storing_process(stack), signal.SIGKILL)
    let_go(administrator)
    assert stack.finished(key, 60).status == "ok"
    stack.sound(healthy)


@fault("B1", "the session ends in mid-store: stored once")
def test_b1_the_database_ends_the_storing_session(stack: Stack, administrator: Engine, healthy: Stored) -> None:
    """The task tries again and stores once."""
    key, backend = held(stack, administrator, 120)
    let_go(administrator, backend)
    assert stack.finished(key, 60).status == "ok"
    stack.sound(healthy)


@pytest.mark.slow
@fault("A16", "SIGTERM in the store: clean finish, gone in 90 s")
def test_a16_a_worker_is_told_to_end_while_it_stores(stack: Stack, administrator: Engine, healthy: Stored) -> None:
    """The store is finished first."""
    key, _ = held(stack, administrator, 3)
    node = stack.named[stack.worker_of(storing_process(stack))]
    node.process.terminate()
    assert stack.finished(key, 60).status == "ok"
    node.process.wait(60)
    stack.sound(healthy)
