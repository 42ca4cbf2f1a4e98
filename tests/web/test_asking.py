"""What the query of a request asks for, and how one that cannot be is answered."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.requests import Request

from confradar import settings
from confradar.deadlines.parameters import PARAMETERS
from confradar.deadlines.selection import Selection
from confradar.errors import SelectionError
from confradar.web import asking, serving

from .conftest import running

MOMENT = datetime(2026, 2, 3, 2, tzinfo=UTC)


def asked(query: str, *own: str) -> tuple[Selection, dict[str, list[str]]]:
    """What a request with that query asks for."""
    return asking.selection(Request({"type": "http", "query_string": query.encode(), "headers": []}), own)


def test_what_belongs_to_the_outlet_is_no_part_of_the_selection() -> None:
    """Each outlet names its own; empty ones are none."""
    found, own = asked("topic=vision&zone=Europe/Berlin&days=&kind=abstract", "zone", "days")

    assert str(found) == "kind=abstract&topic=vision"
    assert own == {"zone": ["Europe/Berlin"]}


@pytest.mark.parametrize("query", ["zone=UTC", "source=nobody", "from=2026-02-30"])
def test_the_rest_is_refused(query: str) -> None:
    """A parameter that the outlet does not name, a source that there is not, a day that there is not."""
    with pytest.raises(SelectionError):
        asked(query)


def test_editors_are_a_source_as_well() -> None:
    """Beside those that are crawled."""
    assert asked("source=editor&source=wikicfp")[0].source == ("editor", "wikicfp")


def test_every_parameter_is_told_with_its_values(tmp_path: Path) -> None:
    """For the OpenAPI document; the example of each can be asked for."""
    told = {one["name"]: one for one in asking.parameters("cursor")}

    assert set(told) == set(PARAMETERS) - {"cursor"}
    assert told["order"]["schema"] == {"type": "string", "enum": ["soonest", "latest", "name"]}
    assert told["kind"]["schema"]["type"] == "array"
    for name, one in told.items():
        example = one["example"]
        assert asked(f"{name}={example[0] if isinstance(example, list) else example}")


def test_a_selection_that_cannot_be_is_answered_400(tmp_path: Path, serve: Callable[..., object]) -> None:
    """A problem that names each parameter for programs, a list of them on a page."""
    chosen = settings.load(data_dir=tmp_path)
    server = serving.server(chosen, now=lambda: MOMENT)
    for path in ("/api/asked", "/feeds/asked", "/asked"):
        server.config.app.add_api_route(path, _told)  # type: ignore[union-attr]
    with running(server, chosen) as ask:
        problem = ask.get("/api/asked?order=oldest&limit=0")
        feed, page = ask.get("/feeds/asked?order=oldest"), ask.get("/asked?order=oldest")
        assert ask.get("/asked?limit=7").text == '"limit=7 2026-02-03 02:00:00+00:00"'

    assert [answer.status for answer in (problem, feed, page)] == [400, 400, 400]
    assert feed.headers["Content-Type"] == "application/problem+json"
    assert json.loads(problem.body)["errors"] == [
        {"parameter": "order", "detail": "found 'oldest', wanted one of soonest, latest, name"},
        {"parameter": "limit", "detail": "found '0', wanted a number from 1 to 500"},
    ]
    assert "<code>order</code>: found &#39;oldest&#39;, wanted one of soonest, latest, name" in page.text


def _told(request: Request) -> str:
    found, _ = asking.selection(request)
    return f"{found} {asking.now(request)}"
