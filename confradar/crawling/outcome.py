"""What became of a crawl: judged from its spool alone, in a pure function."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from confradar.crawling.faults import Fault
from confradar.crawling.options import CrawlOptions
from confradar.crawling.spool import Exchange, Found
from confradar.deadlines.listing import Listing
from confradar.deadlines.portrait import completed
from confradar.sources.base import Rejected, Source

Status = Literal["ok", "degraded", "failed", "cancelled"]

# Why Scrapy closed a spider, in our words; any other reason is its own word.
CLOSED = {"finished": "", "closespider_timeout": "timeout", "shutdown": "stopped"}
LIMITS = {
    "timeout": "the budget of {0.budget_seconds:g} s was used up",
    "page_limit": "more than {0.max_pages} pages were there to read",
    "item_limit": "more than {0.max_items} records were there to read",
    "memory": "more than {0.memory_bytes} bytes of memory were taken",
    "stopped": "it was asked to stop",
}

log = logging.getLogger(__name__)


@dataclass
class Crawled:
    """What a crawl gave, and how it went. Never an exception: what a site does is a status.

    `reason` is a code of the vocabulary, empty for `ok`; `detail` one sentence for a person. `complete_feeds` are
    the feeds of which every entry was read, so that one that is missing is absent. `statuses` counts the pages by
    HTTP status; `seconds` has `crawling` and, within it, `parsing`. `retry_after` is what the site asked for, in
    seconds. `exchanges` and `links` are those of a crawl of single pages.
    """

    source: str
    status: Status
    reason: str = ""
    detail: str = ""
    listings: tuple[Listing, ...] = ()
    rejects: tuple[Rejected, ...] = ()
    complete_feeds: frozenset[str] = frozenset()
    pages: int = 0
    bytes: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    worth_retrying: bool = False
    retry_after: float | None = None
    exchanges: tuple[Exchange, ...] = ()
    links: tuple[str, ...] = ()


def tell(crawled: Crawled) -> None:
    """Log how a crawl went, in one line: a warning unless it went well."""
    seconds = " ".join(f"{name}_seconds={value:.3f}" for name, value in crawled.seconds.items())
    counts = f"pages={crawled.pages} listings={len(crawled.listings)} rejected={len(crawled.rejects)}"
    why = f" reason={crawled.reason} detail={crawled.detail!r}" if crawled.reason else ""
    log.log(
        logging.INFO if crawled.status == "ok" else logging.WARNING,
        "crawl finished source=%s status=%s %s bytes=%d %s%s",
        *(crawled.source, crawled.status, counts, crawled.bytes, seconds, why),
    )


def judge(source: Source, options: CrawlOptions, found: Found, *, ended: str = "", lost: str = "") -> Crawled:
    """What became of a crawl.

    `ended` is why the parent ended it (`timeout`, `stopped`, `memory`, `lost`), empty if it ended by itself.
    `lost` says how a process ended that did not close its spool.
    """
    listings = unite(found.listings)
    ended = ended or (CLOSED.get(found.closed["reason"], found.closed["reason"]) if found.closed else "")
    status, fault = _verdict(source, options, found, ended, lost)
    complete = frozenset[str]()
    if (
        status in ("ok", "degraded")
        and not ended
        and not options.only
        and not options.part
        and None not in found.unread
    ):
        complete = frozenset(feed.name for feed in source.feeds if feed.whole and feed.name in options.feeds)
    failed = status == "failed"
    return Crawled(
        source=source.name,
        status=status,
        reason=fault.reason,
        detail=fault.detail,
        listings=() if failed and fault.reason == "lost" else listings,  # a part of a page is no part of the truth
        rejects=tuple(found.rejects),
        complete_feeds=complete - found.unread,
        pages=found.pages,
        bytes=found.bytes,
        statuses=dict(sorted(found.statuses.items())),
        seconds={"parsing": round(found.parsing, 6)},
        worth_retrying=failed and fault.worth_retrying,
        retry_after=fault.retry_after if failed and fault.worth_retrying else None,
        exchanges=tuple(found.exchanges),
        links=tuple(found.links),
    )


def _verdict(source: Source, options: CrawlOptions, found: Found, ended: str, lost: str) -> tuple[Status, Fault]:
    """Status and reason: what broke the whole crawl, else the most telling of its doubts."""
    limit = [Fault(ended, LIMITS.get(ended, "it was closed early").format(options))] if ended else []
    troubles = [Fault(trouble.reason, trouble.detail) for trouble in found.troubles]
    if ended == "memory" or found.out_of_memory:
        return "failed", Fault("memory", LIMITS["memory"].format(options))
    if ended == "lost" or (not ended and found.closed is None):
        return "failed", Fault("lost", f"the crawl process {lost or 'vanished'}", worth_retrying=True)
    for trouble in found.troubles:
        if trouble.fatal:
            return "failed", Fault(trouble.reason, trouble.detail)
    if found.listings:
        doubts = [*limit, *troubles, *_unread(found), *_errors(found)]
        return ("degraded", doubts[0]) if doubts else ("ok", Fault("", ""))
    if ended == "stopped":
        return "cancelled", limit[0]
    failures = [fault for _, fault in found.failures]
    doubts = [*troubles, *failures, *_errors(found), *limit, Fault("no_listings", "no listing was found")]
    # A source that declares such a night as ordinary has not failed in it.
    expected = doubts[0].reason in source.expected_degradations
    return "degraded" if expected else "failed", doubts[0]


def _unread(found: Found) -> list[Fault]:
    """The doubt that pages could not be read, if any; a wait that the site asked for is told by its name."""
    if not found.failures:
        return []
    asked = [(url, fault) for url, fault in found.failures if fault.reason == "deferred"]
    url, first = (asked or found.failures)[0]
    count = f"{len(found.failures)} of {found.pages + len(found.failures)} pages could not be read"
    return [Fault("deferred" if asked else "pages_failed", f"{count}; first {url[:200]}: {first.detail}")]


def _errors(found: Found) -> list[Fault]:
    logged = found.closed["errors"] if found.closed else 0
    if found.errors:
        return [Fault("errors", found.errors[0])]
    return [Fault("errors", f"{logged} errors are in its log")] if logged else []


def unite(listings: Iterable[Listing]) -> tuple[Listing, ...]:
    """One listing for each key, in order of first appearance. A later one completes the earlier: its fields and its
    dates win, gate by gate, and what only the earlier one says stays.
    """
    united: dict[tuple[str, str, str, int], Listing] = {}
    for listing in listings:
        earlier = united.get(listing.key)
        united[listing.key] = listing if earlier is None else completed(earlier, listing)
    return tuple(united.values())
