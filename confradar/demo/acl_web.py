"""The site `acl_web` of the demo: the portal's list and event pages with days only, and ACL Rolling Review's dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from html import escape

from confradar.demo.answers import HTML, Answer, Request, Shelf, missing, page, text
from confradar.demo.facts import Edition, Gate

PORTAL = "/portal/acl_sponsored_events"
PER_PAGE = 50
MOST_PAGES = 20  # longer lists get longer pages: nobody would page further
KEY = "humans_21909=1"
COLUMNS = {
    "title": "Title",
    "field-event-location": "Location",
    "field-event-city": "City",
    "field-event-country": "Country",
    "field-event-submission-deadline": "Submission Deadline",
    "field-event-date": "Event Dates",
}
HEADER = (
    *("---", "layout: page", 'title: "Dates and Venues"', "permalink: /dates", "---", "", "## Reviewing Schedule", ""),
    *("| Cycle | Submission | Reviewer registration | Cycle End |", "| :---: | :---: | :---: | :---: |"),
)
VENUES = (
    *("", "## Submission to Participating Venues", ""),
    *("| Venue | Final ARR Submission Date | Commitment Date |", "| :---: | :---: | :---: |"),
)
PAST = ("", "## Past Venues that Accepted ARR Submissions", "", "- [EMNLP 2021](https://2021.emnlp.org/)", "")
GATE = f'<html><head><script>document.cookie = "{KEY}"; document.location.reload(true);</script></head></html>'


def answer(request: Request) -> Answer:
    """The portal wants the cookie of its host; the Rolling Review's page does not."""
    if request.path == "/acl-org/aclrollingreview/main/dates.md":
        return text("\n".join(_rolling_review(request.shelf)))
    if not request.path.startswith("/portal/"):
        return missing()
    if KEY not in request.cookie:
        return Answer(409, HTML, GATE.encode())
    if request.path in (PORTAL, "/portal/events"):
        return _list(request)
    found = _by_slug(request.shelf).get(request.path.removeprefix("/portal/content/"))
    return _event(found) if found else missing()


@lru_cache(maxsize=8)
def _by_slug(shelf: Shelf) -> dict[str, Edition]:
    return {_slug(edition): edition for edition in shelf.on("portal")}


def _slug(edition: Edition) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", _title(edition).casefold()))


def _title(edition: Edition) -> str:
    return edition.title if edition.full_name == edition.acronym else f"{edition.full_name} ({edition.title})"


def _list(request: Request) -> Answer:
    shown = tuple(_by_slug(request.shelf).items())
    number, per_page = request.number("page", 0), max(PER_PAGE, -(-len(shown) // MOST_PAGES))
    heads = "".join(f'<th class="views-field views-field-{name}">{head}</th>' for name, head in COLUMNS.items())
    rows = "".join(
        f'<tr class="{"even" if place % 2 else "odd"}">{_cells(slug, edition)}</tr>\n'
        for place, (slug, edition) in enumerate(shown[number * per_page : (number + 1) * per_page])
    )
    more = (number + 1) * per_page < len(shown)
    pager = f'<ul class="pager"><li class="pager-next"><a href="{request.path}?page={number + 1}">next ›</a></li></ul>'
    return page(
        "ACL Sponsored Events | ACL Member Portal",
        '<div class="view view-acl-sponsored-events"><div class="view-content">\n'
        f'<table class="views-table cols-6"><thead><tr>{heads}</tr></thead>\n<tbody>{rows}</tbody></table>\n'
        f"{pager if more else ''}</div></div>",
    )


def _cells(slug: str, edition: Edition) -> str:
    due = edition.gate("submission")
    values = (
        f'<a href="/portal/content/{slug}">{escape(_title(edition))}</a>',
        escape(edition.venue),
        escape(edition.city),
        escape(edition.country),
        f'<span class="date-display-single">{_day(due.day)}</span>' if due and due.day else "",
        _range(edition),
    )
    return "".join(
        f'<td class="views-field views-field-{name}">{value}</td>' for name, value in zip(COLUMNS, values, strict=True)
    )


def _range(edition: Edition) -> str:
    if not (edition.starts_on and edition.ends_on):
        return ""
    first, last = _day(edition.starts_on), _day(edition.ends_on)
    return (
        f'<span class="date-display-range"><span class="date-display-start">{first}</span> to '
        f'<span class="date-display-end">{last}</span></span>'
    )


def _event(edition: Edition) -> Answer:
    due = edition.gate("submission")
    fields = (
        ("Event Notification Type", "Call for Papers"),
        ("Abbreviated Title", edition.title),
        ("Location", edition.venue),
        ("Event Dates", _long_range(edition)),
        ("City", edition.city),
        ("Country", edition.country),
        ("Submission Deadline", _long(due.day) if due and due.day else ""),
        ("Website", edition.website),
    )
    body = "".join(
        f'<div class="field"><div class="field-label">{label}:&nbsp;</div><div class="field-items">'
        f'<div class="field-item">{escape(value)}</div></div></div>\n'
        for label, value in fields
        if value
    )
    return page(f"{_title(edition)} | ACL Member Portal", f"<h1>{escape(_title(edition))}</h1>\n{body}")


def _long_range(edition: Edition) -> str:
    if not (edition.starts_on and edition.ends_on):
        return ""
    return f"{_long(edition.starts_on)} to {_long(edition.ends_on)}"


def _rolling_review(shelf: Shelf) -> Iterator[str]:
    shown = shelf.on("rolling_review")
    yield from HEADER
    for edition in shown:
        if edition.type == "other":
            yield _row(edition.full_name, (_short(gate) for gate in edition.gates))
    yield from VENUES
    for edition in shown:
        if edition.type == "conference":
            gates = (edition.gate("submission"), edition.gate("commitment"))
            yield _row(f"[{edition.title}]({edition.website})", (_written(gate) for gate in gates))
    yield from PAST


def _row(name: str, values: Iterator[str]) -> str:
    return f"| {' | '.join((name, *values))} |"


def _written(gate: Gate | None) -> str:
    return f"{gate.day:%B} {gate.day.day}, {gate.day.year}" if gate and gate.day else "TBA"


def _short(gate: Gate) -> str:
    return f"{gate.day:%B} {gate.day.day}" if gate.day else "TBA"


def _day(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


def _long(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"
