"""What readers take away: calendars, Atom feeds and tables of a selection, each at an address that says it."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from confradar.publish import telling
from confradar.settings import Settings
from confradar.web import asking, outlets
from confradar.web.api import ANSWERS, OF_CONFERENCE
from confradar.web.caching import shelf
from confradar.web.outlets import ATOM, CSV, ICAL

DAYS = {
    "name": "days",
    "in": "query",
    "description": "1 adds the days of the conferences",
    "schema": {"type": "string", "enum": ["0", "1"]},
}
ALARM = {
    "name": "alarm",
    "in": "query",
    "description": "how long before a deadline to ring, such as `7d,1d`; five at most",
    "schema": {"type": "string", "pattern": f"^{asking.ALARM}(,{asking.ALARM}){{0,4}}$"},
    "example": "7d,1d",
}
Slug = Annotated[str, Path(max_length=200, examples=["icml-2026"])]
router = APIRouter(tags=["feeds"], responses=ANSWERS)


def _told(kind: str, *parameters: dict[str, Any], more: dict[int | str, Any] | None = None) -> dict[str, Any]:
    found = {200: {"description": "the feed", "content": {kind: {"schema": {"type": "string"}}}}, **(more or {})}
    return {"responses": found, "response_class": Response, "openapi_extra": {"parameters": list(parameters)}}


@router.get("/feeds/deadlines.ics", **_told(ICAL, *asking.parameters("cursor"), DAYS, ALARM))
def deadlines_calendar(request: Request) -> Response:
    """The deadlines of a selection as a calendar to subscribe to; one event each, which moves when its date does."""
    asked, own = asking.selection(request, ("days", "alarm"))
    kept = request.app.state.events
    make = partial(outlets.deadlines_ics, asked, *_site(request), asking.days(own), asking.alarms(own), kept)
    return shelf(request).answer(request, make, asked, own=own)


@router.get("/conferences/{slug}.ics", **_told(ICAL, asking.parameter("as_of"), DAYS, ALARM, more=OF_CONFERENCE))
def conference_calendar(request: Request, slug: Slug) -> Response:
    """All deadlines of a conference as a calendar, those that have passed too."""
    asked, own = asking.moment(request, "days", "alarm")
    make = partial(outlets.conference_ics, slug.lower(), asked, *_site(request), asking.days(own), asking.alarms(own))
    return shelf(request).answer(request, make, asked, own=own)


@router.get("/feeds/deadlines.atom", **_told(ATOM, *asking.parameters()))
def deadlines_feed(request: Request) -> Response:
    """The deadlines of a selection as an Atom feed; an entry is new again when its date moves."""
    asked, _ = asking.selection(request)
    return shelf(request).answer(request, partial(outlets.deadlines_atom, asked, *_site(request)), asked)


@router.get("/feeds/changes.atom", **_told(ATOM, *asking.parameters("order")))
def changes_feed(request: Request) -> Response:
    """What changed of a selection as an Atom feed, the newest first; moves towards the reader say EARLIER."""
    asked, _ = asking.selection(request)
    return shelf(request).answer(request, partial(outlets.changes_atom, asked, *_site(request)), asked)


@router.get("/feeds/deadlines.csv", **_told(CSV, *asking.parameters()))
def deadlines_table(request: Request) -> Response:
    """The deadlines of a selection as CSV, without what each source says."""
    asked, _ = asking.selection(request)
    return shelf(request).answer(request, partial(outlets.deadlines_csv, asked), asked)


@router.get("/feeds/changes.csv", **_told(CSV, *asking.parameters("order")))
def changes_table(request: Request) -> Response:
    """What changed of a selection as CSV, the newest first."""
    asked, _ = asking.selection(request)
    return shelf(request).answer(request, partial(outlets.changes_csv, asked), asked)


def _site(request: Request) -> tuple[str, str]:
    """The address of the pages, and whose terms hold for what is told."""
    settings: Settings = request.app.state.settings
    return settings.site, telling.rights(settings.data_licence)
