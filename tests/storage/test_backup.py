"""What the README says of a backup, typed as it stands there."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from confradar import settings as configuration
from confradar import steps
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.storage import database, dumping
from tests.conftest import ROOT, new_database
from tests.postgres import BIN

pytestmark = pytest.mark.integration
NIGHT = datetime(2026, 1, 13, 2, tzinfo=UTC)
GATE = WrittenDate(Kind.SUBMISSION, "2026-01-28 23:59", "AoE")
LISTING = Listing("elra", "icml26", "https://icml.example.org/", "ICML 2026", 2026, acronym="ICML", dates=(GATE,))


def test_a_backup_is_restored_as_the_readme_says(postgres_url: str, migrated_database: str, tmp_path: Path) -> None:
    """Into an empty database, and over one that believes something else: the same is believed as before."""
    told = (ROOT / "README.md").read_text().partition("**Backup and restore.**")[2].partition("**Upgrade.**")[0]
    save, restore, dump = re.findall(r"^\$ (.*?)(?:\s+#.*)?$", told, re.MULTILINE)
    steps.store({"elra": [LISTING]}, configuration.load(CONFRADAR_DATABASE_URL=migrated_database), now=NIGHT)
    with database.reading(migrated_database) as connection:
        before = list(dumping.dump(connection))

    typed(save, migrated_database, tmp_path)
    with new_database(postgres_url) as other:
        typed(restore, other, tmp_path)
        first = typed(dump, other, tmp_path)
        moved = replace(LISTING, dates=(replace(GATE, text="2026-01-30 23:59"),))
        steps.store({"elra": [moved]}, configuration.load(CONFRADAR_DATABASE_URL=other), now=NIGHT.replace(day=14))
        assert typed(dump, other, tmp_path) != first
        typed(restore, other, tmp_path)
        second = typed(dump, other, tmp_path)

    assert len(before) > 2
    assert first == second == before


def typed(line: str, url: str, folder: Path) -> list[str]:
    """The lines that a command prints, with the programs of the server and ours on the path."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    path = f"{BIN}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    given = {**os.environ, "PATH": path, "DATABASE_URL": address, "CONFRADAR_DATA_DIR": str(folder)}
    done = subprocess.run(["sh", "-c", line], cwd=folder, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
