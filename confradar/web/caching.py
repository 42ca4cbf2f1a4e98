"""What readers get, as HTTP wants it: tags, 304, compression, and bodies that are made once for all who ask."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property
from typing import Generic, TypeVar

from sqlalchemy import Connection
from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from confradar.deadlines.selection import Selection
from confradar.settings import Settings
from confradar.storage import database, freshness
from confradar.web import asking
from confradar.web.views import STATEMENT_SECONDS

V = TypeVar("V")
SHELF_BYTES = 32 * 1024 * 1024
KEPT = 10_000  # parts of answers, of about a kilobyte
FRESH_SECONDS = 60  # that a body may be used without asking whether it still holds
COMPRESSED_FROM = 500  # bytes; Starlette's own bound, so that nothing is compressed behind our back


@dataclass(frozen=True)
class Body:
    """An answer, the same for everybody: its bytes, their media type, and the newest instant that it shows."""

    content: bytes
    kind: str
    modified: datetime | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """By which equal bodies are known."""
        return hashlib.sha256(self.content).hexdigest()[:24]

    @cached_property
    def compressed(self) -> bytes:
        """The same bytes for the same content."""
        return gzip.compress(self.content, compresslevel=6, mtime=0)


def elsewhere(address: str) -> Body:
    """The way to another address, for good."""
    return Body(b"", "text/plain", status=301, headers={"Location": address})


class Shelf:
    """The bodies of one server that were asked for last, up to a number of bytes."""

    def __init__(self, settings: Settings, size: int = SHELF_BYTES) -> None:
        self._database, self._size, self._used = settings.readers_database, size, 0
        self._bodies: OrderedDict[tuple[object, ...], Body] = OrderedDict()
        self._lock = threading.Lock()

    def answer(
        self,
        request: Request,
        make: Callable[[Connection, datetime], Body],
        asked: Selection | None = None,
        *,
        own: Mapping[str, object] | None = None,
        minutely: bool = False,
    ) -> Response:
        """The answer to a reader's GET: a body, or 304 for one that the asker has.

        `make` reads the store, all at one moment; what it raises is not kept. The body is good for all who ask at that
        path for the same selection and the outlet's `own` parameters, until something is stored or a gate closes;
        if it shows how the time goes by, `minutely`, for that minute. Of a moment that is over, `as_of`, nothing does.
        """
        as_of = asked.as_of if asked else None
        now = as_of or asking.now(request)
        minute = f"{now:%Y-%m-%d %H:%M}" if minutely or (asked and asked.within) else ""
        with database.reading(self._database, statement_seconds=STATEMENT_SECONDS, as_of=as_of) as connection:
            closed = freshness.closed_until(connection, now=now)
            stored = freshness.version(connection)
            place = (request.scope["path"], str(asked or ""), repr(sorted((own or {}).items())), minute, stored, closed)
            body = self._find(place)
            if body is None:
                body = make(connection, now)
                since = filter(None, (body.modified, closed, freshness.changed_at(connection)))
                body = replace(body, modified=min(max(since, default=now), now))
                self._keep(place, body)
        return _answer(request, body)

    def _find(self, place: tuple[object, ...]) -> Body | None:
        with self._lock:
            body = self._bodies.get(place)
            if body is not None:
                self._bodies.move_to_end(place)
            return body

    def _keep(self, place: tuple[object, ...], body: Body) -> None:
        with self._lock:
            if place not in self._bodies:
                self._used += _bytes(place, body)
            self._bodies[place] = body
            while self._used > self._size:
                self._used -= _bytes(*self._bodies.popitem(last=False))


class Kept(Generic[V]):
    """Parts of answers that were asked for last, up to a number, each made once from what has an id in the store."""

    def __init__(self, most: int = KEPT) -> None:
        self._most, self._lock = most, threading.Lock()
        self._parts: OrderedDict[Hashable, V] = OrderedDict()

    def parts(
        self, connection: Connection, ids: Sequence[int], form: Hashable, make: Callable[[list[int]], Mapping[int, V]]
    ) -> list[V]:
        """The parts of those ids, in that form, in their order; `make` is asked for those that are missing.

        A part holds until anything is stored, as `Shelf` has it, and must not depend on the time.
        """
        version = freshness.version(connection)
        places = {one: (version, form, one) for one in ids}
        with self._lock:
            found = {one: self._parts[place] for one, place in places.items() if place in self._parts}
            for one in found:
                self._parts.move_to_end(places[one])
        if missing := [one for one in ids if one not in found]:
            made = make(missing)
            found.update(made)
            with self._lock:
                self._parts.update((places[one], part) for one, part in made.items())
                while len(self._parts) > self._most:
                    self._parts.popitem(last=False)
        return [found[one] for one in ids]


def shelf(request: Request) -> Shelf:
    """Where the answers of this server are kept."""
    found: Shelf = request.app.state.shelf
    return found


def _bytes(place: tuple[object, ...], body: Body) -> int:
    """What a body takes at most: with its compressed form, which is never larger by more than a head, and its key."""
    return 2 * len(body.content) + len(str(place)) + 1000


def _answer(request: Request, body: Body) -> Response:
    """The body as this asker can take it. Compressed it is another representation, so it has another tag."""
    headers = {"Cache-Control": f"public, max-age={FRESH_SECONDS}", **body.headers}
    if body.status != 200:
        return Response(body.content, body.status, headers, body.kind)
    packed = len(body.content) >= COMPRESSED_FROM and takes_gzip(request.headers)
    headers["ETag"] = tag = f'"{body.digest}{"-gzip" if packed else ""}"'
    if body.modified:
        headers["Last-Modified"] = format_datetime(body.modified.replace(microsecond=0), usegmt=True)
    vary = {"Vary": "Accept-Encoding"}
    if _has(request.headers, tag, body.modified):
        return Response(None, 304, headers | vary)
    if packed:
        return Response(body.compressed, 200, {**headers, **vary, "Content-Encoding": "gzip"}, body.kind)
    return Response(body.content, 200, headers, body.kind)  # `Compression` tells that it could have been another


def _has(headers: Headers, tag: str, modified: datetime | None) -> bool:
    """Whether the asker has that body. Of two ways to say so the tag is the one that counts (RFC 9110, 13.2.2)."""
    if (known := headers.get("if-none-match")) is not None:
        tags = [part.strip().removeprefix("W/") for part in known.split(",")]
        return "*" in tags or tag in tags
    try:
        since = parsedate_to_datetime(headers.get("if-modified-since", ""))
    except (ValueError, TypeError, OverflowError):
        return False
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    return modified is not None and modified.replace(microsecond=0) <= since


def takes_gzip(headers: Headers) -> bool:
    """Whether the asker takes compressed bodies: named, with a weight that is not 0."""
    for part in headers.get("accept-encoding", "").split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() == "gzip":
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class Compression(GZipMiddleware):
    """Compresses what is not compressed yet, for who takes it: `gzip;q=0` is a refusal."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and not takes_gzip(Headers(scope=scope)):
            headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            scope = {**scope, "headers": headers}
        await super().__call__(scope, receive, send)
