"""What is said where no broker answers, or a setting is wrong: one clear line, and never a guess at another broker."""

import re
import signal
import socket

import pytest

from .conftest import Terminal, line_with

pytestmark = pytest.mark.integration

DEAD = "redis://:secret@127.0.0.1:1/0"
SILENT = "The broker redis://:***@127.0.0.1:1/0 of CONFRADAR_BROKER_URL does not answer"


@pytest.mark.parametrize("program", ["worker", "beat"])
def test_a_program_that_waits_for_its_broker_says_for_which(terminal: Terminal, program: str) -> None:
    """Worker and beat go on asking; the line names what was looked for, and no secret."""
    process = terminal.start(f"celery {program}", CONFRADAR_BROKER_URL=DEAD)
    line = line_with(process, SILENT)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)

    assert "It is asked again until it does." in line
    assert "secret" not in out + err + line
    assert "amqp" not in out + err


@pytest.mark.parametrize("line", ["confradar crawl", "confradar doctor"])
def test_our_own_commands_name_the_setting(terminal: Terminal, line: str) -> None:
    """Exit code 1, one line for the broker, with what to do."""
    said = terminal(line, CONFRADAR_BROKER_URL=DEAD)

    [told] = [part for part in (said.out + said.err).splitlines() if SILENT in part]
    assert said.code == 1
    assert "Start one, e.g. `confradar up`." in told


@pytest.mark.parametrize(
    "line", ["confradar doctor", "celery call confradar.crawl_all", "celery -A confradar call confradar.crawl_all",
             "celery inspect ping"],
)  # fmt: skip
def test_what_was_tried_is_named_where_nothing_is_set(terminal: Terminal, line: str) -> None:
    """The setting, the file and the default are named in one line, the first one; from any folder."""
    _skip_beside_a_redis()
    said = terminal(f"cd / && {line}")

    [told] = [part for part in (said.out + said.err).splitlines() if "CONFRADAR_BROKER_URL is not set" in part]
    assert f"no `confradar up` runs in {terminal.data} (it has no broker.url)" in told
    assert "redis://127.0.0.1:6379/0" in told
    assert "amqp" not in said.out + said.err


def test_the_doctor_misses_no_broker_that_nobody_needs(terminal: Terminal) -> None:
    """Where none is configured, `crawl` and `up` bring their own: all is well, a store not yet made too."""
    _skip_beside_a_redis()
    said = terminal("confradar doctor")

    assert said.code == 0, said.out
    assert "`confradar crawl` brings its own" in said.out


def _skip_beside_a_redis() -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 6379)) == 0:
            pytest.skip("something answers at the default address of this machine")


@pytest.mark.parametrize("line", ["celery call confradar.crawl_all", "celery inspect ping", "celery status"])
def test_celerys_own_commands_give_up(terminal: Terminal, line: str) -> None:
    """They fail in a moment and name the address; none falls back on another broker."""
    said = terminal(line, seconds=10, CONFRADAR_BROKER_URL="redis://127.0.0.1:1/0")

    assert said.code != 0
    assert "127.0.0.1:1" in said.err
    assert "amqp" not in said.err


@pytest.mark.parametrize(
    "line", ["celery --help", "celery worker --help", "celery call --help", "celery -A confradar --help"]
)
def test_help_needs_nothing(terminal: Terminal, line: str) -> None:
    """From any folder, without a broker."""
    said = terminal(f"cd / && {line}", CONFRADAR_BROKER_URL=DEAD)

    assert said.code == 0, said.err
    assert "Usage: " in said.out


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("CONFRADAR_WORKER_CONCURRENCY", "many", "a valid integer"),
        ("CONFRADAR_RETRY_WAITS", "soon,later", "seconds, 0 or more, with commas between: 20,60,120"),
        ("CONFRADAR_RETRY_WAITS", "nan", "seconds, 0 or more, with commas between: 20,60,120"),
        ("CONFRADAR_BROKER_URL", "amqp://guest:***@localhost", "redis://host:6379/0"),
    ],
)
@pytest.mark.parametrize("line", ["confradar list", "celery inspect ping"])
def test_a_wrong_setting_is_one_line(terminal: Terminal, name: str, value: str, wanted: str, line: str) -> None:
    """Whichever program reads it; each exits with code 2. A password in it is not told."""
    said = terminal(line, **{name: value.replace("***", "hidden")})

    assert said.err == f"confradar: {name}: found {value!r}, wanted: {wanted}\n"
    assert said.code == 2


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CONFRADAR_SOURCE_ELRA_DELAY", "soon", "found 'soon', wanted: seconds, 0 or more"),
        ("CONFRADAR_SOURCE_ELRA_COLOUR", "red", "no source has that setting; there are url, expected, floor, delay,"),
    ],
)
def test_a_wrong_setting_of_a_source_stops_a_crawl_before_it_begins(
    terminal: Terminal, name: str, value: str, words: str
) -> None:
    """Exit code 2 and one line, also for the plan alone; other sources can be read; the doctor says the same."""
    for line in ("crawl", "crawl --dry-run elra"):
        said = terminal(f"confradar {line}", **{name: value})
        assert (said.code, said.err.count("\n")) == (2, 1), said
        assert re.match(rf"confradar: {name}: {re.escape(words)}", said.err)
    assert terminal("confradar crawl --dry-run wikicfp", **{name: value}).code == 0
    assert words in terminal("confradar doctor", **{name: value}).out
