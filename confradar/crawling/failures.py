"""What Scrapy and Twisted raise when a page cannot be had, as faults with a name."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from OpenSSL import SSL
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from service_identity import VerificationError
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.web.client import ResponseFailed

from confradar.crawling.downloading import HeadTooLarge
from confradar.crawling.faults import Fault


class Refused(IgnoreRequest):
    """We do not ask for this page, or not any more; the fault says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


# The first kind that is found along the chain of causes wins: a bad certificate is named rather than the connection
# that it broke. Reason, words, and whether asking again may help.
KINDS: tuple[tuple[type[BaseException], str, str, bool], ...] = (
    (VerificationError, "tls", "its certificate is not for this host", False),
    (SSL.Error, "tls", "no trustworthy TLS connection", False),
    (ssl.SSLError, "tls", "no trustworthy TLS connection", False),
    (HeadTooLarge, "too_large", "the head of the answer is larger than allowed", False),
    (CannotResolveHostError, "dns", "the name could not be resolved", True),
    (DownloadConnectionRefusedError, "refused", "connection refused", True),
    (DownloadTimeoutError, "timeout", "no whole answer in time", True),
    (ResponseDataLossError, "truncated", "the answer ended early", True),
    (DownloadCancelledError, "too_large", "the answer is larger than allowed", False),
    (UnsupportedURLSchemeError, "off_host", "only http and https are read", False),
    (ConnectionClosed, "connection", "the connection broke", True),
    (ConnectError, "connection", "no connection", True),
    (ResponseFailed, "connection", "the answer could not be read", True),
    (OSError, "connection", "the answer could not be read", True),
)


def of_error(host: str, error: BaseException) -> Fault:
    """The fault behind an exception that made a request fail; a Refused brings its own."""
    if isinstance(error, Refused):
        return error.fault
    if isinstance(error, IgnoreRequest):  # Scrapy's own two: redirected too often, or too large once unpacked
        if error.__cause__ is None:
            return Fault("redirects", f"{host}: {_printable(str(error))}")
        return Fault("too_large", f"{host}: the answer is larger than allowed")
    chain = list(_causes(error))
    for kind, reason, words, passing in KINDS:
        for cause in chain:
            if isinstance(cause, kind):
                more = f" ({_words(cause)})" if isinstance(cause, SSL.Error) else ""
                return Fault(reason, f"{host}: {words}{more}", passing)
    return Fault("connection", f"{host}: {_printable(str(error)) or type(error).__name__}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, those that Twisted keeps in its `reasons`, and its cause."""
    if error is not None:
        yield error
        for inner in getattr(error, "reasons", None) or ():
            yield from _causes(getattr(inner, "value", None))
        yield from _causes(error.__cause__)


def _words(error: SSL.Error) -> str:
    """OpenSSL's own reason: the last part of its first entry."""
    entries = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return _printable(str(entries[0][-1])) if entries else "handshake failed"


def _printable(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:120]
