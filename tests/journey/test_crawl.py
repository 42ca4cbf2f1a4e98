"""`confradar crawl` with a broker and workers of its own, against `confradar demo sites`."""

import re
import signal

import pytest

from confradar import servers

from .conftest import Terminal, interrupt, line_with

pytestmark = pytest.mark.integration
DEAD = "http://127.0.0.1:1"


def urls(staged: dict[str, str]) -> list[str]:
    """The settings that name the sources' addresses."""
    return [name for name in staged if name.endswith("_URL")]


def mentions(terminal: Terminal) -> dict[str, int]:
    """How many listings each source gave when it was last read, by its name; None if it gave none."""
    return {source["name"]: source["listings"] for source in terminal("confradar sources --json").json()}


def test_all_five_sources_are_read_and_stored(terminal: Terminal, staged: dict[str, str]) -> None:
    """Exit code 0; the first line names the database; the table of what comes next is the only data."""
    said = terminal("confradar crawl", **staged)

    assert said.code == 0, said.err
    assert said.err.splitlines()[0] == f"database sqlite:///{terminal.data}/confradar.sqlite · broker own, for this run"
    assert "84 total, 84 created" in said.err
    assert said.out.startswith("left ") or said.out.startswith("No deadline is known"), said.out
    assert sum(mentions(terminal).values()) == 84


def test_a_source_that_is_down_costs_itself_alone(terminal: Terminal, staged: dict[str, str]) -> None:
    """Exit code 3; it is named with the reason; the others are stored, and its own rows stay."""
    said = terminal("confradar crawl", **{**staged, "CONFRADAR_SOURCE_ELRA_URL": DEAD})

    assert said.code == 3, said.err
    [line] = re.findall(r"^elra +failed .*", said.err, re.MULTILINE)
    assert line.endswith("refused: 127.0.0.1: connection refused")
    assert "78 total, 0 created, 0 updated, 78 unchanged" in said.err
    listed = terminal("confradar list --json --limit 500 --now 2026-01-13")
    assert any(claim["source"] == "elra" for row in listed.json()["deadlines"] for claim in row["claims"])


@pytest.mark.fault("D13", "all five down: five reasons, one alert")
def test_all_sources_down_is_a_failure_with_five_reasons(terminal: Terminal, staged: dict[str, str]) -> None:
    """Exit code 1; each source says why; nothing pretends to be fresh."""
    said = terminal("confradar crawl", **{**staged, **dict.fromkeys(urls(staged), DEAD)})

    assert said.code == 1, said.err
    assert len(re.findall(r"^\w+ +failed .*127\.0\.0\.1: connection refused$", said.err, re.MULTILINE)) == 5, said.err
    assert said.out == ""
    line = re.search(r"^what happened: (confradar runs show \S+); .*: confradar doctor --online$", said.err, re.M)
    assert line, said.err
    assert "connection refused" in terminal(line[1]).out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl_c", "sigterm"])
def test_ctrl_c_and_sigterm_keep_what_has_come(
    terminal: Terminal, staged: dict[str, str], number: signal.Signals
) -> None:
    """It ends as a limit does: exit code 3, the slow source read in part, everything that came stored."""
    process = terminal.start("confradar crawl wikicfp+,elra", **{**staged, "CONFRADAR_SOURCE_WIKICFP_DELAY": "0.6"})
    line_with(process, "elra            done")
    _wait_for_listings(terminal)
    code = interrupt(process, number)

    assert code == 3
    newest = terminal("confradar runs --limit 1 --json").json()[0]
    steps = {step["step"]: (step["status"], step["reason"], step["count"]) for step in newest["steps"]}
    assert newest["status"] == "partial"
    assert steps["elra_conferences"] == ("ok", "", 6)
    assert steps["wikicfp_conferences"][:2] == ("degraded", "stopped")
    assert steps["wikicfp_conferences"][2] > 0
    stored = {source: counts["total"] for source, counts in newest["statistics"]["per_source"].items()}
    assert (stored["elra"], stored["wikicfp"]) == (6, steps["wikicfp_conferences"][2])


def _wait_for_listings(terminal: Terminal) -> None:
    """Wait until WikiCFP has given something."""
    for _ in range(40):
        newest = terminal("confradar runs --limit 1 --json").json()[0]
        found = [step["progress"] for step in newest["steps"] if step["step"] == "wikicfp_conferences"]
        if found and found[0] and found[0]["listings"]:
            return
    pytest.fail("wikicfp gave nothing")


def test_the_plan_is_told_and_nothing_done(terminal: Terminal) -> None:
    """`--dry-run` prints the steps of a target, without a broker."""
    assert terminal("confradar crawl --dry-run elra").out.split() == ["elra_conferences"]
    assert terminal("confradar crawl --dry-run elra+").out.splitlines()[:2] == ["elra_conferences", "store_conferences"]
    assert len(terminal("confradar crawl --dry-run").out.split()) == 6


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("crawl wikicpf", "There is no step 'wikicpf'. Did you mean wikicfp?"),
        ("crawl group:scaper", "There is no group 'group:scaper'. Groups: group:scrapers, group:storage."),
        ("crawl --dryrun", "No such option '--dryrun'. Did you mean '--dry-run'?"),
        ("crawl --budget soon", "'soon' is not a valid float"),
        ("craw", "No such command 'craw'. Did you mean crawl?"),
    ],
)
def test_a_wrong_word_is_a_usage_error(terminal: Terminal, line: str, words: str) -> None:
    """Exit code 2, and what was probably meant."""
    said = terminal(f"confradar {line}")

    assert said.code == 2
    assert words in said.err
    assert said.out == ""


def test_one_demo_at_a_time(terminal: Terminal) -> None:
    """A second demo of the same folder is refused; it would take the first one's files away."""
    with servers.alone(terminal.data / "demo.lock"):
        said = terminal("confradar demo")

    assert said.code == 1
    assert said.err == f"confradar: `confradar demo` runs already with its files in {terminal.data}.\n"


def test_a_demo_that_is_told_to_end_before_its_first_night_ends_at_once(terminal: Terminal) -> None:
    """Exit code 143: nothing was under way that could be kept."""
    process = terminal.start("confradar demo")
    line_with(process, "A staged demonstration")

    assert interrupt(process, signal.SIGTERM) == 143


def test_a_demo_that_is_told_to_end_within_a_night_stores_it_and_begins_no_other(terminal: Terminal) -> None:
    """Exit code 3; it says that it ends."""
    process = terminal.start("confradar demo")
    line_with(process, "store ")
    process.terminate()
    _, said = process.communicate(timeout=60)

    assert process.returncode == 3
    assert "stopping: what has come is stored" in said
    assert "The night of" not in said
