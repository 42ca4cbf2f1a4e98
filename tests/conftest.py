"""What every kind of test may use."""

import os
import re
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, exists, insert, select

from confradar.storage import columns, database

from .postgres import start_postgres

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each report say which faults it is about, also one that comes from another process."""
    for item in items:
        for mark in item.iter_markers("fault"):
            row, promise = mark.args
            item.user_properties.append(("fault", [row, promise]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """After `-m fault`, the table: row, promise, result, seconds. A row holds if all that is about it has passed."""
    if "fault" not in config.option.markexpr:
        return
    rows = defaultdict[str, dict[str, list[pytest.TestReport]]](lambda: defaultdict(list))
    for report in (
        one for kind in ("passed", "failed", "error", "skipped") for one in terminalreporter.stats.get(kind, ())
    ):
        for row, promise in (value for name, value in report.user_properties if name == "fault"):
            rows[row][promise].append(report)
    terminalreporter.section("faults")
    for row in sorted(rows, key=lambda row: (row[0], int(re.sub(r"\D", "", row)))):
        for promise, reports in rows[row].items():
            said = "holds" if all(report.passed for report in reports) else "DOES NOT HOLD"
            seconds = sum(report.duration for report in reports)
            terminalreporter.write_line(f"{row:<4} {promise:<80} {said:<14} {seconds:6.1f} s")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real pages and data; skipped where it is absent, required in CI."""
    place = Path(os.environ.get("CONFRADAR_CORPUS", ROOT.parent / "shared" / "corpus"))
    if place.is_dir():
        return place
    message = f"the corpus of real pages is not at {place}; CONFRADAR_CORPUS may name its place"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a real PostgreSQL of this session; its only database is the administrator's."""
    # A short path that other users may enter, which pytest's own folders are not: see start_postgres.
    url, stop = start_postgres(Path(tempfile.mkdtemp(prefix="confradar-")))
    yield url
    stop()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address of an empty database of this test alone."""
    with new_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_tables(postgres_url: str) -> Iterator[str]:
    """The address of a database with tables, which `migrated_database` gives to one test after the other."""
    with new_database(postgres_url) as url:
        database.upgrade(url)
        yield url


@pytest.fixture
def migrated_database(postgres_tables: str) -> Iterator[str]:
    """The address of a PostgreSQL database as it is after its migrations, which nobody else has meanwhile.

    To make a database for each test, or to copy one, costs the server some 0.4 s of processor; to empty one, 0.05 s.
    """
    tables = columns.metadata.sorted_tables
    administrator = create_engine(postgres_tables, poolclass=NullPool)
    with administrator.begin() as connection:
        before = {table: connection.execute(select(table)).mappings().all() for table in tables}
    yield postgres_tables
    database.engine(postgres_tables).dispose()
    with administrator.begin() as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        filled = [table for table in tables if connection.execute(select(exists().select_from(table))).scalar_one()]
        connection.exec_driver_sql(f"TRUNCATE {', '.join(table.name for table in filled)} RESTART IDENTITY CASCADE")
        for table, rows in before.items():
            if rows:
                connection.execute(insert(table), [dict(row) for row in rows])


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with tables and no rows."""
    file = tmp_path_factory.mktemp("template") / "confradar.sqlite"
    database.upgrade(f"sqlite:///{file}")
    database.engine(f"sqlite:///{file}").dispose()
    return file


@contextmanager
def new_database(postgres_url: str) -> Iterator[str]:
    """Make an empty database on that server, and take it away in the end; its address."""
    name = f"test_{uuid.uuid4().hex}"
    administrator = create_engine(postgres_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with administrator.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = postgres_url.replace("/postgres?", f"/{name}?")
    yield url
    database.engine(url).dispose()
    with administrator.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
