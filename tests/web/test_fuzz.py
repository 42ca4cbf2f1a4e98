"""Every parameter of every outlet, given what it should not be: an answer or a refusal that names it, never a failure.

The parameters are taken from the application: those of its document, and those of its pages' forms and links.
"""

import base64
import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from .conftest import Client
from .store import DAY, LATER, NOW, fill

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
PAGES = ("/", "/changes", "/calendar", "/sources", "/api", "/conferences/icml-2026", "/conferences/icml-2026/why")


def encoded(text: str) -> str:
    """As cursors and tokens are."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


VALUES = (
    "\0", "a\0b", "x" * 10_000, "x" * 3000, "' OR 1=1 --", "%", "\\", "');DROP TABLE run;--", "{{7*7}}", "${7*7}",
    "<script>", "../../etc/passwd", "a\r\nSet-Cookie: a=b", "\u202e", "😀" * 60, "ﷺ" * 60, "-1", "0", "9" * 30, "1e9",
    "NaN", "2026-02-30", "0000-00-00", "9999-12-31", "2026-1", "99999d", "0d", "core:", "core:%", "a|b:c",
    "Mars/Nowhere", "UTC+99", "localtime", "\udcff", "icml-2026", "submission", "true",
)  # fmt: skip
CURSORS = (
    "W10", "e30", "bnVsbA", "====", "_" * 1990, encoded("[" * 1400), encoded("[null,1,2,3,4]"),
    encoded('[null, "a", "", 0, ""]'), encoded('["9999-12-31T23:59:59-23:59", "a", "", 0, ""]'),
    encoded('["0001-01-01T00:00:00+23:59", "a", "", 0, ""]'), encoded('["2026-02-03", "a", "", 0, ""]'),
    encoded('[null, "\\ud800", "", 0, ""]'), encoded('[null, "a\\u0000", "", 0, ""]'),
    encoded('[null, "a", "", 1e400, ""]'), encoded('[null, "a", "", true, ""]'),
    encoded("after:99999999999999999999"), encoded("after:-1"), encoded("after:999999999999999999"),
)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def ask(request: pytest.FixtureRequest, tmp_path: Path, serve: Callable[..., Client]) -> Client:
    """A server over each database."""
    sqlite = f"sqlite:///{tmp_path / 'confradar.sqlite'}"
    url = sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_database")
    client = serve(url=url, now=lambda: NOW + DAY, web_requests_per_second=100_000)
    fill(client.settings.database)
    fill(client.settings.database, LATER)
    return client


def parameters(ask: Client) -> dict[str, set[str]]:
    """The names of the parameters of each address that readers ask."""
    document = json.loads(ask.get("/api/v1/openapi.json").body)
    found = {}
    for path, operations in document["paths"].items():
        if not path.startswith("/api/v1/ops"):
            given = operations["get"].get("parameters", [])
            found[path.replace("{slug}", "icml-2026")] = {one["name"] for one in given if one["in"] == "query"}
    for path in PAGES:
        page = ask.get(path).text
        links = [urlsplit(unescape(link)) for link in re.findall(r'href="([^"]+)"', page)]
        linked = {name for link in links if link.path in ("", path) for name, _ in parse_qsl(link.query)}
        found[path] = {"zone", *re.findall(r'<(?:input|select)[^>]* name="([^"]+)"', page), *linked}
    return found


def test_no_parameter_of_any_outlet_fails(ask: Client) -> None:
    """400 says which parameter it is and what is wanted; an address that is too long is 414.

    Each outlet meets each of its parameters with a quarter of the values, and together they meet all of them.
    """
    asked = parameters(ask)
    assert {"q", "cursor", "since", "zone", "month", "show", "days", "alarm"} <= set().union(*asked.values())
    assert len(asked) >= 17
    wrong = []
    for turn, (path, names) in enumerate(asked.items()):
        for name in sorted(names):
            for value in (*VALUES[turn % 4 :: 4], *(CURSORS[turn % 4 :: 4] if name in ("cursor", "since") else ())):
                answer = ask.get(f"{path}?{name}={quote(value, errors='surrogateescape')}")
                refused = "control characters" in answer.text or name in answer.text
                if answer.status not in (200, 400, 414) or (answer.status == 400 and not refused):
                    wrong.append((answer.status, path, name, value[:40]))
    assert wrong == []


def test_what_is_not_there_is_not_found(ask: Client) -> None:
    """A name in the address that there is not, whatever it is made of."""
    for path in ("/conferences/{}", "/conferences/{}.ics", "/api/v1/conferences/{}", "/api/v1/conferences/{}/history"):
        for value in VALUES:
            answer = ask.get(path.format(quote(value, safe="", errors="surrogateescape")))
            assert answer.status in (200, 301, 400, 404, 414, 422), (path, value[:40], answer.status)
            assert (answer.status in (200, 301)) <= (value == "icml-2026")
