"""The crawl process from within: cut off from what started it, then one crawl, then gone."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import os
import resource
import signal
import sys
from contextvars import Context
from pathlib import Path

import psutil
from scrapy.core.downloader.handlers import http11  # noqa: F401 - loaded late by Scrapy, and most of what it loads
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings
from scrapy.utils.misc import load_object

from confradar import logs
from confradar.crawling import politeness
from confradar.crawling.options import CrawlOptions
from confradar.crawling.politeness import DOWNLOADER_MIDDLEWARES, EXTENSIONS, HANDLER
from confradar.crawling.process import private
from confradar.crawling.spider import spider
from confradar.crawling.spool import Spool

PR_SET_PDEATHSIG = 1
COMPONENTS = (
    "TWISTED_REACTOR",
    "TWISTED_DNS_RESOLVER",
    "SCHEDULER",
    "SCHEDULER_PRIORITY_QUEUE",
    "SCHEDULER_MEMORY_QUEUE",
    "DUPEFILTER_CLASS",
    "DOWNLOADER",
    "ITEM_PROCESSOR",
    "STATS_CLASS",
    "LOG_FORMATTER",
    "REQUEST_FINGERPRINTER_CLASS",
    "ROBOTSTXT_PARSER",
)


def load() -> None:
    """Import what Scrapy would import when a first crawl begins, but for the reactor."""
    settings = Settings(politeness.general("", allow_private_hosts=False, use_proxy=False))
    chosen = [settings[component] for component in COMPONENTS]
    for path in (*chosen, HANDLER, *EXTENSIONS, *DOWNLOADER_MIDDLEWARES, *settings["SPIDER_MIDDLEWARES_BASE"]):
        load_object(path)


def run(source: str, options: CrawlOptions, spool: Path) -> None:
    """Crawl in this process, which must not have a reactor yet; returns when the spool is closed."""
    process = AsyncCrawlerProcess(Settings({**politeness.settings(options), "LOG_INSTALL_ROOT_HANDLER": False}))
    logging.getLogger("scrapy").setLevel(logging.INFO)  # Scrapy sets DEBUG: lines by the page that no handler wants
    for name in ("addons", "crawler", "middleware", "utils.log"):  # lists of what is always the same
        logging.getLogger(f"scrapy.{name}").setLevel(logging.WARNING)
    process.crawl(spider(source, options), spool=Spool(spool))
    process.start()


def forked(source: str, options: CrawlOptions, spool: Path, log: Path, parent: int) -> None:
    """What a forked process does. Never returns: nothing of the parent's may run a second time here."""
    code = 1
    try:
        gc.freeze()  # a collector that looked through what is inherited would copy it
        _forget_signals()
        os.setsid()
        _redirect(log)
        _forget_logging()
        logs.configure("plain")
        alone(options, parent)
        Context().run(run, source, options, spool)  # without the parent's tags, which it puts on what it reads
        code = 0
    except BaseException:  # the last line of defence; the log has it, the parent sees an open spool
        logging.getLogger(__name__).critical("the crawl process broke", exc_info=True)
    finally:
        os._exit(code)


def alone(options: CrawlOptions, parent: int) -> None:
    """End with the parent (on Linux), without its secrets, within the bounds of memory."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)
    _forget_secrets()
    # The parent ends us at the bound; this one stops a leap that is quicker than it looks.
    most = psutil.Process().memory_info().data + options.memory_bytes * 4  # beside what a fork has inherited
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _forget_secrets() -> None:
    """Take the settings out of the environment, and out of the memory that a fork has inherited it in.

    That memory is what the system shows as the environment of this process, whatever is taken out of `os.environ`.
    """
    for name in [name for name in os.environ if private(name)]:
        del os.environ[name]
    if sys.platform == "linux":
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        place, end = int(fields[47]), int(fields[48])  # `env_start` and `env_end` of proc_pid_stat(5)
        for entry in ctypes.string_at(place, end - place).split(b"\0"):
            key, _, value = entry.partition(b"=")
            if private(os.fsdecode(key)):
                ctypes.memset(place + len(key) + 1, ord("*"), len(value))
            place += len(entry) + 1


def _forget_signals() -> None:
    """The system's own reaction to every signal, and none held back."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _redirect(log: Path) -> None:
    """Write to the log alone. Inherited descriptors lead nowhere, their numbers stay taken: an object of the parent
    that is cleaned up here must not speak to a database, nor to a site.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in [int(name) for name in os.listdir("/dev/fd")]:
        if number not in (1, 2, nowhere):
            with contextlib.suppress(OSError):
                os.dup2(nowhere, number)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115


def _forget_logging() -> None:
    """Loggers as in a new process: without handlers and levels of the parent's."""
    for logger in [logging.getLogger(), *(logging.getLogger(name) for name in logging.root.manager.loggerDict)]:
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate, logger.disabled = True, False
    logging.disable(logging.NOTSET)
