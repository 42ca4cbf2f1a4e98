"""No process connects anywhere but to the sources, the broker and the database.

Two nets are cast over every process of an installation. Python's own audit events tell of each connection and each
name that is looked up, however short; the system's table of sockets, looked at again and again, also of those that
are made below Python, such as the database library's.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from confradar import app
from confradar.demo import sites
from confradar.demo.sites import Sites

from .conftest import Installation, until

pytestmark = pytest.mark.integration
Install = Callable[..., Installation]
LOOPBACK = "127.0.0.1"

# Read by every interpreter of the installation as it starts, and kept by those that it forks.
EARS = """
import json, os, sys

def hear(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        target = arguments[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        target = arguments[0]
    else:
        return
    line = json.dumps([os.getpid(), event, target], default=repr) + "\\n"
    file = os.open(os.environ["EARS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, line.encode())
    os.close(file)

sys.addaudithook(hear)
"""


class Net:
    """What the processes that run in its environment reach for: addresses and names, and by whom each."""

    def __init__(self, folder: Path) -> None:
        (folder / "sitecustomize.py").write_text(EARS)
        self._heard = folder / "heard"
        self._heard.touch()
        self.environment = {"PYTHONPATH": str(folder), "EARS": str(self._heard)}
        self._seen: set[tuple[str, int]] = set()

    @contextmanager
    def cast(self) -> Iterator[None]:
        """Look at the sockets of all these processes while the block runs."""
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(0.05):
                for process in psutil.process_iter():
                    with contextlib.suppress(psutil.Error, OSError):
                        if process.environ().get("EARS") == str(self._heard):
                            self._see(process)

        looker = threading.Thread(target=look, daemon=True)
        looker.start()
        try:
            yield
        finally:
            ended.set()
            looker.join()

    def _see(self, process: psutil.Process) -> None:
        found = process.net_connections("inet")
        # Who is listened to asks us; a forked process has the open sockets of the one that listens.
        open_ports = {one.laddr.port for one in found if one.status == psutil.CONN_LISTEN}
        self._seen |= {
            (one.raddr.ip, one.raddr.port) for one in found if one.raddr and one.laddr.port not in open_ports
        }

    def caught(self) -> set[object]:
        """Everything that was reached for: pairs of address and port, paths, names."""
        heard = [json.loads(line)[2] for line in self._heard.read_text().splitlines()]
        return self._seen | {tuple(target[:2]) if isinstance(target, list) else target for target in heard}


def free() -> int:
    """A port that nobody has now."""
    with closing(socket.socket()) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether a server of ours answers there."""
    try:
        return urllib.request.urlopen(f"http://{LOOPBACK}:{port}/healthz", timeout=5).status == 200
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    """A net that is cast."""
    made = Net(tmp_path)
    with made.cast():
        yield made


def test_nothing_is_reached_for_but_sources_broker_and_database(install: Install, net: Net) -> None:
    """A night, retention, beat, watchdog, web server and Flower, with their settings as they come."""
    flower, web = free(), free()
    ports = {"CONFRADAR_FLOWER_PORT": str(flower), "CONFRADAR_WEB_PORT": str(web)}
    with sites.serve() as staged:
        night = install(services=True, **staged.environment(), **ports, **net.environment)
        assert night.finished(night.submit(logical_date=sites.NIGHTS[0].isoformat())).status == "ok"
        with app.connected(night.broker) as celery:
            assert celery.send_task("confradar.prune").get(timeout=60)["value"]["run"] == 0
        mark = night.settings.data_dir / "watchdog.looked"
        words = {server.name: server.last_words(5) for server in night.servers}
        until(lambda: mark.exists() and answers(flower) and answers(web), 60, lambda: f"not all came up: {words}")

        caught = net.caught()

    of_sites = set(addresses(staged))
    assert of_sites <= caught, "the net has holes"
    broker = night.broker.removeprefix("redis+socket://").partition("?")[0]
    assert broker in caught, "the net has holes"
    assert caught - of_sites - {broker, LOOPBACK, None} == set()


def addresses(staged: Sites) -> Iterator[tuple[str, int]]:
    """Where the staged sites are."""
    for url in staged.urls.values():
        yield LOOPBACK, int(url.rpartition(":")[2])


@pytest.mark.parametrize("below_python", [False, True], ids=["in Python", "below Python"])
def test_whoever_reaches_elsewhere_is_caught(net: Net, *, below_python: bool) -> None:
    """One connection to a stranger, and one name that is looked up, each by a process that does no more."""
    with closing(socket.create_server((LOOPBACK, 0))) as stranger:
        port = stranger.getsockname()[1]
        code = (
            f"import socket; s = socket.create_connection(('{LOOPBACK}', {port})); print('there', flush=True); input()"
        )
        command = [sys.executable, *(["-I"] if below_python else []), "-c", code]
        environment = {**os.environ, **net.environment}
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"there\n"
            until(lambda: (LOOPBACK, port) in net.caught())
            process.communicate(b"\n")
    name = "import socket; socket.gethostbyname_ex('telemetry.invalid')"
    subprocess.run([sys.executable, "-c", name], env=environment, stderr=subprocess.DEVNULL, check=False)
    assert "telemetry.invalid" in net.caught()
