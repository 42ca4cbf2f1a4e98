"""What every kind of test may use."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine

from .postgres import start_postgres

ROOT = Path(__file__).resolve().parent.parent


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
    name = f"test_{uuid.uuid4().hex}"
    administrator = create_engine(postgres_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with administrator.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield postgres_url.replace("/postgres?", f"/{name}?")
    with administrator.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
