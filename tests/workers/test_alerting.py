"""What the watchdog tells operators by itself, as a real process: with no broker, and with no database."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from confradar import servers
from confradar.storage import database
from tests.receivers import Hook, webhook

from .conftest import until

pytestmark = pytest.mark.integration
NOWHERE = "postgresql://me:secret@127.0.0.1:1/none"
WATCHDOG = [sys.executable, "-m", "confradar", "watchdog"]


@contextmanager
def watching(folder: Path, hook: Hook, **settings: str) -> Iterator[servers.Server]:
    """A watchdog that looks often and tells soon, on a broker that is not there."""
    chosen = {
        "CONFRADAR_DATA_DIR": str(folder),
        "CONFRADAR_BROKER_URL": "redis://127.0.0.1:1/0",
        "CONFRADAR_ALERT_TO": hook.url,
        "CONFRADAR_ALLOW_PRIVATE_HOSTS": "true",
        "CONFRADAR_WATCHDOG_SECONDS": "0.2",
        "CONFRADAR_MISSING_AFTER_SECONDS": "1",
        **settings,
    }
    found = servers.start("watchdog", WATCHDOG, folder / "watchdog.log", chosen)
    try:
        yield found
    finally:
        found.stop()


def says(watchdog: servers.Server, words: str, times: int = 1) -> None:
    """Wait until its log has these words so often."""
    until(lambda: watchdog.log.read_text().count(words) >= times, 60, lambda: watchdog.last_words(20))


@pytest.mark.fault("B2", "database unreachable: the alert is still sent")
def test_a_database_that_is_away_is_told_and_so_is_its_return(tmp_path: Path) -> None:
    """Once, also by a watchdog that was started anew, without its password; the return by the outbox."""
    url = f"sqlite:///{tmp_path / 'confradar.sqlite'}"
    with webhook() as hook:
        with watching(tmp_path, hook, CONFRADAR_DATABASE_URL=NOWHERE) as watchdog:
            says(watchdog, "alert database away: ")
        before = watchdog.log.read_text().count("cannot look")
        with watching(tmp_path, hook, CONFRADAR_DATABASE_URL=NOWHERE) as watchdog:
            says(watchdog, "cannot look", before + 3)
        assert [post["title"] for post in hook.posts] == ["ConfRadar: database away"]
        assert "secret" not in hook.posts[0]["message"]

        database.upgrade(url)
        with watching(tmp_path, hook, CONFRADAR_DATABASE_URL=url) as watchdog:
            until(lambda: len(hook.posts) == 2, 60, lambda: watchdog.last_words(20))
    assert hook.posts[1]["title"] == "ConfRadar: database away, over"
    assert not list(tmp_path.glob("*.away"))
