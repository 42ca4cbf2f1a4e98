"""What an import brings with it: each part only what it needs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from confradar.cli import COMMANDS

FRAMEWORKS = {"celery", "scrapy", "twisted", "sqlalchemy", "redis", "click", "rich", "pydantic", "alembic", "kombu"}


def loaded(*modules: str) -> set[str]:
    """The top-level packages that a new interpreter has after these imports."""
    code = f"import sys, json, {', '.join(modules)}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.parametrize(
    "modules",
    [
        ["confradar"],
        ["confradar.tasks"],
        ["confradar.app"],
        [f"confradar.cli.{module}" for module in sorted({module for module, _ in COMMANDS.values()})],
        ["confradar.web.app"],
    ],
)
def test_neither_tasks_nor_commands_load_scrapy(modules: list[str]) -> None:
    """Scrapy is of the crawl's own process; the reactor could not be shared with a fork. So is apprise of another."""
    assert not loaded(*modules) & {"scrapy", "twisted", "apprise"}


def test_the_package_itself_loads_no_framework() -> None:
    """`import confradar` is free."""
    assert not loaded("confradar", "confradar.errors") & FRAMEWORKS


def test_a_folder_of_the_same_name_hides_nothing(tmp_path: Path) -> None:
    """Python begun beside the checkout sees that as `confradar` too; the migrations are found all the same."""
    (tmp_path / "confradar").mkdir()
    program = "from confradar.storage import database; print(database.migrations_path().is_dir())"

    assert subprocess.check_output([sys.executable, "-c", program], cwd=tmp_path, text=True).strip() == "True"


def test_the_core_loads_no_framework() -> None:
    """What is believed of deadlines can be computed without any of them."""
    names = ("changes", "conference", "dates", "gates", "identity", "listing", "merge", "verdict")
    assert not loaded(*(f"confradar.deadlines.{name}" for name in names)) & FRAMEWORKS


def test_help_loads_no_command() -> None:
    """The menu is a table: it imports neither Celery nor the database's library."""
    code = "import sys; from confradar.cli import cli; cli(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Read the sources now" in done.stdout
    assert not {"celery", "sqlalchemy"} & set(done.stdout.splitlines()[-1].split())
