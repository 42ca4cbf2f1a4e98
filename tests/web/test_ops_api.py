"""The operator's verbs as JSON, over the same functions as the pages."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from confradar import servers, steps
from confradar.deadlines.conference import SourceOutput
from confradar.storage import database, ledger, outputs

from .conftest import Answer, Client
from .history import BEGAN, LAST, seed

Serve = Callable[..., Client]
API = "/api/v1/ops"
GOING = "manual:going"


@pytest.fixture
def ask(serve: Serve) -> Client:
    """A server with three nights behind it."""
    client = serve()
    seed(client.settings.database, nights=3)
    return client


def send(ask: Client, path: str, body: object = None, **headers: str) -> Answer:
    """POST a JSON body."""
    told = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return ask("POST", API + path, json.dumps(body if body is not None else {}), told)


def got(answer: Answer) -> Any:
    assert answer.status in (200, 202), answer.text
    return json.loads(answer.body)


def going(ask: Client) -> None:
    """Open a run that nobody works on."""
    plan = ("elra_conferences", "store_conferences")
    steps.open_run(
        GOING, trigger="manual", target="elra+", steps=plan, logical_instant=BEGAN, settings=ask.settings, by="ada"
    )


def test_what_ran_is_told_with_its_instants(ask: Client) -> None:
    """Graph, runs, one run, its log, sources, checks, schedule, plan."""
    graph = {step["name"]: step for step in got(ask.get(f"{API}/graph"))}
    run = got(ask.get(f"{API}/runs/{LAST}"))
    log = got(ask.get(f"{API}/runs/{LAST}/steps/wikicfp_conferences/log?level=ERROR&after="))
    [elra] = [source for source in got(ask.get(f"{API}/sources")) if source["name"] == "elra"]

    assert graph["store_conferences"]["inputs"][0] == "acl_web_conferences"
    assert graph["wikicfp_conferences"]["last"]["status"] == "quarantined"
    assert run["started_at"] == "2026-02-03T02:00:01+00:00"
    assert len(run["attempts"]) == 7
    assert [(line["number"], line["level"]) for line in log["lines"]] == [(25, "ERROR"), (50, "ERROR")]
    assert [row["count"] for row in elra["trend"]] == [7, 7, 0, 7]
    assert got(ask.get(f"{API}/checks"))["failed"][0]["name"] == "count_like_last_nights"
    assert got(ask.get(f"{API}/schedule"))["last"]["key"] == LAST
    assert got(ask.get(f"{API}/plan?target=elra%2B"))["taken"]["acl_web"]["count"] == 21


def test_runs_are_read_page_by_page(ask: Client) -> None:
    """The Link header leads on, with the filters that are set."""
    found, address = [], f"{API}/runs?limit=1&status=success&status=partial"
    while address:
        answer = ask.get(address)
        found += [run["key"] for run in got(answer)["runs"]]
        following = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        address = following[1] if following else ""

    assert found == [LAST, "nightly:2026-02-02", "nightly:2026-02-01"]


def test_a_run_is_started_and_repeated_by_a_message_to_the_broker(serve: Serve, tmp_path: Path) -> None:
    """With who asks; while another run is going it may be refused; without a broker it is said."""
    with servers.valkey(tmp_path / "broker") as broker:
        ask = serve(broker_url=broker)
        seed(ask.settings.database)
        started, repeated = send(ask, "/runs", {"target": "elra+"}), send(ask, f"/runs/{LAST}/retry")
        going(ask)
        refused = send(ask, "/runs", {"target": "elra+", "if_busy": "refuse"})

    assert started.status == repeated.status == 202
    assert re.fullmatch(r"manual:[0-9a-f-]{36}", got(started)["run"])
    assert got(started)["run"] != got(repeated)["run"]
    assert (refused.status, GOING in refused.text) == (409, True)
    away = send(ask, "/runs", {"target": "elra+"})
    assert (away.status, "does not answer" in away.text) == (503, True)


def test_a_run_is_cancelled_and_the_schedule_is_switched_once(ask: Client) -> None:
    """A second time is a conflict that says what is so."""
    going(ask)
    acts = [
        (f"/runs/{GOING}/cancel", {"why": "enough"}),
        ("/schedule/pause", {"why": "the moves"}),
        ("/schedule/resume", {}),
    ]
    for path, body in acts:
        assert send(ask, path, body).status == 200
        second = send(ask, path, body)
        assert (second.status, second.headers["Content-Type"]) == (409, "application/problem+json")
        assert json.loads(second.body)["detail"]


def test_a_held_result_is_released_once(serve: Serve) -> None:
    """The run's figures come back with it."""
    ask = serve()
    key, step = "manual:held", "elra_conferences"
    steps.open_run(
        key,
        trigger="manual",
        target="elra+",
        steps=(step, steps.STORE),
        logical_instant=BEGAN,
        settings=ask.settings,
    )
    with database.transaction(ask.settings.database) as connection:
        run, now = ledger.find(connection, key), database.clock(connection)
        ledger.finish_step(connection, run.id, step, 1, status="quarantined", reason="count", error="few", now=now)
        outputs.keep(connection, run.id, step, 1, SourceOutput("elra", ()), now=now, held=True)
    steps.store_run(key, ask.settings)

    first, second = (send(ask, f"/runs/{key}/steps/{step}/release", {"why": "it is right"}) for _ in range(2))

    assert got(first)["status"] == "ok"
    assert (second.status, "released already" in second.text) == (409, True)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/runs/nope", None, 404),
        ("GET", f"/runs/{LAST}/steps/nope/log", None, 404),
        ("GET", "/runs?status=nope", None, 422),
        ("GET", "/runs?nope=1", None, 422),
        ("GET", f"/runs/{LAST}/steps/elra_conferences/log?after=nowhere", None, 422),
        ("GET", "/plan?target=nope", None, 422),
        ("POST", "/runs", {"target": "nope"}, 422),
        ("POST", "/runs", {"target": "*", "colour": "red"}, 422),
        ("POST", "/runs", "no object", 422),
        ("POST", "/runs/nope/cancel", {}, 404),
        ("POST", f"/runs/{LAST}/cancel", {"step": "nope"}, 409),
        ("POST", f"/runs/{LAST}/steps/nope/release", {"why": "x"}, 404),
        ("POST", f"/runs/{LAST}/steps/elra_conferences/release", {"why": "x"}, 409),
        ("POST", "/schedule/pause", {"why": ""}, 422),
        ("DELETE", "/runs", None, 405),
        ("PUT", f"/runs/{LAST}", None, 405),
    ],
)
def test_what_cannot_be_done_is_a_problem(ask: Client, method: str, path: str, body: object, status: int) -> None:
    """4xx with a sentence, as RFC 9457 has it."""
    answer = send(ask, path, body) if method == "POST" else ask(method, API + path)

    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert (answer.status, problem["status"]) == (status, status)
    assert problem["detail"]


@pytest.mark.fault("F3", "another site's POST gets 403, a GET changes nothing")
def test_another_sites_page_cannot_act(ask: Client) -> None:
    """Nor can a form of it that pretends to be JSON."""
    assert send(ask, "/schedule/pause", {"why": "x"}, Origin="https://evil.example").status == 403
    assert send(ask, "/schedule/pause", {"why": "x"}, Sec_Fetch_Site="cross-site").status == 403
    assert send(ask, "/schedule/pause", {"why": "x"}, Content_Type="text/plain").status == 422
    assert got(ask.get(f"{API}/schedule"))["pause"] is None


def test_the_document_describes_every_verb(ask: Client) -> None:
    """Each operation has an id, a sentence, and its problems; nobody has to guess a body."""
    document = got(ask.get("/api/v1/openapi.json"))
    paths = document["paths"]
    operations = [one for path in paths if path.startswith(API) for one in paths[path].values()]
    names = [one["operationId"] for one in operations]

    assert len(names) == len(set(names)) == 16
    assert all(one["description"] for one in operations)
    assert all("409" in one["responses"] for one in operations)
    assert document["components"]["schemas"]["Start"]["properties"]["target"]["examples"] == ["elra+", "* and not elra"]
    for path in paths:
        assert path.startswith(("/api/v1/", "/feeds/", "/conferences/"))
