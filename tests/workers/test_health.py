"""The health commands of the composition, typed as they stand there, at real processes."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import celeryconfig
from confradar import servers, settings
from confradar.settings import Settings
from confradar.storage import database

from .conftest import given, until

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parent.parent.parent
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Settings]:
    """An installation with a broker and without any process of ours."""
    folder = tmp_path / "data"
    chosen = settings.load(data_dir=folder, CONFRADAR_DATABASE_URL=f"sqlite:///{folder / 'confradar.sqlite'}")
    database.upgrade(chosen.database)
    with servers.valkey(folder / "servers") as broker:
        environment = {
            "CONFRADAR_DATA_DIR": str(folder),
            "CONFRADAR_DATABASE_URL": chosen.database,
            "CONFRADAR_BROKER_URL": broker,
            "CONFRADAR_WATCHDOG_SECONDS": "0.2",
            "HOSTNAME": socket.gethostname(),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        with given(environment):
            yield settings.load()


def started(service: str, here: Settings) -> servers.Server:
    """The process of a service of the composition, with its own command."""
    command = [part.replace("/tmp/", f"{here.data_dir}/") for part in SERVICES[service]["command"]]  # noqa: S108 - of a container
    return servers.start(service, command, here.data_dir / "logs" / f"{service}.log")


def healthy(service: str) -> subprocess.CompletedProcess[str]:
    """What the health command of a service says."""
    kind, *command = SERVICES[service]["healthcheck"]["test"]
    typed = ["sh", "-c", command[0].replace("$$", "$")] if kind == "CMD-SHELL" else command
    return subprocess.run(typed, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("service", ["worker", "beat"])
def test_worker_and_beat_answer_as_long_as_they_live(here: Settings, service: str) -> None:
    """A ping that names them; the exit code says whether they answered, with the other running or not."""
    other = {"worker": "beat", "beat": "worker"}[service]
    running = {name: started(name, here) for name in (service, other)}
    try:
        until(lambda: healthy(service).returncode == 0, 60, lambda: running[service].last_words(20))
        assert "pong" in healthy(service).stdout
        running[service].stop()
        assert healthy(service).returncode != 0
    finally:
        for server in running.values():
            server.stop()


def test_beat_looks_at_its_schedule_more_often_than_its_health_command_asks() -> None:
    """It is silent once its last look is too long ago: a healthy one never lets it become so."""
    assert celeryconfig.beat_max_loop_interval * 2 < celeryconfig.beat_remote_control_max_tick_age


def test_the_watchdog_says_whether_it_looks(here: Settings) -> None:
    """Not before its first look; then it does; one that hangs has not looked for too long."""
    assert re.fullmatch(r"confradar: The watchdog of .* never looked\. .*\n", healthy("watchdog").stderr)
    server = started("watchdog", here)
    try:
        until(lambda: healthy("watchdog").returncode == 0, 60, lambda: server.last_words(20))
        assert re.fullmatch(r"looked at \S+ \S+ UTC\n", healthy("watchdog").stdout)
    finally:
        server.stop()

    os.utime(here.data_dir / "watchdog.looked", (0, 0))
    said = healthy("watchdog")
    assert said.returncode == 1
    assert "looked last at 1970-01-01 00:00:00 UTC" in said.stderr


def test_a_watchdog_that_cannot_look_is_not_well(here: Settings) -> None:
    """A database that does not answer: the process lives on and says so, its health command as well."""
    away = "postgresql+psycopg2://nobody@127.0.0.1:9/none"
    with given({"CONFRADAR_DATABASE_URL": away}):
        server = started("watchdog", here)
        try:
            until(lambda: "cannot look" in server.last_words(), 60, server.last_words)
            assert server.alive()
            assert healthy("watchdog").returncode == 1
        finally:
            server.stop()
