"""Both databases, for real: every test of this folder that asks for a `url` runs on each."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'folder' / 'confradar.sqlite'}"
    return request.getfixturevalue("postgres_database")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with tables and no rows, once on SQLite and once on PostgreSQL."""
    if request.param == "postgresql":
        return request.getfixturevalue("migrated_database")
    folder = tmp_path / "folder"
    folder.mkdir()
    return f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), folder)}"


@pytest.fixture
def postgres(migrated_database: str) -> str:
    """As `url`, for what is promised on PostgreSQL alone."""
    return migrated_database
