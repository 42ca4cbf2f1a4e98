"""Workers of two releases on one broker: each message is done by one that knows its version."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import confradar
from confradar import app, contract, servers, steps
from confradar.demo import sites
from confradar.storage import database, history

from .conftest import Installation, given, until

pytestmark = pytest.mark.integration


@pytest.fixture
def staged() -> Iterator[dict[str, str]]:
    """Settings that lead the crawls to the staged sites."""
    with sites.serve() as served, given(served.environment()):
        yield served.environment()


@pytest.fixture
def next_release(tmp_path: Path) -> dict[str, str]:
    """Settings under which a process is of the next release, which has forgotten this one's messages."""
    package = tmp_path / "next" / "confradar"
    shutil.copytree(Path(confradar.__file__).parent, package)
    text = (package / "contract.py").read_text()
    for here, there in (('VERSION = "1"', 'VERSION = "2"'), ('KNOWN = ("1",)', 'KNOWN = ("2",)')):
        assert here in text
        text = text.replace(here, there)
    (package / "contract.py").write_text(text)
    return {"PYTHONPATH": str(package.parent), "PYTHONSAFEPATH": "1"}


@pytest.mark.slow
def test_a_message_waits_for_a_worker_that_knows_its_version(
    install: Callable[..., Installation], staged: dict[str, str], next_release: dict[str, str], tmp_path: Path
) -> None:
    """The next release's worker gives it back, or drops what came back for too long, which the watchdog tells; this
    release's does the run.
    """
    installation = install(workers=0, CONFRADAR_WAITING_SECONDS="0.3", **staged)
    # Celery puts the folder that it stands in first on its path.
    where = next_release["PYTHONPATH"]
    command = servers.celery("--workdir", where, "worker", "--loglevel", "INFO", "--hostname", "next@%h")
    newer = servers.start("next", command, tmp_path / "next.log", {**installation.given, **next_release})
    installation.servers.append(newer)

    key = installation.submit()
    until(lambda: newer.log.read_text().count("back to the queue") > 1, 30, newer.last_words)
    with app.connected(installation.broker) as celery:
        for since in ("never", "0"):
            version = {contract.HEADER: "9", contract.RETURNED: since}
            celery.send_task("confradar.crawl_all", kwargs={"trigger": "schedule"}, headers=version)
    until(lambda: "dropped: no worker knows version '9'" in newer.log.read_text(), 30, newer.last_words)
    with database.reading(installation.settings.database) as connection:
        assert history.runs(connection) == []
    now = steps.now_utc()
    [told] = steps.watch(installation.settings, since=now - timedelta(days=2), now=now)
    assert told.startswith("alert night missing"), "whose message was dropped"

    installation.start_worker("this")
    assert installation.finished(key).status == "ok"
    until(lambda: app.queue(installation.settings) == (0, 0), 30)
    assert "succeeded" not in newer.log.read_text()
