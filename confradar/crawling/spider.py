"""The spider: one Scrapy class, made for each source from its declaration and its reading function."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, cast

import scrapy
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Headers, Response
from scrapy.settings import BaseSettings
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from confradar import environment
from confradar import settings as configuration
from confradar.crawling import politeness
from confradar.crawling.addresses import Addresses
from confradar.crawling.archiving import copy_of
from confradar.crawling.faults import Fault, of_status
from confradar.crawling.hosts import fault, host_of
from confradar.crawling.options import CrawlOptions, options
from confradar.crawling.spool import Spool
from confradar.deadlines.listing import Listing
from confradar.sources import base
from confradar.sources.base import Follow, Page, Reader, Rejected, Trouble, readers

SHOWN = 8192  # bytes of a body that an exchange keeps
KEYS = frozenset({b"authorization", b"proxy-authorization"})
LISTS_FIRST = 1000  # a feed is read before what any page leads to

log = logging.getLogger(__name__)


class ListingSpider(scrapy.Spider):
    """Reads the feeds of one source. Listings are its items; everything that it finds goes into the spool, if any."""

    reader: Reader
    options: CrawlOptions
    spool: Spool | None = None

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Lay this source's manners over Scrapy's settings."""
        settings.setdict(politeness.settings(cls.options), priority="spider")

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> ListingSpider:
        """Scrapy's way to make it."""
        made = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(made.opened, signal=signals.spider_opened)
        crawler.signals.connect(made.failed, signal=signals.spider_error)
        crawler.signals.connect(made.dropped, signal=signals.request_dropped)
        return made

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.addresses = Addresses(self.reader.source, self.options.base)
        self.handle_httpstatus_list = self.reader.source.accepted_statuses
        self.found = 0
        self.started = time.monotonic()

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the feeds, or only for the pages that the options name."""
        feeds = {feed.name: feed for feed in self.reader.source.feeds}
        wanted = {self.addresses.here(url): name for url, name in self.options.only.items()}
        lists = {self.addresses.of(feeds[name]): name for name in self.options.feeds}
        for number, (url, name) in enumerate((wanted or lists).items()):
            cookies = feeds[name].cookies if name else {}
            yield self.request(url, name, cookies, priority=LISTS_FIRST - number, again=True)  # in this order

    def request(
        self, url: str, feed: str, cookies: Mapping[str, str], *, priority: int = 0, again: bool = False
    ) -> Request:
        """A request for a page of that feed."""
        return Request(
            url, callback=self.parse, errback=self.unread, priority=priority, dont_filter=again,
            cookies=[{"name": name, "value": value} for name, value in cookies.items()],
            cb_kwargs={"feed": feed, "cookies": dict(cookies)},
        )  # fmt: skip

    def parse(self, response: Response, feed: str = "", cookies: Mapping[str, str] | None = None) -> Iterator[Any]:
        """Read a page: give its listings and the requests that it leads to, and note the rest."""
        copy = copy_of(response)
        page = Page(
            url=response.url, body=response.body, feed=feed, status=response.status,
            content_type=_header(response, "Content-Type").partition(";")[0].strip().lower(),
            encoding=encoding(response), retrieved_at=(copy.at if copy else datetime.now(UTC)).replace(microsecond=0),
            base=self.options.base or self.reader.source.base, cookies=dict(cookies or {}),
            known=self.options.known,
        )  # fmt: skip
        self.exchange(response)
        clock = Clock(self.reader.parse(page))
        try:
            for finding in clock:
                yield from self.note(finding, page, response)
        finally:
            log.info("page read url=%s status=%d bytes=%d", page.url, page.status, len(page.body))
            self.write("page", url=page.url, feed=feed, status=page.status, bytes=len(page.body), parsing=clock.seconds)

    def note(self, finding: base.Found, page: Page, response: Response) -> Iterator[Listing | Request]:
        """Take in one finding of a page. Raises CloseSpider once there are more than allowed."""
        match finding:
            case Follow():
                if request := self.follow(finding, page, response):
                    yield request
            case Trouble():
                log.warning("%s at %s: %r", finding.reason, page.url, finding.detail)
                self.write("trouble", feed=page.feed, **asdict(finding))
            case Rejected():
                self.count(page)
                log.warning("rejected: %r", str(finding)[:500])
                self.write("rejected", feed=page.feed, **{k: v[:500] for k, v in asdict(finding).items()})
            case Listing():
                self.count(page)
                copy = copy_of(response)
                archived = copy.reference if copy else ""
                listing = replace(finding, retrieved_at=page.retrieved_at, archived=archived)
                self.write("listing", record=listing.to_json())
                yield listing

    def exchange(self, response: Response) -> None:
        """Note what was sent and answered, where single pages are wanted: somebody wants to see them."""
        if self.options.only and response.request:
            self.write(
                "exchange", url=response.url, status=response.status, request=_headers(response.request.headers),
                response=_headers(response.headers), size=len(response.body),
                body=response.body[:SHOWN].decode(encoding(response), errors="replace"),
            )  # fmt: skip

    def follow(self, link: Follow, page: Page, response: Response) -> Request | None:
        """The request for a link, unless only single pages are wanted or it lies too deep."""
        if self.options.only and not link.again:
            self.write("link", url=link.url)
            return None
        if response.meta.get("depth", 0) >= self.options.max_depth:
            detail = f"{page.url[:200]} leads deeper than {self.options.max_depth} links"
            self.write("trouble", feed=page.feed, reason="depth_limit", detail=detail, fatal=False)
            return None
        feed = link.feed or page.feed
        return self.request(self.addresses.here(link.url), feed, link.cookies, priority=link.priority, again=link.again)

    def count(self, page: Page) -> None:
        """Count a record; the one too many ends the crawl."""
        if self.found >= self.options.max_items:
            log.warning("more than %d records at %s", self.found, page.url)
            raise CloseSpider("item_limit")
        self.found += 1

    def unread(self, failure: Failure) -> None:
        """Note a page that could not be had."""
        request = cast("Request", failure.request)  # type: ignore[attr-defined]  # Scrapy puts it there
        host, status = host_of(request), None
        if isinstance(failure.value, HttpError):
            response = failure.value.response
            status = response.status
            self.exchange(response)
            found = of_status(host, status, politeness.retry_after(response.headers))
        else:
            found = fault(host, cast("Exception", failure.value))
        if found.reason == politeness.PAGE_LIMIT:  # it is why the crawl closes; no page failed
            return
        self.missed(request, found, status)

    def dropped(self, request: Request) -> None:
        """Note a page that leads back to itself. Other requests that Scrapy drops are for pages already asked for."""
        if request.url in request.meta.get("redirect_urls", ()):
            self.missed(request, Fault("redirects", f"{host_of(request)}: {request.url[:200]} leads back to itself"))

    def missed(self, request: Request, found: Fault, status: int | None = None) -> None:
        """Note a page that was not read, and why."""
        log.warning("%s not read: %s", request.url, found.detail)
        self.write("failure", url=request.url, feed=request.cb_kwargs["feed"], status=status, **asdict(found))

    def opened(self) -> None:
        """Note that the crawl begins."""
        self.started = time.monotonic()
        self.write("opened")

    def failed(self, failure: Failure, response: Response) -> None:
        """Note that a reading function raised."""
        feed = response.cb_kwargs["feed"] if isinstance(response, Response) and response.request else None
        words = f"{type(failure.value).__name__}: {failure.value}"[:200]
        detail = f"{words} (reading {getattr(response, 'url', 'a page')})"
        self.write("error", feed=feed, detail=detail, memory=bool(isinstance(failure.value, MemoryError)))

    def closed(self, reason: str) -> None:
        """Note why and with which statistics the crawl ended. Scrapy calls this last."""
        errors = self.crawler.stats.get_value("log_count/ERROR", 0)
        self.write("closed", reason=reason, errors=errors, seconds=time.monotonic() - self.started)

    def write(self, kind: str, **facts: Any) -> None:
        """Add a line to the spool, if this crawl has one (`scrapy crawl` has none)."""
        if self.spool is not None:
            self.spool.write(kind, **facts)


class Clock:
    """Hands on what a reading function finds, and measures only the time that it takes itself."""

    def __init__(self, findings: Iterator[base.Found]) -> None:
        self._findings, self.seconds = findings, 0.0

    def __iter__(self) -> Clock:
        return self

    def __next__(self) -> base.Found:
        before = time.perf_counter()
        try:
            return next(self._findings)
        finally:
            self.seconds += time.perf_counter() - before


def encoding(response: Response) -> str:
    """The encoding that a page declares (its first bytes, its header, its markup), else UTF-8."""
    declared = (
        read_bom(response.body[:4])[0]
        or http_content_type_encoding(_header(response, "Content-Type"))
        or html_body_declared_encoding(response.body[:4096])
        or "utf-8"
    )
    try:
        b"a".decode(declared)
    except (LookupError, UnicodeError):  # a codec, but none for text
        return "utf-8"
    return declared


def _headers(headers: Headers) -> list[tuple[str, str]]:
    """The headers in pairs, but for those that open doors."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.items()
        if name.lower() not in KEYS
        for value in values
    ]


def _header(response: Response, name: str) -> str:
    return (response.headers.get(name) or b"").decode("latin-1")


def spider(name: str, chosen: CrawlOptions) -> type[ListingSpider]:
    """The spider of a source. Raises UnknownName."""
    reader = base.reader(name)
    return type(f"{name}_spider", (ListingSpider,), {"name": name, "reader": reader, "options": chosen})


class Loader:
    """Gives Scrapy's own commands (`scrapy list`, `scrapy crawl NAME`) a spider for each source."""

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Loader:  # noqa: ARG003 - Scrapy's protocol
        """Scrapy's way to make it."""
        return cls()

    def load(self, name: str) -> type[ListingSpider]:
        """The spider of that source, with the options of this environment. Raises KeyError."""
        source = readers()[name].source
        return spider(name, options(source, configuration.load(), environment.source_overrides(name)))

    def find_by_request(self, request: Request) -> list[str]:
        """The sources that may be asked for this address (`scrapy shell`)."""
        return [name for name, reader in readers().items() if Addresses(reader.source).allows(request.url)]

    def list(self) -> list[str]:
        """The names of all sources."""
        return [*readers()]
