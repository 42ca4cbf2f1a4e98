"""Who may be asked at all: the source's own hosts, at public addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http.cookiejar import Cookie
from typing import ClassVar
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.cookies import CookiesMiddleware
from scrapy.http.cookies import CookieJar
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from confradar.crawling.failures import Refused, of_error
from confradar.crawling.faults import Fault
from confradar.network import is_private

PRIVATE = "a private address, which is not asked (CONFRADAR_ALLOW_PRIVATE_HOSTS=true allows it)"


class PublicResolver(CachingThreadedResolver):
    """Resolves names to public addresses only, so that the address that was checked is the one connected to."""

    private: ClassVar[set[str]] = set()  # names that led to private addresses

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.everything = False
        self.proxies: frozenset[str | None] = frozenset()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> PublicResolver:
        """Scrapy's way to make it."""
        made = super().from_crawler(crawler, reactor)
        made.everything = crawler.settings.getbool("CONFRADAR_ALLOW_PRIVATE_HOSTS")
        if crawler.settings.getbool("HTTPPROXY_ENABLED"):  # a proxy is trusted, and resolves the others itself
            made.proxies = frozenset(urlsplit(proxy).hostname for proxy in getproxies().values())
        return made

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        """The address of a host; fails as if there were none if that is private."""
        found = super().getHostByName(name, timeout)
        return found if self.everything or name in self.proxies else found.addCallback(self._public, name)

    def _public(self, address: str, name: str) -> str:
        if is_private(address):
            self.private.add(name)
            raise DNSLookupError(f"{name} is at {PRIVATE}")
        return address


def fault(host: str, error: BaseException) -> Fault:
    """Why that host was not read."""
    if host in PublicResolver.private:
        return Fault("private", f"{host}: the name leads to {PRIVATE}")
    return of_error(host, error)


def host_of(request: Request) -> str:
    """The host that a request goes to."""
    return urlsplit(request.url).hostname or ""


class OwnHosts:
    """Lets only addresses of the source through: also after redirects, for retries, and for robots.txt."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._private = crawler.settings.getbool("CONFRADAR_ALLOW_PRIVATE_HOSTS")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> OwnHosts:
        """Scrapy's way to make it."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raises Refused for an address that is not to be asked."""
        host = host_of(request)
        if not self._private and is_private(host):
            raise Refused(Fault("private", f"{host}: {PRIVATE}"))
        addresses = getattr(self._crawler.spider, "addresses", None)  # `scrapy shell` has a spider without
        if addresses is not None and not addresses.allows(request.url):
            raise Refused(Fault("off_host", f"{host}: not a host of this source ({request.url[:200]})"))


class HostCookies(CookiesMiddleware):
    """Gives a cookie back to the host that set it, and to no other.

    Scrapy's own middleware asks publicsuffix.org which domains are public, past every rule of this crawl.
    """

    def _process_cookies(self, cookies: Iterable[Cookie], *, jar: CookieJar, request: Request) -> None:
        for cookie in cookies:
            cookie.domain = host_of(request)
            jar.set_cookie_if_ok(cookie, request)
