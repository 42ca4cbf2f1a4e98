"""How a site is asked: Scrapy's settings with every bound, robots.txt, waits and tries."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Headers, Response
from scrapy.robotstxt import RobotParser

from confradar.crawling.failures import Refused
from confradar.crawling.faults import PASSING_STATUSES, Fault, of_status
from confradar.crawling.hosts import fault, host_of
from confradar.crawling.options import CrawlOptions

ROBOTS_BYTES = 512 * 1024
LOOKUP_SECONDS = 10
CRAWL_DELAY_MAX = 60  # seconds; a site that asks for more is read this slowly, until the budget ends
REDIRECTS = 5
TRIES = 3
PAGE_LIMIT = "page_limit"
HANDLER = "confradar.crawling.downloading.Handler"

# All that takes part, in place of Scrapy's lists: no console, no remote control, no sniffing of memory.
EXTENSIONS = (
    "scrapy.extensions.corestats.CoreStats",
    "scrapy.extensions.logcount.LogCount",
    "scrapy.extensions.closespider.CloseSpider",
    "scrapy.extensions.throttle.AutoThrottle",
    "scrapy.extensions.feedexport.FeedExporter",  # `scrapy crawl NAME -O FILE`
)
# From the engine to the site. Scrapy's off-site filter lets start pages and retries through: OwnHosts does not.
DOWNLOADER_MIDDLEWARES = (
    "confradar.crawling.hosts.OwnHosts",
    "confradar.crawling.politeness.Robots",
    "confradar.crawling.politeness.PageLimit",
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware",
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware",
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware",
    "confradar.crawling.politeness.Retry",
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware",
    "confradar.crawling.hosts.HostCookies",
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware",
    "scrapy.downloadermiddlewares.stats.DownloaderStats",
    "confradar.crawling.archiving.Archive",  # nearest to the site, but for what unpacks its answers
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware",
)

log = logging.getLogger(__name__)


def general(contact: str, *, allow_private_hosts: bool, use_proxy: bool) -> dict[str, Any]:
    """Scrapy's settings that hold for every source. `contact` stands in the user agent."""
    return {
        "BOT_NAME": "confradar",
        "SPIDER_LOADER_CLASS": "confradar.crawling.spider.Loader",
        "USER_AGENT": f"ConfRadar/{_version()} (+{contact})",
        "ROBOTSTXT_OBEY": True,
        "TELNETCONSOLE_ENABLED": False,  # these two would listen on ports and run what they are told
        "REMOTE_CONTROL_ENABLED": False,
        "EXTENSIONS_BASE": dict.fromkeys(EXTENSIONS, 0),
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_HANDLERS": {"http": HANDLER, "https": HANDLER, "data": None, "file": None, "ftp": None, "s3": None},
        "DOWNLOAD_FAIL_ON_DATALOSS": True,
        "TWISTED_DNS_RESOLVER": "confradar.crawling.hosts.PublicResolver",
        "DNS_TIMEOUT": LOOKUP_SECONDS,
        "REDIRECT_MAX_TIMES": REDIRECTS,
        "METAREFRESH_ENABLED": False,
        "RETRY_TIMES": TRIES - 1,
        "RETRY_GIVE_UP_LOG_LEVEL": "WARNING",  # the page is counted as failed; an ERROR would be one of ours
        "HTTPPROXY_ENABLED": use_proxy,
        "CONFRADAR_ALLOW_PRIVATE_HOSTS": allow_private_hosts,
        "CONCURRENT_ITEMS": 1,  # Scrapy starts so many tasks for each page; no pipeline of ours waits
        "WARN_ON_GENERATOR_RETURN_VALUE": False,  # it would read the source of our callback anew for each page
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",  # pages in the order in which a list names them
        "DOWNLOADER_MIDDLEWARES_BASE": {name: 10 * place for place, name in enumerate(DOWNLOADER_MIDDLEWARES)},
        "LOG_LEVEL": "INFO",
        "LOG_SHORT_NAMES": True,
        "LOG_VERSIONS": [],
    }


@cache
def _version() -> str:
    """Looked up in files: once, before a worker forks its crawls."""
    return version("confradar")


def settings(options: CrawlOptions) -> dict[str, Any]:
    """Scrapy's settings for a crawl with these options."""
    return general(options.contact, allow_private_hosts=options.allow_private_hosts, use_proxy=options.use_proxy) | {
        "DOWNLOAD_DELAY": options.delay,
        "DOWNLOAD_DELAY_JITTER": 0,  # what a site asks for is a least, not a mean
        "CONCURRENT_REQUESTS": options.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": options.concurrency,
        "AUTOTHROTTLE_ENABLED": options.autothrottle,
        "AUTOTHROTTLE_START_DELAY": options.delay,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": options.concurrency,
        "DOWNLOAD_MAXSIZE": options.response_bytes,
        "DOWNLOAD_WARNSIZE": options.response_bytes // 2,
        "DOWNLOAD_TIMEOUT": options.response_seconds,
        "CLOSESPIDER_TIMEOUT": options.budget_seconds,
        "CONFRADAR_MAX_PAGES": options.max_pages,
        "CONFRADAR_RETRY_WAITS": list(options.retry_waits),
        "CONFRADAR_RETRY_AFTER_SECONDS": options.retry_after_seconds,
    }


class PageLimit:
    """Closes the crawl before it asks for one page more than allowed. A retry or redirect is no new page."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler, self._asked = crawler, 0
        self._limit = crawler.settings.getint("CONFRADAR_MAX_PAGES")
        self._closing: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PageLimit:
        """Scrapy's way to make it."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raises Refused once the limit is reached."""
        again = request.meta.get("retry_times") or request.meta.get("redirect_times")
        if again or request.meta.get("dont_obey_robotstxt"):  # robots.txt itself
            return
        if self._asked >= self._limit > 0:
            engine = self._crawler.engine
            self._closing = self._closing or asyncio.ensure_future(engine.close_spider_async(reason=PAGE_LIMIT))
            raise Refused(Fault(PAGE_LIMIT, f"{self._limit} pages were asked for already"))
        self._asked += 1


class Robots(RobotsTxtMiddleware):
    """Obeys robots.txt as RFC 9309 has it: missing allows, unreachable forbids. Its Crawl-delay is kept as well."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._faults: dict[str, Fault] = {}

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Raises Refused for a page that robots.txt forbids, and for all pages of a host whose robots.txt fails."""
        place = urlsplit(request.url).netloc
        if place in self._faults:
            raise Refused(self._faults[place])
        if rp is None or rp.allowed(request.url, self._default_useragent):
            return
        path = urlsplit(request.url).path or "/"
        raise Refused(Fault("robots", f"{host_of(request)}: robots.txt forbids {path[:200]}"))

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status == 429 or response.status >= 500:
            answered = of_status(host_of(request), response.status, retry_after(response.headers))
            raise Refused(answered)
        body = response.body[:ROBOTS_BYTES] if response.status == 200 else b""
        await super()._parse_robots(response.replace(body=body), netloc, request)
        parser = self._parsers[netloc]
        delay = parser.crawl_delay(self._default_useragent) if isinstance(parser, RobotParser) else None
        if delay:
            self._slow_down(request, min(delay, CRAWL_DELAY_MAX))

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        host = urlsplit(f"//{netloc}").hostname or netloc
        found = fault(host, exc)
        if found.reason == "timeout" or found.reason.startswith("http_"):
            words = found.detail.removeprefix(f"{host}: ")
            found = Fault("robots", f"{host}: robots.txt: {words}", found.worth_retrying, found.retry_after)
        self._faults[netloc] = found
        super()._robots_error(Refused(found), netloc)

    def _slow_down(self, request: Request, delay: float) -> None:
        downloader = self.crawler.engine.downloader
        slot = downloader.slots.get(downloader.get_slot_key(request))
        if slot is not None and slot.delay < delay:
            slot.delay = delay
            if throttle := self.crawler.get_extension(AutoThrottle):
                throttle.mindelay = delay
            log.info("robots.txt asks for %g seconds between requests", delay)


class Retry:
    """Asks again after what may pass: the wait is the site's Retry-After, or grows with a jitter."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._waits = [float(wait) for wait in crawler.settings.getlist("CONFRADAR_RETRY_WAITS", [2, 8])]
        self._longest = crawler.settings.getfloat("CONFRADAR_RETRY_AFTER_SECONDS", 300)
        self._ends = math.inf

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Retry:
        """Scrapy's way to make it."""
        made = cls(crawler)
        crawler.signals.connect(made.opened, signal=signals.spider_opened)
        return made

    def opened(self) -> None:
        """Note when the budget ends."""
        self._ends = time.monotonic() + (self._crawler.settings.getfloat("CLOSESPIDER_TIMEOUT") or math.inf)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """The answer, or the request again after a wait. Raises Refused if the site asks for too long a wait."""
        if response.status not in PASSING_STATUSES:
            return response
        asked = retry_after(response.headers)
        if asked is not None and asked > min(self._longest, self._ends - time.monotonic()):
            detail = of_status(host_of(request), response.status).detail
            raise Refused(Fault("deferred", f"{detail} and asks to wait {asked:.0f} s", retry_after=asked))
        return await self._again(request, f"answered {response.status}", asked) or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """The request again after a wait, or None if asking again would not help.

        A name that cannot be resolved does not heal within seconds; the next attempt of the step asks again.
        """
        found = fault(host_of(request), exception)
        passing = found.worth_retrying and found.reason != "dns" and not isinstance(exception, Refused)
        return await self._again(request, found.reason) if passing else None

    async def _again(self, request: Request, reason: str, asked: float | None = None) -> Request | None:
        """The request for the next try after its wait; None, at once, if there is no try left or no time for it."""
        wait = self._waits[min(request.meta.get("retry_times", 0), len(self._waits) - 1)]
        wait = max(wait * random.uniform(1, 1.25), asked or 0)  # noqa: S311 - a jitter is no secret
        spider = self._crawler.spider
        if spider is None or wait > self._ends - time.monotonic():
            return None
        again = get_retry_request(request, spider=spider, reason=reason)
        if again is not None:
            await asyncio.sleep(wait)
        return again


def retry_after(headers: Headers) -> float | None:
    """The Retry-After of an answer in seconds from now, whether it gives seconds or a date; None without one."""
    text = (headers.get("Retry-After") or b"").decode("ascii", "replace").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
