"""The storing transaction: all or nothing, once, and never an older night over a newer one."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, create_engine

from confradar import settings as configuration
from confradar import steps
from confradar.deadlines.conference import SourceOutput
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.errors import DatabaseUnavailable
from confradar.logs import Line
from confradar.settings import Settings
from confradar.sources.base import Rejected
from confradar.storage import answers, database, history, ledger, logs, outputs

NIGHT = datetime(2026, 1, 13, 2, tzinfo=UTC)
WRITTEN = ("series", "conference", "mention", "claim", "deadline", "change")
CUTS = {
    **{table: f"AFTER INSERT ON {table}" for table in WRITTEN},
    "step_run": "AFTER UPDATE ON step_run FOR EACH ROW WHEN (NEW.step = 'store_conferences' AND NEW.status = 'ok')",
    "run": "AFTER UPDATE ON run FOR EACH ROW WHEN (NEW.status = 'ok')",
}
LEDGER = pytest.mark.fault("G4", "the ledger's write fails: what was stored and who stored it together, or neither")
END_THE_BACKEND = """
CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END$$
"""


def icml(text: str = "2026-01-28 23:59", source: str = "elra") -> Listing:
    """One conference with one gate."""
    return Listing(
        source=source,
        ref="icml26",
        url="https://icml.example.org/",
        title="ICML 2026",
        year=2026,
        acronym="ICML",
        dates=(WrittenDate(Kind.SUBMISSION, text, "AoE"),),
    )


@pytest.fixture
def settings(url: str) -> Settings:
    """The settings of an empty database with tables."""
    database.upgrade(url)
    return configuration.load(CONFRADAR_DATABASE_URL=url)


@pytest.mark.fault("B1", "cut at each statement: stored once, whichever statement")
@pytest.mark.parametrize("table", [*WRITTEN, pytest.param("step_run", marks=LEDGER), pytest.param("run", marks=LEDGER)])
def test_a_store_that_is_cut_at_any_statement_is_stored_once(postgres_database: str, table: str) -> None:
    """The connection ends at the first write to each table in turn: nothing is visible, then all of it, once."""
    database.upgrade(postgres_database)
    chosen = configuration.load(CONFRADAR_DATABASE_URL=postgres_database)
    administrator = create_engine(postgres_database, isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.exec_driver_sql(END_THE_BACKEND)
        connection.exec_driver_sql(f"CREATE TRIGGER cut {CUTS[table]} EXECUTE FUNCTION cut()")
        # History begins with the second night.
        if table == "change":
            connection.exec_driver_sql("ALTER TABLE change DISABLE TRIGGER cut")
            steps.store({"elra": [icml()]}, chosen, now=NIGHT - timedelta(days=1))
            connection.exec_driver_sql("ALTER TABLE change ENABLE TRIGGER cut")
        with database.reading(postgres_database) as reading:
            before = answers.counts(reading)

        with pytest.raises(DatabaseUnavailable):
            steps.store({"elra": [icml("2026-01-30 23:59")]}, chosen, now=NIGHT)

        with database.reading(postgres_database) as reading:
            [run] = ledger.unfinished(reading)
            assert answers.counts(reading) == before
        connection.exec_driver_sql(f"DROP TRIGGER cut ON {table}")
    administrator.dispose()
    first = steps.store_run(run.key, chosen)
    again = steps.store_run(run.key, chosen)
    assert first.value == again.value
    with database.reading(postgres_database) as reading:
        found = answers.counts(reading)
        assert (found["conferences"], found["mentions"], found["claims"], found["deadlines"]) == (1, 1, 1, 1)
        moves = answers.recent_changes(reading, since=NIGHT, limit=10, run_id=run.id)
        assert len([move for move in moves if move["field"] == "date"]) == (table == "change")


@pytest.mark.fault("B6", "older run finishes after a newer: changes nothing newer")
def test_an_older_night_that_is_stored_late_changes_nothing_newer(settings: Settings) -> None:
    """What was read later stays, whichever is stored last."""
    steps.store({"elra": [icml("2026-01-30 23:59")]}, settings, now=NIGHT)
    late = steps.store({"elra": [icml("2026-01-28 23:59")]}, settings, now=NIGHT - timedelta(days=1))

    assert late.value["updated"] == 0
    with database.reading(settings.database) as connection:
        [gate] = answers.conference(connection, "icml-2026")["deadlines"]
    assert gate["claims"][0]["text"] == "2026-01-30 23:59"


@pytest.mark.fault("E1", "changed markup: nothing stored, nothing deleted")
def test_a_night_that_is_stored_late_adds_the_history_that_was_missed(settings: Settings) -> None:
    """The date in between gets a line of its own, marked with when it was added; claim and gate stay; once."""
    for day, text in (
        (0, "2026-01-20 12:00"),
        (2, "2026-01-27 12:00"),
        (1, "2026-01-30 12:00"),
        (1, "2026-01-30 12:00"),
    ):
        steps.store({"elra": [icml(text)]}, settings, now=NIGHT + timedelta(days=day))

    with database.reading(settings.database) as connection:
        found = answers.recent_changes(connection, since=NIGHT, limit=10)
        known = answers.conference(connection, "icml-2026")
    assert known
    [claim] = [claim for gate in known["deadlines"] for claim in gate["claims"]]
    assert claim["text"] == "2026-01-27 12:00"
    dated = [line for line in found if line["field"] == "date"]
    assert [(line["at"], line["before"], line["after"]) for line in dated] == [
        (NIGHT + timedelta(days=2), "2026-01-20 12:00 AoE", "2026-01-27 12:00 AoE"),
        (NIGHT + timedelta(days=1), "2026-01-20 12:00 AoE", "2026-01-30 12:00 AoE"),
    ]
    assert [line["added_at"] is not None for line in dated] == [False, True]


def test_a_failed_source_leaves_its_rows(settings: Settings) -> None:
    """A night in which a source gives nothing changes nothing of what it said."""
    steps.store({"elra": [icml()]}, settings, now=NIGHT)
    failed = steps.Materialised("elra_conferences", (), {"count": 0}, status="failed", reason="dns")
    stored = steps.store({"elra": failed, "wikicfp": [icml(source="wikicfp")]}, settings, now=NIGHT + timedelta(1))

    assert stored.status == "partial"
    with database.reading(settings.database) as connection:
        found = answers.conference(connection, "icml-2026")
    assert {mention["source"] for mention in found["mentions"]} == {"elra", "wikicfp"}
    assert all(mention["not_seen_since"] is None for mention in found["mentions"])


def test_what_a_page_smuggled_into_a_reject_or_an_error_is_kept_harmless(settings: Settings) -> None:
    """A lone surrogate, NUL and an escape sequence in rejects, errors and logs cost nothing good."""
    smuggled = "a\ud800b\x00c\x1b]0;pwn\x07"
    reject = Rejected("elra", smuggled, "title", smuggled, "text")
    crawled = steps.Materialised(
        "elra_conferences",
        (icml(),),
        {"count": 1, "rejects": [str(reject)]},
        status="degraded",
        reason="errors",
        error=smuggled,
        outputs=(SourceOutput("elra", (icml(),), rejected=frozenset({reject.ref})),),
        log=(str(Line(NIGHT, 40, "tests", smuggled)),),
    )
    stored = steps.store({"elra": crawled}, settings, now=NIGHT)

    assert stored.value["created"] == 1
    with database.reading(settings.database) as connection:
        [run] = history.runs(connection)
        row = ledger.step_runs(connection, run.id)[0]
        [record] = logs.read(connection, run.id, "elra_conferences").records
    for text in (row["error"], *row["metadata"]["rejects"], record.text, record.written):
        assert text.isprintable()


@pytest.mark.fault("B5", "what breaks a constraint of the database: said with its reason, harms no other run")
def test_a_run_that_cannot_be_stored_is_failed_and_holds_up_no_other(settings: Settings) -> None:
    """A kept output that was damaged: the watchdog says so at the run's deadline, and the next run may begin."""
    chosen = settings.model_copy(update={"run_deadline_seconds": 1})
    run = opened("manual:damaged", chosen)
    with database.transaction(settings.database) as connection:
        assert claimed(connection, run, steps.now_utc()) == 1
        outputs.keep(connection, run.id, "elra_conferences", 1, SourceOutput("elra", (icml(),)), now=NIGHT)
        ledger.finish_step(connection, run.id, "elra_conferences", 1, status="ok", now=steps.now_utc(), count=1)
        connection.exec_driver_sql("UPDATE kept_output SET digest = 'another' WHERE run_id = 1")

    now = steps.now_utc() + timedelta(minutes=5)
    steps.watch(settings, since=now, now=now)

    with database.reading(settings.database) as connection:
        assert ledger.find(connection, run.key).status == "failed"
    assert steps.store({"elra": [icml()]}, settings, now=NIGHT).status == "ok"


def opened(key: str, settings: Settings, step: str = "elra_conferences") -> ledger.Run:
    """A run of one crawl and the store, in the ledger."""
    return steps.open_run(
        key, trigger="manual", target="elra+", steps=[step, steps.STORE], logical_instant=NIGHT, settings=settings
    ).run


def claimed(connection: Connection, run: ledger.Run, moment: datetime, retries: int = 0) -> int | None:
    """Claim the next attempt of a run's crawl, as a worker does at that moment."""
    return ledger.begin_step(
        connection, run, "elra_conferences", task_id="t", retries=retries, worker="here", pid=1, now=moment,
        lost_after=60,
    )  # fmt: skip


def test_a_copy_of_a_message_does_not_begin_the_next_attempt_early(settings: Settings) -> None:
    """An attempt that is queued for later is not begun by the doubled message of the one that failed."""
    run = opened("manual:copy", settings)
    now = steps.now_utc()
    again = now + timedelta(seconds=300)

    def begin(moment: datetime, retries: int) -> int | None:
        with database.transaction(settings.database) as connection:
            return claimed(connection, run, moment, retries)

    assert begin(now, 0) == 1
    with database.transaction(settings.database) as connection:
        ledger.finish_step(connection, run.id, "elra_conferences", 1, status="failed", now=now, retry_at=again)
    assert begin(now, 0) is None
    assert begin(again, 1) == 2


def test_two_lists_of_one_source_confirm_nothing(settings: Settings) -> None:
    """The verdict is `single`, however many lists of one source say the same."""
    twice = [icml(), dataclasses.replace(icml(), ref="icml", feed="other")]
    steps.store({"elra": twice}, settings, now=NIGHT)

    with database.reading(settings.database) as connection:
        found = answers.conference(connection, "icml-2026")
    assert (len(found["mentions"]), found["deadlines"][0]["verdict"]) == (2, "single")


@pytest.mark.fault("B4", "same edition twice: merged first, all addresses kept")
def test_all_addresses_of_a_conference_are_kept(settings: Settings) -> None:
    """Two listings of equal title and year become one conference with both addresses."""
    steps.store({"elra": [icml()], "wikicfp": [icml(source="wikicfp")]}, settings, now=NIGHT)

    with database.reading(settings.database) as connection:
        assert answers.counts(connection)["conferences"] == 1
        found = answers.conference(connection, "icml-2026")
    assert [mention["url"] for mention in found["mentions"]] == ["https://icml.example.org/"] * 2
    [gate] = found["deadlines"]
    assert gate["verdict"] == "agreed"
