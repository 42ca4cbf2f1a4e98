"""The European Language Resources Association: the events page of its WordPress site, above all LREC."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from parsel import Selector

from confradar.sources import elra_events
from confradar.sources.base import (
    Feed,
    Follow,
    Found,
    Page,
    Politeness,
    Rejected,
    Source,
    Trouble,
    split_address,
)
from confradar.sources.markdown import from_html, plain, words

FIELDS = "_fields=id,link,slug,title,content,modified_gmt,parent"

SOURCE = Source(
    name="elra",
    home="https://elra.info/",
    base="https://www.elra.info",
    feeds=(
        Feed(
            "events",
            f"/wp-json/wp/v2/pages?slug=elra-events&{FIELDS}",
            "WordPress gives the text of its pages as data; where it refuses, /elra-events/ itself is read",
        ),
        Feed("page", "/elra-events/", "for a robots.txt that bars the data", enabled=False),
    ),
    expected_listings=range(1, 80),
    politeness=Politeness(seconds_between_requests=2, max_pages=25),
    accepted_statuses=(401, 403, 404),
)

PAGE = "/elra-events/"
SHORT = 500  # letters; a longer text without an event means that it was not understood
MOST_CHILDREN = 20
LISTS_FIRST = 10

_AROUND = frozenset({"nav", "header", "footer", "aside", "form", "time", "button"})


def parse(page: Page) -> Iterator[Found]:
    """Read the site's own data if the page is that, else the page itself, as HTML."""
    if split_address(page.url).path.startswith("/wp-json/"):
        yield from _from_data(page)
    elif page.status != 200:
        yield Trouble("broken", f"{page.url[:200]} answers {page.status}", fatal=not _is_child(page.url))
    else:
        yield from _from_page(page)


def _from_data(page: Page) -> Iterator[Found]:
    records, below = _records(page), page.query("parent") is not None
    if records is None and below:
        yield Trouble("broken", f"the site does not give the pages below {PAGE} (status {page.status})")
    if not records and not below:
        yield Follow(page.join(PAGE), page.feed, LISTS_FIRST)
    for record in records or ():
        lines = from_html(Selector(text=_rendered(record, "content") or "<p></p>", type="html"))
        address = page.join(str(record.get("link") or PAGE))
        same_site = split_address(address).netloc == split_address(page.url).netloc
        title = " ".join(from_html(Selector(text=f"<p>{_rendered(record, 'title')}</p>", type="html")))
        yield from _read(title, lines, page, address if same_site else page.url, child=below, more=True)
        if not below and isinstance(record.get("id"), int):
            children = f"/wp-json/wp/v2/pages?parent={record['id']}&per_page=100&{FIELDS}"
            yield Follow(page.join(children), page.feed, LISTS_FIRST)


def _records(page: Page) -> list[dict[str, Any]] | None:
    """The pages in an answer; None if the site refuses, or answers with something else than its data."""
    try:
        answer = json.loads(page.text) if page.status == 200 else None
    except (ValueError, RecursionError):
        return None
    return [record for record in answer if isinstance(record, dict)] if isinstance(answer, list) else None


def _rendered(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    return str(value.get("rendered") or "") if isinstance(value, dict) else ""


def _from_page(page: Page) -> Iterator[Found]:
    body = page.html.css(".entry-content") or page.html.css("main, [role=main]") or page.html.css("body")
    lines = from_html(body[0], leave_out=_AROUND) if body else []
    children = _children(page)
    yield from (Follow(child, page.feed) for child in children)
    title = words(*page.html.css("h1"))
    yield from _read(title, lines, page, page.url, child=_is_child(page.url), more=bool(children))


def _read(title: str, lines: list[str], page: Page, url: str, *, child: bool, more: bool) -> Iterator[Found]:
    """The events of one page. `more`: pages below it are read as well, and may hold the events instead."""
    found = list(elra_events.read([f"# {title}", *lines], page, url, SOURCE.name))
    letters = sum(letter.isalpha() for line in lines for letter in plain(line))
    yield from found
    if not found and child:
        yield Rejected(SOURCE.name, url[:80], "event", repr(title)[:80], f"an event on a page below {PAGE}")
    elif not found and (letters > SHORT or not more):
        yield Trouble("broken", f"no event in {letters} letters of text", fatal=not more)


def _is_child(url: str) -> bool:
    return split_address(url).path.startswith(PAGE) and split_address(url).path != PAGE


def _children(page: Page) -> list[str]:
    """The pages below the events page; only from there, and only on this site."""
    here = split_address(page.url)
    found = [page.join(href).partition("#")[0].partition("?")[0] for href in page.html.css("a::attr(href)").getall()]
    below = (link for link in found if split_address(link).netloc == here.netloc and _is_child(link))
    return list(dict.fromkeys(below))[:MOST_CHILDREN] if here.path == PAGE else []
