"""Where a source may be read: its own hosts, or the one that a setting put in their place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urljoin, urlsplit, urlunsplit

from confradar.sources.base import Feed, Source

WEB_PORTS = (None, 80, 443)


@dataclass(frozen=True)
class Addresses:
    """The addresses of a source. `base` replaces the source's own base; then all its hosts are found there."""

    source: Source
    base: str | None = None

    def of(self, feed: Feed) -> str:
        """The address of a feed."""
        return self.here(urljoin(self.source.base, feed.path))

    def here(self, url: str) -> str:
        """The same page where it is crawled: below the replaced base, path and query kept, or where it was."""
        if self.base is None or _place(url) not in self._own:
            return url
        parts, base = urlsplit(url), urlsplit(self.base)
        return urlunsplit(parts._replace(scheme=base.scheme, netloc=base.netloc))

    def allows(self, url: str) -> bool:
        """Whether the source may be asked for this address: http or https, and one of its hosts."""
        return _place(url) in (self._own if self.base is None else {_place(self.base)})

    @cached_property
    def _own(self) -> frozenset[tuple[str, int | None] | None]:
        return frozenset(_place(url) for url in self._declared())

    def _declared(self) -> Iterator[str]:
        yield self.source.home
        yield from (urljoin(self.source.base, feed.path) for feed in self.source.feeds)
        yield from (f"https://{host}" for host in self.source.hosts)


def _place(url: str) -> tuple[str, int | None] | None:
    """Host and port of a web address; the two usual ports count as one. None for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return parts.hostname, None if port in WEB_PORTS else port
