"""The five sites of the demo behind a front that can hold, spoil and count what is asked."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from threading import Event
from typing import NamedTuple

from confradar.demo import sites


class Asked(NamedTuple):
    """One request: the path with its query, and when it came (monotonic seconds)."""

    path: str
    at: float


class Front(sites.Sites):
    """The staged sites, with what a fault needs: pages that wait, and answers of one's own by source."""

    def __init__(self) -> None:
        super().__init__(1, "127.0.0.1", None)
        for server in self._servers.values():
            server.RequestHandlerClass = _Answering
        self.asked: defaultdict[str, list[Asked]] = defaultdict(list)
        self.answers: dict[str, Callable[[sites._Handler], None]] = {}
        self.waiting: Counter[str] = Counter()
        self._held: dict[str, tuple[int, Event]] = {}

    def hold(self, source: str, after: int = 1) -> None:
        """From now on let every page of a source wait that comes behind so many others, until `release`."""
        self._held[source] = (len(self.asked[source]) + after, Event())

    def release(self, source: str) -> None:
        """Answer what waits."""
        if source in self._held:
            self._held.pop(source)[1].set()

    def reset(self) -> None:
        """No fault any more, nothing counted."""
        for source in [*self._held]:
            self.release(source)
        self.answers.clear()
        self.asked.clear()
        self.waiting.clear()

    def take(self, source: str, path: str) -> None:
        """Count a request, and wait if it is held."""
        if path == "/robots.txt":
            return
        self.asked[source].append(Asked(path, time.monotonic()))
        if source in self._held and len(self.asked[source]) > self._held[source][0]:
            self.waiting[source] += 1  # also those whose reader has died meanwhile
            self._held[source][1].wait(60)


class _Answering(sites._Handler):
    def do_GET(self) -> None:  # noqa: N802 - the library's name
        front, source = self.server.sites, self.server.source
        assert isinstance(front, Front)
        front.take(source, self.path)
        if own := front.answers.get(source):
            own(self)
        else:
            super().do_GET()
