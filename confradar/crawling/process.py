"""The parent's side of a crawl: starts its process, watches its bounds, collects what it found."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psutil

from confradar import logs
from confradar.crawling.options import CrawlOptions, options
from confradar.crawling.outcome import Crawled, judge, tell
from confradar.crawling.spool import Follower, Progress
from confradar.masking import is_secret
from confradar.sources.base import reader

__all__ = ["CrawlOptions", "Crawled", "Progress", "Start", "crawl", "options", "preload"]

Start = Literal["fork", "interpreter"]

TICK = 0.25  # seconds
STARTING = 60  # seconds until the spool must have its first line
CLOSING = 3  # seconds that a crawl may take to close by itself once its budget is used up
GRACE = 1  # second between SIGTERM and SIGKILL
REACTOR = "twisted.internet.reactor"
CHILD = "confradar.crawling.child"  # the module that loads Scrapy; this one must not
INSTALLATION = "CONFRADAR_DATA_DIR"  # says whose a process is
SETTINGS = ("CONFRADAR_", "DATABASE_URL", "POSTGRES_", "PG", "BROKER", "CELERY", "FLOWER_", "REDIS", "APPRISE")
INTERRUPTIONS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGUSR1})


def preload() -> None:
    """Load what a crawl needs, for a worker to do once before it forks; never the reactor, which cannot be shared.

    What is loaded is frozen: a collector that looked through it would copy its memory into each forked process.
    """
    importlib.import_module(CHILD).load()
    gc.collect()
    gc.freeze()
    if REACTOR in sys.modules:
        raise RuntimeError(f"{REACTOR} was imported; a forked crawl could not install its own")


def crawl(
    source: str,
    options: CrawlOptions,
    scratch: Path,
    *,
    progress: Callable[[Progress], None] | None = None,
    stopped: Callable[[], bool] | None = None,
    start: Start | None = None,
) -> Crawled:
    """Crawl one source in a process of its own, which has ended when this returns or raises.

    `scratch` is a folder for its spool and log. Each tick calls `progress` if there is any, and `stopped`, which ends
    the crawl as a limit does; what is new in its log is handed on to the sink of this context. `start` is `fork` or
    `interpreter`; by default it forks where Scrapy is loaded already.
    Raises UnknownName; never for what a site does.
    """
    declared = reader(source).source
    scratch.mkdir(parents=True, exist_ok=True)
    spool, log = scratch / f"{source}.jsonl", scratch / f"{source}.log"
    spool.write_bytes(b"")
    log.write_bytes(b"")
    follower, tail = Follower(spool), logs.Tail(log)
    begun = time.monotonic()
    child = (_fork if (start or _way()) == "fork" else _interpreter)(declared.name, options, spool, log)
    try:
        ended = _watch(child, options, follower, tail, progress, stopped)
    finally:
        lost = _end(child)
        follower.advance()
        follower.close()
        tail.finish()
    closed = follower.found.closed
    if closed and closed["reason"] == "shutdown" and not ended:
        ended, lost = "lost", "was told to end, but not by the process that started it"
    crawled = judge(declared, options, follower.found, ended=ended, lost=lost)
    crawled.seconds["crawling"] = round(time.monotonic() - begun, 3)
    tell(crawled)
    return crawled


def private(name: str) -> bool:
    """Whether a process that reads pages of strangers has no business with the variable of that name."""
    return name != INSTALLATION and (name.startswith(SETTINGS) or is_secret(name))


def _way() -> Start:
    loaded = CHILD in sys.modules and REACTOR not in sys.modules
    return "fork" if loaded and sys.platform == "linux" else "interpreter"


def _fork(source: str, options: CrawlOptions, spool: Path, log: Path) -> psutil.Process:
    """A copy of this process, which may be a pool child: those may fork, though they may not use multiprocessing."""
    child = importlib.import_module(CHILD)
    parent = os.getpid()
    with _undisturbed(signal.valid_signals()):  # a handler of ours must not run in the copy
        pid = os.fork()
        if pid == 0:
            child.forked(source, options, spool, log, parent)
        return psutil.Process(pid)


def _interpreter(source: str, options: CrawlOptions, spool: Path, log: Path) -> psutil.Process:
    """A new interpreter, for systems and programs that should not be forked."""
    given = spool.with_suffix(".options.json")
    given.write_text(json.dumps(options.to_json()))
    command = [sys.executable, "-m", "confradar.crawling", source, "--out", str(spool.parent)]
    with log.open("ab") as stream:
        return psutil.Popen(
            [*command, "--options", str(given), "--parent", str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if not private(name)},
        )


def _watch(
    child: psutil.Process,
    options: CrawlOptions,
    follower: Follower,
    tail: logs.Tail,
    progress: Callable[[Progress], None] | None,
    stopped: Callable[[], bool] | None,
) -> str:
    """Wait for the process; why it has to be ended, or an empty text if it ended by itself or has closed its spool."""
    deadline, opened, closed = time.monotonic() + STARTING, False, False
    born = _memory(child)  # with the pages that it shares with who forked it
    while True:
        with contextlib.suppress(psutil.TimeoutExpired):
            child.wait(TICK)
            return ""
        tail.advance()
        if follower.advance() and progress:
            progress(follower.found.progress)
        now = time.monotonic()
        if follower.found.opened and not opened:  # the budget counts crawling only
            opened, deadline = True, now + options.budget_seconds + CLOSING
        if follower.found.closed and not closed:  # a thread that waits for a name server may keep it
            closed, deadline = True, now + CLOSING
        if now > deadline:
            return "" if closed else "timeout"
        if stopped and stopped():
            return "stopped"
        if _memory(child) - born > options.memory_bytes:
            return "memory"


def _memory(child: psutil.Process) -> int:
    try:
        return int(child.memory_info().rss)
    except psutil.Error:  # it just ended
        return 0


def _end(child: psutil.Process) -> str:
    """See that the process and its group are gone; how it ended, for a person."""
    with _undisturbed(INTERRUPTIONS):  # a second soft limit comes while the first is being handled
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not child.is_running() or child.status() == psutil.STATUS_ZOMBIE:
                break
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, number)
            with contextlib.suppress(psutil.TimeoutExpired):
                child.wait(GRACE)
        code = child.wait()
    if code is None:
        return "vanished"
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


@contextmanager
def _undisturbed(signals: Iterable[int]) -> Iterator[None]:
    """Hold these signals back for a moment."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
