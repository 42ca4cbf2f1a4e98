"""Who follows what: a page and a form for operators, and the page on which a reader ends a follow."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from confradar import steps
from confradar.deadlines.selection import Selection
from confradar.errors import AddressRefused, SelectionError
from confradar.sources.base import readers
from confradar.web.access import Who, operator, own_form, same_origin
from confradar.web.pages import Pages

operators = APIRouter(prefix="/ops/follows", dependencies=[Depends(operator)], include_in_schema=False)
public = APIRouter(prefix="/unfollow", include_in_schema=False)
FORM = [Depends(same_origin), Depends(own_form)]
Number = Annotated[int, Path(ge=1, lt=2**63)]
Proof = Annotated[str, Path(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
Text = Annotated[str, Form(max_length=2000)]
Short = Annotated[str, Form(max_length=100)]


@operators.get("")
def show_follows(request: Request, who: Who, selection: str = "") -> Response:
    """The follows and how their messages stand, with a form to begin one; `selection` fills it in."""
    return _page(request, who, {"selection": selection[:2000], "to": "", "remind": "7d,1d", "zone": "UTC"})


@operators.post("", dependencies=FORM)
def begin_follow(
    request: Request, who: Who, to: Text, selection: Text = "", remind: Short = "", zone: Short = "UTC"
) -> Response:
    """Let an address follow a selection."""
    settings = request.app.state.settings
    try:
        asked = Selection.parse(selection.partition("?")[2] or selection, sources=readers())
        steps.follow(asked, to, settings, by=who.name, remind=steps.leads(remind), zone=zone or "UTC")
    except (SelectionError, AddressRefused) as error:
        given = {"selection": selection, "to": "", "remind": remind, "zone": zone}  # what is secret is not sent back
        return _page(request, who, given, trouble=str(error))
    return RedirectResponse("/ops/follows", 303)


@operators.post("/{number}/end", dependencies=FORM)
def end_follow(request: Request, who: Who, number: Number) -> Response:
    """End a follow."""
    steps.unfollow(number, request.app.state.settings, by=who.name)
    return RedirectResponse("/ops/follows", 303)


def _page(request: Request, who: Who, given: dict[str, str], *, trouble: str = "") -> Response:
    pages: Pages = request.app.state.pages
    found = steps.followed(request.app.state.settings)
    return pages.page(
        request, "ops/follows.html", who, status=422 if trouble else 200, follows=found, given=given, trouble=trouble
    )


@public.get("/{number}/{proof}")
def ask_to_end(request: Request, number: Number, proof: Proof) -> Response:
    """What a link in a message ends, and a button that does it: who only looks, as mail filters do, ends nothing."""
    found = steps.signed(number, proof, request.app.state.settings)
    pages: Pages = request.app.state.pages
    return pages.page(request, "unfollow.html", follow=found, ended=found.ended_at is not None)


@public.post("/{number}/{proof}", dependencies=[Depends(same_origin)])
def end_by_link(request: Request, number: Number, proof: Proof) -> Response:
    """End a follow by its link, from our page or by a mail program's button (RFC 8058)."""
    found = steps.end_signed(number, proof, request.app.state.settings)
    pages: Pages = request.app.state.pages
    return pages.page(request, "unfollow.html", follow=found, ended=True)
