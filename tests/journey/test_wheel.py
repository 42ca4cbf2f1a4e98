"""What is shipped: a wheel, unpacked away from the checkout."""

import sys
import zipfile
from pathlib import Path

import pytest

from .conftest import Terminal

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A terminal in which only the unpacked wheel is found, with the dependencies of this interpreter."""
    folder = tmp_path_factory.mktemp("shipped")
    terminal = Terminal(folder, folder / "data")
    pip = f"{sys.executable} -m pip wheel -q --no-deps --no-build-isolation --no-index"
    built = terminal(
        f"cp -r {ROOT}/{{confradar,migrations,celeryconfig.py,pyproject.toml,README.md,LICENSE}} . && {pip} ."
    )
    assert built.code == 0, built.err
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "unpacked")
    (folder / "elsewhere").mkdir()
    return Terminal(folder / "elsewhere", folder / "data", {"PYTHONPATH": str(folder / "unpacked")})


def test_everything_comes_from_the_wheel(shipped: Terminal) -> None:
    """Package, configuration and migrations; nothing of the checkout is imported."""
    unpacked = shipped.given["PYTHONPATH"]
    code = (
        "import celeryconfig as c; from confradar.storage import database as d; print(c.__file__, d.migrations_path())"
    )
    said = shipped(f"python -c '{code}'")

    assert all(place.startswith(unpacked) for place in said.out.split()), said
    assert (Path(unpacked) / "confradar" / "migrations" / "versions" / "0001_the_first_tables.py").is_file()
    assert (Path(unpacked) / "confradar" / "py.typed").is_file()


def test_the_pages_come_from_the_wheel(shipped: Terminal) -> None:
    """Templates and static files are inside: every template can be read, every static file has an address."""
    code = (
        "from confradar import settings; from confradar.web.app import create; p = create(settings.load()).state.pages;"
        "print(*p.static, *map(p.environment.get_template, p.environment.list_templates()))"
    )
    said = shipped(f"python -c '{code}'")

    assert said.code == 0, said.err
    assert {"radar.css", "live.js"} <= set(said.out.split())
    assert "base.html" in said.out


def test_the_demo_runs_from_the_wheel(shipped: Terminal) -> None:
    """Workers, migrations and the demo's facts are all inside; the commands that it names work as printed."""
    said = shipped("python -m confradar demo")

    assert said.code == 0, said.err
    assert "23 hours EARLIER" in said.out
    [export] = [line for line in said.err.splitlines() if line.startswith("  export ")]
    [listing] = [line for line in said.err.splitlines() if " -m confradar list " in line]
    assert "ICIP 2026" in shipped(f"cd / && {export} && {listing}").out


def test_celery_finds_the_configuration(shipped: Terminal) -> None:
    """From a folder of its own, without -A: our schedule, our serializer, our broker."""
    report = shipped("celery report").out

    assert "daily_crawl_schedule" in report
    assert "redis://" in report
    assert "amqp" not in report
