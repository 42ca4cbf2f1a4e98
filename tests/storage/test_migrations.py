"""The migrations go up and down on both databases and give exactly the declared tables."""

import logging
import os
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, inspect, select, text

from confradar import settings as configuration
from confradar import steps
from confradar.deadlines.conference import SourceOutput
from confradar.errors import SchemaMismatch
from confradar.steps.runs import Materialised, begin, keep
from confradar.storage import columns, database, ledger, run_tables, tables
from confradar.storage.past_tables import PAST

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
EMPTY = SourceOutput("elra", ())
UPGRADE = "import sys; from confradar.storage import database; database.upgrade(sys.argv[1])"

# One row for each table that foreign keys lead from or to, in an order that these allow.
ROWS = {
    "series": {"id": 1, "key": "icml", "name": "ICML"},
    "series_name": {"series_id": 1, "name": "Machine Learning Workshop"},
    "conference": {
        "id": 1,
        "slug": "icml-2027",
        "title_key": "icml",
        "series_id": 1,
        "type": "conference",
        "title": "ICML",
        "year": 2027,
        "starts_on": date(2027, 7, 1),
        "topics": ["ml"],
        "ranks": [],
        "created_at": NOW,
        "updated_at": NOW,
        "search_text": "",
        "facets": "",
    },
    "mention": {
        "id": 1,
        "source": "elra",
        "feed": "",
        "ref": "icml",
        "year": 2027,
        "url": "https://example.org",
        "conference_id": 1,
        "evidence": "new",
        "identity_keys": "[]",
        "raw": "{}",
        "first_seen_at": NOW,
        "last_seen_at": NOW,
        "first_run_id": 1,
        "last_run_id": 1,
    },
    "deadline": {"id": 1, "conference_id": 1, "kind": "submission", "round": 0, "track": "", "verdict": "single"},
    "claim": {
        "mention_id": 1,
        "kind": "submission",
        "round": 0,
        "track": "",
        "text": "1 May",
        "precision": "day",
        "reason": "",
        "estimated": False,
        "first_confirmed_at": NOW,
    },
    "change": {
        "id": 1,
        "run_id": 1,
        "at": NOW,
        "conference_id": 1,
        "deadline_id": 1,
        "mention_id": 1,
        "field": "date",
        "reverted": False,
    },
    "sighting": {"source": "elra", "mention_id": 0, "at": NOW, "stored_at": NOW},
    "run": {
        "id": 1,
        "key": "nightly:2026-11-23",
        "trigger": "schedule",
        "logical_instant": NOW,
        "target": "*",
        "steps": ["elra_conferences"],
        "status": "ok",
        "started_at": NOW,
        "deadline_at": NOW,
    },
    "step_run": {"run_id": 1, "step": "elra_conferences", "attempt": 1, "status": "ok"},
    "kept_output": {
        "run_id": 1,
        "step": "elra_conferences",
        "attempt": 1,
        "output": "",
        "count": 0,
        "digest": "0" * 64,
        "body": b"\x00\xff",
        "kept_at": NOW,
    },
    "step_log": {"run_id": 1, "step": "elra_conferences", "attempt": 1, "chunk": 0, "level": 20, "lines": "a line"},
    "lease": {"name": "another_job", "run_id": 1, "token": 1},
    "check_result": {
        "run_id": 1,
        "step": "elra_conferences",
        "attempt": 1,
        "output": "elra",
        "name": "count_above_floor",
        "severity": "error",
        "blocking": True,
        "passed": True,
        "description": "",
        "observed": "",
    },
    "audit": {"at": NOW, "by": "me", "action": "cancel", "subject": "nightly:2026-11-23", "why": ""},
    "schedule_state": {"schedule": "daily_crawl_schedule", "paused": True, "at": NOW, "by": "me", "why": ""},
    "identity_pin": {"first": ["a"], "second": ["b"], "together": True, "by": "me", "why": "", "at": NOW},
    "alert": {"condition": "run missing", "detail": "", "opened_at": NOW},
    "follow": {
        "id": 1,
        "selection": "series=icml",
        "address": "json://example.org",
        "shown": "json://example.org",
        "remind": [24],
        "zone": "UTC",
        "secret": "0" * 32,
        "by": "me",
        "created_at": NOW,
    },
    "message": {
        "key": "change/1",
        "kind": "change",
        "follow_id": 1,
        "address": "json://example.org",
        "subject": "ICML moved",
        "body": "",
        "parts": [],
        "created_at": NOW,
        "due_at": NOW,
        "next_try_at": NOW,
    },
}
ROWS |= {past.name: {**ROWS[table.name], "replaced_at": NOW} for table, past in PAST.items()}


def test_migrations_go_up_down_and_up_again_with_rows_in_every_table(empty_url):
    """No table is forgotten on the way down, and no row is in the way."""
    assert set(ROWS) == set(columns.metadata.tables)
    for _ in range(2):
        database.upgrade(empty_url)
        with database.transaction(empty_url) as connection:
            for name, row in ROWS.items():
                connection.execute(columns.metadata.tables[name].insert(), [row])
        database.downgrade(empty_url, "base")
        with database.reading(empty_url) as connection:
            assert set(inspect(connection).get_table_names()) == {"alembic_version"}


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_run_that_is_going_during_an_upgrade_ends_as_it_would_have(empty_url, status):
    """It has the lease from then on: its source is stored, and another run waits for it."""
    database.upgrade(empty_url, "0001")
    names, later = ["elra_conferences", "store_conferences"], datetime.now(UTC) + timedelta(hours=1)
    ended = {**{name: value for name, value in ROWS["run"].items() if name != "id"}, "key": "nightly:1"}
    going = {**ended, "key": "nightly:2", "status": status, "steps": names, "deadline_at": later}
    queued = [{"run_id": 2, "step": name, "attempt": 1, "status": "queued", "queued_at": NOW} for name in names]
    with database.transaction(empty_url) as connection:
        connection.execute(run_tables.run.insert(), [ended, going])
        connection.execute(run_tables.step_run.insert(), queued)
    database.upgrade(empty_url)
    settings = configuration.load(CONFRADAR_DATABASE_URL=empty_url)
    with database.transaction(empty_url) as connection:
        run = ledger.find(connection, "nightly:2")
        attempt = begin(connection, run, "elra_conferences", settings)
        assert keep(connection, run, attempt, Materialised("elra_conferences", (), {}, outputs=(EMPTY,)), settings)
    how = {"trigger": "manual", "target": "elra", "logical_instant": NOW, "settings": settings}

    assert steps.open_run("manual:other", steps=["elra_conferences"], **how).waits_for == "nightly:2"
    assert steps.store_run("nightly:2", settings).status == "ok"
    assert steps.open_run("manual:other", steps=["elra_conferences"], **how).to_send


@pytest.mark.fault("B9", "yesterday's code on tables that were only added to: runs, and stores")
def test_yesterdays_code_runs_on_tables_that_were_only_added_to(empty_url):
    """A release that is being rolled out has upgraded the database; the workers of this one finish their night."""
    database.upgrade(empty_url)
    with database.transaction(empty_url) as connection:
        ours = database.head().partition(".")[0]
        connection.execute(text("UPDATE alembic_version SET version_num = :of"), {"of": f"9999.{ours}"})
        connection.exec_driver_sql("ALTER TABLE step_run ADD COLUMN later text")
        connection.exec_driver_sql("CREATE TABLE later (id integer)")
    settings = configuration.load(CONFRADAR_DATABASE_URL=empty_url)
    names = ["elra_conferences", "store_conferences"]
    steps.prepare(settings)
    steps.open_run("manual:1", trigger="manual", target="elra+", steps=names, logical_instant=NOW, settings=settings)
    with database.transaction(empty_url) as connection:
        run = ledger.find(connection, "manual:1")
        attempt = begin(connection, run, "elra_conferences", settings)
        assert keep(connection, run, attempt, Materialised("elra_conferences", (), {}, outputs=(EMPTY,)), settings)

    assert steps.store_run("manual:1", settings).status == "ok"


def test_a_migration_that_names_older_code_only_adds(tmp_path):
    """What that code knows is still there, and it need not know the rest to write a row."""
    url, before, adds = f"sqlite:///{tmp_path / 'store.sqlite'}", {}, {}
    for revision in database.revisions():
        database.upgrade(url, revision)
        with database.reading(url) as connection:
            found = inspect(connection)
            after = {
                (table, column["name"]): (str(column["type"]), column["nullable"], column["default"])
                for table in found.get_table_names()
                for column in found.get_columns(table)
            }
        known = {table for table, _ in before}
        wanted = [
            key
            for key, (_, nullable, default) in after.items()
            if key not in before and key[0] in known and not nullable and default is None
        ]
        adds[revision] = not wanted and before.items() <= after.items()
        before = after

    assert adds["0007"]
    assert [revision for revision, only in adds.items() if "." in revision and not only] == []


def test_a_second_upgrade_changes_nothing(url):
    """Starting every night with an upgrade is harmless."""
    with database.transaction(url) as connection:
        connection.execute(tables.series.insert(), [ROWS["series"]])

    database.upgrade(url)

    with database.reading(url) as connection:
        assert connection.scalar(select(func.count()).select_from(tables.series)) == 1


@pytest.mark.filterwarnings("ignore:autogenerate skipping")  # an index that SQLite does not have
def test_the_migrations_give_exactly_the_declared_tables(url):
    """Alembic finds nothing to add: columns, types, indexes, constraints."""
    with database.reading(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, columns.metadata) == []


def test_every_folder_of_code_is_packed():
    """A wheel has all that a checkout has, the migrations within the package."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent for top in ("confradar", "migrations") for path in (ROOT / top).rglob("*.py")}
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders}

    assert {name.removeprefix("confradar.") if "migrations" in name else name for name in declared} == names


def test_the_migrations_have_one_head():
    """Two branches would leave it to chance which tables a database gets."""
    assert ScriptDirectory(str(database.migrations_path())).get_heads() == [database.head()]


def test_the_alembic_command_takes_its_address_from_the_settings(empty_url):
    """`alembic upgrade head` and `alembic check` work in a clean checkout."""
    environment = {**os.environ, "CONFRADAR_DATABASE_URL": empty_url}
    for arguments in (["upgrade", "head"], ["check"]):
        command = [sys.executable, "-m", "alembic", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    assert database.revision(empty_url) == database.head()


def test_an_upgrade_leaves_the_logging_of_the_process_alone(empty_url):
    """Alembic's customary environment would silence every logger that exists."""
    ours, root = logging.getLogger("confradar.test"), logging.getLogger()
    before = root.level, list(root.handlers)

    database.upgrade(empty_url)

    assert not ours.disabled
    assert (root.level, list(root.handlers)) == before


@pytest.mark.fault("B8", "two migrations at once: old or new, never between")
def test_several_upgrades_at_once_all_succeed(empty_url):
    """Each worker node may start with an upgrade: one works, the others wait and find it done."""
    upgrades = [
        subprocess.Popen([sys.executable, "-c", UPGRADE, empty_url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [upgrade.communicate()[1] for upgrade in upgrades]

    assert [upgrade.returncode for upgrade in upgrades] == [0, 0, 0], said
    database.check_schema(empty_url)


@pytest.mark.fault("B7", "migration on a busy database: it gives way and comes back")
def test_an_upgrade_gives_up_its_place_and_comes_back_while_a_table_is_busy(postgres):
    """It waits 2 seconds for a lock, lets the others pass, and tries again until it gets it."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'alembic_version'::regclass"
    with ThreadPoolExecutor() as pool:
        with database.transaction(postgres) as connection:
            connection.exec_driver_sql("LOCK TABLE alembic_version")
            upgrade = pool.submit(database.upgrade, postgres)
            for number in (1, 0, 1):
                while connection.exec_driver_sql(waiting).scalar_one() != number:
                    time.sleep(0.01)
        assert upgrade.result() is None


def test_code_that_meets_no_tables_says_what_to_do(empty_url):
    """The first start without an upgrade is one clear line."""
    with pytest.raises(SchemaMismatch, match="has no tables yet; run `confradar db upgrade`"):
        database.check_schema(empty_url)
    with pytest.raises(SchemaMismatch, match="has no tables yet"), database.reading(empty_url) as connection:
        connection.execute(select(run_tables.run))


@pytest.mark.fault("B9", "schema newer or older than code: refused, naming both revisions")
def test_code_that_meets_tables_of_another_revision_names_both(empty_url):
    """Writers refuse tables that are newer or older than they are."""
    url = empty_url
    database.upgrade(url)
    with database.transaction(url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.exec_driver_sql("ALTER TABLE series DROP COLUMN acronym")

    with pytest.raises(SchemaMismatch, match=f"9999, this code needs {database.head()}; they are newer"):
        database.check_schema(url)
    with pytest.raises(SchemaMismatch, match="9999"), database.reading(url) as connection:
        connection.execute(select(tables.series))
    with database.transaction(url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999.9998'")
    with pytest.raises(SchemaMismatch, match=r"9999\.9998, this code needs"):
        database.check_schema(url)
