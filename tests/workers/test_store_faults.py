"""Faults while a night is being stored, on PostgreSQL: nothing lost, nothing doubled."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, create_engine

from confradar import app
from confradar.demo import sites
from confradar.demo.sites import Sites
from confradar.steps import STORE
from confradar.storage import answers, database, history

from .conftest import Installation, Stored, until

pytestmark = pytest.mark.integration
Install = Callable[..., Installation]
FIRST = sites.NIGHTS[0].isoformat()

# Whoever commits a stored run waits first, as long as the table `hold` says so.
HOLD = """
CREATE TABLE hold (seconds float);
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(seconds) FROM hold; RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER hold AFTER UPDATE ON run DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.stored_at IS NOT NULL) EXECUTE FUNCTION hold();
"""
STORING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"


@pytest.fixture
def staged() -> Iterator[Sites]:
    """The five sites of the demo."""
    with sites.serve() as served:
        yield served


@pytest.fixture
def administrator(postgres_database: str) -> Iterator[Engine]:
    """A connection that can see and end the others."""
    engine = create_engine(postgres_database, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def held(night: Installation, administrator: Engine, seconds: float) -> tuple[str, int]:
    """Send a night whose store is held inside its COMMIT; returns the run's key and the backend's pid."""
    with administrator.connect() as connection:
        connection.exec_driver_sql(HOLD)
        connection.exec_driver_sql("INSERT INTO hold VALUES (%s)", (seconds,))
        key = night.submit(logical_date=FIRST)
        backend = until(lambda: connection.exec_driver_sql(STORING).scalar(), 60, lambda: "nobody stores")
    return key, backend


def storing_process(night: Installation) -> int:
    """The pool process that runs the store now."""
    with app.connected(night.broker) as celery:
        active = celery.control.inspect(timeout=2).active() or {}
    [task] = [task for tasks in active.values() for task in tasks if task["name"] == f"confradar.{STORE}"]
    return int(task["worker_pid"])


def stored_once(night: Installation, key: str) -> None:
    """The run is stored, and everything is there exactly once."""
    run = night.finished(key, 60)
    assert run.status == "ok"
    assert run.statistics is not None
    with database.reading(night.settings.database) as connection:
        assert answers.counts(connection)["conferences"] == run.statistics["new_conferences"]
        assert answers.counts(connection)["mentions"] == run.statistics["created"]
        assert len(history.runs(connection)) == 1


def test_a_store_killed_before_its_commit_is_stored_by_the_next(
    install: Install, staged: Sites, postgres_database: str, administrator: Engine, healthy: Stored
) -> None:
    """Killed with everything written and nothing committed: nothing is visible; the retry is not blocked for long."""
    night = install(url=postgres_database, **staged.environment())
    key, _ = held(night, administrator, 120)
    os.kill(storing_process(night), signal.SIGKILL)
    with administrator.connect() as connection:
        connection.exec_driver_sql("DELETE FROM hold")
    with database.reading(postgres_database) as reading:
        assert answers.counts(reading)["conferences"] == 0
    stored_once(night, key)
    night.sound(healthy)


def test_a_store_killed_inside_its_commit_is_not_stored_again(
    install: Install, staged: Sites, postgres_database: str, administrator: Engine, healthy: Stored
) -> None:
    """The server commits although its client is dead: the second delivery changes nothing."""
    night = install(url=postgres_database, **staged.environment())
    key, _ = held(night, administrator, 3)
    os.kill(storing_process(night), signal.SIGKILL)
    stored_once(night, key)
    night.sound(healthy)


def test_a_store_whose_connection_ends_is_repeated(
    install: Install, staged: Sites, postgres_database: str, administrator: Engine, healthy: Stored
) -> None:
    """The database ends the storing session: the task tries again and stores once."""
    night = install(url=postgres_database, **staged.environment())
    key, backend = held(night, administrator, 120)
    with administrator.connect() as connection:
        connection.exec_driver_sql("DELETE FROM hold")
        connection.exec_driver_sql("SELECT pg_terminate_backend(%s)", (backend,))
    stored_once(night, key)
    night.sound(healthy)
