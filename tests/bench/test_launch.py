"""From `celery call` on an idle worker to the first request at a site."""

import os
import subprocess
import time
from collections.abc import Callable

import pytest

from confradar import servers

from .conftest import House
from .measuring import ROUNDS, median, script, show, spread

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
TARGET = 0.3  # seconds beyond the command's own imports
EVENTS = 20
TASK = "confradar.crawl_all"


def test_a_launch_costs_little_beyond_the_commands_imports(house: Callable[..., House]) -> None:
    """The command is typed as a person does; beside it, the same with its imports done first."""
    home = house(EVENTS)
    given = {
        **os.environ,
        "CONFRADAR_BROKER_URL": home.night.broker,
        "CONFRADAR_DATABASE_URL": home.night.settings.database,
    }
    typed, launched = [], []
    for _ in range(max(ROUNDS, 5)):
        home.stage.asked()
        begun = time.time()
        command = subprocess.run(servers.celery("call", TASK), env=given, capture_output=True, text=True, check=True)
        typed.append(first_request(home, command.stdout) - begun)
        process = script("calling.py", TASK, environment=given, stdout=subprocess.PIPE)
        said, _ = process.communicate()
        loaded, task = said.split()
        launched.append(first_request(home, task) - float(loaded))
    show(
        f"From `celery call` on an idle worker to the first request at a site ({len(typed)} rounds)",
        ("the whole command", spread(typed)),
        (
            "beyond its imports",
            f"{spread(launched)} (target {TARGET:g} s, {'met' if median(launched) <= TARGET else 'MISSED'})",
        ),
    )


def first_request(home: House, task: str) -> float:
    """Wait for the night of that task; the instant of the first request at a site, in seconds of the epoch."""
    assert home.finished(f"manual:{task.strip()}")["total"] == 5 * EVENTS
    return float(home.stage.asked()["first"])
