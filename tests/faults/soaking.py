"""`make soak`: nights in which one process, whichever, dies at some moment; after each the oracle is asked.

`N` rounds of a `SEED`, which alone decides who dies, when, and for how long. Rounds that have passed are in
`build/soak/SEED.jsonl` and are not made again; `ROUND` makes one again. Of a round that failed the logs lie beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
import traceback
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import pytest

from confradar.demo import sites
from confradar.sources.base import readers, step_of
from tests.conftest import ROOT, new_database
from tests.workers.conftest import children, stored, until

from .backends import Server
from .stack import COMMANDS, FIRST, QUICK, Stack, built

FOLDER = ROOT / "build" / "soak"
NODES = ("worker1", "worker2")
PARTS = ("beat", "watchdog", "web", "flower")
VICTIMS = (*PARTS, *NODES, "pool process", "crawl", "Valkey", "PostgreSQL")
NIGHT = f"nightly:{FIRST.date()}"
WAITS = {"CONFRADAR_RETRY_WAITS": "1,2,4"}  # seconds: as long beside the time that a server is away as they are in use
ANSWER_SECONDS = 0.05  # of each page, so that a crawl is there to be killed
AWAY_SECONDS = 3.0


@dataclass(frozen=True)
class Death:
    """Who dies in a round, at which part of the time that an undisturbed night takes, and comes back after how long."""

    round: int
    victim: str
    moment: float
    away: float
    which: float

    @classmethod
    def of(cls, seed: int, number: int) -> Death:
        """That of a round of a seed."""
        random = Random(f"{seed} {number}")
        victim = VICTIMS[number % len(VICTIMS)]  # each as often as the others
        return cls(number, victim, random.random(), random.random() * AWAY_SECONDS, random.random())


class House:
    """All parts of an installation, with a broker and a database that can die as well."""

    def __init__(self, stack: Stack, server: Server) -> None:
        self.stack, self.server = stack, server
        self._begin()  # for what each process loads once
        began = time.monotonic()
        self._begin()
        self.seconds, self.healthy = time.monotonic() - began, stored(stack.settings.database)

    def _begin(self) -> None:
        self._send()
        assert self.stack.finished(NIGHT).status == "ok"

    def _send(self) -> None:
        self.stack.fresh(*COMMANDS)
        self.stack.front.answers.update(dict.fromkeys(readers(), _slowly))
        self.stack.submit(logical_date=FIRST.isoformat(), trigger="schedule")

    def play(self, death: Death) -> str:
        """A night with that death, asked of the oracle, and the next one; says how it ended. Raises what is wrong."""
        self._send()
        time.sleep(death.moment * self.seconds)
        parts = {**self.stack.named}
        self._kill(death)
        self.stack.start(*COMMANDS)
        until(self._answers, 60, lambda: self.stack.named["web"].last_words())
        run = self.stack.finished(NIGHT, 150)
        died = [name for name, part in parts.items() if name != death.victim and not part.alive()]
        assert not died, f"{death.victim} took {died} with it"
        rows = self.stack.steps(NIGHT)
        bad = [name for name in readers() if rows[step_of(name)]["status"] not in ("ok", "degraded")]
        assert (run.status == "ok") is not bool(bad), self.stack._state(NIGHT)
        missing, alerts = (readers(), ["night failed"]) if run.status == "failed" else (bad, [])
        until(lambda: [*self.stack.alerts()] == alerts, 20, lambda: f"{self.stack.alerts()}, not {alerts}")
        self.stack.sound(self.healthy, missing=tuple(missing), alerts=tuple(alerts))
        return " ".join([run.status, *bad])

    def _kill(self, death: Death) -> None:
        """Kill at once, and let those who watch over processes begin again what they began."""
        if death.victim == "Valkey":
            self.stack.valkey.kill()
            time.sleep(death.away)
            self.stack.valkey.start()
        elif death.victim == "PostgreSQL":
            self.server.kill()
            time.sleep(death.away)
            self.server.start()
        else:
            os.kill(self._pid(death), signal.SIGKILL)
            time.sleep(death.away)

    def _answers(self) -> bool:
        with suppress(OSError):  # which a refused connection is
            return bool(urllib.request.urlopen(self.stack.web, timeout=10).status == 200)  # noqa: S310 - our own
        return False

    def _pid(self, death: Death) -> int:
        if death.victim in COMMANDS:
            return self.stack.named[death.victim].process.pid
        found = self.stack.crawls() if death.victim == "crawl" else []
        found = found or [child for name in NODES for child in children(self.stack.named[name].process.pid)]
        return found[int(death.which * len(found))].pid


def _slowly(handler: sites._Handler) -> None:
    time.sleep(ANSWER_SECONDS)
    sites._Handler.do_GET(handler)


@contextmanager
def house() -> Iterator[House]:
    """A house that has seen undisturbed nights; gone at the end."""
    server = Server()
    with ExitStack() as exits:
        exits.callback(server.stop)
        stack = exits.enter_context(built(exits.enter_context(new_database(server.url)), QUICK | WAITS))
        yield House(stack, server)


def soak(seed: int, todo: Sequence[int], record: Path) -> Iterator[tuple[Death, str, float]]:
    """Play rounds: each death, how its night ended (`FAILED: …` if not as promised), and in how many seconds."""
    left = [*todo]
    while left:
        with house() as home:
            failed = False
            while left and not failed:
                death, began = Death.of(seed, left.pop(0)), time.monotonic()
                try:
                    ended = home.play(death)
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - whatever it is, it is the finding
                    ended, failed = f"FAILED: {type(error).__name__}: {error}", True
                    keep(home, error, record.with_suffix("") / str(death.round))
                yield death, ended, time.monotonic() - began


def keep(home: House, error: BaseException, folder: Path) -> None:
    """Keep what explains a failure: where it was found, and what each process said."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "error").write_text("".join(traceback.format_exception(error)))
    for log in home.stack.folder.glob("**/*.log"):
        shutil.copy(log, folder)


def main() -> int:
    """Make the rounds that are left; returns the exit code: 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="make this round again")
    asked = parser.parse_args()
    record = FOLDER / f"{asked.seed}.jsonl"
    record.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
    passed = {line["round"] for line in lines if not line["ended"].startswith("FAILED")}
    todo = [n for n in range(asked.rounds) if n not in passed] if asked.only is None else [asked.only]
    say(f"seed {asked.seed}: {len(todo)} rounds to make, {len(passed)} passed before")
    failures = 0
    for death, ended, seconds in soak(asked.seed, todo, record):
        failures += ended.startswith("FAILED")
        with record.open("a") as lines_out:
            lines_out.write(json.dumps({**asdict(death), "ended": ended, "seconds": round(seconds, 1)}) + "\n")
        say(
            f"{death.round:>4}  {death.victim:<13} at {death.moment:4.0%}, {death.away:.1f} s away  "
            f"{seconds:5.1f} s  {ended}"
        )
    say(f"seed {asked.seed}: {len(todo) - failures} rounds held, {failures} did not")
    return int(failures > 0)


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
