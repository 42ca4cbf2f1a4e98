"""How an answer comes over the wire: as Scrapy reads it, with a bound for its head as well as for its body."""

from __future__ import annotations

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure
from twisted.web._newclient import BODY, DONE

HEAD_BYTES = 64 * 1024


class HeadTooLarge(Exception):
    """The head of an answer is longer than HEAD_BYTES."""


class BoundedHead(_LenientHTTP11ClientProtocol):
    """Gives up an answer whose head has no end. Twisted bounds each of its lines, and not their number."""

    _head = 0

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Take in what came."""
        super().dataReceived(data)  # type: ignore[no-untyped-call]  # as Twisted's are
        if self._parser is None or self._parser.state in (BODY, DONE):
            self._head = 0
            return
        self._head += len(data)
        if self._head > HEAD_BYTES:
            reason = Failure(HeadTooLarge(f"more than {HEAD_BYTES} bytes"))  # type: ignore[no-untyped-call]
            self._giveUp(reason)  # type: ignore[no-untyped-call]


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> BoundedHead:  # noqa: N802, ARG002 - Twisted's name
        return BoundedHead(self._quiescentCallback)  # type: ignore[no-untyped-call]


class Handler(HTTP11DownloadHandler):
    """Scrapy's handler of http and https with connections of ours."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _Factory  # noqa: SLF001 - as Scrapy itself does; it has no other way in
