"""The five sites on loopback, each on a port of its own, and the settings that point a stack at them."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Thread
from typing import Any

from confradar.demo import render
from confradar.demo.facts import NIGHTS, begin

__all__ = ["NIGHTS", "Sites", "serve"]

LISTS = {
    "acl_web": ("portal", "rolling_review"),
    "ai_deadlines": ("huggingface", "cards"),
    "chairing_tool": ("chairing_tool",),
    "elra": ("elra",),
    "wikicfp": ("wikicfp",),
}


class Sites:
    """The running sites. `urls` are their addresses by source; `night` (1 to 3) may be set at any time."""

    def __init__(self, night: int, host: str, events: int | None) -> None:
        self.events = events
        self.night = night
        self._servers = {source: _Server((host, 0), _Handler) for source in render.SITES}
        for source, server in self._servers.items():
            server.source, server.sites = source, self
        self._threads = [
            Thread(target=server.serve_forever, args=(0.05,), name=f"demo {source}", daemon=True)
            for source, server in self._servers.items()
        ]
        self.urls: Mapping[str, str] = {
            source: f"http://{host}:{server.server_port}" for source, server in self._servers.items()
        }

    @property
    def night(self) -> int:
        """The night that the sites show: 1, 2 or 3."""
        return self._night

    @night.setter
    def night(self, night: int) -> None:
        begin(night)
        self._night = night

    def environment(self) -> dict[str, str]:
        """The settings under which any part of ConfRadar crawls these sites, at once and without rest."""
        settings = {"CONFRADAR_ALLOW_PRIVATE_HOSTS": "true", "CONFRADAR_AUTOTHROTTLE": "false"}
        for source, url in self.urls.items():
            name = f"CONFRADAR_SOURCE_{source.upper()}"
            fewest, most = self._listings(source)
            settings |= {f"{name}_URL": url, f"{name}_DELAY": "0"}
            settings |= {
                f"{name}_EXPECTED": f"{fewest // 2}-{2 * most + 50}",
                f"{name}_FLOOR": str(max(fewest // 2, 1)),
            }
            if self.events:
                room = str(2 * self.events + 100)
                settings |= {f"{name}_MAX_PAGES": room, f"{name}_MAX_ITEMS": room, f"{name}_MAX_DEPTH": "30"}
        return settings

    def _listings(self, source: str) -> tuple[int, int]:
        """The smallest and the greatest number of entries that a source's lists show on any night."""
        if self.events is not None:
            return self.events, self.events
        shelves = [render.shelf(source, night) for night in range(1, len(NIGHTS) + 1)]
        counts = [sum(len(shelf.on(site)) for site in LISTS[source]) for shelf in shelves]
        return min(counts), max(counts)

    def start(self) -> None:
        """Answer from now on, in threads that end with the process."""
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Return when the sites no longer answer."""
        for thread in self._threads:
            thread.join()

    def stop(self) -> None:
        """Stop answering and give the ports back."""
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
        self.wait()


@contextlib.contextmanager
def serve(night: int = 1, host: str = "127.0.0.1", *, events: int | None = None) -> Iterator[Sites]:
    """Run the five sites until the block ends, each on a free port of `host`.

    With `events` each source shows that many invented conferences instead of the true ones.
    """
    sites = Sites(night, host, events)
    sites.start()
    try:
        yield sites
    finally:
        sites.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    source: str
    sites: Sites

    def server_bind(self) -> None:
        """Bind without asking a name server for the machine's own name, as the library does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that goes away in the middle, as a crawl that is ended, is nothing to report."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10  # seconds of silence after which a connection is closed
    wbufsize = -1  # head and body leave together: apart, each answer would wait 40 ms for the reader's kernel
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        server = self.server
        status, content_type, body = render.respond(
            server.source,
            self.path,
            night=server.sites.night,
            base=server.sites.urls[server.source],
            cookie=self.headers.get("Cookie", ""),
            events=server.sites.events,
        )
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if status == 200 and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any, **__: Any) -> None:
        """Say nothing: the crawler's own log tells what was fetched."""
