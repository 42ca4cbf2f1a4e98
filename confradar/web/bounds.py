"""What a request may be at most, and what every answer carries: the outermost layer of the application."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ADDRESS_BYTES = 4 * 1024
HEADER_BYTES = 16 * 1024
BODY_BYTES = 16 * 1024
NAMES = 20
VALUES = 150
ACTING_SECONDS = 150  # for an answer to what changes something: a release stores before it answers
BURST_SECONDS = 5  # of the allowed rate that a client may use at once
CLIENTS = 10_000  # whose rates are remembered

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: browsers would then send forms with `Origin: null`, and we look at the origin.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Refusal = Callable[[Request, int, str], Response]
log = logging.getLogger(__name__)


class TooMuch(Exception):
    """A request crosses a bound: the status of the answer, and what the bound is."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class Rate:
    """Requests per second of each client, with a burst: a bucket that drips."""

    def __init__(self, per_second: float) -> None:
        self._per_second, self._full = per_second, per_second * BURST_SECONDS
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, client: str, now: float) -> bool:
        """Count a request of that client at that moment (seconds of a steady clock)."""
        left, then = self._buckets.pop(client, (self._full, now))
        left = min(self._full, left + (now - then) * self._per_second)
        self._buckets[client] = (max(left - 1, 0), now)
        if len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)
        return left >= 1


class Bounds:
    """Refuses what is too large, too much or too slow, answers HEAD as GET, and keeps every exception inside.

    `seconds` is the time for a body to come, and for an answer that only reads; `client` says who asks; `refuse` makes
    the answer of a refusal.
    """

    def __init__(
        self, app: ASGIApp, *, seconds: float, rate: Rate, client: Callable[[Request], str], refuse: Refusal
    ) -> None:
        self._app, self._seconds, self._rate, self._client, self._refuse = app, seconds, rate, client, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, head=scope["method"] == "HEAD")
        request = Request(scope)
        try:
            if not self._rate.allows(self._client(request), time.monotonic()):
                raise TooMuch(429, "too many requests from your address; try again in a second")
            _measure(scope)
            body = await _read(receive, scope, self._seconds)
            reads = scope["method"] in ("GET", "HEAD")
            async with asyncio.timeout(self._seconds if reads else ACTING_SECONDS) as limit:
                inner = {**scope, "method": "GET"} if answer.head else scope
                await self._app(inner, _replayed(body, receive), answer.send)
        except TooMuch as refused:
            await self._answer(request, answer, refused.status, refused.detail)
        except Exception as error:
            if isinstance(error, TimeoutError) and limit.expired():
                await self._answer(request, answer, 503, "no answer in the time that it may take; try again")
                return
            number = secrets.token_hex(6)
            place = f"{request.method} {scope['raw_path'].decode('ascii', 'replace')}"
            log.exception("unexpected id=%s request=%r", number, place)
            await self._answer(request, answer, 500, f"something went wrong here; the log has it under {number}")

    async def _answer(self, request: Request, answer: _Answer, status: int, detail: str) -> None:
        if answer.started:  # too late for another one: the connection is cut, so that nobody takes it for whole
            raise ConnectionAbortedError(f"answer cut: {detail}")
        response = self._refuse(request, status, detail)
        if status in (429, 503):
            response.headers["Retry-After"] = "1"
        if status in (408, 413):
            response.headers["Connection"] = "close"
        await response(request.scope, _nothing, answer.send)


class _Answer:
    """An answer on its way: adds what every answer carries, and knows whether it began. HEAD has no body."""

    def __init__(self, send: Send, *, head: bool) -> None:
        self._send, self.head, self.started = send, head, False

    async def send(self, message: Message) -> None:
        """Pass a part on."""
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        elif self.head:
            message = {**message, "body": b""}
        await self._send(message)


def _measure(scope: Scope) -> None:
    """Raise TooMuch for an address, headers or parameters beyond the bounds, or with control characters."""
    query = scope["query_string"]
    if len(scope["raw_path"]) + len(query) > ADDRESS_BYTES:
        raise TooMuch(414, f"the address is longer than {ADDRESS_BYTES} bytes")
    if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > HEADER_BYTES:
        raise TooMuch(431, f"the headers are larger than {HEADER_BYTES} bytes")
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    if len(pairs) > VALUES or len({name for name, _ in pairs}) > NAMES:
        raise TooMuch(400, f"more than {NAMES} parameters, or more than {VALUES} values")
    if _CONTROL.search(scope["path"]) or _CONTROL.search(unquote(query.decode("latin-1"))):
        raise TooMuch(400, "the address has control characters")
    length = Headers(scope=scope).get("content-length", "0")
    if not length.isdecimal() or int(length) > BODY_BYTES:
        raise TooMuch(413, f"the body is larger than {BODY_BYTES} bytes")


async def _read(receive: Receive, scope: Scope, seconds: float) -> bytes:
    """The whole body of a request that may have one. Raises TooMuch if it is too large, or takes too long."""
    body, more = b"", scope["method"] not in ("GET", "HEAD")
    try:
        async with asyncio.timeout(seconds):
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > BODY_BYTES:
                    raise TooMuch(413, f"the body is larger than {BODY_BYTES} bytes")
    except TimeoutError:
        raise TooMuch(408, f"the body did not come within {seconds:g} s") from None
    return body


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read once, then what comes."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _nothing() -> Message:
    raise NotImplementedError("a refusal reads nothing")
