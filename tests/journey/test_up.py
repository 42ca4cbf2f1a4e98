"""`confradar up`, and what Celery's own commands find when they are typed beside it."""

import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from .conftest import Terminal, gone, interrupt, line_with

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def port() -> int:
    """A free port for Flower."""
    return free()


@pytest.fixture(scope="module")
def web_port() -> int:
    """A free port for the pages."""
    return free()


@pytest.fixture(scope="module")
def up(terminal: Terminal, staged: dict[str, str], port: int, web_port: int) -> Iterator[subprocess.Popen[str]]:
    """The whole installation, whose worker answers; nothing of it is left when Ctrl-C has ended it."""
    ports = {"CONFRADAR_FLOWER_PORT": str(port), "CONFRADAR_WEB_PORT": str(web_port)}
    process = terminal.start("confradar up", **staged, **ports)
    line_with(process, "Flower: http://127.0.0.1:")
    for _ in range(30):
        if "worker1@" in terminal("celery inspect ping").out:
            break
    others = {other.pid for other in terminal.running() if "sites" in other.cmdline()}
    yield process
    assert interrupt(process) == 0
    assert not (terminal.data / "broker.url").exists()
    gone(lambda: [left for left in terminal.running() if left.pid not in others])


def finished(terminal: Terminal, key: str) -> dict[str, Any]:
    """The run of that key once it is closed."""
    for _ in range(60):
        for run in terminal("confradar runs --json").json():
            if run["key"] == key and run["finished_at"]:
                return dict(run)
        time.sleep(0.2)
    pytest.fail(f"{key} was not finished: {terminal('confradar runs').out}")


def test_a_night_is_called_from_any_folder(up: object, terminal: Terminal) -> None:
    """`celery call` needs no -A and no checkout; the data directory alone leads it to the broker."""
    called = terminal("cd / && celery call confradar.crawl_all")

    assert called.code == 0, called.err
    run = finished(terminal, f"manual:{called.out.strip()}")
    assert (run["status"], run["statistics"]["total"]) == ("ok", 84)
    assert {step["status"] for step in run["steps"]} == {"ok", "degraded"}


def test_a_night_is_told_where_everything_runs(up: subprocess.Popen[str], terminal: Terminal) -> None:
    """`up` says which run begins, and what it stored."""
    called = terminal("celery call confradar.crawl_all")
    key = f"manual:{called.out.strip()}"

    assert line_with(up, f"run {key}: began")
    assert line_with(up, f"run {key}: ok")
    assert line_with(up, "listings: 84 total")


def test_a_second_terminal_uses_the_running_workers(up: object, terminal: Terminal) -> None:
    """One source alone is read and not stored; with a plus it is. Neither brings a broker of its own."""
    alone = terminal("confradar crawl elra")
    stored = terminal("confradar crawl elra+")

    assert (alone.code, stored.code) == (0, 0), alone.err + stored.err
    assert "with worker1@" in alone.err.splitlines()[0]
    assert "store" not in alone.err
    assert "listings: 84 total, " in stored.err  # of the other sources, what they said last
    assert "wikicfp" not in stored.err


def test_an_answer_can_be_asked_for_by_its_id(up: object, terminal: Terminal) -> None:
    """`celery result` of the callback gives the figures of the run."""
    called = terminal('celery call confradar.crawl_all --kwargs \'{"target": "elra+"}\'')
    run = finished(terminal, f"manual:{called.out.strip()}")
    [store] = [step["task_id"] for step in run["steps"] if step["step"] == "store_conferences"]

    assert "'total': 6" in terminal(f"celery result {store}").out


def test_a_misspelt_task_or_target_harms_nobody(up: object, terminal: Terminal) -> None:
    """Nobody runs such a task, a wrong target is a failure that names near ones; the worker goes on."""
    misspelt = terminal("celery call confradar.crawl_al")
    wrong = terminal('celery call confradar.crawl_all --kwargs \'{"target": "wikicpf"}\'')

    assert (misspelt.code, wrong.code) == (0, 0)
    said = terminal(f"celery result --traceback {wrong.out.strip()}")
    assert "There is no step 'wikicpf'. Did you mean wikicfp" in said.out + said.err
    log = (terminal.data / "logs" / "worker1.log").read_text()
    assert "Received unregistered task of type" in log
    assert "confradar.crawl_al" in log
    assert "worker1@" in terminal("celery inspect ping").out


def test_both_ways_are_one_application(up: object, terminal: Terminal) -> None:
    """With and without -A the report names the same broker, schedule and limits; the tasks read as a menu."""
    bare, named = (terminal(f"{line} report").out for line in ("celery", "celery -A confradar"))
    settings = bare[bare.index("accept_content") :]

    assert settings in named
    assert "daily_crawl_schedule" in settings
    assert "redis+socket://" in settings
    menu = terminal("celery -A confradar inspect registered").out
    assert "worker1@" in menu
    assert "confradar.crawl_all" in menu


def test_the_whole_installation_is_well(up: object, terminal: Terminal) -> None:
    """The doctor finds nothing; it takes beat for no worker."""
    said = terminal("confradar doctor --json")

    assert said.code == 0, said.out
    details = {finding["name"]: finding["detail"] for finding in said.json()}
    assert "worker1@" in details["workers"]
    assert "beat" not in details["broker"]


@pytest.mark.fault("F1", "every route is refused without a sign-in unless it is on the public list; no open Flower")
def test_flower_and_the_pages_answer_on_loopback(up: object, port: int, web_port: int) -> None:
    """The live window is there, and the server that has everything to work with."""
    assert answer(port, "/")[0] == 200
    assert answer(web_port, "/readyz")[0] == 200


def test_flower_shows_what_a_run_is_made_of(up: object, terminal: Terminal, port: int) -> None:
    """Each task by its name, with what called it, its arguments and its result."""
    entry = terminal('celery call confradar.crawl_all --kwargs \'{"target": "elra+"}\'').out.strip()
    run = finished(terminal, f"manual:{entry}")

    for step in run["steps"]:
        shown = answer(port, f"/task/{step['task_id']}")[1]
        assert f"confradar.{step['step']}" in shown
        assert f"/task/{entry}" in shown, "what called it"
        assert run["key"] in shown, "its arguments"
    assert "total" in answer(port, f"/task/{run['steps'][-1]['task_id']}")[1]


def answer(port: int, path: str) -> tuple[int, str]:
    """The status and the page that an address of this machine answers with, once it does."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as page:
                return int(page.status), page.read().decode()
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"port {port} does not answer")


def test_a_second_installation_of_the_folder_is_refused(up: subprocess.Popen[str], terminal: Terminal) -> None:
    """It says where the first one is, which goes on."""
    said = terminal("confradar up")

    assert (said.code, said.err) == (1, f"confradar: `confradar up` runs already with its files in {terminal.data}.\n")
    assert up.poll() is None


def test_a_taken_port_is_one_clear_line(up: object, terminal: Terminal, port: int) -> None:
    """Of another installation whose Flower would have the same port; of a web server alone."""
    other = Terminal(terminal.folder, terminal.folder / "other")
    said = other("confradar up", CONFRADAR_FLOWER_PORT=str(port))
    served = other(f"confradar serve --port {port}")

    words = f"confradar: Flower: port {port} cannot be used (Address already in use). Set CONFRADAR_FLOWER_PORT.\n"
    assert (said.code, said.err) == (1, words)
    words = f"confradar: 127.0.0.1:{port} cannot be used (Address already in use). Choose another --port.\n"
    assert (served.code, served.err) == (1, words)


def test_a_killed_installation_leaves_nothing_and_can_be_started_again(terminal: Terminal) -> None:
    """SIGKILL cannot be handled: the system ends the children, and the next `up` finds its way."""
    fresh = Terminal(
        terminal.folder,
        terminal.folder / "killed",
        {"CONFRADAR_FLOWER_PORT": str(free()), "CONFRADAR_WEB_PORT": str(free())},
    )
    first = fresh.start("confradar up")
    line_with(first, "Flower")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    gone(fresh.running, 30)
    assert (fresh.data / "broker.url").exists()

    second = fresh.start("confradar up")
    line_with(second, "Flower")
    assert interrupt(second) == 0
    gone(fresh.running)
    assert not (fresh.data / "broker.url").exists()


def free() -> int:
    """A port that nobody has now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
