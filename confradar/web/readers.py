"""The readers' pages: what is coming, a conference, what moved, a month, and from where it comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from confradar.errors import SelectionError
from confradar.settings import Settings
from confradar.storage import database
from confradar.web import asked, asking, changes, conference, months, origins, radar
from confradar.web.pages import Pages
from confradar.web.views import STATEMENT_SECONDS

router = APIRouter(include_in_schema=False)


@contextmanager
def _reading(request: Request) -> Iterator[Connection]:
    settings: Settings = request.app.state.settings
    with database.reading(settings.readers_database, statement_seconds=STATEMENT_SECONDS) as connection:
        yield connection


@router.get("/")
def coming(request: Request) -> Response:
    """The radar: the deadlines of a selection, coming ones, soonest first, if nothing else is asked for."""
    view, _ = asked.view(request)
    if asked.untidy(request):
        return RedirectResponse(view.address(), 303)
    pages: Pages = request.app.state.pages
    now = asking.now(request)
    with _reading(request) as connection:
        shown = radar.radar(connection, view, now=now, report=request.app.state.settings.report_url)
    return pages.page(request, "radar.html", view=view, now=now, **shown)


@router.get("/conferences/{slug}")
def one_conference(request: Request, slug: Annotated[str, Path(max_length=200)]) -> Response:
    """All about a conference; the slug of one that was merged into another leads there."""
    view, _ = asked.bare(request)
    pages: Pages = request.app.state.pages
    now = asking.now(request)
    with _reading(request) as connection:
        shown = conference.conference(
            connection, slug.lower(), view, now=now, report=request.app.state.settings.report_url
        )
    if shown["found"]["slug"] != slug:
        return RedirectResponse(view.plain(f"/conferences/{quote(shown['found']['slug'])}"), 301)
    return pages.page(request, "conference.html", view=view, now=now, **shown)


@router.get("/changes")
def moved(request: Request) -> Response:
    """What moved of a selection, the newest first; with `show=all` everything that changed."""
    view, own = asked.view(request, "show")
    if asked.untidy(request):
        return RedirectResponse(view.address(own=view.own), 303)
    if own.get("show", changes.ALL) != changes.ALL:
        raise SelectionError([("show", f"found {own['show'][:40]!r}, wanted {changes.ALL}")])
    pages: Pages = request.app.state.pages
    now = asking.now(request)
    with _reading(request) as connection:
        shown = changes.changes(connection, view, everything="show" in own, now=now)
    return pages.page(request, "changes.html", view=view, now=now, **shown)


@router.get("/calendar")
def month(request: Request) -> Response:
    """A month of a selection, this one if none is asked for."""
    view, own = asked.view(request, "month")
    if asked.untidy(request):
        return RedirectResponse(view.address(own=view.own), 303)
    pages: Pages = request.app.state.pages
    now = asking.now(request)
    with _reading(request) as connection:
        shown = months.month(connection, view, own.get("month"), now=now)
    return pages.page(request, "calendar.html", view=view, now=now, **shown)


@router.get("/sources")
def sources(request: Request) -> Response:
    """From where the dates come, and how each source was last read."""
    view, _ = asked.bare(request)
    pages: Pages = request.app.state.pages
    now = asking.now(request)
    with _reading(request) as connection:
        shown = origins.sources(connection, view, now=now)
    return pages.page(request, "sources.html", view=view, now=now, **shown)
