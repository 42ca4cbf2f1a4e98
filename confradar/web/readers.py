"""The readers' pages: what is coming, a conference, what moved, a month, and from where it comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from confradar import steps
from confradar.errors import SelectionError
from confradar.settings import Settings
from confradar.storage import database
from confradar.web import changes, conference, explaining, form, manual, months, origins, radar
from confradar.web.caching import Body, elsewhere, shelf
from confradar.web.form import View
from confradar.web.pages import Pages
from confradar.web.views import STATEMENT_SECONDS

router = APIRouter(include_in_schema=False)
# A browser asks again each time, and mostly hears that nothing changed: what is left until a date is shown.
COPY = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Content-Disposition": "inline",
    "X-Robots-Tag": "noindex, noarchive",  # it is evidence; the page itself is its source's
}
HTML, ASK_AGAIN = "text/html; charset=utf-8", {"Cache-Control": "no-cache"}


@router.get("/")
def coming(request: Request) -> Response:
    """The radar: the deadlines of a selection, coming ones, soonest first, if nothing else is asked for."""
    view, _ = form.view(request)
    return form.tidied(request, view) or _page(
        request, "radar.html", view, partial(radar.radar, report=_report(request))
    )


@router.get("/conferences/{slug}")
def one_conference(request: Request, slug: Annotated[str, Path(max_length=200)]) -> Response:
    """All about a conference; the slug of one that was merged into another leads there."""
    view, _ = form.bare(request, dated=True)

    def read(connection: Connection, view: View, *, now: datetime) -> dict[str, Any] | str:
        shown = conference.conference(connection, slug.lower(), view, now=now, report=_report(request))
        found: str = shown["found"]["slug"]
        return shown if found == slug else view.plain(f"/conferences/{quote(found)}")

    return _page(request, "conference.html", view, read)


@router.get("/conferences/{slug}/why")
def why(request: Request, slug: Annotated[str, Path(max_length=200)]) -> Response:
    """Why the dates of a conference are believed; the slug of one that was merged into another leads there."""
    view, _ = form.bare(request, dated=True)
    settings: Settings = request.app.state.settings

    def read(connection: Connection, view: View, *, now: datetime) -> dict[str, Any] | str:
        shown = explaining.explained(connection, slug.lower(), view, now=now, archived_in=settings.archive_dir)
        found: str = shown["found"]["slug"]
        return shown if found == slug else view.plain(f"/conferences/{quote(found)}/why")

    return _page(request, "why.html", view, read)


@router.get("/conferences/{slug}/copies/{digest}")
def archived_copy(
    request: Request, slug: Annotated[str, Path(max_length=200)], digest: Annotated[str, Path(max_length=80)]
) -> Response:
    """The archived copy of a page that speaks of a conference, as text: nothing of it is run or fetched."""
    settings: Settings = request.app.state.settings
    with database.reading(settings.readers_database, statement_seconds=STATEMENT_SECONDS) as connection:
        found = steps.copy_of(connection, slug.lower(), digest, archived_in=settings.archive_dir)
    return Response(found.body.decode(errors="replace"), headers=COPY, media_type="text/plain")


@router.get("/changes")
def moved(request: Request) -> Response:
    """What moved of a selection, the newest first; with `show=all` everything that changed."""
    view, own = form.view(request, "show")
    if own.get("show", changes.ALL) != changes.ALL:
        raise SelectionError([("show", f"found {own['show'][:40]!r}, wanted {changes.ALL}")])
    read = partial(changes.changes, everything="show" in own)
    return form.tidied(request, view) or _page(request, "changes.html", view, read)


@router.get("/calendar")
def month(request: Request) -> Response:
    """A month of a selection, this one if none is asked for."""
    view, own = form.view(request, "month")
    read = partial(months.month, written=own.get("month"))
    return form.tidied(request, view) or _page(request, "calendar.html", view, read)


@router.get("/sources")
def sources(request: Request) -> Response:
    """From where the dates come, and how each source was last read."""
    view, _ = form.bare(request)
    return _page(request, "sources.html", view, origins.sources)


@router.get("/api")
def api(request: Request) -> Response:
    """What programs may ask."""
    view, _ = form.bare(request)
    shown = manual.manual(request.app.openapi())
    return _page(request, "api.html", view, lambda *_, **__: shown)


def _page(request: Request, template: str, view: View, read: Callable[..., dict[str, Any] | str]) -> Response:
    """A page of what `read` finds, or the way to another address; the same for all who ask for it in that minute.

    One that shows the past tells nothing of how the last night was.
    """
    pages: Pages = request.app.state.pages
    health = None if view.asked.as_of else pages.health()

    def make(connection: Connection, now: datetime) -> Body:
        shown = read(connection, view, now=now)
        if isinstance(shown, str):
            return elsewhere(shown)
        path = request.scope["path"]
        page = pages.plain(template, 200, path=path, health=health, view=view, now=now, **shown)
        return Body(bytes(page.body), HTML, now, headers=ASK_AGAIN)

    own = {"zone": view.zone.name, "health": health, **dict(view.own)}
    return shelf(request).answer(request, make, view.asked, own=own, minutely=True)


def _report(request: Request) -> str:
    template: str = request.app.state.settings.report_url
    return template
