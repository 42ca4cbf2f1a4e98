"""What Prometheus reads, on both databases: true to the ledger, and as cheap with a long history as with none."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event

from confradar import graph, metrics, steps
from confradar import settings as configuration
from confradar.deadlines.conference import SourceOutput
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.errors import BrokerUnavailable
from confradar.settings import Settings
from confradar.storage import alerts, audit, database, outputs
from confradar.storage.run_tables import run, step_run

QUERIES = 13
Figures = dict[tuple[str, ...], float]


@pytest.fixture
def settings(url: str) -> Settings:
    """The settings of an empty database with tables."""
    return configuration.load(CONFRADAR_DATABASE_URL=url)


def read(text: bytes) -> Figures:
    """The figures by name and values of the labels; each family has a type and words of help."""
    found: Figures = {}
    for family in text_string_to_metric_families(text.decode()):
        assert family.documentation
        assert family.type in ("gauge", "info")
        for sample in family.samples:
            found[sample.name.removeprefix("confradar_"), *sample.labels.values()] = sample.value
    return found


def seed(url: str, nights: int, *, now: datetime) -> None:
    """So many nights, the newest an hour ago; each took ten minutes, every tenth failed."""
    names = graph.plan("*").names
    begins = [now - timedelta(hours=1) - timedelta(days=nights - 1 - number) for number in range(nights)]
    with database.transaction(url) as connection:
        rows: list[dict[str, Any]] = [
            {
                "id": number,
                "key": f"nightly:{begun.date()}",
                "trigger": "schedule",
                "logical_instant": begun,
                "target": "*",
                "steps": list(names),
                "status": "failed" if number % 10 == 0 else "ok",
                "started_at": begun,
                "deadline_at": begun,
                "finished_at": begun + timedelta(minutes=10),
                "statistics": {"moves": {"earlier": 2, "later": number}, "rejected": 3},
            }
            for number, begun in enumerate(begins, 1)
        ]
        connection.execute(run.insert(), rows)
        attempts: list[dict[str, Any]] = [
            {
                "run_id": row["id"],
                "step": name,
                "attempt": 1,
                "status": row["status"],
                "started_at": row["started_at"],
                "finished_at": row["started_at"] + timedelta(seconds=row["id"] % 7 + 1),
                "metadata": {"rejected": row["id"]},
            }
            for row in rows
            for name in names
        ]
        connection.execute(step_run.insert(), attempts)


@pytest.fixture
def statements(url: str) -> Iterator[list[str]]:
    """Every statement that is sent to the database, but for those that begin a transaction."""
    sent: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN")):
            sent.append(statement)

    engine = database.engine(url)
    event.listen(engine, "before_cursor_execute", hear)
    yield sent
    event.remove(engine, "before_cursor_execute", hear)


def test_a_thousand_runs_cost_no_more_queries_than_one(settings: Settings, statements: list[str]) -> None:
    """A dozen at most, however long the history; and so many lines that a person can read them."""
    now = datetime.now(UTC)
    seed(settings.database, 1000, now=now)
    statements.clear()

    text = metrics.text(settings)

    assert len(statements) <= QUERIES
    assert len(text.splitlines()) < 200
    assert read(text)["runs", "ok", "schedule"] == 900


def test_nights_and_steps_are_told_as_they_ran(settings: Settings) -> None:
    """Durations of the newest and of the last ones, moves and rejects of the last night, the share that went well."""
    seed(settings.database, 40, now=datetime.now(UTC))

    found = read(metrics.text(settings))

    assert found["up",] == 1
    assert (found["runs", "failed", "schedule"], found["runs", "ok", "schedule"]) == (4, 36)
    assert found["nights_success_ratio",] == pytest.approx(27 / 30)
    assert found["last_night_age_seconds",] == pytest.approx(3600, abs=60)
    assert found["last_night_duration_seconds",] == found["night_duration_seconds", "1"] == 600
    assert found["last_night_changes", "later"] == 40
    assert (found["last_night_changes", "earlier"], found["last_night_changes", "withdrawn"]) == (2, 0)
    assert found["last_night_rejected_listings",] == 3
    step = steps.STORE
    assert (found["step_last_duration_seconds", step], found["step_duration_seconds", "1", step]) == (6, 7)
    assert found["step_duration_seconds", "0.5", step] == 4
    assert (found["step_rejected_listings", step], found["step_last_success", step]) == (40, 0)


def test_sources_alerts_and_the_lease_are_told_as_they_stand(settings: Settings) -> None:
    """Listings and age of the last good crawl; one that a check holds does not count."""
    dates = (WrittenDate(Kind.SUBMISSION, "2026-01-28 23:59", "AoE"),)
    listing = Listing("elra", "icml26", "https://icml.example.org/", "ICML 2026", 2026, acronym="ICML", dates=dates)
    steps.store({"elra": [listing]}, settings)
    now = steps.now_utc()
    opened = steps.open_run(
        "manual:going", trigger="manual", target="elra", steps=["elra_conferences"], logical_instant=now,
        settings=settings,
    )  # fmt: skip
    with database.transaction(settings.database) as connection:
        held = SourceOutput("elra", (listing, listing))
        outputs.keep(connection, opened.run.id, "elra_conferences", 1, held, now=now, held=True)
        alerts.open_alert(connection, "night late", "", now=now)
        audit.switch(connection, steps.SCHEDULE, paused=True, by="ada", why="holidays", at=now)

    found = read(metrics.text(settings))

    assert found["source_listings", "elra"] == 1
    assert found["source_last_good_age_seconds", "elra"] < 600
    assert (found["open_alerts",], found["schedule_paused",]) == (1, 1)
    assert 0 < found["lease_held_seconds",] < 600
    assert (found["night_missing",], found["night_late",]) == (0, 0)


def test_a_night_that_does_not_come_is_missing(settings: Settings) -> None:
    """As the watchdog, the doctor and the pages have it."""
    seed(settings.database, 3, now=datetime.now(UTC) - timedelta(days=5))

    found = read(metrics.text(settings))

    assert found["night_missing",] == 1
    assert found["last_night_age_seconds",] > 4 * 24 * 3600


def test_an_empty_ledger_has_figures(settings: Settings) -> None:
    """What is not known yet is absent; nothing is made up, nothing fails."""
    found = read(metrics.text(settings, lambda: 0))

    assert found["up",] == found["broker_up",] == 1
    assert (found["queue_messages",], found["open_alerts",], found["lease_held_seconds",]) == (0, 0, 0)
    assert not {"last_night_age_seconds", "nights_success_ratio"} & {name for name, *_ in found}


def silent() -> int:
    """The broker that does not answer."""
    raise BrokerUnavailable("it does not answer")


@pytest.mark.parametrize("url", ["sqlite:///{}/without-tables.sqlite", "postgresql+psycopg2://nobody@127.0.0.1:9/none"])
def test_a_database_or_a_broker_that_is_away_is_a_figure(url: str, tmp_path: object) -> None:
    """Not an error: who asks learns that nothing can be known."""
    settings = configuration.load(CONFRADAR_DATABASE_URL=url.format(tmp_path))

    found = read(metrics.text(settings, silent))

    assert {name: value for (name, *_), value in found.items()} == {"build_info": 1, "up": 0, "broker_up": 0}
