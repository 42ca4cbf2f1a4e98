"""The installation that the faults of a file share."""

from collections.abc import Iterator

import pytest

from confradar import graph, settings
from confradar.demo import sites
from tests.conftest import new_database
from tests.workers.conftest import Stored, given, stored

from .stack import Stack, built

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
