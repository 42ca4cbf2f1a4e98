"""A user's terminal: the commands as they are typed, in processes of their own, away from the checkout."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

BIN = Path(sys.executable).parent
OURS = re.compile(r"CONFRADAR_|DATABASE_URL|POSTGRES_|CELERY_|SCRAPY_|NO_COLOR|FORCE_COLOR|COLUMNS|PYTHONPATH")
QUICK = {"CONFRADAR_TERMINAL_RETRY_WAITS": "0.1,0.1,0.1", "CONFRADAR_PAGE_RETRY_WAITS": "0.1"}


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Its standard output as JSON."""
        return json.loads(self.out)


@dataclass
class Terminal:
    """A shell in a folder of its own, whose installation keeps its data in `data`."""

    folder: Path
    data: Path
    given: dict[str, str] = field(default_factory=dict)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The caller's environment without any setting of ours, and the settings of this terminal."""
        kept = {name: value for name, value in os.environ.items() if not OURS.match(name)}
        path = f"{BIN}:{kept['PATH']}"
        return {**kept, "PATH": path, "CONFRADAR_DATA_DIR": str(self.data), **self.given, **(more or {})}

    def __call__(self, line: str, *, seconds: float = 60, **more: str) -> Said:
        """Type a line and wait for its end. Nothing that it started may outlive it, but what `start` did."""
        before = self.running()
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=self.environment(more),
            capture_output=True,
            text=True,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )
        gone(lambda: [process for process in self.running() if not _belongs(process, before)])
        return Said(done.returncode, done.stdout, done.stderr)

    def start(self, line: str, **more: str) -> subprocess.Popen[str]:
        """Type a line and leave it running, with its output in a pipe."""
        return subprocess.Popen(
            shlex.split(line),
            cwd=self.folder,
            env=self.environment(more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def running(self) -> list[psutil.Process]:
        """The living processes of this installation, or of a demo within it."""
        return [process for process in psutil.process_iter() if self._ours(process)]

    def _ours(self, process: psutil.Process) -> bool:
        try:
            folder = process.environ().get("CONFRADAR_DATA_DIR", "")
            living = process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False
        return living and (folder == str(self.data) or folder.startswith(f"{self.data}/"))


def _belongs(process: psutil.Process, standing: list[psutil.Process]) -> bool:
    """Whether a process is one of those that stood before, or was started by one of them."""
    try:
        return not {process, *process.parents()}.isdisjoint(standing)
    except psutil.NoSuchProcess:
        return True


def gone(left: Callable[[], list[psutil.Process]], seconds: float = 10) -> None:
    """Wait until nothing is left; fail, naming what is."""
    end = time.monotonic() + seconds
    while found := left():
        if time.monotonic() > end:
            pytest.fail(f"left behind: {[process.cmdline() for process in found if process.is_running()]}")
        time.sleep(0.05)


def line_with(process: subprocess.Popen[str], words: str) -> str:
    """The next line of its standard error that has these words; fails with all that it said if it ends before."""
    assert process.stderr is not None
    heard = []
    for line in process.stderr:
        heard.append(line)
        if words in line:
            return line
    pytest.fail(f"{words!r} was not said, but: {''.join(heard)}")


def interrupt(process: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> int:
    """Press Ctrl-C, or send another signal, and return the exit code."""
    process.send_signal(number)
    process.communicate(timeout=60)
    return process.returncode


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A terminal for the tests of a module."""
    folder = tmp_path_factory.mktemp("terminal")
    return Terminal(folder, folder / "data")


@pytest.fixture(scope="module")
def staged(terminal: Terminal) -> Iterator[dict[str, str]]:
    """The settings that `confradar demo sites` prints, while it runs."""
    process = terminal.start("confradar demo sites")
    line_with(process, "serving")
    assert process.stdout is not None
    printed = os.read(process.stdout.fileno(), 1 << 16).decode()  # all of it: it left before the word "serving"
    settings = dict(re.findall(r"^export (CONFRADAR_\w+)=(\S+)$", printed, re.MULTILINE))
    assert len(settings) == len(printed.splitlines()), printed
    yield {**settings, **QUICK}
    assert interrupt(process) == 0
