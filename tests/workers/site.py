"""A small real web site on loopback, whose every answer a test decides: status, headers, body, delays, lies."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """What the site says to a request. `delay` comes before it, `drip` after each of its bytes (both in seconds).

    `length` is a Content-Length that need not be true.
    """

    body: bytes | str = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0
    drip: float = 0
    length: int | None = None


@dataclass(frozen=True)
class Asked:
    """A request that the site got, and when (seconds of the monotonic clock)."""

    path: str
    headers: Mapping[str, str]
    at: float


Route = Answer | str | Sequence[Answer] | Callable[[Asked], Answer]


class Site:
    """The site: routes by path and query. A route is an answer, its body, several answers in turn (the last one
    stays), or a function of the request. Everything else is 404; so is robots.txt, unless a route says more.
    """

    def __init__(self, routes: Mapping[str, Route] | None = None) -> None:
        self.routes: dict[str, Route] = dict(routes or {})
        self.asked: list[Asked] = []
        self.url = ""

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order, without robots.txt."""
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]

    def answer(self, asked: Asked) -> Answer:
        """The answer to a request."""
        before = sum(1 for one in self.asked if one.path == asked.path)
        self.asked.append(asked)
        route = self.routes.get(asked.path, Answer(status=404))
        if isinstance(route, str):
            return Answer(route)
        if isinstance(route, Answer):
            return route
        return route(asked) if callable(route) else route[min(before, len(route) - 1)]


@contextmanager
def serve(routes: Mapping[str, Route] | None = None, *, certificate: Path | None = None) -> Iterator[Site]:
    """Serve a site on a free port of 127.0.0.1; over TLS with the certificate (and key) of that file, if any."""
    site, over = Site(routes), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = site.answer(Asked(self.path, dict(self.headers.items()), time.monotonic()))
            body = answer.body.encode() if isinstance(answer.body, str) else answer.body
            over.wait(answer.delay)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) if answer.length is None else answer.length))
            self.end_headers()
            for start in range(0, len(body), 1 if answer.drip else max(len(body), 1)):
                self.wfile.write(body[start : start + 1] if answer.drip else body)
                if answer.drip and over.wait(answer.drip):
                    return
            self.close_connection = answer.length is not None

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that went away is part of the tests

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    site.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()
