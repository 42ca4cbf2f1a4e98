"""`confradar demo`, in a pipe and on a terminal."""

import re
import shlex
import shutil
import urllib.request
from pathlib import Path

import pytest

from .conftest import Said, Terminal, interrupt, line_with

pytestmark = pytest.mark.integration

SOURCES = ("acl_web", "ai_deadlines", "chairing_tool", "elra", "wikicfp")
DEAD = "http://127.0.0.1:1"
HOSTILE = {
    "http_proxy": DEAD,
    "https_proxy": DEAD,
    "CONFRADAR_BROKER_URL": "redis://127.0.0.1:1/0",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
}


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Its data lies deeper than a socket's path may be long, under a name that a shell would take apart."""
    folder = tmp_path_factory.mktemp("terminal")
    return Terminal(folder, folder / "a folder's name" / ("deep" * 20) / ("deeper" * 10))


@pytest.fixture(scope="module")
def shown(terminal: Terminal) -> Said:
    """One demo in a pipe, on a machine whose proxies, broker and database are all dead."""
    assert len(bytes(terminal.data)) > 107
    return terminal("confradar demo", **HOSTILE)


def test_the_demo_runs_three_nights_of_five_sources(shown: Said) -> None:
    """It ends well, says that it is staged, and tells each night's five sources and what was stored."""
    assert shown.code == 0, shown.err
    assert shown.err.startswith("A staged demonstration")
    nights = shown.err.split("The night of ")[1:]
    assert len(nights) == 3
    for night in nights:
        for source in SOURCES:
            assert re.search(rf"^{source} +done +\d+ pages? +\d+ listings", night, re.MULTILINE), night
        assert re.search(r"^run manual:\S+: ok$", night, re.MULTILINE)


def test_what_is_expected_is_not_told_as_a_fault(shown: Said) -> None:
    """The source whose list needs a browser is done as far as its declaration expects."""
    assert "as far as expected: the list is drawn by scripts" in shown.err
    assert "degraded" not in shown.err


def test_a_pipe_gets_plain_whole_lines(shown: Said) -> None:
    """No control codes, nothing folded or cut, no blanks at the ends; tables on stdout, the rest on stderr."""
    assert not re.search(r"[^\n -~·–…“”]", shown.out + shown.err)
    assert not re.search(r" $", shown.out + shown.err, re.MULTILINE)
    tables = shown.out.splitlines()
    assert [line.split()[0] for line in tables].count("moved") == 2
    assert tables[0].split("  ")[0] == "left"


def test_earlier_moves_come_first(shown: Said) -> None:
    """The third night's first change is the one that costs a paper; the second night has the extension."""
    _, second, third = re.split(r"^(?=left |moved )", shown.out, flags=re.MULTILINE)[1:]
    assert re.match(r"23 hours EARLIER +ECCV 2026 · submission .*ai_deadlines, wikicfp", third.splitlines()[1])
    assert re.search(r"^7 days later +ICDCS 2026 · submission", second, re.MULTILINE)


def commands(shown: Said) -> list[str]:
    """The lines that the demo prints to be typed next."""
    return [line.strip() for line in shown.err.splitlines() if line.startswith("  ")]


def test_its_database_is_one_file(shown: Said, terminal: Terminal) -> None:
    """Whoever copies the file that `confradar config` names has all that was stored."""
    assert shown.code == 0
    assert [file.name for file in terminal.data.rglob("*.sqlite*")] == ["confradar.sqlite"]


def test_the_commands_that_it_names_work_as_printed(shown: Said, terminal: Terminal) -> None:
    """Each can be typed from another folder, and shows what the demo spoke of."""
    export, *lines = commands(shown)
    list_, show, changes, runs = [terminal(f"cd / && {export} && {line}", **HOSTILE) for line in lines[:4]]

    assert [said.code for said in (list_, show, changes, runs)] == [0] * 4, [list_, show, changes, runs]
    assert "ICIP 2026" in list_.out
    assert "European Conference on Computer Vision" in show.out
    assert "23 hours EARLIER" in changes.out
    assert runs.out.count("manual:") == 3


def test_the_radar_that_it_names_shows_its_last_night(shown: Said, terminal: Terminal) -> None:
    """As printed, but for the port: the day of the third night, with its moves."""
    export, *lines = commands(shown)
    process = terminal.start(f"sh -c {shlex.quote(f'cd / && {export} && exec {lines[4]} --port 0')}", **HOSTILE)
    port = line_with(process, "serving http://127.0.0.1:").split(":")[2].split()[0]

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/?q=eccv") as answer:
        page = answer.read().decode()
    assert "moved 23 hours EARLIER" in page
    assert interrupt(process) == 0


def test_a_second_demo_on_a_terminal_begins_anew(shown: Said, terminal: Terminal) -> None:
    """With colours where they can be seen; the store of the first demo is gone, and so are its servers' files."""
    if not shutil.which("script"):
        pytest.skip("`script` gives the test a terminal; it is not installed")
    again = terminal("script -qec 'stty cols 100; confradar demo' /dev/null", TERM="xterm")

    assert again.code == 0, again.out
    assert "\x1b[32mdone" in again.out
    assert "55 new conferences" in again.out
    assert "EARLIER" in again.out
    assert not list(Path(terminal.data).rglob("*.sock"))
