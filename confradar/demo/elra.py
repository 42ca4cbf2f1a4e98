"""The site `elra` of the demo: prose below headings, as a page and as the answer of WordPress that holds the same."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import Any

from confradar.demo.answers import Answer, Request, Shelf, data, missing, page
from confradar.demo.facts import Edition

PARENT = 101
SLUG = "elra-events"
LABELS = {
    "abstract": "Abstract submission deadline",
    "submission": "Paper submission deadline",
    "notification": "Notification of acceptance",
    "camera_ready": "Camera-ready papers due",
}


def answer(request: Request) -> Answer:
    """The page of events as HTML, or the pages that WordPress knows: that one, and none below it."""
    if request.path == f"/{SLUG}/":
        article = f'<article class="page"><h1>ELRA Events</h1>{_content(request.shelf)}</article>'
        return page("ELRA Events", f"<main>{article}</main>")
    if request.path == "/wp-json/wp/v2/pages":
        asked = request.query("slug") == SLUG
        return data([_page(request)] if asked else [])
    return missing()


def _page(request: Request) -> dict[str, Any]:
    return {
        "id": PARENT,
        "link": f"{request.base}/{SLUG}/",
        "title": {"rendered": "ELRA Events"},
        "content": {"rendered": _content(request.shelf), "protected": False},
        "modified_gmt": f"{request.shelf.now:%Y-%m-%dT%H:%M:%S}",
        "parent": 0,
    }


def _content(shelf: Shelf) -> str:
    return '<div class="entry-content">\n' + "\n".join(map(_part, shelf.on("elra"))) + "\n</div>"


def _part(edition: Edition) -> str:
    days = f" from {_range(edition.starts_on, edition.ends_on)}" if edition.starts_on and edition.ends_on else ""
    link = f'<a href="{escape(edition.website, quote=True)}">{escape(edition.title)}</a>' if edition.website else ""
    due = "".join(f"<li>{_long(gate.day)}: {LABELS[gate.kind]}</li>\n" for gate in edition.gates if gate.day)
    zones = sorted({gate.zone for gate in edition.gates if gate.zone})
    note = f"<p>All deadlines are 11:59 PM {escape(', '.join(zones))}.</p>" if zones else ""
    return (
        f'<h2 class="wp-block-heading">{escape(edition.full_name)} ({escape(edition.title)})</h2>\n'
        f"<p>It takes place in {escape(edition.where)}{days}. {link}</p>\n<ul>\n{due}</ul>\n{note}"
    )


def _range(first: date, last: date) -> str:
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}-{_long(last)}"
    return f"{first.day} {first:%B} - {_long(last)}"


def _long(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
