"""What a reader's request asks for: a selection, and beside it what belongs to the outlet itself."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request

from confradar.deadlines.parameters import PARAMETERS
from confradar.deadlines.selection import Selection
from confradar.deadlines.verdict import EDITOR
from confradar.errors import SelectionError
from confradar.sources.base import readers

ALARM, ALARMS, HOURS = "[1-9][0-9]{0,2}[hdw]", 5, {"h": 1, "d": 24, "w": 168}


def selection(request: Request, own: Collection[str] = ()) -> tuple[Selection, dict[str, list[str]]]:
    """The selection in the query of a request, and the values of the outlet's `own` parameters, empty ones left out.

    Raises SelectionError for any other parameter, and for values that cannot be.
    """
    pairs = request.query_params.multi_items()
    asked = Selection.parse((pair for pair in pairs if pair[0] not in own), sources=(*readers(), EDITOR))
    return asked, {name: given for name in own if (given := [value for key, value in pairs if key == name and value])}


def own(request: Request, *names: str) -> dict[str, list[str]]:
    """The parameters of an outlet that takes no selection. Raises SelectionError for any other."""
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name not in names:
            wanted = " or ".join(names) or "none"
            raise SelectionError([(name[:40], f"is no parameter here; wanted {wanted}")])
        found.setdefault(name, []).append(value)
    return found


def moment(request: Request, *names: str) -> tuple[Selection, dict[str, list[str]]]:
    """What is asked of an outlet that takes no selection but `as_of`, and the values of its own parameters.

    Raises SelectionError for any other, and for a moment that is none.
    """
    given = own(request, "as_of", *names)
    return Selection.parse([("as_of", value) for value in given.pop("as_of", ())]), given


def days(given: dict[str, list[str]]) -> bool:
    """Whether a calendar shall have the days of the conferences. Raises SelectionError."""
    found = given.get("days") or ["0"]
    if found not in (["0"], ["1"]):
        raise SelectionError([("days", f"found {found[0][:80]!r}, wanted 1 or 0")])
    return found == ["1"]


def alarms(given: dict[str, list[str]]) -> tuple[timedelta, ...]:
    """How long before a gate a calendar shall ring, the longest first. Raises SelectionError."""
    written = ",".join(given.get("alarm", ()))
    if written and not re.fullmatch(f"{ALARM}(,{ALARM}){{0,{ALARMS - 1}}}", written):
        raise SelectionError([("alarm", f"found {written[:80]!r}, wanted {ALARMS} spans at most, such as 7d,1d")])
    spans = {timedelta(hours=int(span[:-1]) * HOURS[span[-1]]) for span in written.split(",") if span}
    return tuple(sorted(spans, reverse=True))


def since(given: dict[str, list[str]]) -> int | None:
    """The change after which an outlet shall begin: that of `since`, as `token` made it. Raises SelectionError."""
    try:
        [written] = given.get("since") or [token(None)]
        change = re.fullmatch(r"after:([0-9]{1,18})?", base64.urlsafe_b64decode(written + "===").decode("ascii"))
        if not change or token(number := int(change[1]) if change[1] else None) != written:
            raise ValueError(written)
    except (ValueError, binascii.Error):
        raise SelectionError([("since", "is no token; wanted that of an earlier answer")]) from None
    return number


def token(change: int | None) -> str:
    """How readers write: after that change."""
    return base64.urlsafe_b64encode(f"after:{'' if change is None else change}".encode()).decode().rstrip("=")


def now(request: Request) -> datetime:
    """The moment of an answer: this one, unless the server was given another."""
    moment: datetime = request.app.state.now()
    return moment


def parameter(name: str) -> dict[str, Any]:
    """A parameter of a selection for the OpenAPI document."""
    [found] = parameters(*(PARAMETERS.keys() - {name}))
    return found


def parameters(*without: str) -> list[dict[str, Any]]:
    """The parameters of a selection for the OpenAPI document, but for those named."""
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": parameter.about,
            "schema": {"type": "array", "items": schema} if parameter.many else schema,
            **({"example": [parameter.example] if parameter.many else parameter.example} if parameter.example else {}),
        }
        for name, parameter in PARAMETERS.items()
        if name not in without and (schema := parameter.schema)
    ]
