"""The archive within a crawl: each answer is kept, and what need not be asked for again is taken from there."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from confradar import archive
from confradar.archive import Copy
from confradar.crawling.failures import Refused
from confradar.crawling.faults import Fault
from confradar.crawling.hosts import host_of
from confradar.crawling.options import CrawlOptions
from confradar.errors import BrokenArchive

COPY = "confradar_copy"  # in a request's meta: the copy that answers it, or with which its answer is compared
NOT_MODIFIED = 304
VALIDATORS = ("If-None-Match", "If-Modified-Since")

log = logging.getLogger(__name__)


def copy_of(response: Response) -> Copy | None:
    """Where the answer is archived, if it is."""
    found = response.meta.get(COPY) if response.request else None
    return found if isinstance(found, Copy) else None


class Archive:
    """Writes each answer into the archive's file of this crawl, asks with the validators of the last copy, and answers
    itself: a replay all, a second attempt what the first one had, a cache what is young enough.

    An archive that cannot be written is told once and costs the crawl nothing.
    """

    def __init__(self, source: str, options: CrawlOptions) -> None:
        self._options, self._source, self._folder = options, source, Path(options.archive)
        now = datetime.now(UTC)
        self._last = {} if options.replay else archive.last_copies(self._folder, source, now=now)
        ready = [options.replay] if options.replay else options.earlier
        found = [copy for file in ready for copy in archive.copies(self._folder, file, log.warning)]
        self._ready = {copy.key: copy for copy in found if copy.status == 200 or options.replay}
        if options.cache_seconds:
            since = now - timedelta(seconds=options.cache_seconds)
            self._ready = {key: copy for key, copy in self._last.items() if copy.at > since} | self._ready
        self._writer = self._begun() if options.archive_file else None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Archive:
        """Scrapy's way to make it."""
        options: CrawlOptions | None = getattr(crawler.spider, "options", None)  # `scrapy shell` has none
        if crawler.spider is None or options is None or not options.archive:
            raise NotConfigured
        made = cls(crawler.spider.name, options)
        crawler.signals.connect(made.closed, signal=signals.spider_closed)
        return made

    def process_request(self, request: Request) -> Response | None:
        """The archived answer, or None if the site is to be asked. Raises Refused for what a replay does not have."""
        request.meta.pop(COPY, None)
        for name in VALIDATORS:  # a redirect takes those of the first address along
            request.headers.pop(name, None)
        key = _key(request)
        if key in self._ready and (answer := self._answer(self._ready[key], request)):
            return answer
        if self._options.replay:
            raise Refused(Fault("not_archived", f"{host_of(request)}: {request.url[:200]} is not in the archive"))
        last = self._last.get(key) if self._writer else None
        if last and (last.etag or last.modified) and self._answer(last, request):
            told = zip(VALIDATORS, (last.etag, last.modified), strict=True)
            request.headers.update({name: value for name, value in told if value})
        return None

    def process_response(self, request: Request, response: Response) -> Response:
        """The answer, kept; for one that says that nothing changed, the page of the last copy."""
        if "archived" in response.flags:
            kept = request.meta[COPY]
            if self._writer:
                self._keep(request, response, at=kept.at, last=kept)
            return response
        known = request.meta.pop(COPY, None)
        asked = any(name in request.headers for name in VALIDATORS)
        last = known or self._last.get(_key(request))
        if response.status == NOT_MODIFIED and not (known and asked):
            last = None  # it answers what nobody asked
        self._keep(request, response, at=datetime.now(UTC), last=last)
        if response.status == NOT_MODIFIED and last:
            return self._answer(last, request) or response
        return response

    def closed(self) -> None:
        """Let the next crawl know which copy of each page is the last."""
        if self._writer:
            try:
                archive.keep_copies(self._folder, self._source, self._last)
            except OSError as error:
                self._give_up(error)

    def _answer(self, copy: Copy, request: Request) -> Response | None:
        """A copy as the answer to a request; None, and told, if it cannot be read."""
        try:
            found = archive.find(self._folder, copy.reference)
        except BrokenArchive as error:
            log.warning("%s", error)
            return None
        request.meta[COPY] = copy
        headers: dict[str, list[str]] = {}
        for name, value in found.headers:
            headers.setdefault(name, []).append(value)
        kind = responsetypes.from_args(headers=Headers(headers), url=request.url, body=found.body)
        return kind(
            request.url, status=found.status, headers=Headers(headers), body=found.body, request=request,
            flags=["archived"],
        )  # fmt: skip

    def _begun(self) -> archive.Writer | None:
        options = self._options
        crawl = {"source": self._source, **options.told()}
        try:
            return archive.Writer(self._folder, options.archive_file, crawl, most=options.archive_bytes)
        except OSError as error:
            self._give_up(error)
            return None

    def _keep(self, request: Request, response: Response, *, at: datetime, last: Copy | None) -> None:
        """Write an answer, and remember where it is."""
        if self._writer is None:
            return
        headers = [(name, value) for name, values in response.headers.items() for value in values]
        key = _key(request)
        try:
            copy = self._writer.write(key, response.status, headers, response.body, at=at, last=last)
        except OSError as error:
            self._give_up(error)
            return
        if copy is None:
            log.warning("the archive of this crawl is full: %s is left out", request.url)
            return
        request.meta[COPY] = copy
        if copy.status == 200:
            self._last[key] = copy

    def _give_up(self, error: OSError) -> None:
        log.warning("this crawl is archived no further, %s: %s", self._folder / self._options.archive_file, error)
        self._writer = None


def _key(request: Request) -> tuple[str, str]:
    """Address and own cookies: what decides which page a site gives."""
    own = dict(request.cookies) if isinstance(request.cookies, dict) else {
        cookie["name"]: cookie["value"] for cookie in request.cookies
    }  # fmt: skip
    return request.url, "; ".join(sorted(f"{name!s}={value!s}" for name, value in own.items()))
