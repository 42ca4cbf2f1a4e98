"""How an answer that is no success looks: problem+json (RFC 9457) for programs, a readable page elsewhere."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from confradar.errors import (
    BrokerUnavailable,
    ConfRadarError,
    DatabaseUnavailable,
    Refused,
    SchemaMismatch,
    SelectionError,
    SettingError,
    UnknownName,
)
from confradar.web.access import Access, SignInNeeded
from confradar.web.pages import Pages
from confradar.web.sharing import is_shared

OPERATORS = ("/ops", "/api/v1/ops")
STATUS: dict[type[ConfRadarError], int] = {
    UnknownName: 404,
    SettingError: 422,
    Refused: 409,
    DatabaseUnavailable: 503,
    SchemaMismatch: 503,
    BrokerUnavailable: 503,
}
# Said to readers instead of messages that name where the database is.
AWAY: dict[type[Exception], str] = {
    DatabaseUnavailable: "the database does not answer; try again in a minute, or ask who runs this to look",
    SchemaMismatch: "the database is of another version; who runs this says `confradar db upgrade`",
}


def refusal(request: Request, status: int, detail: str) -> Response:
    """The answer to a request that is refused before anything is looked at."""
    if _is_api(request):
        return _problem(status, detail)
    pages: Pages = request.app.state.pages
    return pages.plain("refusal.html", status, title=HTTPStatus(status).phrase, detail=detail)


def _answer(request: Request, status: int, detail: str, **more: Any) -> Response:
    """The answer to a request that went wrong, on a page with health line and navigation."""
    if _is_api(request):
        return _problem(status, detail, **more)
    pages: Pages = request.app.state.pages
    access: Access = request.app.state.access
    try:
        who = access.operator(request) if _for_operators(request) else None
    except HTTPException:
        who = None
    return pages.page(
        request, "refusal.html", who, status=status, title=HTTPStatus(status).phrase, detail=detail, **more
    )


def _problem(status: int, detail: str, **more: Any) -> Response:
    problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return Response(json.dumps(problem, ensure_ascii=False), status, media_type="application/problem+json")


def _is_api(request: Request) -> bool:
    """Whether a program asks; decides about the form of an answer only, never about access."""
    path = str(request.scope["path"])
    return path.startswith("/api/") or is_shared(path)


def _for_operators(request: Request) -> bool:
    """Whether an address is one of the operators' own."""
    return str(request.scope["path"]).startswith(OPERATORS)


def install(app: FastAPI) -> None:
    """Let every error of that application be answered so."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ConfRadarError, _known)
    app.add_exception_handler(SelectionError, _unreadable)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as it was registered
    if isinstance(error, SignInNeeded) and not _is_api(request):
        query = request.url.query
        asked = request.url.path + (f"?{query}" if query else "")
        return RedirectResponse(f"/login?next={quote(asked, safe='/')}", 303)
    detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else _detail(error.status_code)
    response = _answer(request, error.status_code, detail)
    for name, value in (error.headers or {}).items():
        response.headers[name] = f"{value}, HEAD" if name.lower() == "allow" and "GET" in value else value
    return response


def _detail(status: int) -> str:
    return {404: "there is nothing at this address", 405: "this address does not take that method"}.get(status, "")


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as it was registered
    errors = [
        {"where": ".".join(map(str, found["loc"][1:] or found["loc"])), "what": found["msg"]}
        for found in error.errors()
    ]
    return _answer(request, 422, f"{errors[0]['where']}: {errors[0]['what']}", errors=errors)


def _known(request: Request, error: Exception) -> Response:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    near = error.near if isinstance(error, UnknownName) and not _is_api(request) else ()
    away = next((words for kind, words in AWAY.items() if isinstance(error, kind)), None)
    detail = away if away and not _for_operators(request) else str(error)
    return _answer(request, status, detail, **({"near": near} if near else {}))


def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, SelectionError)  # noqa: S101 - as it was registered
    errors = [{"parameter": name, "detail": what} for name, what in error.wrong]
    return _answer(request, 400, "the address asks for what cannot be", errors=errors)
