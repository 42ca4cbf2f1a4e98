"""The spool: what a crawl found, one JSON object a line, written by its process and read by the one that started it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confradar.crawling.faults import Fault
from confradar.deadlines.listing import Listing
from confradar.errors import FieldError
from confradar.sources.base import Rejected, Trouble

CHUNK = 1 << 20


class Spool:
    """The writing end. Each line leaves before the next thing happens, so that a crash costs one at most."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def write(self, kind: str, **facts: Any) -> None:
        """Add a line: `opened`, `page`, `listing`, `rejected`, `trouble`, `failure`, `error` or `closed`.

        Where single pages are wanted, `exchange` and `link` too.
        """
        self._file.write(json.dumps({"kind": kind, **facts}, ensure_ascii=True).encode() + b"\n")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a crawl is: pages read, listings found, records rejected, bytes of pages."""

    pages: int
    listings: int
    rejected: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was sent to a site and what it answered: headers as pairs, of the body the beginning."""

    url: str
    request: tuple[tuple[str, str], ...]
    status: int
    response: tuple[tuple[str, str], ...]
    size: int
    body: str

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Exchange:
        """Read a line of the spool."""
        headers = {name: tuple((key, value) for key, value in line[name]) for name in ("request", "response")}
        return cls(**{**line, **headers})


@dataclass
class Found:
    """What a crawl has found so far. `unread` are the feeds of which something was missed.

    Of a crawl of single pages also `exchanges` and `links`: where they lead, which is not followed.
    """

    opened: bool = False
    listings: list[Listing] = field(default_factory=list)
    rejects: list[Rejected] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    failures: list[tuple[str, Fault]] = field(default_factory=list)  # (address, what was wrong)
    errors: list[str] = field(default_factory=list)
    out_of_memory: bool = False
    unread: set[str | None] = field(default_factory=set)
    statuses: Counter[str] = field(default_factory=Counter)
    pages: int = 0
    bytes: int = 0
    parsing: float = 0.0
    closed: dict[str, Any] | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    @property
    def progress(self) -> Progress:
        """The counts."""
        return Progress(self.pages, len(self.listings), len(self.rejects), self.bytes)

    def add(self, line: dict[str, Any]) -> None:
        """Take in one line of the spool."""
        kind, feed = line.pop("kind"), line.pop("feed", None)
        match kind:
            case "opened":
                self.opened = True
            case "page":
                self.pages, self.bytes = self.pages + 1, self.bytes + line["bytes"]
                self.parsing += line["parsing"]
                self.statuses[str(line["status"])] += 1
            case "listing":
                try:
                    self.listings.append(Listing.from_json(line["record"]))
                except FieldError as error:
                    self.rejects.append(Rejected(error.source, error.ref, error.field, error.found, error.wanted))
            case "exchange":
                self.exchanges.append(Exchange.from_json(line))
            case "link":
                self.links.append(line["url"])
            case "rejected":
                self.rejects.append(Rejected(**line))
            case "trouble":
                self.troubles.append(Trouble(**line))
                self.unread.add(feed)
            case "failure":
                url, status = line.pop("url"), line.pop("status")
                self.failures.append((url, Fault(**line)))
                self.statuses.update([str(status)] if status else [])
                self.unread.add(feed)
            case "error":
                self.errors.append(line["detail"])
                self.out_of_memory |= line["memory"]
                self.unread.add(feed)
            case "closed":
                self.closed = line
            case _:
                raise ValueError(f"the spool has a line of an unknown kind {kind!r}")


class Follower:
    """The reading end: follows a spool that grows. A last line without its end is never taken."""

    def __init__(self, path: Path) -> None:
        self.found = Found()
        self._file = path.open("rb")
        self._rest = b""

    def advance(self) -> bool:
        """Take in what is new; whether there was anything."""
        before = self.found.progress
        while chunk := self._file.read(CHUNK):
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self.found.add(json.loads(line))
        return self.found.progress != before

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
