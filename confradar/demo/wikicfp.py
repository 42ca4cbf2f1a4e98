"""The site `wikicfp` of the demo: categories, twenty events a page, and a page for each event. Days only, no zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from html import escape
from urllib.parse import quote

from confradar.demo.answers import HTML, Answer, Request, Shelf, missing
from confradar.demo.facts import Edition

PER_PAGE = 20
WIDTH = 40  # the list cuts places, the event's page does not
MOST_PAGES = 20  # longer lists get longer pages: from there on the site repeats itself
AREAS = {  # where the codes of the facts belong; other topics are called as their category
    "computer science": {"CT", "DS", "MX", "NW", "SC"},
    "artificial intelligence": {"AI"},
    "machine learning": {"AI"},
    "computer vision": {"CG"},
    "data mining": {"DB"},
    "information retrieval": {"DB"},
    "human computer interaction": {"HI"},
    "software engineering": {"SE"},
}
ROWS = (  # in the order of the event's page
    ("abstract", "Abstract Registration Due"),
    ("submission", "Submission Deadline"),
    ("notification", "Notification Due"),
    ("camera_ready", "Final Version Due"),
)
EVENT = "/cfp/servlet/event.showcfp"


def answer(request: Request) -> Answer:
    """A category's page, an event's page, or the way to the categories."""
    if request.path == "/cfp/call":
        return _category(request)
    if request.path == EVENT:
        found = _by_number(request.shelf).get(request.number("eventid", 0))
        return _event(found) if found else _page("WikiCFP", "<h3>This item has been deleted.</h3>")
    if request.path in ("/", "/cfp/", "/cfp/home", "/cfp/allcat"):
        links = "<br>".join(f'<a href="/cfp/call?conference={quote(name)}">{escape(name)}</a>' for name in AREAS)
        return _page("WikiCFP : Call For Papers of Conferences, Workshops and Journals", links)
    return missing()


@lru_cache(maxsize=8)
def _by_number(shelf: Shelf) -> dict[int, Edition]:
    return {edition.event: edition for edition in shelf.on("wikicfp")}


@lru_cache(maxsize=64)
def _ordered(shelf: Shelf, category: str) -> tuple[tuple[Edition, ...], int]:
    """A category's calls, and how many are open: those first, the next deadline first; then the last expired ones."""
    topics = AREAS.get(category, set()) | {category.replace(" ", "-")}
    shown = (edition for edition in shelf.on("wikicfp") if topics.intersection(edition.topics))
    dated = sorted(((_due(edition), edition) for edition in shown), key=lambda pair: (pair[0], pair[1].title))
    opened = [edition for due, edition in dated if due >= shelf.now.date()]
    return (*opened, *(edition for due, edition in reversed(dated) if due < shelf.now.date())), len(opened)


def _category(request: Request) -> Answer:
    category = request.query("conference")
    editions, opened = _ordered(request.shelf, category)
    per_page = max(PER_PAGE, -(-len(editions) // MOST_PAGES))
    last = max(1, -(-len(editions) // per_page))
    number = min(max(request.number("page", 1), 1), last)  # the site goes on answering with its last page
    start = (number - 1) * per_page
    rows = "".join(_rows(editions[start : start + per_page], start, opened))
    head = '<td> Event </td><td> When </td><td> Where </td><td> Deadline</td><td><input type="checkbox"></td>'
    address = f"/cfp/call?conference={quote(category)}&amp;page="
    pager = " | ".join(
        (
            f'<a href="{address}1">first</a>',
            f'<a href="{address}{number - 1}">previous</a>' if number > 1 else '<span class="vague">previous</span>',
            f"Page {number}",
            f'<a href="{address}{number + 1}">next</a>' if number < last else '<span class="vague">next</span>',
            f'<a href="{address}{last}">last</a>',
        )
    )
    body = (
        f'<form name="myform" method="get" action=""><h2>{escape(category.title())}</h2>\n'
        '<span class="vague">(ordered by deadline)</span>\n'
        '<table cellpadding="3" cellspacing="1" align="center" width="100%">\n'
        f'<tr align="center" bgcolor="#bbbbbb">{head}</tr>{rows}</table>\n'
        f'<table cellpadding="2" cellspacing="2"><tr><td>{pager}</td>'
        f"<td>Total of {len(editions)} CFPs in {last} pages</td></tr></table></form>"
    )
    return _page(f"{category.title()} Call For Papers for Conferences, Workshops and Journals at WikiCFP", body)


def _rows(editions: tuple[Edition, ...], start: int, opened: int) -> Iterator[str]:
    for place, edition in enumerate(editions, start):
        if place == opened or (place == start and start > opened):
            yield '<tr bgcolor="#d0d0d0"><td colspan="5" align="center">Expired CFPs</td></tr>'
        colour = "#e6e6e6" if place % 2 else "#f6f6f6"
        abstract, due = edition.gate("abstract"), edition.gate("submission")
        deadline = _day(due.day) if due else "N/A"
        if abstract and abstract.day:
            deadline += f" ({_day(abstract.day)})"
        yield (
            f'<tr bgcolor="{colour}">\n<td rowspan="2" align="left"><a href="{EVENT}?eventid={edition.event}&amp;'
            f'copyownerid=1">{escape(edition.title)}</a></td>\n<td align="left" colspan="3">'
            f'{escape(edition.full_name)}</td><td align="center" rowspan="2"><input type="checkbox" '
            f'name="eventid_{edition.event}"></td>\n</tr>\n<tr bgcolor="{colour}">\n<td align="left">{_when(edition)}'
            f'</td>\n<td align="left">{escape(edition.where[:WIDTH]) or "N/A"}</td>\n<td align="left">{deadline}</td>'
            "\n</tr>\n"
        )


def _event(edition: Edition) -> Answer:
    title = f"{edition.title} : {edition.full_name}"
    days = "".join(
        f'<span property="v:{name}" content="{day}T{hour}"></span>'
        for name, day, hour in (
            ("startDate", edition.starts_on, "00:00:00"),
            ("endDate", edition.ends_on, "23:59:59"),
        )
        if day
    )
    rows = [("When", _when(edition)), ("Where", escape(edition.where) or "N/A")]
    for kind, label in ROWS:
        if gate := edition.gate(kind):
            mark = f'<span typeof="v:Event"><span property="v:summary" content="{label}"></span>'
            day = f'<span property="v:startDate" content="{gate.day}T00:00:00">{_day(gate.day)}</span>'
            rows.append((label, f"{mark}{day}</span>" if gate.day else _day(gate.day)))
    table = "".join(f'<tr><th>{label}</th>\n<td align="center">{value}</td></tr>\n' for label, value in rows)
    link = escape(edition.website, quote=True)
    body = (
        '<h2><span xmlns:v="http://rdf.data-vocabulary.org/#" typeof="v:Event">'
        f'<span property="v:summary" content="{escape(edition.title, quote=True)}"></span>'
        f'<span property="v:eventType" content="Conference"></span>{days}'
        '<span rel="v:location"><span typeof="v:Address"><span property="v:locality" '
        f'content="{escape(edition.where, quote=True)}"></span></span></span>'
        f'<span property="v:description"> {escape(title)}</span></span></h2>\n'
        f'<table><tr><td align="center">Link: <a href="{link}" target="_newtab">{link}</a></td></tr></table>\n'
        f'<table class="gglu" cellpadding="3" cellspacing="1">{table}</table>\n'
        '<table class="gglu"><tr><td><h5><a href="/cfp/allcat">Categories</a> &nbsp;&nbsp; '
        '<a href="../call?conference=computer science">computer science</a></h5></td></tr></table>\n'
        '<h3>Call For Papers</h3><div class="cfp" align="left">This page belongs to a demo.</div>'
    )
    return _page(title, body)


def _page(title: str, body: str) -> Answer:
    words = escape(title, quote=True)
    return Answer(
        200,
        HTML,
        (
            '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">\n'
            f"<html>\n<head><title>{words}</title>\n"
            '<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">\n'
            f'<meta name="description" content="{words}">\n<meta name="ROBOTS" content="INDEX,NOFOLLOW">\n</head>\n'
            '<body bgcolor="#ffffee">\n<div class="navsec"><a class="nav" href="/cfp/home">Home</a>\n'
            '<a class="nav" href="/cfp/allcat">Categories</a></div>\n'
            f'<div class="contsec"><center>\n{body}\n</center></div>\n<div class="footer">A page of the demo</div>\n'
            "</body></html>\n"
        ).encode(),
    )


def _due(edition: Edition) -> date:
    gate = edition.gate("submission")
    return (gate and gate.day) or date.max


def _when(edition: Edition) -> str:
    if edition.starts_on and edition.ends_on:
        return f"{_day(edition.starts_on)} - {_day(edition.ends_on)}"
    return "N/A"


def _day(day: date | None) -> str:
    return f"{day:%b} {day.day}, {day.year}" if day else "TBD"
