"""What the page of the API shows: every address that readers' programs may ask, as the API's own document tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from confradar.deadlines.parameters import PARAMETERS


@dataclass(frozen=True, slots=True)
class Operation:
    """An address: what it gives, whether it takes a selection, and its own parameters with what they say."""

    path: str
    about: str
    selects: bool
    own: tuple[tuple[str, str], ...]


def manual(document: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the template, of an OpenAPI document; what operators ask is left out."""
    return {"operations": list(_operations(document["paths"])), "parameters": list(PARAMETERS.items())}


def _operations(paths: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in paths.items():
        if path.startswith("/api/v1/ops"):
            continue
        asked = [one for one in methods["get"].get("parameters", ()) if one["in"] == "query"]
        selects = any(one["name"] == "q" for one in asked)
        own = tuple((o["name"], o["description"]) for o in asked if not selects or o["name"] not in PARAMETERS)
        yield Operation(path, methods["get"]["description"], selects, own)
