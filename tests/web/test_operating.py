"""What operators do by the forms of their pages, and what nobody does by them."""

import re
from urllib.parse import quote

import pytest

from confradar import steps
from confradar.storage import database, history

from .conftest import Client
from .history import BEGAN, LAST, seed
from .test_pages import RUN, STEP, Serve, keys

GOING = "manual:going"


@pytest.fixture
def ask(serve: Serve) -> Client:
    """A server with three nights behind it."""
    client = serve(flower_url="http://127.0.0.1:5555")
    seed(client.settings.database, nights=3)
    return client


def going(ask: Client) -> None:
    """Open a run that nobody works on."""
    plan = ("elra_conferences", "store_conferences")
    steps.open_run(
        GOING, trigger="manual", target="elra+", steps=plan, logical_instant=BEGAN, settings=ask.settings, by="ada"
    )


def token(ask: Client, page: str) -> dict[str, str]:
    """The token of the forms of a page."""
    return {"token": re.findall(r'name="token" value="([^"]+)"', ask.get(page).text)[0]}


def test_a_run_is_cancelled_once(ask: Client) -> None:
    """With who and why; a second time it is over already."""
    going(ask)
    page = f"/ops/runs/{GOING}"
    form = token(ask, page)

    first = ask.post(f"{page}/cancel", {**form, "why": "the site is down"})
    second = ask.post(f"{page}/cancel", form)

    assert (first.status, first.headers["Location"]) == (303, page)
    assert (second.status, "is over already" in second.text) == (409, True)
    assert "cancelled by local: the site is down" in ask.get(page).text


def test_one_step_is_cancelled_alone(ask: Client) -> None:
    """The others go on."""
    going(ask)
    page = f"/ops/runs/{GOING}"
    ask.post(f"{page}/cancel", {**token(ask, page), "step": "elra_conferences"})

    with database.reading(ask.settings.database) as connection:
        states = {row["step"]: row["status"] for row in history.details(connection, GOING)["attempts"]}
    assert states == {"elra_conferences": "cancelled", "store_conferences": "queued"}


def test_the_schedule_is_paused_and_resumed(ask: Client) -> None:
    """With a reason; who, when and why are shown; twice is refused."""
    form = token(ask, "/ops/schedule")
    assert ask.post("/ops/schedule/pause", form).status == 422
    assert ask.post("/ops/schedule/pause", {**form, "why": "the moves"}).status == 303
    assert ask.post("/ops/schedule/pause", {**form, "why": "again"}).status == 409
    page = ask.get("/ops/schedule").text
    assert re.search(r"since \w{3} .* UTC by local: the moves", page)

    assert ask.post("/ops/schedule/resume", token(ask, "/ops/schedule")).status == 303
    assert ask.post("/ops/schedule/resume", form).status == 409
    assert "Paused" not in ask.get("/ops/schedule").text


@pytest.mark.parametrize(
    "path",
    [
        f"{RUN}/cancel",
        f"{RUN}/retry",
        f"{STEP}/release",
        "/ops/schedule/pause",
        "/ops/schedule/resume",
        "/ops/run",
    ],
)
@pytest.mark.fault("F3", "another site's POST gets 403, a GET changes nothing")
def test_nothing_is_done_but_by_our_own_forms(ask: Client, path: str) -> None:
    """Not without a token, with a made-up one, or from another site's page; and never by asking for an address."""
    fields = {"why": "because", "target": "*"}
    form = token(ask, RUN)

    assert ask.post(path, fields).status == 403
    assert ask.post(path, {**fields, "token": "made.up"}).status == 403
    assert ask.post(path, {**fields, **form}, Sec_Fetch_Site="cross-site").status == 403
    assert ask.post(path, {**fields, **form}, Origin="https://evil.example").status == 403
    if path != "/ops/run":  # whose address is that of the form as well
        assert ask.get(path).status == 405
    with database.reading(ask.settings.database) as connection:
        assert len(history.details(connection, LAST)["audit"]) == 1


INJECTIONS = [
    "' OR '1'='1",
    '";DROP TABLE run;--',
    "{{7*7}}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "%s%s%n",
    "😀",
    "١٢٣",
    "-1",
    "9" * 40,
    "nan",
    "$(id)",
    "\\x00",
    "a" * 3000,
]


@pytest.mark.parametrize("hostile", INJECTIONS)
@pytest.mark.fault("F6", "injection in every parameter of every route: never 5xx, same rows")
def test_no_parameter_is_more_than_a_value(ask: Client, hostile: str) -> None:
    """In every place of every route: an answer below 500, and the same rows afterwards."""
    said = quote(hostile)
    before = keys(ask, "")
    parameters = (
        "status",
        "source",
        "trigger",
        "since",
        "until",
        "before",
        "limit",
        "level",
        "attempt",
        "after",
        "target",
    )
    for prefix in ("/ops", "/api/v1/ops"):
        for name in parameters:
            for place in ("/runs", f"/runs/{LAST}/steps/wikicfp_conferences/log", "/run", "/plan"):
                assert ask.get(f"{prefix}{place}?{name}={said}").status < 500
        for place in (f"/runs/{said}", f"/runs/{LAST}/steps/{said}", f"/runs/{LAST}/steps/{said}/log"):
            assert ask.get(prefix + place).status in (404, 422, 414)
    form = token(ask, RUN)
    for path, field in ((f"{RUN}/cancel", "step"), (f"{STEP}/release", "why"), ("/ops/run", "target")):
        assert 400 <= ask.post(path, {**form, field: hostile}).status < 500 or field == "why"
    assert ask.get(f"/login?next={said}").status in (200, 422)
    assert keys(ask, "") == before
