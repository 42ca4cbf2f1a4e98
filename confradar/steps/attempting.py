"""An attempt of a scraper step within a run: claimed, crawled, checked and kept, its heart beating meanwhile."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import DataError

from confradar import archive, logs
from confradar.crawling import process
from confradar.crawling.process import CrawlOptions
from confradar.errors import DatabaseUnavailable
from confradar.settings import Settings
from confradar.sources.base import crawled_by
from confradar.steps.checking import examine, known_words
from confradar.steps.crawling import Part, crawl
from confradar.steps.rechecking import parts_of
from confradar.steps.runs import Materialised, begin, keep, patiently
from confradar.steps.storing import add
from confradar.storage import database, lease, ledger, outputs
from confradar.storage import logs as step_logs

log = logging.getLogger(__name__)


def crawl_in_run(
    run_key: str,
    step: str,
    settings: Settings,
    *,
    task_id: str | None = None,
    retries: int = 0,
    retries_left: int = 0,
    budget: float | None = None,
    files: Mapping[str, str] | None = None,
) -> tuple[outputs.Envelope | None, float | None]:
    """Crawl the sources of a step as part of a run, check what they gave, and keep it.

    With `files`, by source, nobody is asked: those files of the archive answer, and the checks report but hold nothing.
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
            known, parts = patiently(lambda: _known(run, step, settings))
            adapted = _archived(run, attempt, known, settings)
            if files:
                parts, adapted = None, _replayed(files, settings)
            crawled = crawl(
                step,
                settings,
                budget=bounded,
                progress=heart.progress,
                stopped=heart.stopped,
                parts=parts,
                adapted=adapted,
            )
            done = patiently(lambda: _examined(crawled, run, settings, holding=not files))
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
                    add(connection, run, [*envelope.outputs.values()], settings, by=f"{step} came late")
            return envelope

        try:
            return patiently(kept), wait
        except (ValueError, DataError) as error:  # what it gave cannot be kept; said, rather than raised into the chord
            log.exception("output could not be kept step=%s", step)
            done, wait = _broken(step, f"what was read could not be kept: {type(error).__name__}"), None
            return patiently(kept), None


def _known(
    run: ledger.Run, step: str, settings: Settings
) -> tuple[dict[str, dict[str, tuple[str, ...]]], dict[str, Part] | None]:
    """What the sources of a step say already, and the parts of them that this run is to read."""
    with database.reading(settings.database) as connection:
        known = {source.name: known_words(connection, source.name) for source in crawled_by(step)}
        return known, parts_of(connection, run, step, settings)


def _archived(
    run: ledger.Run, attempt: int, known: Mapping[str, Mapping[str, tuple[str, ...]]], settings: Settings
) -> Callable[[str, CrawlOptions], CrawlOptions]:
    """Lets an attempt keep the answers, and take those that an earlier one got."""

    def adapted(source: str, options: CrawlOptions) -> CrawlOptions:
        earlier = tuple(file.name for file in archive.files(settings.archive_dir, source=source, run=run.key))
        file = archive.file_name(source, run.logical_instant, run.key, attempt)
        return replace(options, known=known[source], archive_file=file, earlier=earlier)

    return adapted


def _replayed(files: Mapping[str, str], settings: Settings) -> Callable[[str, CrawlOptions], CrawlOptions]:
    """Lets the archive answer."""

    def adapted(source: str, options: CrawlOptions) -> CrawlOptions:
        file = files.get(source, f"{source}/nothing")  # its step crawls another source as well
        return options.replayed(file, archive.crawl_of(settings.archive_dir, file))

    return adapted


def _examined(done: Materialised, run: ledger.Run, settings: Settings, *, holding: bool) -> Materialised:
    with database.reading(settings.database) as connection:
        done = examine(connection, done, now=run.logical_instant)
    if holding:
        return done
    told = {source: tuple(replace(one, blocking=False) for one in results) for source, results in done.checks.items()}
    return replace(done, checks=told)


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
