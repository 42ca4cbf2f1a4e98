"""`confradar logs`: what a run logged, afterwards and while it goes on."""

import re
import signal

import pytest

from .conftest import Terminal, interrupt, line_with

pytestmark = pytest.mark.integration
LINE = re.compile(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}Z [A-Z]+ +(\w+)(?:#[2-9])? (\S+) .*|    .*")


@pytest.fixture(scope="module")
def key(terminal: Terminal, staged: dict[str, str]) -> str:
    """The key of a run in which one source is down."""
    down = {**staged, "CONFRADAR_SOURCE_WIKICFP_URL": "http://127.0.0.1:1"}
    said = terminal("confradar crawl elra,wikicfp+", seconds=150, **down)
    assert said.code == 3, said.err
    return str(terminal("confradar runs --limit 1 --json").json()[0]["key"])


def test_the_log_of_a_run(terminal: Terminal, key: str) -> None:
    """Every line of every step in the order of time; what has more lines is indented; nothing but data on stdout."""
    said = terminal(f"confradar logs {key}")

    assert (said.code, said.err) == (0, "")
    found = [LINE.fullmatch(line) for line in said.out.splitlines()]
    assert all(found), said.out
    assert {line[1] for line in found if line and line[1]} == {"elra", "wikicfp", "store"}
    starts = [line[:24] for line in said.out.splitlines() if not line.startswith(" ")]
    assert starts == sorted(starts)


def test_the_log_of_a_step_from_a_level_on(terminal: Terminal, key: str) -> None:
    """A step by its own name or its source's; the level in any case."""
    said = terminal(f"confradar logs {key} wikicfp --level warning")

    assert said.code == 0
    assert "connection refused" in said.out
    assert set(re.findall(r"Z ([A-Z]+) ", said.out)) <= {"WARNING", "ERROR"}
    assert said.out == terminal(f"confradar logs {key} wikicfp_conferences --level WARNING").out
    quiet = terminal(f"confradar logs {key} elra --level critical")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "Nothing was logged at CRITICAL or above.\n")


def test_the_log_as_json(terminal: Terminal, key: str) -> None:
    """An object for each line; of one attempt only if asked."""
    said = terminal(f"confradar logs {key} wikicfp --json | tail -n 1")

    last = said.json()
    assert {"step", "attempt", "number", "at", "level", "logger", "text"} == set(last)
    assert last["attempt"] > 1
    first = terminal(f"confradar logs {key} wikicfp --attempt 1 --json | tail -n 1").json()
    assert (first["step"], first["attempt"]) == ("wikicfp_conferences", 1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("manual:nothing", "confradar: There is no run 'manual:nothing'. `confradar runs` lists them.\n"),
        ("{key} acl_web", "confradar: The run {key} has no step 'acl_web'; it has elra_conferences, wikicfp_conf"),
        ("{key} --level loud", "'loud' is not one of"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_a_usage_error(terminal: Terminal, key: str, words: str, told: str) -> None:
    """Exit code 2, one clear line."""
    said = terminal(f"confradar logs {words.format(key=key)}")

    assert (said.code, said.out) == (2, "")
    assert told.format(key=key) in said.err


def test_a_run_is_followed_until_it_is_closed(terminal: Terminal, staged: dict[str, str]) -> None:
    """Its lines come while it goes on, to the last one. Ctrl-C leaves without a word."""
    crawl = terminal.start("confradar crawl elra+", **{**staged, "CONFRADAR_SOURCE_ELRA_DELAY": "300"})
    line_with(crawl, "elra            reading")
    newest = terminal("confradar runs --limit 1 --json").json()[0]["key"]
    follower, leaving = (terminal.start(f"confradar logs {newest} --follow") for _ in range(2))
    assert leaving.stdout is not None
    assert LINE.fullmatch(leaving.stdout.readline().rstrip("\n"))
    leaving.send_signal(signal.SIGINT)
    assert leaving.communicate(timeout=60)[1] == ""
    assert leaving.returncode == 130
    interrupt(crawl)  # the run is closed by this, not before
    said, complaints = follower.communicate(timeout=60)

    assert (follower.returncode, complaints) == (0, "")
    assert "Spider opened" in said
    assert "crawl finished source=elra status=cancelled" in said
