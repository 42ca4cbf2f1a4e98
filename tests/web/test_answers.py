"""Errors as programs and people read them, and whether the server is well."""

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from confradar import servers, settings
from confradar.errors import DatabaseBusy
from confradar.storage import database, ledger
from confradar.web import health, serving

from . import history
from .conftest import Client, running

Serve = Callable[..., Client]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/api/v1/nope", 404), ("DELETE", "/api/v1/openapi.json", 405)]
)
def test_the_api_tells_errors_as_problems(serve: Serve, method: str, path: str, status: int) -> None:
    """RFC 9457: type, title, status and what is so."""
    answer = serve()(method, path)

    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert (answer.status, problem["status"], problem["type"]) == (status, status, "about:blank")
    assert {"title", "detail"} <= set(problem)


def test_pages_tell_errors_in_sentences(serve: Serve) -> None:
    """What is so and where to go on; a method that is not taken names those that are."""
    ask = serve()
    missing, refused, invalid = ask.get("/nope"), ask("DELETE", "/"), ask.post("/login")

    assert "There is nothing at this address." in missing.text
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert invalid.status == 422
    assert "<code>password</code>: Field required" in invalid.text


@pytest.mark.fault("F12", "an exception is told by an id alone; a log line is one line")
def test_an_unexpected_error_is_told_by_an_id_and_nothing_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer has neither words nor trace of it; the log has both, with the same id."""
    server = serving.server(settings.load(data_dir=tmp_path))

    def broken() -> None:
        raise ZeroDivisionError("the secret reason\nsecond line")

    server.config.app.add_api_route("/api/broken", broken)
    server.config.app.add_api_route("/broken", broken)
    with caplog.at_level(logging.ERROR), running(server, settings.load(data_dir=tmp_path)) as ask:
        answers = [ask.get("/broken"), ask.get("/api/broken")]

    records = [record for record in caplog.records if record.name == "confradar.web.bounds"]
    for answer, record in zip(answers, records, strict=True):
        assert answer.status == 500
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        assert record.getMessage().split("id=")[1].split()[0] in answer.text
    assert answers[1].headers["Content-Type"] == "application/problem+json"


def test_an_answer_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    """503 after the time that an answer may take."""
    chosen = settings.load(data_dir=tmp_path, web_seconds=0.2)
    server = serving.server(chosen)

    async def slow() -> None:
        await asyncio.Event().wait()

    server.config.app.add_api_route("/slow", slow)
    with running(server, chosen) as ask:
        assert ask.get("/slow").status == 503
        assert ask.get("/healthz").status == 200


def test_a_database_that_is_away_is_said_without_its_address(tmp_path: Path) -> None:
    """The process is well, but not ready; the pages say so in their health line."""
    url = "postgresql://me:secret@127.0.0.1:1/none"
    chosen = settings.load(data_dir=tmp_path, CONFRADAR_DATABASE_URL=url)
    with running(serving.server(chosen), chosen) as ask:
        ready, front = ask.get("/readyz"), ask.get("/")

        assert ask.get("/healthz").status == 200
        assert ready.status == 503
        assert json.loads(ready.body)["database"] == "the database does not answer"
        assert not [told for told in (ready.text, front.text) if "secret" in told or "127.0.0.1:1" in told]
        assert front.status == 503
        assert "not well · the database cannot be read" in front.text


def test_a_server_is_ready_when_broker_and_tables_are(serve: Serve, tmp_path: Path) -> None:
    """With a real broker; then with tables of another revision."""
    with servers.valkey(tmp_path / "broker") as broker:
        ask = serve(broker_url=broker)
        assert ask.get("/readyz").status == 200
        with database.transaction(ask.settings.database) as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        ready = ask.get("/readyz")

    assert ready.status == 503
    assert "revision 9999" in json.loads(ready.body)["tables"]
    assert json.loads(ready.body)["broker"] == "ok"


@pytest.mark.parametrize(
    ("statuses", "ok", "text"),
    [
        ({"elra_conferences": "ok", "wikicfp_conferences": "ok"}, True, "2 of 2 sources"),
        ({"elra_conferences": "failed", "wikicfp_conferences": "ok"}, False, "1 of 2 sources · elra failed"),
    ],
)
def test_the_health_line_tells_the_last_night(serve: Serve, statuses: dict[str, str], ok: bool, text: str) -> None:
    """How many sources gave something, and which did not."""
    ask = serve()
    began = datetime(2026, 2, 3, 2, tzinfo=UTC)
    with database.transaction(ask.settings.database) as connection:
        run, _ = ledger.open_run(
            connection,
            key="nightly:2026-02-03",
            trigger="schedule",
            logical_instant=began,
            target="*",
            steps=list(statuses),
            now=began,
            deadline_seconds=60,
        )
        for step, status in statuses.items():
            ledger.finish_step(connection, run.id, step, 1, status=status, now=began)
        ledger.finish_run(connection, run.id, status="ok", now=began)

    found = health.health(ask.settings)

    assert (found.ok, found.text) == (ok, f"last night Tue 03 Feb 02:00 UTC · {text}")
    assert found.text in ask.get("/").text


def test_no_page_waits_longer_for_a_statement(postgres_database: str, tmp_path: Path) -> None:
    """Graph, plan and metrics over a table that takes a minute to read: each answers after five seconds."""
    chosen = settings.load(data_dir=tmp_path, CONFRADAR_DATABASE_URL=postgres_database, web_seconds=60)
    database.upgrade(chosen.database)
    history.seed(chosen.database)
    with database.transaction(chosen.database) as connection:
        connection.exec_driver_sql(
            "ALTER TABLE run RENAME TO slow; CREATE VIEW run AS SELECT slow.* FROM pg_sleep(60), slow"
        )
    paths = ("/api/v1/ops/graph", "/api/v1/ops/plan?target=elra%2B", "/metrics")
    with running(serving.server(chosen), chosen) as ask, ThreadPoolExecutor() as pool:
        graph, plan, metrics = pool.map(ask.get, paths)

    assert (graph.status, "statement timeout" in graph.text) == (503, True)
    assert (plan.status, "statement timeout" in plan.text) == (503, True)
    assert "confradar_up 0.0" in metrics.text


def test_a_statement_has_its_time(postgres_database: str) -> None:
    """A reading whose statement takes longer says that it was cut."""
    with (
        pytest.raises(DatabaseBusy, match="statement timeout"),
        database.reading(postgres_database, statement_seconds=1) as connection,
    ):
        connection.exec_driver_sql("SELECT pg_sleep(20)")
