"""The server process: a socket, uvicorn, and limits for connections that are slow or many."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from datetime import datetime

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from confradar import steps
from confradar.errors import ServerFailed
from confradar.settings import Settings
from confradar.web.app import create
from confradar.web.bounds import ADDRESS_BYTES, HEADER_BYTES

PATIENCE_SECONDS = 15  # for the next request's head, and for an answer to be taken
CONNECTIONS = 128  # of one client


class PatientProtocol(H11Protocol):
    """HTTP that does not wait for ever, and not for everybody."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, unless its client has too many already."""
        super().connection_made(transport)
        host = self.client and self.client[0]
        mine = [other for other in self.connections if getattr(other, "client", None) and other.client[0] == host]  # type: ignore[union-attr,index]
        if len(mine) > CONNECTIONS:
            transport.abort()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        if self._waiting:
            self._waiting.cancel()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._wait()

    def _wait(self) -> None:
        if self._waiting:
            self._waiting.cancel()
        self._waiting = self.loop.call_later(PATIENCE_SECONDS, self._leave)

    def _leave(self) -> None:
        if self.cycle is None or self.cycle.response_complete:  # a request under way has its own limit
            self.transport.abort()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one. Raises ServerFailed if it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=512)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]  # where Python repeats the address
        raise ServerFailed(f"{host}:{port} cannot be used ({reason}). Choose another --port.") from error


def server(settings: Settings, *, now: Callable[[], datetime] = steps.now_utc) -> uvicorn.Server:
    """The server of these settings; what readers see is of `now`.

    Its `run(sockets=[...])` answers until the process is told to end.
    """
    config = uvicorn.Config(
        create(settings, now=now),
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        proxy_headers=False,  # they would replace the address by which we judge
        server_header=False,
        h11_max_incomplete_event_size=ADDRESS_BYTES + HEADER_BYTES,
        timeout_graceful_shutdown=5,
        log_config=None,
    )
    return uvicorn.Server(config)
