"""Commands around the store: databases that are not ready, secrets, and the scaffold of a source."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Terminal

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]
SECRETS = {
    "CONFRADAR_DATABASE_URL": "postgresql://reader:hidden1@db.example.org/radar?sslpassword=hidden2",
    "CONFRADAR_BROKER_URL": "redis://:hidden3@queue.example.org:6379/0",
    "POSTGRES_PASSWORD": "hidden4",
}


@pytest.mark.parametrize("line", ["list", "list --json", "changes", "sources", "runs", "show icml-2026"])
def test_an_empty_store_is_no_fault(terminal: Terminal, line: str) -> None:
    """The embedded one makes itself; reading commands say what fills it, or answer with nothing."""
    said = terminal(f"confradar {line}")

    assert said.code == (2 if "show" in line else 0)
    assert "db upgrade" not in said.out + said.err
    if line in ("list", "runs", "show icml-2026"):
        assert "`confradar crawl`" in said.out + said.err


@pytest.mark.parametrize("line", ["list", "runs --json", "show icml-2026", "crawl elra"])
def test_a_database_without_tables_names_its_remedy(terminal: Terminal, postgres_database: str, line: str) -> None:
    """PostgreSQL is brought up to date on purpose only; one line, exit code 1; with the remedy it works."""
    said = terminal(f"confradar {line}", DATABASE_URL=postgres_database)

    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1), said
    assert "the database has no tables yet; run `confradar db upgrade`" in said.err


def test_the_remedy_helps(terminal: Terminal, postgres_database: str) -> None:
    """`confradar db upgrade` says where the tables are now, and the reading command answers."""
    upgraded = terminal("confradar db upgrade", DATABASE_URL=postgres_database)
    listed = terminal("confradar list", DATABASE_URL=postgres_database)

    assert (upgraded.code, listed.code) == (0, 0), upgraded.err + listed.err
    assert "at revision" in upgraded.err
    assert "No deadline is known" in listed.out


@pytest.mark.parametrize("line", ["list", "crawl", "db upgrade"])
def test_a_database_that_is_away_is_one_line(terminal: Terminal, line: str) -> None:
    """Exit code 1; the address without its password, the reason, the remedy."""
    said = terminal(f"confradar {line}", DATABASE_URL="postgresql://u:hidden@127.0.0.1:1/radar")

    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1), said
    assert "u:***@127.0.0.1:1/radar" in said.err
    assert "Start the database, or correct CONFRADAR_DATABASE_URL" in said.err


@pytest.mark.parametrize("line", ["config", "config --json"])
def test_the_settings_are_shown_without_secrets(terminal: Terminal, line: str) -> None:
    """Every setting that counts, those of sources too; each password is masked."""
    said = terminal(f"confradar {line}", **SECRETS, CONFRADAR_SOURCE_ELRA_DELAY="3")

    assert said.code == 0
    assert "hidden" not in said.out + said.err
    assert said.out.count("***") == len(SECRETS) + 1
    assert "SOURCE_ELRA_DELAY" in said.out.upper()


def test_a_new_source_fails_until_it_is_read(terminal: Terminal, tmp_path: Path) -> None:
    """In a checkout: the file and its case are written, the source is listed, and its case fails."""
    checkout = tmp_path / "checkout"
    for part in ("confradar", "migrations", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "bench", "journey", "workers", "storage")
        shutil.copytree(ROOT / part, checkout / part, ignore=ignored if part == "tests" else None)
    for part in ("celeryconfig.py", "pyproject.toml"):
        shutil.copy(ROOT / part, checkout)
    here = Terminal(checkout, tmp_path / "data", {"PYTHONPATH": str(checkout)})
    made = here("python -m confradar new-source dblp https://dblp.org/")
    tests = f"{sys.executable} -m pytest -q -p no:cacheprovider tests/unit/test_sources.py"

    assert made.code == 0, made.err
    assert (checkout / "confradar" / "sources" / "dblp.py").is_file()
    assert (checkout / "tests" / "pages" / "dblp" / "first" / "expected.json").is_file()
    assert "dblp " in here("python -m confradar sources").out
    assert "dblp_conferences" in here("python -m confradar crawl --dry-run").out
    failed = subprocess.run(tests.split(), cwd=checkout, env=here.environment(), capture_output=True, text=True)
    assert failed.returncode == 1, failed.stdout
    assert "dblp" in failed.stdout
    again = here("python -m confradar new-source dblp https://dblp.org/")
    assert (again.code, again.err) == (2, "confradar: NAME: there is a source 'dblp' already\n")
