"""Hands messages to the process that speaks to the channels, and bounds what a channel may take of our time."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from confradar.notify.channels import MAIL

STARTING = 60  # seconds in which it must be ready: it loads all channels
SECONDS = 15  # that a channel may take for one message
# All that the process gets of our environment: it speaks to strangers, and has no business with our secrets.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "PYTHONTZPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "CONFRADAR_DATA_DIR")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass
class Sender:
    """Sends while it is open. `private` lets messages go to addresses that are not of the public internet.

    The mail server of `mail_url` is the operator's own choice: it may be anywhere.
    """

    mail_url: str = ""
    private: bool = False
    use_proxy: bool = False
    seconds: float = SECONDS
    _process: subprocess.Popen[str] | None = field(default=None, init=False)

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def send(self, address: str, subject: str, body: str, *, headers: dict[str, str] | None = None) -> str | None:
        """Send a message; returns None once the channel has taken it, else why it has not. Never raises for a channel.

        A channel that hangs is cut off, and its message counts as not taken.
        """
        asked = {
            "written": address,
            "subject": subject,
            "body": body,
            "mail_url": self.mail_url,
            "headers": headers or {},
            "everywhere": self.private or bool(MAIL.fullmatch(address)),
        }
        process = self._process or self._start()
        if process is None:
            return "the process that speaks to the channels did not start"
        answer = self._ask(process, f"{json.dumps(asked)}\n", self.seconds)
        if answer is None:
            self._end()
            return f"the channel gave no answer within {self.seconds:g} seconds"
        error: str | None = answer["error"]
        return error

    def _start(self) -> subprocess.Popen[str] | None:
        names = (*KEPT, *(PROXIES if self.use_proxy else ()))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "confradar.notify", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={name: os.environ[name] for name in names if name in os.environ},
        )
        if self._ask(self._process, "", STARTING) is None:
            self._end()
        return self._process

    def _ask(self, process: subprocess.Popen[str], line: str, seconds: float) -> dict[str, Any] | None:
        """Its answer to a line; None if there is none in time."""
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("started with pipes")
        try:
            process.stdin.write(line)
            process.stdin.flush()
        except OSError:  # it has ended
            return None
        waiting = select.poll()
        waiting.register(process.stdout, select.POLLIN)
        if not waiting.poll(seconds * 1000):
            return None
        answer = process.stdout.readline()
        return json.loads(answer) if answer else None

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
