"""The operator's commands over a store that steps have filled: what they show, what they do, what they refuse."""

import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from confradar import settings as configuration
from confradar import steps
from confradar.cli import main
from confradar.deadlines.checks import Result, Severity
from confradar.deadlines.conference import SourceOutput
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.settings import Settings
from confradar.steps.runs import begin, keep
from confradar.storage import database, ledger

from .conftest import OURS, Said

ELRA, WIKICFP = "elra_conferences", "wikicfp_conferences"
HELD = Result("count_above_floor", Severity.ERROR, True, False, "At least 11 listing.", "1 listing")
KEY = "manual:1c0ffee1-0000-4000-8000-000000000000"
Type = Callable[..., Said]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with a store of its own, which the environment names."""
    for name in [name for name in os.environ if OURS.match(name)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONFRADAR_DATA_DIR", str(tmp_path))
    found = configuration.load()
    steps.prepare(found)
    return found


@pytest.fixture
def typed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Type]:
    """The command as it is typed, in this process, into a pipe."""
    before = signal.getsignal(signal.SIGTERM)

    def run(line: str, **environment: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["confradar", *shlex.split(line)])
        with CliRunner().isolation(env=environment) as (out, err, _):
            try:
                main()
                code = 0
            except SystemExit as left:
                code = int(left.code or 0)
            return Said(code, out.getvalue().decode(), err.getvalue().decode())

    yield run
    signal.signal(signal.SIGTERM, before)


def opened(settings: Settings, key: str, **how: Any) -> ledger.Run:
    """A run of two crawls and the store, just begun."""
    given = {"trigger": "manual", "target": "elra,wikicfp,store_conferences", **how}
    planned = [ELRA, WIKICFP, steps.STORE]
    return steps.open_run(key, steps=planned, logical_instant=steps.now_utc(), settings=settings, **given).run


def crawled(settings: Settings, run: ledger.Run, step: str, *, held: bool = False, error: str = "") -> None:
    """What a crawl of that step came to: one listing, held or not, or an error."""
    source = step.removesuffix("_conferences")
    dates = (WrittenDate(Kind.SUBMISSION, "2030-01-28 23:59 UTC"),)
    listing = Listing(source=source, ref="a", url="https://example.org/", title="ALPHA 2030", year=2030, dates=dates)
    preview = [{"title": listing.title, "year": listing.year, "url": listing.url}]
    done = steps.Materialised(
        step,
        () if error else (listing,),
        {"count": 1, "pages": 2, "preview": preview, "rejects": [f"{source} b, title: found nothing"]},
        status="failed" if error else "ok",
        reason="timeout" if error else "",
        error=error or None,
        outputs=() if error else (SourceOutput(source, (listing,)),),
        checks={source: (HELD,)} if held else {},
    )
    with database.transaction(settings.database) as connection:
        attempt = begin(connection, run, step, settings)
        assert attempt
        assert keep(connection, run, attempt, done, settings)


@pytest.fixture
def nights(settings: Settings) -> list[str]:
    """A night that was good, a run whose source failed, and one whose source is held; oldest first."""
    keys = [f"nightly:{steps.now_utc().date()}", KEY, "manual:held"]
    for key in keys:
        run = opened(settings, key, trigger="schedule" if key.startswith("nightly") else "manual", by="ada")
        crawled(settings, run, WIKICFP)
        crawled(settings, run, ELRA, held=key == "manual:held", error="nothing came in 30 s" if key == KEY else "")
        steps.store_run(key, settings)
    return keys


def test_runs_are_listed_newest_first(typed: Type, nights: list[str]) -> None:
    """In a pipe with whole keys and aligned columns; what every step came to in a few words."""
    lines = typed("runs").out.splitlines()

    assert [line.split()[0] for line in lines] == ["run", *reversed(nights)]
    assert lines[1].split()[1] == "partial"
    assert re.search(r"2 ok, elra quarantined +elra,wikicfp,store$", lines[1])
    assert re.search(r"2 ok, elra failed +elra,wikicfp,store$", lines[2])
    assert re.search(r" ok +\w{3} \d\d \w{3} \d\d:\d\d +\d\.\d s +3 ok +elra,wikicfp,store$", lines[3])


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("--status success", ["nightly"]),
        ("--status ok --status partial", ["held", "failing", "nightly"]),
        ("--status failed", []),
        ("--status in-progress", []),
        ("--source elra --status failed", ["failing"]),
        ("--source elra_conferences --status quarantined", ["held"]),
        ("--source wikicfp --status success", ["held", "failing", "nightly"]),
        ("--trigger schedule", ["nightly"]),
        ("--since 7d", ["held", "failing", "nightly"]),
        ("--until 7d", []),
        ("--since 2020-01-01 --until 2020-12-31", []),
        ("--limit 1", ["held"]),
        ("--before manual:1c0ffee1", ["nightly"]),
    ],
)
def test_runs_are_filtered(typed: Type, nights: list[str], filters: str, found: list[str]) -> None:
    """By status in our words and others', by source, trigger and time; JSON has what the table has."""
    names = dict(zip(["nightly", "failing", "held"], nights, strict=True))

    said = typed(f"runs {filters} --json")

    assert said.code == 0
    assert [run["key"] for run in said.json()] == [names[name] for name in found]
    shown = typed(f"runs {filters}").out
    assert ("No run is so" in shown) == (not found)
    assert all(names[name] in shown for name in found)


def test_the_next_page_begins_where_the_first_ended(typed: Type, nights: list[str]) -> None:
    """The hint at the end of a full page is what is to be typed."""
    first = typed("runs --limit 2")
    hint = first.err.strip().partition(": ")[2]

    assert hint == "--before manual:1c0ffee1"
    assert typed(f"runs --limit 2 {hint} --json").json()[0]["key"] == nights[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("runs --status broken", "status: found 'broken', wanted one of queued, running, ok"),
        ("runs --source elra --status partial", "status: found 'partial', wanted one of"),
        ("runs --source wikicpf", "There is no source 'wikicpf'. Sources: acl_web"),
        ("runs --trigger cron", "'cron' is not one of 'schedule', 'manual', 'prompt', 'recheck'"),
        ("runs --since yesterday", "date: found 'yesterday', wanted a span such as 7d"),
        ("runs --before manual:9", "There is no run 'manual:9'. Did you mean"),
        ("runs --limit 0", "0 is not in the range"),
        ("runs show nightyl", "There is no run 'nightyl'. "),
        ("runs show manual:", "is the beginning of several runs: manual:held, manual:1c0ffee1"),
        ("runs cancel nothing", "There is no run 'nothing'"),
        ("runs cancel manual:held", "Run manual:held is over already: partial"),
        ("runs cancel manual:held elar", "Run manual:held is over already"),
        ("runs retry nightly", "Nothing failed in run nightly:"),
        ("runs release manual:held wikicfp --why x", "Nothing of step wikicfp_conferences of run manual:held is held"),
        ("runs release manual:held elar --why x", "has no step 'elar'. Did you mean elra?"),
        ("runs release manual:held elra", "Missing option '--why'"),
        ("runs nightly:2026-01-13", "To open a run: confradar runs show nightly:2026-01-13"),
        ("runs canel manual:held", "Did you mean cancel?"),
        ("schedule resume", "daily_crawl_schedule is not paused"),
        ("schedule pause", "Missing option '--why'"),
        ("recheck icml-2099", "There is no conference 'icml-2099'"),
        ("crawl wikicpf --dry-run", "There is no step 'wikicpf'. Did you mean wikicfp"),
        ("crawl --if-busy hurry", "'hurry' is not one of 'wait', 'refuse'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(typed: Type, nights: list[str], line: str, words: str) -> None:
    """Exit code 2, nothing on standard output, and what was probably meant."""
    said = typed(line)

    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert "Traceback" not in said.err


def test_one_run_tells_all_that_is_known_of_it(typed: Type, nights: list[str]) -> None:
    """Who asked, each step with its state and worker, what came, what was not understood, checks, and the next verb."""
    shown = typed("runs show manual:held").out

    for words in (
        "manual:held  partial",
        "manual, by ada",
        "ALPHA 2030",
        "elra: count above floor: At least 11 listing: 1 listing",
        "checks: 0 passed, 1 failed",
        "not understood: 2",
        "to store what is held: confradar runs release manual:held elra_conferences --why …",
    ):
        assert words in shown, words
    assert re.search(r"^elra +quarantined +\d\d:\d\d:\d\d +\d\.\d s +1 +2 +\S+ \d+$", shown, re.MULTILINE)
    whole = typed("runs show manual:held --json").json()
    assert {"attempts", "changes", "audit", "statistics", "deadline_at"} <= set(whole)
    assert [row["step"] for row in whole["attempts"]] == [ELRA, WIKICFP, steps.STORE]
    assert whole["attempts"][0]["checks"][0]["name"] == "count_above_floor"
    assert f"to repeat what failed: confradar runs retry {KEY}" in typed("runs show manual:1c0ffee1").out


def test_what_is_held_is_released_once(typed: Type, nights: list[str]) -> None:
    """With who and why, which the run shows from then on; a second time is refused."""
    released = typed("runs release manual:held elra --why 'short in winter' --by ada")

    assert (released.code, released.out) == (0, "")
    assert released.err.startswith("run manual:held: ok, added to: elra_conferences was released by ada\n")
    again = typed("runs release manual:held elra --why 'short in winter'")
    assert (again.code, again.out) == (2, "")
    assert "released already" in again.err
    assert "release elra_conferences by ada: short in winter" in typed("runs show manual:held").out


def test_a_run_is_cancelled_once(typed: Type, settings: Settings, nights: list[str]) -> None:
    """First one step of it, by its source's name, then the rest; each a second time is refused."""
    opened(settings, "manual:going")
    assert "to end it: confradar runs cancel manual:going" in typed("runs show manual:going").out
    assert typed("runs --status in-progress --json").json()[0]["key"] == "manual:going"

    step = typed("runs cancel manual:going elra --why 'too slow' --by ada")
    assert (step.code, step.err) == (0, "cancelled manual:going: elra_conferences\n")
    assert "Step elra_conferences of run manual:going is over already" in typed("runs cancel manual:going elra").err
    assert typed("runs retry manual:going").code == 2
    run = typed("runs cancel manual:going --by ada")
    assert (run.code, run.err) == (0, "cancelled manual:going: wikicfp_conferences, store_conferences\n")
    again = typed("runs cancel manual:going")

    assert (again.code, again.err) == (
        2,
        "confradar: Run manual:going is over already: cancelled, cancelled by ada.\n",
    )
    shown = typed("runs show manual:going").out
    assert "cancel elra_conferences by ada: too slow" in shown
    assert "cancel by ada\n" in shown


def test_who_typed_it_is_kept_without_being_told(typed: Type, settings: Settings) -> None:
    """The system's user, if `--by` does not name another."""
    opened(settings, "manual:going")
    assert typed("runs cancel manual:going", LOGNAME="grace").code == 0

    [entry] = typed("runs show manual:going --json").json()["audit"]
    assert (entry["by"], entry["action"], entry["subject"]) == ("grace", "cancel", "manual:going")


def test_the_schedule_is_paused_and_resumed_once_each(typed: Type) -> None:
    """It says by whom, since when and why; the next night is told again afterwards."""
    assert re.search(r"^next +\w{3} \d\d \w{3} 02:00 UTC$", typed("schedule").out, re.MULTILINE)

    assert typed("schedule pause --why 'moving house' --by ada").code == 0

    shown = typed("schedule").out
    assert re.search(r"^next +none, it is paused$", shown, re.MULTILINE)
    assert re.search(r"^paused +since \w{3} \d\d \w{3} \d\d:\d\d UTC by ada: moving house$", shown, re.MULTILINE)
    state = typed("schedule --json").json()
    assert (state["next"], state["pause"]["by"], state["pause"]["why"]) == (None, "ada", "moving house")
    assert "paused since" in _line(typed("doctor").out, "schedule")
    twice = typed("schedule pause --why again")
    assert (twice.code, "is paused already" in twice.err) == (2, True)
    resumed = typed("schedule resume")
    assert (resumed.code, "the next night is due" in resumed.err) == (0, True)
    assert typed("schedule resume").code == 2
    assert typed("schedule --json").json()["pause"] is None


def test_the_graph_shows_states_and_where_inputs_came_from(typed: Type, nights: list[str]) -> None:
    """A tree by group; JSON with lineage; Graphviz text with an arrow for each input."""
    tree = typed("graph").out
    assert re.search(r"elra_conferences +quarantined +1 listing .* manual:held$", tree, re.MULTILINE)
    assert "acl_web_conferences        has not run yet" in tree
    assert "took 1 listing of wikicfp from manual:held, attempt 1" in tree
    steps_ = {step["name"]: step for step in typed("graph --json").json()["steps"]}
    assert len(steps_) == 6
    assert steps_[steps.STORE]["took"]["wikicfp"] == {"run": "manual:held", "attempt": 1, "count": 1}
    assert steps_[ELRA]["needed_by"] == [steps.STORE]
    assert steps_[ELRA]["last"]["run"] == "manual:held"
    dot = typed("graph --dot").out
    assert dot.startswith("digraph crawl_job {")
    assert dot.count(" -> ") == 5
    assert f'"{ELRA}" [label="{ELRA}\\nquarantined", color=darkorange];' in dot


def test_the_plan_says_which_outputs_it_takes(typed: Type, nights: list[str]) -> None:
    """Of each input that the target does not select, the last good run, or that there is none."""
    lines = typed("crawl wikicfp+ --dry-run").out.splitlines()

    assert lines[:2] == [WIKICFP, steps.STORE]
    assert re.match(rf"  takes elra: 1 listing of {nights[0]}, \w{{3}} ", lines[-1])
    assert "  takes acl_web: nothing: it has no good output yet" in lines
    assert typed("crawl wikicfp --dry-run").out.splitlines() == [WIKICFP]


def _line(out: str, name: str) -> str:
    """The doctor's line about that."""
    [line] = re.findall(rf"^(?:ok|not ok) +{name} .*$", out, re.MULTILINE)
    return str(line)


def test_the_doctor_names_the_step_that_failed(typed: Type, nights: list[str]) -> None:
    """With the run in which it did."""
    said = typed("doctor")

    assert said.code == 1
    told = "elra quarantined count_above_floor. What happened: confradar runs show manual:held"
    assert _line(said.out, "steps") == f"not ok  steps       {told}"
    findings = {finding["name"]: finding for finding in typed("doctor --json").json()}
    assert (findings["steps"]["ok"], findings["steps"]["detail"]) == (False, told)


def test_the_doctor_names_a_night_that_did_not_come(typed: Type, settings: Settings) -> None:
    """Once there was a night before; the schedule says the same."""
    long_ago = datetime.now(UTC) - timedelta(days=5)
    with database.transaction(settings.database) as connection:
        run, _ = ledger.open_run(
            connection, key=f"nightly:{long_ago.date()}", trigger="schedule", logical_instant=long_ago, target="*",
            steps=[steps.STORE], now=long_ago, deadline_seconds=60,
        )  # fmt: skip
        ledger.finish_run(connection, run.id, status="ok", now=long_ago)

    told = "was begun by 02:10 UTC; is `celery beat` alive?"
    assert _line(typed("doctor").out, "schedule").startswith("not ok")
    assert told in _line(typed("doctor").out, "schedule")
    assert told in typed("schedule").out


@pytest.mark.parametrize(
    ("environment", "name", "words", "resting"),
    [
        ({"CONFRADAR_WORKER_CONCURRENCY": "many"}, "settings", "CONFRADAR_WORKER_CONCURRENCY: found 'many', wanted", 4),
        ({"CONFRADAR_WORKER_CONCURENCY": "2"}, "settings", "did you mean CONFRADAR_WORKER_CONCURRENCY?", 0),
        ({"CONFRADAR_SOURCE_ELAR_URL": "x"}, "settings", "CONFRADAR_SOURCE_ELAR_URL is no setting", 0),
        ({"CONFRADAR_SOURCE_ELRA_DELAY": "soon"}, "sources", "CONFRADAR_SOURCE_ELRA_DELAY: found 'soon'", 0),
        ({"DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/x"}, "database", "u:***@127.0.0.1:1/x", 6),
        ({"CONFRADAR_BROKER_URL": "redis://:hidden@127.0.0.1:1/0"}, "broker", "redis://:***@127.0.0.1:1/0", 3),
    ],
)
def test_the_doctor_names_what_is_set_wrong(
    typed: Type, environment: dict[str, str], name: str, words: str, resting: int
) -> None:
    """One line, exit code 1, no password; what rests on it only names the line to look at first."""
    said = typed("doctor", **environment)

    assert said.code == 1
    assert _line(said.out, name).startswith("not ok")
    assert words in _line(said.out, name)
    others = [line for line in said.out.splitlines() if line.startswith("not ok") and f" {name} " not in line]
    assert all(line.endswith(f" not known: mend what the line `{name}` says first") for line in others), said.out
    assert len(others) == resting
    assert "hidden" not in said.out + said.err


@pytest.mark.parametrize("name", ["CONFRADAR_SA_OPENAI", "OPENAI_API_KEY"])
def test_the_doctor_says_which_key_is_set_and_never_the_key(typed: Type, name: str) -> None:
    """Extraction by a language model is not in use, so that no key is no fault."""
    without, given = typed("doctor"), typed("doctor", **{name: "sk-hidden"})

    assert (without.code, given.code) == (0, 0), given.out
    assert f"{name} is not set" in _line(without.out, "llm")
    assert f"{name} is set" in _line(given.out, "llm")
    assert "hidden" not in given.out + json.dumps(typed("doctor --json", **{name: "sk-hidden"}).json())


def test_no_broker_is_no_fault_where_none_is_configured(typed: Type) -> None:
    """`confradar crawl` brings its own; every part has its line all the same."""
    said = typed("doctor")
    if "redis://127.0.0.1:6379/0 answers" in said.out:
        pytest.skip("a Redis answers at the default address of this machine")

    assert said.code == 0, said.out
    assert "none is needed: `confradar crawl` brings its own" in _line(said.out, "broker")
    for name in ("workers", "beat"):
        assert f"ok      {name:<10}  none is there, as no broker is: " in _line(said.out, name)
    assert "nothing can wait" in _line(said.out, "queue")


@pytest.mark.parametrize("line", ["doctor", "doctor --json"])
def test_the_doctor_looks_at_every_part(typed: Type, line: str) -> None:
    """Whatever is well or not: the same lines, in the same order."""
    services, record = ["database", "migrations", "broker", "workers", "beat", "queue"], ["schedule", "steps", "alerts"]
    parts = [*services, *record, "disk", "archive", "sources", "settings", "llm"]
    for environment in (
        {},
        {"DATABASE_URL": "sqlite:////proc/none"},
        {"CONFRADAR_BROKER_URL": "redis://127.0.0.1:1/0"},
        {"CONFRADAR_ZONE": "Mars"},
        {"DATABASE_URL": "mysql://x"},
    ):
        said = typed(line, **environment)
        found = (
            [one["name"] for one in said.json()]
            if "json" in line
            else re.findall(r"^(?:not )?ok +(\S+)", said.out, re.M)
        )
        assert found == parts
