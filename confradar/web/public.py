"""Signing in, static files, and what those ask for who watch the server."""

from __future__ import annotations

import re
from importlib.metadata import version as installed
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from confradar import app, metrics
from confradar.settings import Settings
from confradar.storage import database
from confradar.web import health
from confradar.web.access import COOKIE, SESSION_SECONDS, Access, same_origin, scraper
from confradar.web.pages import Pages
from confradar.web.views import STATEMENT_SECONDS

router = APIRouter(include_in_schema=False)
Next = Annotated[str, Query(max_length=1000)]


@router.get("/login")
def sign_in_form(request: Request, next: Next = "/ops") -> Response:  # noqa: A002 - as browsers and people name it
    """The form to sign in with."""
    return _form(request, next, 200, "")


@router.post("/login", dependencies=[Depends(same_origin)])
def sign_in(
    request: Request,
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form(max_length=1000)] = "/ops",  # noqa: A002
) -> Response:
    """Sign in with the operator's password, and go on to the page that was asked for."""
    access: Access = request.app.state.access
    if not access.by_password:
        raise HTTPException(404, "there is no password to sign in with: CONFRADAR_OPERATOR_HASH is not set")
    cookie = access.sign_in(request, password)
    if cookie is None:
        return _form(request, next, 403, "That is not the password.")
    response = RedirectResponse(_ours(next), 303)
    response.set_cookie(
        COOKIE, cookie, SESSION_SECONDS, httponly=True, samesite="lax", secure=access.behind_tls(request)
    )
    return response


@router.post("/logout", dependencies=[Depends(same_origin)])
def sign_out(request: Request) -> Response:
    """End the session."""
    access: Access = request.app.state.access
    access.sign_out(request)
    response = RedirectResponse("/", 303)
    response.delete_cookie(COOKIE)
    return response


def _form(request: Request, asked: str, status: int, trouble: str) -> Response:
    pages: Pages = request.app.state.pages
    return pages.page(request, "login.html", status=status, next=_ours(asked), trouble=trouble)


def _ours(address: str) -> str:
    """An address to go on to: an operator page of this server, whatever was asked."""
    return address if re.fullmatch(r"/ops(/[!-~]*)?(\?[!-~]*)?", address) else "/ops"


@router.get("/static/{name}")
def static(request: Request, name: str) -> Response:
    """A style sheet, script or picture of the pages."""
    pages: Pages = request.app.state.pages
    if name not in pages.static:
        raise HTTPException(404)
    return pages.static[name].answer(request)


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """Whether this process answers; nothing else is looked at."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """Whether database, tables and broker can be worked with: 503 and the reasons if not."""
    found = health.readiness(request.app.state.settings)
    ready = all(said == "ok" for said in found.values())
    return JSONResponse({"status": "ok" if ready else "not ready", **found}, 200 if ready else 503)


@router.get("/version")
def version() -> dict[str, Any]:
    """Which version this is, and which revision of the tables it needs."""
    return {"version": installed("confradar"), "tables": database.head()}


@router.get("/metrics", dependencies=[Depends(scraper)])
def show_metrics(request: Request) -> Response:
    """The metrics in Prometheus' text format."""
    settings: Settings = request.app.state.settings
    text = metrics.text(settings, lambda: app.queue(settings).waiting, statement_seconds=STATEMENT_SECONDS)
    return Response(text, media_type=metrics.CONTENT_TYPE)
