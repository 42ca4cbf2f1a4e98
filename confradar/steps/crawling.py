"""The scraper step: crawl one source, by itself or within a run."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from sqlalchemy.exc import DataError

from confradar import settings as configuration
from confradar.crawling import process
from confradar.deadlines import verdict
from confradar.deadlines.listing import Listing
from confradar.errors import DatabaseUnavailable
from confradar.settings import Settings
from confradar.sources.base import reader
from confradar.steps.runs import Materialised, begin, keep, now_utc, patiently
from confradar.storage import database, ledger

PREVIEW = 3
REJECTS_SHOWN = 20
SCRATCH = "confradar-crawl-"
CLOSING_SECONDS = 60  # of a run, for its store

log = logging.getLogger(__name__)


def crawl(
    source: str,
    settings: Settings | None = None,
    *,
    budget: float | None = None,
    progress: Callable[[process.Progress], None] | None = None,
    stopped: Callable[[], bool] | None = None,
) -> Materialised:
    """Read one source, named by itself or by its step. `budget` is in seconds of crawling.

    Never raises for what a site does: the status says it. Raises UnknownName and SettingError.
    """
    settings = settings or configuration.load()
    source_ = reader(source).source
    options = process.options(source_, settings, configuration.source_overrides(source_.name), budget=budget)
    _sweep()
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{os.getpid()}-") as scratch:
        crawled = process.crawl(source_.name, options, Path(scratch), progress=progress, stopped=stopped)
        text = Path(crawled.log).read_text(errors="replace") if crawled.log else ""
    preview = [{"title": item.title, "year": item.year, "url": item.url} for item in crawled.listings[:PREVIEW]]
    metadata = {
        "count": len(crawled.listings),
        "source": urlsplit(options.base or source_.base).hostname,
        "preview": preview,
        "seconds": crawled.seconds,
        "pages": crawled.pages,
        "bytes": crawled.bytes,
        "statuses": crawled.statuses,
        "rejected": len(crawled.rejects),
        "rejects": [str(reject) for reject in crawled.rejects[:REJECTS_SHOWN]],
        "undated": _undated(crawled.listings),
        "expected_listings": list(options.expected),
        "complete_feeds": sorted(crawled.complete_feeds),
        "expected": crawled.reason in source_.expected_degradations,
    }
    return Materialised(
        step=source_.step,
        value=crawled.listings,
        metadata=metadata,
        status=crawled.status,
        reason=crawled.reason,
        error=crawled.detail or None,
        complete_feeds=crawled.complete_feeds,
        rejected=frozenset(reject.ref for reject in crawled.rejects),
        worth_retrying=crawled.worth_retrying,
        retry_after=crawled.retry_after,
        log=text,
    )


def _undated(listings: Iterable[Listing]) -> list[str]:
    """The first written dates that name no instant although they have digits, each with source, ref, gate and why."""
    found = (
        f"{listing.source} {listing.ref}, {claim.kind}: found {claim.text!r}, {claim.reason}"
        for listing in listings
        for claim in verdict.claims(0, listing, now_utc()).values()
        if claim.earliest is None and any(map(str.isdigit, claim.text))
    )
    return list(islice(found, REJECTS_SHOWN))


def _sweep() -> None:
    """Remove the scratch folders of processes of this machine that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*-*"):
        owner = folder.name.removeprefix(SCRATCH).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def crawl_in_run(
    run_key: str,
    source: str,
    settings: Settings,
    *,
    task_id: str | None = None,
    retries: int = 0,
    retries_left: int = 0,
    budget: float | None = None,
) -> tuple[ledger.Envelope | None, float | None]:
    """Crawl a source as a step of a run, and keep what it gave.

    Returns the envelope and, if the attempt is worth repeating, the seconds to wait before that. The
    envelope is None if another process that is alive has this step in hands.
    """
    step = reader(source).source.step
    with database.transaction(settings.database) as connection:
        run = ledger.find(connection, run_key)
        attempt = begin(connection, run, step, settings, task_id=task_id, retries=retries)
        if attempt is None:
            found = ledger.envelope(connection, run, step)
            return (found if found.status in ledger.FINAL_STEP else None), None
        if run.status in ("stopping", *ledger.FINAL_RUN):
            ledger.finish_step(connection, run.id, step, attempt, status="cancelled", reason="stopped", now=now_utc())
            return ledger.envelope(connection, run, step), None
        # A crawl that the run's deadline would cut is ended in time, so that what it has is stored.
        left = (run.deadline_at - now_utc()).total_seconds() - CLOSING_SECONDS
        if left <= 0:
            ledger.finish_step(connection, run.id, step, attempt, status="cancelled", reason="timeout", now=now_utc())
            return ledger.envelope(connection, run, step), None
        queued_at = next(row for row in ledger.step_runs(connection, run.id) if row["step"] == step)["queued_at"]
    waiting = (now_utc() - queued_at).total_seconds()
    heart = Heart(settings, run, step, attempt)
    try:
        declared = budget or reader(source).source.politeness.budget_seconds
        bounded = left if left < declared else budget
        done = crawl(source, settings, budget=bounded, progress=heart.progress, stopped=heart.stopped)
    except Exception as error:
        log.exception("crawl raised source=%s", source)
        told = f"{type(error).__name__}: {error}"
        done = Materialised(step, (), {"count": 0, "seconds": {}}, status="failed", reason="error", error=told)
    done.metadata["seconds"] = {"waiting": round(max(waiting, 0), 3), **done.metadata["seconds"]}
    wait = _wait(done, retries, settings, quick=budget is not None) if retries_left and not heart.stopped() else None

    def kept() -> ledger.Envelope:
        with database.transaction(settings.database) as connection:
            keep(connection, run, attempt, done, settings, wait=wait)
            return ledger.envelope(connection, run, step)

    try:
        return patiently(kept), wait
    except (ValueError, DataError) as error:  # what it gave cannot be kept; said, rather than raised into the chord
        log.exception("output could not be kept source=%s", source)
        told = f"what was read could not be kept: {type(error).__name__}"
        done = Materialised(step, (), {"count": 0, "seconds": {}}, status="failed", reason="error", error=told)
        wait = None
        return patiently(kept), None


class Heart:
    """Tells the ledger that a step lives, at most once a second, and hears whether it is still wanted."""

    def __init__(self, settings: Settings, run: ledger.Run, step: str, attempt: int) -> None:
        self._settings, self._run, self._step, self._attempt = settings, run, step, attempt
        self._last, self._shown, self._wanted = 0.0, process.Progress(0, 0, 0, 0), True

    def progress(self, progress: process.Progress) -> None:
        """Keep what is new; beat."""
        self._shown = progress
        self.beat()

    def stopped(self) -> bool:
        """Whether the run was stopped. Beats as well."""
        self.beat()
        return not self._wanted

    def beat(self) -> None:
        """Write the heartbeat. A database that is away for a moment costs a beat, not the crawl."""
        if time.monotonic() - self._last < 1:
            return
        self._last = time.monotonic()
        shown = {"pages": self._shown.pages, "listings": self._shown.listings, "rejected": self._shown.rejected}
        try:
            with database.transaction(self._settings.database) as connection:
                self._wanted = ledger.beat(
                    connection, self._run.id, self._step, self._attempt, now=now_utc(), progress=shown
                )
        except DatabaseUnavailable as error:
            log.warning("heartbeat missed step=%s: %s", self._step, error)


def _wait(done: Materialised, retries: int, settings: Settings, *, quick: bool) -> float | None:
    """Seconds until the next attempt, or None if there should be none. The site's own Retry-After wins if longer."""
    if not done.worth_retrying:
        return None
    waits = settings.terminal_retry_waits if quick else settings.retry_waits
    return max(waits[min(retries, len(waits) - 1)], done.retry_after or 0)
