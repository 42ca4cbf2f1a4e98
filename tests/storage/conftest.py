"""Both databases, for real: every test of this folder that asks for a `url` runs on each."""

from pathlib import Path

import pytest

from confradar.storage import database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'folder' / 'confradar.sqlite'}"
    return request.getfixturevalue("postgres_database")


@pytest.fixture
def url(empty_url: str) -> str:
    """The address of a database with tables and no rows."""
    database.upgrade(empty_url)
    return empty_url


@pytest.fixture
def postgres(postgres_database: str) -> str:
    """As `url`, for what is promised on PostgreSQL alone."""
    database.upgrade(postgres_database)
    return postgres_database
