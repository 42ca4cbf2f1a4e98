"""A mail server and a webhook on loopback, which keep what they are given: as people's channels are, for real."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """The mails that came. While `closed` is set, each mail waits for `opened` before it is taken."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.asked = threading.Semaphore(0)  # how often somebody began to hand over a mail
        self.open = threading.Event()
        self.open.set()
        self.url = ""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """A mail is there; it is ours once we say so."""
        self.asked.release()
        if not self.open.is_set():
            return "451 come again"
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


class Hook:
    """What was posted to a webhook. `answer` is its status; while `open` is not set, none comes, and nothing counts."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.asked = threading.Semaphore(0)
        self.open = threading.Event()
        self.open.set()
        self.answer, self.location = 200, ""
        self.port = 0

    @property
    def url(self) -> str:
        """As apprise writes it."""
        return f"json://127.0.0.1:{self.port}/hook"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mail server until the block ends; `url` is as CONFRADAR_MAIL_URL wants it."""
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.url = f"mailto://127.0.0.1:{port}?from=radar@example.org&mode=insecure"
    try:
        yield box
    finally:
        controller.stop()


@contextmanager
def webhook() -> Iterator[Hook]:
    """A webhook until the block ends."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.asked.release()
            if not hook.open.wait(timeout=60):
                return
            if self._gone():
                return
            if hook.answer == 200:
                hook.posts.append(json.loads(body))
                hook.headers.append(dict(self.headers))
            self.send_response(hook.answer)
            if hook.location:
                self.send_header("Location", hook.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _gone(self) -> bool:
            """Whether who asked has hung up: then nothing was accepted."""
            self.connection.setblocking(False)
            try:
                return self.connection.recv(1, socket.MSG_PEEK) == b""
            except BlockingIOError:
                return False
            finally:
                self.connection.setblocking(True)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hook.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield hook
    finally:
        hook.open.set()
        server.shutdown()
        thread.join()
        server.server_close()
