"""The scraper step: crawl one source, by itself or within a run."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import psutil
from sqlalchemy import Connection
from sqlalchemy.exc import DataError

from confradar import logs
from confradar import settings as configuration
from confradar.crawling import process
from confradar.deadlines.conference import SourceOutput
from confradar.errors import DatabaseUnavailable, SourceUnreachable
from confradar.settings import Settings
from confradar.sources.base import Source, crawled_by, reader
from confradar.steps.checking import examine, known_words
from confradar.steps.runs import Materialised, begin, keep, patiently
from confradar.steps.storing import add
from confradar.storage import database, lease, ledger, outputs
from confradar.storage import logs as step_logs

PREVIEW = 3
REJECTS_SHOWN = 20
SCRATCH = "confradar-crawl-"
REACHING_SECONDS = 20

log = logging.getLogger(__name__)


def crawl(
    name: str,
    settings: Settings | None = None,
    *,
    budget: float | None = None,
    progress: Callable[[process.Progress], None] | None = None,
    stopped: Callable[[], bool] | None = None,
    known: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None,
) -> Materialised:
    """Read one source, or all that a step of that name crawls. `budget` is in seconds of crawling, of each source.

    `known` are the words of the dates that each source says already, by its name and ref: what is neither new nor
    changed need not be read as closely. Never raises for what a site does: the status says it. Raises UnknownName
    and SettingError.
    """
    settings = settings or configuration.load()
    known = known or {}
    return united(
        [_read(source, settings, budget, progress, stopped, known.get(source.name, {})) for source in crawled_by(name)]
    )


def _read(
    source: Source,
    settings: Settings,
    budget: float | None,
    progress: Callable[[process.Progress], None] | None,
    stopped: Callable[[], bool] | None,
    known: Mapping[str, tuple[str, ...]],
) -> Materialised:
    options = process.options(source, settings, configuration.source_overrides(source.name), budget=budget)
    options = replace(options, known=known)
    _sweep()
    lines = logs.Buffer()
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{os.getpid()}-") as scratch, logs.tagged(lines):
        crawled = process.crawl(source.name, options, Path(scratch), progress=progress, stopped=stopped)
    preview = [{"title": item.title, "year": item.year, "url": item.url} for item in crawled.listings[:PREVIEW]]
    metadata = {
        "count": len(crawled.listings),
        "source": urlsplit(options.base or source.base).hostname,
        "preview": preview,
        "seconds": crawled.seconds,
        "pages": crawled.pages,
        "bytes": crawled.bytes,
        "statuses": crawled.statuses,
        "rejected": len(crawled.rejects),
        "rejects": [str(reject) for reject in crawled.rejects[:REJECTS_SHOWN]],
        "reason": crawled.reason,
        "floor": options.floor,
        "expected_listings": list(options.expected),
        "complete_feeds": sorted(crawled.complete_feeds),
        "expected": crawled.reason in source.expected_degradations,
    }
    rejected = frozenset(reject.ref for reject in crawled.rejects)
    return Materialised(
        step=source.step,
        value=crawled.listings,
        metadata=metadata,
        status=crawled.status,
        reason=crawled.reason,
        error=crawled.detail or None,
        outputs=(SourceOutput(source.name, crawled.listings, crawled.complete_feeds, rejected),),
        worth_retrying=crawled.worth_retrying,
        retry_after=crawled.retry_after,
        log=tuple(lines.take()),
    )


def reach(name: str, settings: Settings) -> str:
    """Ask a source for one page, as a crawl does and as politely, but keep nothing; returns what it answered.

    Raises SourceUnreachable with the reason. An expected degradation is no reason.
    """
    source = reader(name).source
    options = process.options(source, settings, configuration.source_overrides(name), budget=REACHING_SECONDS)
    page = urljoin(source.base, next((feed.path for feed in source.feeds if feed.name in options.feeds), ""))
    options = replace(options, only=(page,), max_pages=1, retry_waits=options.retry_waits[:1])
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{os.getpid()}-") as scratch:
        crawled = process.crawl(name, options, Path(scratch))
    if not crawled.pages:
        raise SourceUnreachable(f"{crawled.detail or crawled.reason}. See {options.base or source.home} in a browser")
    return f"{urlsplit(options.base or page).hostname} answers, in {crawled.seconds['crawling']:.1f} s"


def united(parts: Sequence[Materialised]) -> Materialised:
    """What the sources of one step gave together; of a single source, just that.

    It is failed if all are. One that failed beside others leaves the step degraded, for its reason.
    """
    if len(parts) == 1:
        return parts[0]
    good = [part for part in parts if part.success]
    doubts = sorted((part for part in parts if part.status != "ok"), key=lambda part: part.success)
    metadata = {
        **{name: sum(part.metadata.get(name, 0) for part in parts) for name in ("count", "pages", "bytes", "rejected")},
        "seconds": dict(sum((Counter(part.metadata["seconds"]) for part in parts), Counter())),
        "expected": all(part.status == "ok" or part.metadata.get("expected") for part in parts),
        "outputs": {output.source: part.metadata for part in parts for output in part.outputs},
    }
    return Materialised(
        step=parts[0].step,
        value=tuple(listing for part in good for listing in part.value),
        metadata=metadata,
        status="ok" if not doubts else "degraded" if good else "failed",
        reason=doubts[0].reason if doubts else "",
        error=doubts[0].error if doubts else None,
        outputs=tuple(output for part in good for output in part.outputs),
        checks={source: results for part in parts for source, results in part.checks.items()},
        worth_retrying=not good and any(part.worth_retrying for part in parts),
        retry_after=max((part.retry_after for part in parts if part.retry_after), default=None),
        log=tuple(line for part in parts for line in part.log),
    )


def _sweep() -> None:
    """Remove the scratch folders of processes of this machine that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*-*"):
        owner = folder.name.removeprefix(SCRATCH).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def crawl_in_run(
    run_key: str,
    step: str,
    settings: Settings,
    *,
    task_id: str | None = None,
    retries: int = 0,
    retries_left: int = 0,
    budget: float | None = None,
) -> tuple[outputs.Envelope | None, float | None]:
    """Crawl the sources of a step as part of a run, check what they gave, and keep it.

    Returns the envelope and, if the attempt is worth repeating, the seconds to wait before that. The
    envelope is None if another process that is alive has this step in hands.
    """
    with database.transaction(settings.database) as connection:
        run = ledger.find(connection, run_key)
        attempt = begin(connection, run, step, settings, task_id=task_id, retries=retries)
        if attempt is None:
            found = outputs.envelopes(connection, run)[step]
            return (found if found.status in ledger.FINAL_STEP else None), None
        now = database.clock(connection)
        # A crawl that the run's deadline would cut is ended in time, so that what it has is stored.
        left = (run.deadline_at - now).total_seconds() - settings.closing_seconds
        if run.stopping_at or run.status in ledger.FINAL_RUN or left <= 0:
            reason = "timeout" if left <= 0 else "stopped"
            ledger.finish_step(connection, run.id, step, attempt, status="cancelled", reason=reason, now=now)
            return outputs.envelopes(connection, run)[step], None
        queued_at = next(row for row in ledger.step_runs(connection, run.id) if row["step"] == step)["queued_at"]
        waiting = max((now - queued_at).total_seconds(), 0)
    heart = Heart(settings, run, step, attempt)
    with logs.tagged(heart.lines, run=run_key, step=step, task=task_id):
        try:
            declared = budget or min(source.politeness.budget_seconds for source in crawled_by(step))
            bounded = left if left < declared else budget
            known = patiently(lambda: _known(step, settings))
            crawled = crawl(step, settings, budget=bounded, progress=heart.progress, stopped=heart.stopped, known=known)
            done = patiently(lambda: _examined(crawled, run, settings))
        except Exception as error:
            log.exception("crawl raised step=%s", step)
            done = _broken(step, f"{type(error).__name__}: {error}")
        done.metadata["seconds"] = {"waiting": round(waiting, 3), **done.metadata["seconds"]}
        again = retries_left and not heart.stopped()
        wait = _wait(done, retries, settings, quick=budget is not None) if again else None

        def kept() -> outputs.Envelope:
            with heart.transaction() as connection:
                is_kept = keep(connection, run, attempt, done, settings, wait=wait)
                envelope = outputs.envelopes(connection, run)[step]
                late = ledger.find(connection, run_key).status in ledger.FINAL_RUN
                if is_kept and late and envelope.outputs:
                    add(connection, run, [*envelope.outputs.values()], by=f"{step} came late")
            return envelope

        try:
            return patiently(kept), wait
        except (ValueError, DataError) as error:  # what it gave cannot be kept; said, rather than raised into the chord
            log.exception("output could not be kept step=%s", step)
            done, wait = _broken(step, f"what was read could not be kept: {type(error).__name__}"), None
            return patiently(kept), None


def _known(step: str, settings: Settings) -> dict[str, dict[str, tuple[str, ...]]]:
    with database.reading(settings.database) as connection:
        return {source.name: known_words(connection, source.name) for source in crawled_by(step)}


def _examined(done: Materialised, run: ledger.Run, settings: Settings) -> Materialised:
    with database.reading(settings.database) as connection:
        return examine(connection, done, now=run.logical_instant)


def _broken(step: str, error: str) -> Materialised:
    return Materialised(step, (), {"count": 0, "seconds": {}}, status="failed", reason="error", error=error)


class Heart:
    """Tells the ledger that a step lives, at most once a second, and hears whether it is still wanted.

    What is logged to `lines` goes into the ledger with each beat.
    """

    def __init__(self, settings: Settings, run: ledger.Run, step: str, attempt: int) -> None:
        self._settings, self._run, self._step, self._attempt = settings, run, step, attempt
        self._last, self._shown, self._wanted = 0.0, process.Progress(0, 0, 0, 0), True
        self.lines = logs.Buffer()

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
            with self.transaction() as connection:
                now = database.clock(connection)
                self._wanted = ledger.beat(connection, self._run.id, self._step, self._attempt, now=now, progress=shown)
                lease.extend(connection, self._run.id, now + timedelta(seconds=self._settings.lease_seconds))
        except DatabaseUnavailable as error:
            log.warning("heartbeat missed step=%s: %s", self._step, error)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A writing transaction that also keeps what was logged until now; what is rolled back waits for the next."""
        lines = self.lines.take()
        try:
            with database.transaction(self._settings.database) as connection:
                limit = self._settings.log_bytes
                step_logs.append(connection, self._run.id, self._step, self._attempt, lines, limit=limit)
                yield connection
        except BaseException:
            for line in lines:
                self.lines(line)
            raise


def _wait(done: Materialised, retries: int, settings: Settings, *, quick: bool) -> float | None:
    """Seconds until the next attempt, or None if there should be none. The site's own Retry-After wins if longer."""
    if not done.worth_retrying:
        return None
    waits = settings.terminal_retry_waits if quick else settings.retry_waits
    return max(waits[min(retries, len(waits) - 1)], done.retry_after or 0)
