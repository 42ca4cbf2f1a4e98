"""What a site of the demo is asked, and what it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from confradar.demo.facts import Edition

HTML = "text/html; charset=utf-8"


class Answer(NamedTuple):
    """An HTTP answer: status, content type, body."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, eq=False)
class Shelf:
    """What a site has to show on one night, which begins at `now`."""

    editions: tuple[Edition, ...]
    now: datetime

    def on(self, site: str) -> tuple[Edition, ...]:
        """The editions that a list of the demo shows."""
        return tuple(edition for edition in self.editions if site in edition.sites)


@dataclass(frozen=True, slots=True)
class Request:
    """What a site is asked, and what it has to show.

    `target` is path and query as sent, `base` the site's own address without a closing slash, `cookie`
    the request's cookie header.
    """

    target: str
    shelf: Shelf
    base: str
    cookie: str = ""

    @property
    def path(self) -> str:
        """The path without the query, as sent."""
        return urlsplit(self.target).path

    def query(self, name: str) -> str:
        """A parameter of the address, decoded; empty if it is not there."""
        return dict(parse_qsl(urlsplit(self.target).query)).get(name, "")

    def number(self, name: str, default: int) -> int:
        """A parameter that is a small whole number, else the default."""
        text = self.query(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else default


def page(title: str, body: str) -> Answer:
    """An HTML page. `title` is escaped here, `body` is markup."""
    head = f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
    return Answer(200, HTML, f"{head}\n<body>\n{body}\n</body></html>\n".encode())


def data(value: Any) -> Answer:
    """A JSON answer."""
    return Answer(200, "application/json; charset=utf-8", json.dumps(value, ensure_ascii=False).encode())


def text(words: str) -> Answer:
    """A plain text answer."""
    return Answer(200, "text/plain; charset=utf-8", words.encode())


def missing() -> Answer:
    """There is no such page."""
    return Answer(404, HTML, b"<!DOCTYPE html>\n<title>Not Found</title><h1>Not Found</h1>\n")
