"""The verbs of the command line over real workers: wait, refuse, cancel, retry, and what the doctor sees of them."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

import pytest

from confradar import app, servers, steps
from confradar.demo import sites
from confradar.storage import database, history, ledger
from tests.conftest import new_database
from tests.faults.stack import Stack, built

from .conftest import Installation, until

pytestmark = pytest.mark.integration
Install = Callable[..., Installation]
ELRA, CHAIRING = "elra_conferences", "chairing_tool_conferences"
DEAD = "http://127.0.0.1:1"


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def one_worker(postgres_url: str) -> Iterator[Stack]:
    """One worker over the staged sites, for all tests of this file."""
    waits = {"CONFRADAR_TERMINAL_RETRY_WAITS": "0.1", "CONFRADAR_PAGE_RETRY_WAITS": "0.1"}
    quick = {**waits, "CONFRADAR_WAITING_SECONDS": "0.2"}
    with new_database(postgres_url) as url, built(url, quick) as stack:
        yield stack


@pytest.fixture
def installation(one_worker: Stack) -> Stack:
    """That worker, which answers, with nothing stored."""
    one_worker.fresh("worker1")
    until(lambda: app.workers(one_worker.settings))
    return one_worker


@pytest.fixture
def busy_worker(install: Install) -> Iterator[Installation]:
    """A worker of one process, which reads a source that takes for ever."""
    with sites.serve() as staged:
        slow = {"CONFRADAR_WORKER_CONCURRENCY": "1", "CONFRADAR_SOURCE_WIKICFP_DELAY": "30"}
        yield install(**{**staged.environment(), **slow, "CONFRADAR_WAITING_SECONDS": "0.2"})


def start(installation: Installation, *words: str, **more: str) -> subprocess.Popen[str]:
    """Type a command in that installation, and leave it running."""
    return subprocess.Popen(
        [sys.executable, "-m", "confradar", *words],
        env={**os.environ, **installation.given, **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> Said:
    """What it said by its end."""
    out, err = process.communicate(timeout=60)
    return Said(process.returncode, out, err)


def heard(process: subprocess.Popen[str], words: str) -> str:
    """The line of its standard error that has these words."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if words in line:
            return line
    pytest.fail(f"{words!r} was not said, but: {lines}")


def going(installation: Installation) -> str:
    """A run that has the lease and does nothing; returns its key."""
    key, now = "manual:going", steps.now_utc()
    planned = [CHAIRING, steps.STORE]
    how = {"trigger": "manual", "target": CHAIRING, "logical_instant": now, "settings": installation.settings}
    assert steps.open_run(key, steps=planned, **how).to_send
    return key


def test_a_crawl_that_may_not_wait_is_refused_at_once(installation: Stack) -> None:
    """Exit code 2 with the key of the run that is going, long before the patience for its own run is at its end."""
    key = going(installation)

    said = ended(start(installation, "crawl", "elra", "--if-busy", "refuse"))

    assert said.code == 2, said
    assert re.search(
        rf"^confradar: run {key} is going since .* `confradar runs cancel {key}` ends it\.$", said.err, re.M
    )
    assert "No worker has begun" not in said.err


def test_a_crawl_waits_for_the_run_that_is_going(installation: Stack) -> None:
    """One line says for which; cancelled, that one makes way, and the other is done."""
    key = going(installation)
    waiting = start(installation, "crawl", "elra+", "--by", "ada")
    line = heard(waiting, "waits: ")
    cancelled = ended(start(installation, "runs", "cancel", key, "--why", "it does nothing"))
    said = ended(waiting)

    assert f"waits: run {key} is going since" in line
    assert (cancelled.code, cancelled.err) == (0, f"cancelled {key}: {CHAIRING}, {steps.STORE}\n")
    assert said.code == 0, said
    assert re.search(r"^elra +done ", said.err, re.M)
    newest = json.loads(ended(start(installation, "runs", "--limit", "1", "--json")).out)[0]
    assert (newest["status"], newest["by"], newest["target"]) == ("ok", "ada", "elra+")


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")])
def test_a_crawl_that_waits_is_given_up(installation: Stack, number: signal.Signals, name: str) -> None:
    """It is cancelled and never begins; the run that it waited for goes on."""
    key = going(installation)
    waiting = start(installation, "crawl", "elra+")
    heard(waiting, "waits: ")
    waiting.send_signal(number)
    said = ended(waiting)

    assert said.code == 1, said
    assert f"cancelled, cancelled by {name}" in said.err
    with database.reading(installation.settings.database) as connection:
        given_up, other = history.runs(connection)
    assert (given_up.status, given_up.message) == ("cancelled", f"cancelled by {name}")
    assert (other.key, other.status) == (key, "queued")


def test_a_crawl_waits_for_workers_that_are_all_busy(busy_worker: Installation) -> None:
    """It says which run has them, or is refused; given up by Ctrl-C, it never begins."""
    installation = busy_worker
    busy = installation.submit(target="wikicfp+")
    until(installation.crawls)
    refused = ended(start(installation, "crawl", "elra+", "--if-busy", "refuse"))
    assert (refused.code, f"run {busy} is going since" in refused.err) == (2, True), refused
    waiting = start(installation, "crawl", "elra+")
    line = heard(waiting, "is going since")
    waiting.send_signal(signal.SIGINT)
    said = ended(waiting)

    assert (line.startswith(f"sent; run {busy} is going since"), said.code) == (True, 130), said
    steps.cancel(busy, installation.settings, by="ada")
    with app.connected(installation.broker) as celery:
        queue = celery.connection_for_read().default_channel.client
        until(lambda: queue.llen("celery") == queue.hlen("unacked") == 0)
    with database.reading(installation.settings.database) as connection:
        given_up, other = history.runs(connection)
    assert (other.key, given_up.status, given_up.message) == (busy, "cancelled", "cancelled by Ctrl-C")
    assert begun(installation, given_up.key) == []


def begun(installation: Installation, key: str) -> list[str]:
    """The steps of a run that any worker has begun."""
    return [step for step, row in installation.steps(key).items() if row["started_at"]]


def test_what_was_given_up_is_not_begun_by_a_worker_that_starts_later(busy_worker: Installation) -> None:
    """It was told nothing, and has the message still; the ledger says that nobody wants it."""
    installation = busy_worker
    busy = installation.submit(target="wikicfp+")
    until(installation.crawls)
    os.kill(installation.servers[0].process.pid, signal.SIGSTOP)  # it hears of nothing any more
    key = installation.submit(target="elra+")
    steps.withdraw(key, "elra+", [ELRA, steps.STORE], installation.settings, by="ada")
    os.killpg(installation.servers[0].process.pid, signal.SIGKILL)
    steps.cancel(busy, installation.settings, by="ada")
    installation.start_worker()
    after = installation.submit(target="chairing_tool")

    assert installation.finished(after).status in ("ok", "partial")
    given_up = installation.run(key)
    assert (given_up.status, given_up.message, begun(installation, key)) == ("cancelled", "cancelled by ada", [])


def test_a_run_that_crawls_is_cancelled_within_seconds(installation: Stack) -> None:
    """Its processes end, it stores nothing, and who follows it is told by whom."""
    installation.front.hold("wikicfp")
    crawl = start(installation, "crawl", "wikicfp+")
    heard(crawl, "reading")
    until(installation.crawls)
    [newest] = json.loads(ended(start(installation, "runs", "--status", "in-progress", "--json")).out)
    cancelled = ended(start(installation, "runs", "cancel", newest["key"], "--by", "ada", "--why", "wrong week"))
    said = ended(crawl)

    assert cancelled.code == 0, cancelled
    assert said.code == 1, said
    assert f"run {newest['key']}: cancelled, cancelled by ada: wrong week" in said.err
    until(lambda: not installation.crawls(), 15)
    assert installation.run(newest["key"]).stored_at is None


def test_of_two_quick_starts_the_refused_one_says_so(installation: Stack) -> None:
    """Neither was going when they were sent: the worker refuses the second, which page and API tell, with the first."""
    installation.front.hold("elra")
    server = start(installation, "serve", "--port", "0")
    address = heard(server, "serving http")[len("serving ") :].split()[0]
    worker = installation.named["worker1"].process.pid
    os.kill(worker, signal.SIGSTOP)
    sent = [asked(address, "/api/v1/ops/runs", {"target": "elra", "if_busy": "refuse"}) for _ in "12"]
    keys = [json.loads(text)["run"] for _, text in sent]
    assert all("no worker has begun it yet" in asked(address, f"/ops/runs/{key}?sent=1")[1] for key in keys)
    os.kill(worker, signal.SIGCONT)

    def answers() -> dict[int, str] | None:
        found = {asked(address, f"/api/v1/ops/runs/{key}")[0]: key for key in keys}
        return found if found.keys() == {200, 409} else None

    found = until(answers)
    told = f"run {found[200]} is going since"
    problem = json.loads(asked(address, f"/api/v1/ops/runs/{found[409]}")[1])
    status, page = asked(address, f"/ops/runs/{found[409]}?sent=1")
    server.send_signal(signal.SIGINT)
    ended(server)

    assert told in problem["detail"]
    assert (status, told in page, "data-live" in page) == (200, True, False)


def asked(address: str, path: str, body: dict[str, str] | None = None) -> tuple[int, str]:
    """Status and text of the answer; with a body, to a POST of it."""
    with closing(HTTPConnection(address.removeprefix("http://"), timeout=20)) as connection:
        given = {} if body is None else {"Content-Type": "application/json"}
        connection.request("GET" if body is None else "POST", path, body and json.dumps(body), given)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def broken(handler: BaseHTTPRequestHandler) -> None:
    """The answer of a site that has trouble."""
    handler.send_error(500)


def test_what_failed_is_run_again(installation: Stack) -> None:
    """The failed step and the store alone, as a run that names the first; the rest comes from that one."""
    installation.front.answers["elra"] = broken
    first = ended(start(installation, "crawl", "elra,chairing_tool,store_conferences"))
    key = re.search(r"run (manual:\S+): partial", first.err)
    assert (first.code, bool(key)) == (3, True), first
    assert key
    again = start(installation, "runs", "retry", key[1][:15])
    told = heard(again, "repeats")
    said = ended(again)

    assert told == f"repeats {ELRA}, {steps.STORE} of {key[1]}\n"
    assert said.code == 1, said  # it is down still, and nothing else was crawled
    newest = json.loads(ended(start(installation, "runs", "--limit", "1", "--json")).out)[0]
    assert (newest["retry_of"], newest["target"]) == (key[1], f"{ELRA}+")
    assert [step["step"] for step in newest["steps"]] == [ELRA, steps.STORE]
    store = newest["steps"][-1]["metadata"]
    assert store["inputs"]["chairing_tool"]["run"] == key[1]


def test_the_doctor_sees_workers_and_beat(installation: Stack) -> None:
    """Beat answers by its own name; alive but silent is told; once it is gone, that is."""
    none = ended(start(installation, "doctor"))
    assert none.code == 1
    assert line(none, "workers").startswith("ok      workers     worker1@")
    assert "none answers, so that no night begins by itself. Start one: celery beat" in line(none, "beat")
    assert line(none, "queue").startswith("ok      queue       0 waiting for a worker, 0 in hands")

    beat = beating(installation)
    assert line(ended(start(installation, "doctor")), "beat").startswith("ok      beat        celerybeat@")

    long_ago = datetime.now(UTC) - timedelta(days=5)
    with database.transaction(installation.settings.database) as connection:
        run, _ = ledger.open_run(
            connection, key=f"nightly:{long_ago.date()}", trigger="schedule", logical_instant=long_ago, target="*",
            steps=[steps.STORE], now=long_ago, deadline_seconds=60,
        )  # fmt: skip
        ledger.finish_run(connection, run.id, status="ok", now=long_ago)
    silent = ended(start(installation, "doctor"))
    assert silent.code == 1
    assert re.match(
        r"not ok  beat +celerybeat@\S+ is alive but silent, nightly:\S+ did not begin", line(silent, "beat")
    )
    assert line(silent, "schedule").startswith("not ok")

    beat.stop()
    until(lambda: not app.nodes(installation.settings).beats)
    assert "none answers" in line(ended(start(installation, "doctor")), "beat")


def beating(installation: Stack) -> servers.Server:
    """A beat of that installation which answers."""
    beat = servers.start(
        "beat", servers.celery("beat", "--loglevel", "INFO"), installation.folder / "beat.log", installation.given
    )
    installation.named["beat"] = beat
    until(lambda: app.nodes(installation.settings).beats, 30, lambda: beat.last_words(20))
    return beat


def line(said: Said, name: str) -> str:
    """The doctor's line about that."""
    found = re.findall(rf"^(?:ok|not ok) +{name} .*$", said.out, re.M)
    assert len(found) == 1, said
    return str(found[0])


def test_the_doctor_asks_the_sources(installation: Stack) -> None:
    """One page of each; a site that is down is named with the reason."""
    said = ended(start(installation, "doctor", "--online", CONFRADAR_SOURCE_ELRA_URL=DEAD))

    for source in ("acl_web", "ai_deadlines", "chairing_tool", "wikicfp"):
        assert re.match(rf"ok +{source} +127\.0\.0\.1 answers, in \d+\.\d s$", line(said, source)), said.out
    assert "not ok  elra        127.0.0.1: connection refused. See" in line(said, "elra")
    with database.reading(installation.settings.database) as connection:
        assert ledger.unfinished(connection) == []
