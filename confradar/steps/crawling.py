"""The scraper step: crawl one source, by itself or within a run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import psutil

from confradar import environment, logs
from confradar import settings as configuration
from confradar.crawling import process
from confradar.crawling.process import CrawlOptions
from confradar.deadlines.conference import SourceOutput
from confradar.errors import SourceUnreachable
from confradar.settings import Settings
from confradar.sources.base import Source, crawled_by, reader, step_of
from confradar.steps.runs import Materialised

PREVIEW = 3
REJECTS_SHOWN = 20
SCRATCH = "confradar-crawl-"
REACHING_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a source that is to be read: its `feeds` of these names, or only `pages` (feed's name by address)."""

    feeds: tuple[str, ...] = ()
    pages: Mapping[str, str] = field(default_factory=dict)


def crawl(
    name: str,
    settings: Settings | None = None,
    *,
    budget: float | None = None,
    progress: Callable[[process.Progress], None] | None = None,
    stopped: Callable[[], bool] | None = None,
    parts: Mapping[str, Part] | None = None,
    adapted: Callable[[str, CrawlOptions], CrawlOptions] | None = None,
) -> Materialised:
    """Read one source, or all that a step of that name crawls. `budget` is in seconds of crawling, of each source.

    With `parts`, only those of the sources that it names are read; whatever is not seen in a part may be there still.
    `adapted` changes the options of each source, given its name: what of the pages is known, kept, or there already.
    Never raises for what a site does: the status says it. Raises UnknownName and SettingError.
    """
    settings = settings or configuration.load()
    found = []
    for source in crawled_by(name):
        options = process.options(source, settings, environment.source_overrides(source.name), budget=budget)
        if parts is not None:
            if not (part := parts.get(source.name)):
                continue
            pages = dict(islice(part.pages.items(), options.max_pages))
            options = replace(options, feeds=part.feeds or options.feeds, only=pages, part=True)
        found.append(_read(source, adapted(source.name, options) if adapted else options, progress, stopped))
    if not found:  # what was near when the run began is so no more
        return Materialised(step_of(name), (), {"count": 0, "seconds": {}})
    return united(found)


def _read(
    source: Source,
    options: CrawlOptions,
    progress: Callable[[process.Progress], None] | None,
    stopped: Callable[[], bool] | None,
) -> Materialised:
    lines = logs.Buffer()
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{os.getpid()}-") as scratch, logs.tagged(lines):
        crawled = process.crawl(source.name, options, Path(scratch), progress=progress, stopped=stopped)
    _sweep()
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
        "part": options.part,
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
    options = process.options(source, settings, environment.source_overrides(name), budget=REACHING_SECONDS)
    feed = next((feed for feed in source.feeds if feed.name in options.feeds), None)
    page = urljoin(source.base, feed.path if feed else "")
    options = replace(options, only={page: feed.name if feed else ""}, max_pages=1, retry_waits=options.retry_waits[:1])
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
