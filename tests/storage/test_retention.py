"""What is deleted after a while, and what never is."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, Table, create_engine, func, insert, select, update

from confradar import archive, servers, steps
from confradar import settings as configuration
from confradar.deadlines.conference import SourceOutput
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.merge import merge
from confradar.errors import BrokenArchive
from confradar.settings import Settings
from confradar.steps.runs import CUT
from confradar.storage import alerts, audit, conferences, database, ledger, logs, outputs, retention, run_tables
from confradar.storage import tables as t

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
OLD, FRESH = NOW - timedelta(days=91), NOW - timedelta(days=89)
HISTORY = (t.series, t.series_name, t.conference, t.mention, t.deadline, t.claim, t.change, t.identity_pin)
RECORD = (run_tables.run, run_tables.step_run, run_tables.step_log, run_tables.check_result, run_tables.kept_output)
G2 = pytest.mark.fault("G2", "retention killed, or beside a store: goes on; history and the last good outputs are kept")

# Who deletes the run of that number takes very long about it.
HANG = {
    "postgresql": """
CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(600); RETURN OLD; END$$;
CREATE TRIGGER hang BEFORE DELETE ON run FOR EACH ROW WHEN (OLD.id = 30) EXECUTE FUNCTION hang();
""",
    "sqlite": """
CREATE VIEW endless AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1e12) SELECT x FROM n;
CREATE TRIGGER hang BEFORE DELETE ON run WHEN OLD.id = 30 BEGIN SELECT count(*) FROM endless; END;
""",
}


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    """The settings of an empty database with tables."""
    return configuration.load(CONFRADAR_DATABASE_URL=url, data_dir=tmp_path / "data")


@pytest.fixture
def administrator(url: str) -> Iterator[Engine]:
    """A connection beside ours, without our limits."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def listing(source: str = "elra", text: str = "2026-01-28 23:59") -> Listing:
    """One conference with one gate."""
    dates = (WrittenDate(Kind.SUBMISSION, text, "AoE"),)
    return Listing(source, "icml26", "https://icml.example.org/", "ICML 2026", 2026, acronym="ICML", dates=dates)


def ran(
    connection: Connection,
    key: str,
    ended: datetime | None,
    *,
    good: tuple[str, ...] = (),
    reason: str = "",
    held: bool = False,
) -> int:
    """A run that was over then (or goes on), with a log and a check of its step, and these sources' good outputs."""
    began = (ended or OLD) - timedelta(minutes=5)
    run, _ = ledger.open_run(
        connection,
        key=key,
        trigger="manual",
        logical_instant=began,
        target="elra",
        steps=["elra_conferences"],
        now=began,
        deadline_seconds=60,
    )
    for source in good:
        outputs.keep(
            connection, run.id, "elra_conferences", 1, SourceOutput(source, (listing(source),)), now=began, held=held
        )
    line = f"{began:%Y-%m-%dT%H:%M:%S}.000Z INFO confradar a line"
    logs.append(connection, run.id, "elra_conferences", 1, [line], limit=1000)
    of_attempt = {"run_id": run.id, "step": "elra_conferences", "attempt": 1, "output": "elra", "name": "count"}
    found = {"severity": "error", "blocking": True, "passed": True, "description": "enough", "observed": "1"}
    connection.execute(insert(run_tables.check_result).values(**of_attempt, **found))
    if ended:
        status = "ok" if good else "failed"
        ledger.finish_step(connection, run.id, "elra_conferences", 1, status=status, reason=reason, now=ended, count=1)
        ledger.finish_run(connection, run.id, status=status, now=ended)
    return run.id


def rows(url: str, *wanted: Table) -> dict[str, list[tuple[object, ...]]]:
    """All rows of these tables."""
    with database.reading(url) as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in wanted
        }


def keys(url: str) -> list[str]:
    """The keys of the runs that are left, in their order."""
    with database.reading(url) as connection:
        return list(connection.scalars(select(run_tables.run.c.key).order_by(run_tables.run.c.id)))


def count(url: str) -> int:
    """The number of runs that are left."""
    with database.reading(url) as connection:
        return connection.execute(select(func.count()).select_from(run_tables.run)).scalar_one()


def test_a_run_goes_with_all_that_hangs_on_it_once_it_is_old(settings: Settings) -> None:
    """Ninety days after its end, and not before; what is said to go is what then goes."""
    with database.transaction(settings.database) as connection:
        for name, ended in (("old", OLD), ("fresh", FRESH), ("newest", FRESH)):
            ran(connection, name, ended)

    told = steps.prune(settings, now=NOW, dry_run=True)
    assert keys(settings.database) == ["old", "fresh", "newest"]
    done = steps.prune(settings, now=NOW)

    assert keys(settings.database) == ["fresh", "newest"]
    assert {name: len(left) for name, left in rows(settings.database, *RECORD).items()} == {
        "run": 2, "step_run": 2, "step_log": 2, "check_result": 2, "kept_output": 0,
    }  # fmt: skip
    assert told.value == done.value
    assert done.value["run"] == done.value["step_run"] == done.value["step_log"] == done.value["check_result"] == 1
    assert not any(steps.prune(settings, now=NOW).value.values())


def test_a_setting_says_for_how_long_a_run_is_kept(settings: Settings) -> None:
    """`CONFRADAR_KEEP_DAYS`."""
    with database.transaction(settings.database) as connection:
        for name in ("fresh", "newest"):
            ran(connection, name, FRESH)

    steps.prune(settings.model_copy(update={"keep_days": 30}), now=NOW)

    assert keys(settings.database) == ["newest"]


def test_a_run_that_is_not_over_stays(settings: Settings) -> None:
    """However long ago it began."""
    with database.transaction(settings.database) as connection:
        ran(connection, "going", None)
        ran(connection, "newest", OLD)

    assert not any(
        steps.prune(settings, now=NOW).value[table.name]
        for table in (run_tables.run, run_tables.step_run, run_tables.kept_output)
    )
    assert keys(settings.database) == ["going", "newest"]


@G2
def test_the_newest_good_output_of_each_source_stays(settings: Settings) -> None:
    """With its run and step, which name where it is from; their logs and checks go, and what a check holds does."""
    with database.transaction(settings.database) as connection:
        ran(connection, "first", OLD - timedelta(days=3), good=("elra", "wikicfp"))
        ran(connection, "second", OLD - timedelta(days=2), good=("elra", "acl_web"))
        ran(connection, "third", OLD - timedelta(days=1), good=("acl_web",))
        ran(connection, "held", OLD, good=("elra",), held=True)
        ran(connection, "newest", FRESH)
    names = ("elra", "wikicfp", "acl_web")
    with database.reading(settings.database) as connection:
        before = {name: outputs.last_good(connection, name) for name in names}

    done = steps.prune(settings, now=NOW)

    assert keys(settings.database) == ["first", "second", "third", "newest"]
    assert done.value | {"run": 1, "step_run": 1, "kept_output": 3, "step_log": 4, "check_result": 4} == done.value
    with database.reading(settings.database) as connection:
        assert {name: outputs.last_good(connection, name) for name in names} == before
        for name, good in before.items():
            assert good is not None
            assert outputs.kept(connection, good.reference).listings == (listing(name),)
            assert outputs.good_counts(connection, name, before=NOW, cut=CUT) == (1,)


def test_counts_still_have_something_to_compare_with(settings: Settings) -> None:
    """Of a source whose last good crawl was cut short, the newest whole one stays as well."""
    with database.transaction(settings.database) as connection:
        ran(connection, "older", OLD - timedelta(days=2), good=("elra",))
        ran(connection, "whole", OLD - timedelta(days=1), good=("elra",))
        ran(connection, "cut", OLD, good=("elra",), reason="timeout")
        ran(connection, "newest", FRESH)

    steps.prune(settings, now=NOW)

    assert keys(settings.database) == ["whole", "cut", "newest"]
    with database.reading(settings.database) as connection:
        assert outputs.good_counts(connection, "elra", before=NOW, cut=CUT) == (1,)


def test_the_number_of_a_run_is_never_given_again(settings: Settings) -> None:
    """Changes name their run by its number: another run of that number would claim them."""
    with database.transaction(settings.database) as connection:
        ran(connection, "older", OLD)
        number = ran(connection, "newest", OLD)

    steps.prune(settings, now=NOW)

    with database.transaction(settings.database) as connection:
        assert ran(connection, "next", NOW) > number


@G2
def test_the_history_of_dates_stays_byte_for_byte(settings: Settings) -> None:
    """Two nights that moved a date, long ago: every row that readers see is as it was, whatever became of the runs."""
    night = datetime(2026, 1, 13, 2, tzinfo=UTC)
    for days, text in enumerate(("2026-01-28 23:59", "2026-01-30 23:59", "2026-01-29 23:59")):
        inputs = {name: [listing(name, text)] for name in ("elra", "wikicfp")}
        assert steps.store(inputs, settings, now=night + timedelta(days=days)).status == "ok"
    before = rows(settings.database, *HISTORY)
    assert len(before["change"]) > 3

    done = steps.prune(settings, now=steps.now_utc() + timedelta(days=500))

    assert done.value["run"] == 2
    assert rows(settings.database, *HISTORY) == before
    again = {name: [listing(name, "2026-01-29 23:59")] for name in ("elra", "wikicfp")}
    assert steps.store(again, settings, now=night + timedelta(days=3)).value["unchanged"] == 2


def test_alerts_go_once_they_are_long_over_and_open_ones_never(settings: Settings) -> None:
    """An alert that is over goes like a run, ninety days later."""
    with database.transaction(settings.database) as connection:
        for condition, over in (("long over", OLD), ("just over", FRESH), ("open", None)):
            alerts.open_alert(connection, condition, condition, now=OLD - timedelta(days=300))
            if over:
                alerts.resolve(connection, condition, now=over)

    steps.prune(settings, now=NOW)

    with database.reading(settings.database) as connection:
        assert list(connection.scalars(select(run_tables.alert.c.condition))) == ["just over", "open"]


def test_who_did_what_is_kept_longer_and_how_a_schedule_stands_for_ever(settings: Settings) -> None:
    """Four hundred days; the newest switch of each schedule says whether it is paused, however old."""
    with database.transaction(settings.database) as connection:
        for days, paused in ((600, True), (500, False), (450, True), (399, False)):
            at = NOW - timedelta(days=days)
            audit.switch(connection, "yours", paused=paused, by="me", why="", at=at)
            if days > 400:
                audit.switch(connection, "mine", paused=paused, by="me", why="", at=at)

    steps.prune(settings, now=NOW)

    with database.reading(settings.database) as connection:
        assert audit.pause(connection, "mine", NOW)
        assert not audit.pause(connection, "yours", NOW)
        assert [entry["subject"] for entry in audit.entries(connection)] == ["yours"]
        assert len(connection.execute(select(run_tables.schedule_state)).all()) == 2


@G2
@pytest.mark.integration
def test_killed_in_the_middle_it_goes_on_where_it_was(settings: Settings, administrator: Engine) -> None:
    """What was deleted stays deleted, what was under way is whole, and the next call deletes the rest."""
    kind = administrator.dialect.name
    with database.transaction(settings.database) as connection:
        for number in range(60):
            ran(connection, f"old {number}", datetime.now(UTC) - timedelta(days=200), good=("elra",) * (number == 5))
    with administrator.connect() as connection:
        if kind == "sqlite":
            connection.connection.executescript(HANG[kind])
        else:
            connection.exec_driver_sql(HANG[kind])
    environment = {**os.environ, "CONFRADAR_DATABASE_URL": settings.database}
    process = subprocess.Popen(servers.confradar("prune"), env=environment, start_new_session=True)
    try:
        end = time.monotonic() + 60
        while count(settings.database) == 60:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    left = rows(settings.database, *RECORD)
    assert (len(left["run"]), len(left["step_log"]), len(left["kept_output"])) == (41, 40, 1)
    with administrator.connect() as connection:  # on PostgreSQL, this waits for the dead process's session
        connection.exec_driver_sql("DROP TRIGGER hang" if kind == "sqlite" else "DROP FUNCTION hang CASCADE")

    done = subprocess.run(servers.confradar("prune"), env=environment, capture_output=True, text=True, check=True)

    assert "run                  39 deleted" in done.stdout.splitlines()
    assert keys(settings.database) == ["old 5", "old 59"]


@G2
def test_it_neither_waits_for_a_store_nor_makes_one_wait(postgres: str) -> None:
    """A store that holds its locks; then a batch of deletions that is not committed yet."""
    settings = configuration.load(CONFRADAR_DATABASE_URL=postgres)
    with database.transaction(postgres) as connection:
        for number in range(3):
            ran(connection, f"old {number}", OLD)
        ran(connection, "going", None)

    with database.transaction(postgres) as storing:
        database.writer_lock(storing)
        ledger.find(storing, "going", lock=True)
        assert steps.prune(settings, now=NOW).value["run"] == 3

    with database.transaction(postgres) as connection:
        ran(connection, "old", OLD)
        ran(connection, "newest", FRESH)
    with database.transaction(postgres) as pruning:
        ids = retention.old_runs(pruning, ended_before=NOW, after=0, lock=True)
        assert retention.remove(pruning, retention.of_runs(pruning, ids, cut=()))["run"] == 1
        assert steps.store({"elra": [listing()]}, settings, now=NOW).status == "ok"


def test_a_run_that_an_operator_has_in_hands_is_passed_over(postgres: str) -> None:
    """Who releases what a check held long ago finds it."""
    settings = configuration.load(CONFRADAR_DATABASE_URL=postgres)
    with database.transaction(postgres) as connection:
        for name in ("held", "old", "newest"):
            ran(connection, name, OLD, good=("elra",), held=True)

    with database.transaction(postgres) as releasing:
        ledger.find(releasing, "held", lock=True)
        steps.prune(settings, now=NOW)

    assert keys(postgres) == ["held", "newest"]


def test_archives_go_but_for_the_pages_behind_mentions(settings: Settings) -> None:
    """A file goes a month after its time; a page that a mention names is found by the same name, as long as it does."""
    folder, body = settings.archive_dir, b"<h1>ICML 2026</h1>"
    pages = {}
    for days in (121, 119):
        file = archive.file_name("elra", NOW - timedelta(days=days), f"nightly:{days}", 1)
        writer = archive.Writer(folder, file, {}, most=1 << 20)
        for url in ("https://a.example/", "https://b.example/"):
            at = NOW - timedelta(days=days)
            pages[days, url] = writer.write((url, ""), 200, [], body + url.encode(), at=at, last=None)
        os.utime(folder / file, (at.timestamp(), at.timestamp()))
    wanted = pages[121, "https://b.example/"]
    assert wanted
    with database.transaction(settings.database) as connection:
        said = replace(listing(), archived=wanted.reference)
        merged = merge(conferences.known(connection), [SourceOutput("elra", (said,))], run_id=1, now=NOW)
        conferences.write(connection, merged, now=NOW)

    told = steps.prune(settings, now=NOW, dry_run=True)
    done = steps.prune(settings, now=NOW)

    assert told.value == done.value
    assert done.value["archive"] == 1
    assert [file.run for file in archive.files(folder)] == ["nightly:119"]
    assert archive.find(folder, wanted.reference).body == body + b"https://b.example/"
    with pytest.raises(BrokenArchive, match="is gone: archives are kept for a time only"):
        archive.find(folder, pages[121, "https://a.example/"].reference)

    with database.transaction(settings.database) as connection:
        connection.execute(update(t.mention).values(archived=None))
    assert steps.prune(settings, now=NOW).value["archive/kept"] == 1
    assert not any(path.is_file() for path in (folder / "kept").iterdir())
