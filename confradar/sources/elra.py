"""The European Language Resources Association: the events page of its WordPress site, above all LREC."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from parsel import Selector

from confradar.deadlines.listing import EntryType, Listing
from confradar.errors import FieldError
from confradar.sources.base import (
    Feed,
    Follow,
    Found,
    Page,
    Politeness,
    Rejected,
    Source,
    Trouble,
    each,
    is_web,
    split_address,
)
from confradar.sources.days import YEAR, day_range
from confradar.sources.gates import written_dates
from confradar.sources.markdown import from_html, links, plain, unstrike, words

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
PLACE_MAX = 120

CONFERENCES = ("LREC-COLING", "LREC")
SERIES = (
    *CONFERENCES, "SIGUL", "SLTU", "CCURL", "BUCC", "LT4HALA", "ParlaCLARIN", "OSACT", "RAIL", "SignLang",
    "WILDRE", "UDW", "CL4Health", "CHiPSAL", "NSLP", "PoliticalNLP", "NLPerspectives",
)  # fmt: skip
_EDITION = re.compile(rf"(?<![\w-])(?P<series>{'|'.join(SERIES)})\b(?:[ -]{{0,2}}(?P<year>{YEAR}))?(?!\d)")
_EVENT = re.compile(r"\b(?:conference|workshop|symposium|summit|meeting|school|seminar)\b", re.IGNORECASE)
_FULL_NAME = re.compile(
    r"\b(?:[A-Z][a-z]+ )?(?:International )?"
    r"(?:Language Resources and Evaluation Conference|Conference on Language Resources and Evaluation)\b"
)
_HELD = re.compile(
    r"\b(?:held|takes? place|took place|hosted|organi[sz]ed|location|venue|place)\b\W{0,3}(?:(?:at|in)\s)?", re.I
)
_PLACE_END = re.compile(r"\s(?:from|on|between|and will|is)\b|,?\s(?:\d|[A-Z][a-z]{2,8} \d)|[.;:|\n]|$")
_AROUND = frozenset({"nav", "header", "footer", "aside", "form", "time", "button"})


@dataclass
class Part:
    """A stretch of the page that speaks of one event: its heading, how deep that is, and the lines below."""

    heading: str
    level: int
    edition: tuple[str, int] | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All the words, line by line, without link addresses."""
        return "\n".join(plain(line) for line in [self.heading, *self.lines])


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
    found = list(_events([f"# {title}", *lines], page, url))
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


def _events(lines: list[str], page: Page, url: str) -> Iterator[Found]:
    events: dict[str, list[Part]] = {}
    for part in _parts(lines):
        if name := _name(part):
            events.setdefault("-".join(re.findall(r"\w+", name.casefold())), []).append(part)
    yield from each(
        events.items(),
        lambda event: _listing(event[0], event[1], page, url),
        source=SOURCE.name,
        ref=lambda event: event[0],
    )


def _parts(lines: list[str]) -> Iterator[Part]:
    """The page cut at its headings. Deeper headings belong to the event above them, unless they name another.

    Below a heading that names no edition, each line that names one begins a part of its own.
    """
    part = Part("", 0)
    for line in lines:
        marks = len(line) - len(line.lstrip("#"))
        words = line.lstrip("# ")
        editions = _editions(words)
        edition = editions[0] if editions else None
        if marks:
            inside = marks > part.level and part.edition is not None and edition in (None, part.edition)
            starts = not inside
        else:
            starts = edition is not None and edition != part.edition and _edition(part.heading) is None
        if starts:
            yield part
            part = Part(words if marks else "", marks or part.level, edition, [] if marks else [line])
        elif not editions or part.edition in (None, *editions):  # other lines speak of other editions
            part.lines.append(words if marks else line)
    yield part


def _editions(text: str) -> list[tuple[str, int]]:
    """The editions that a text names, as (series, year). The year may stand in the days of the event."""
    words = plain(text)
    named = [(match["series"], int(match["year"])) for match in _EDITION.finditer(words) if match["year"]]
    series, days = _EDITION.search(words), day_range(words)
    return named or ([(series["series"], days[0].year)] if series and days else [])


def _edition(text: str) -> tuple[str, int] | None:
    return next(iter(_editions(text)), None)


def _name(part: Part) -> str | None:
    """`LREC 2026`, or the heading of another event that has days; None if the part is about no event."""
    edition = part.edition or _edition(part.text)
    if edition:
        return f"{edition[0]} {edition[1]}"
    return plain(part.heading) if _EVENT.search(part.heading) and day_range(part.text) else None


def _listing(ref: str, parts: list[Part], page: Page, url: str) -> Listing:
    """One event from all the parts of a page that speak of it. Raises FieldError."""
    name = _name(parts[0]) or ""
    edition = parts[0].edition or _edition(parts[0].text)
    text = "\n".join(part.text for part in parts)
    days = _days(text, edition[1] if edition else None)
    year = edition[1] if edition else (days[0].year if days else None)
    if year is None:
        raise FieldError("year", repr(name)[:80], "a year in the name or in the days", ref=ref[:80])
    gates = [gate for part in parts for gate in written_dates(part.lines, context=plain(part.heading))]
    full_name = _FULL_NAME.search(text)
    return Listing(
        source=SOURCE.name, feed=page.feed, ref=ref, url=url, title=name, year=year,
        type=_type(name, edition[0] if edition else None),
        acronym=edition[0] if edition else None, full_name=full_name[0] if full_name else None,
        website=_website(parts, edition, page), place=_place(text),
        starts_on=days[0] if days else None, ends_on=days[1] if days else None,
        dates=tuple({gate.gate: gate for gate in reversed(gates)}.values())[::-1],
        retrieved_at=page.retrieved_at,
    )  # fmt: skip


def _days(text: str, year: int | None) -> tuple[date, date] | None:
    """The first days of that year: a text may speak of the edition before as well."""
    ranges = (day_range(unstrike(line)[0]) for line in text.split("\n"))
    return next((days for days in ranges if days and year in (None, days[0].year)), None)


def _type(name: str, series: str | None) -> EntryType:
    if series in CONFERENCES or (series is None and "workshop" not in name.casefold()):
        return EntryType.CONFERENCE
    return EntryType.WORKSHOP


def _place(text: str) -> str | None:
    """What follows "held in", "takes place in", "Venue:", up to the days or the end of the sentence."""
    for held in _HELD.finditer(text):
        end = _PLACE_END.search(text, held.end(), held.end() + PLACE_MAX)
        place = text[held.end() : end.start() if end else held.end()].strip(" ,")
        if place[:1].isupper() and len(place) < PLACE_MAX:
            return place
    return None


def _website(parts: list[Part], edition: tuple[str, int] | None, page: Page) -> str | None:
    """The link out of the site whose words or host name the same series and year."""
    if edition is None:
        return None
    for said, address in (link for part in parts for line in [part.heading, *part.lines] for link in links(line)):
        host = split_address(address).hostname or ""
        outside = is_web(address) and host != split_address(page.url).hostname
        named = f"{said} {host}".casefold()
        if outside and edition[0].casefold() in named and str(edition[1]) in named:
            return address
    return None
