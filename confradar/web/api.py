"""The readers' API: what a selection finds, as JSON under /api/v1."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from confradar.web import asking, outlets, schemas
from confradar.web.caching import shelf
from confradar.web.schemas import problem

NOT_MODIFIED = {"description": "nothing has changed since the asker's tag or date"}
SINCE = {
    "name": "since",
    "in": "query",
    "required": False,
    "description": "the token of an earlier answer: only what came after it, in the order in which it came",
    "schema": {"type": "string", "maxLength": 40},
}
Slug = Annotated[str, Path(max_length=200, examples=["icml-2026"])]
ANSWERS: dict[int | str, dict[str, Any]] = {
    304: NOT_MODIFIED,
    400: problem("a parameter that there is not, or with a value that it cannot have"),
    414: problem("the address is too long"),
    429: problem("too many requests"),
    503: problem("the database does not answer"),
}
router = APIRouter(prefix="/api/v1", tags=["readers"], responses=ANSWERS)


def _told(
    model: type[BaseModel], *parameters: dict[str, Any], more: dict[int | str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """How the document describes an answer: its records, and the parameters that are read without the framework."""
    return {"responses": {200: {"model": model}, **(more or {})}, "openapi_extra": {"parameters": list(parameters)}}


OF_CONFERENCE: dict[int | str, dict[str, Any]] = {
    301: {"description": "it was merged into the conference at that address"},
    404: problem("there is no such conference; near ones are named"),
    422: problem("that is no conference's id"),
}


@router.get("/deadlines", **_told(schemas.Deadlines, *asking.parameters()))
def list_deadlines(request: Request) -> Response:
    """The deadlines of a selection, page by page: coming ones, soonest first, if nothing else is asked for."""
    asked, _ = asking.selection(request)
    return shelf(request).answer(request, partial(outlets.deadlines_json, asked), asked)


@router.get("/conferences", **_told(schemas.Conferences, *asking.parameters()))
def list_conferences(request: Request) -> Response:
    """The conferences of a selection, in the order of the first deadline of each that it asks for."""
    asked, _ = asking.selection(request)
    return shelf(request).answer(request, partial(outlets.conferences_json, asked), asked)


@router.get("/conferences/{slug}", **_told(schemas.Whole, asking.parameter("as_of"), more=OF_CONFERENCE))
def show_conference(request: Request, slug: Slug) -> Response:
    """All about one conference: its deadlines with every claim, and who speaks of it."""
    asked, _ = asking.moment(request)
    return shelf(request).answer(request, partial(outlets.conference_json, slug.lower(), asked), asked)


@router.get("/conferences/{slug}/history", **_told(schemas.History, asking.parameter("as_of"), more=OF_CONFERENCE))
def show_history(request: Request, slug: Slug) -> Response:
    """What has changed of a conference since it was first seen, the newest first."""
    asked, _ = asking.moment(request)
    return shelf(request).answer(request, partial(outlets.history_json, slug.lower(), asked), asked)


@router.get("/changes", **_told(schemas.Changes, *asking.parameters("order"), SINCE))
def list_changes(request: Request) -> Response:
    """What changed of a selection, the newest first; with the `token` of an earlier answer as `since` what came after.

    What is asked of deadlines holds for the deadline that a change speaks of; of `status` only `moved` matters.
    """
    asked, own = asking.selection(request, ("since",))
    after = asking.since(own)
    return shelf(request).answer(request, partial(outlets.changes_json, asked, after), asked, own=own)


@router.get("/sources", **_told(schemas.Sources))
def show_sources(request: Request) -> Response:
    """From where the dates come, and how each source was last read."""
    asking.own(request)
    return shelf(request).answer(request, outlets.sources_json, minutely=True)
