"""The installation that the faults of a file share."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from confradar import graph, settings
from confradar.demo import sites
from tests.conftest import new_database
from tests.workers.conftest import Stored, given, stored

from .stack import Stack, built

# Whoever commits a stored run waits first, as long as the table `hold` says so.
HOLD = """
CREATE TABLE hold (seconds float);
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(seconds) FROM hold; RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER hold AFTER UPDATE ON run DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.stored_at IS NOT NULL) EXECUTE FUNCTION hold();
"""
RELEASE = "DROP TRIGGER hold ON run; DROP FUNCTION hold(); DROP TABLE hold"
PARTS = ("worker1", "worker2", "watchdog", "web")


@pytest.fixture(scope="module")
def installation(postgres_url: str) -> Iterator[Stack]:
    """Two worker nodes, a watchdog and the pages over a database of their own."""
    with new_database(postgres_url) as url, built(url) as stack:
        yield stack


@pytest.fixture
def stack(installation: Stack) -> Stack:
    """The shared installation with nothing stored, all parts alive, and no fault left."""
    installation.fresh(*PARTS)
    return installation


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """The store after the demo's first night without any fault or worker, run in this process."""
    folder = tmp_path_factory.mktemp("healthy")
    with sites.serve() as staged, given(staged.environment()):
        chosen = settings.load(data_dir=folder, CONFRADAR_DATABASE_URL=f"sqlite:///{folder / 'confradar.sqlite'}")
        assert graph.materialize("*", settings=chosen, now=sites.NIGHTS[0]).success
        return stored(chosen.database)


@pytest.fixture
def administrator(stack: Stack) -> Iterator[Engine]:
    """A connection that can see and end the others; the trap that it sets is gone after the test."""
    engine = create_engine(stack.settings.database, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(HOLD)
    yield engine
    with engine.connect() as connection:
        connection.exec_driver_sql(RELEASE)
