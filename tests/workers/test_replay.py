"""Nights that are run again from their archive, by the same steps as those that made them, and real crawl processes."""

import os
import signal
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from confradar import archive, graph, servers, settings, steps
from confradar.crawling import process
from confradar.demo import sites
from confradar.errors import Refused, RunRefused, SettingError, UnknownName
from confradar.settings import Settings
from confradar.sources.base import readers
from confradar.steps.attempting import crawl_in_run
from confradar.steps.backfilling import Parts
from confradar.storage import conferences, database, dumping, history, ledger

from .conftest import given, until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The demo's three nights, each crawled from the staged sites by a run of its own."""
    folder = tmp_path_factory.mktemp("nights")
    process.preload()
    with sites.serve() as staged, given(staged.environment()):
        chosen = settings.load(data_dir=folder, CONFRADAR_DATABASE_URL=f"sqlite:///{folder / 'confradar.sqlite'}")
        steps.prepare(chosen)
        for number, at in enumerate(sites.NIGHTS, 1):
            staged.night = number
            assert night(chosen, at).status == "ok"
    return chosen


def night(chosen: Settings, at: datetime) -> ledger.Run:
    """A night as the chord runs it."""
    plan, key = graph.plan("*"), f"nightly:{at.date()}"
    steps.open_run(
        key, trigger="schedule", target="*", steps=plan.names, logical_instant=at, settings=chosen, if_busy="refuse"
    )
    for step in plan.scrapers:
        crawl_in_run(key, step, chosen)
    steps.store_run(key, chosen)
    with database.reading(chosen.database) as connection:
        return ledger.find(connection, key)


@pytest.fixture
def empty(nights: Settings, tmp_path: Path) -> Settings:
    """The same archive, and a database of nothing."""
    chosen = nights.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'again.sqlite'}"})
    steps.prepare(chosen)
    return chosen


def dumped(chosen: Settings) -> list[str]:
    with database.reading(chosen.database) as connection:
        return list(dumping.dump(connection))


def test_nights_replayed_in_order_give_the_same(nights: Settings, empty: Settings) -> None:
    """No site answers any more; conferences, deadlines, claims and changes are the same to the byte."""
    for at in sites.NIGHTS:
        assert steps.replay(f"nightly:{at.date()}", empty).status == "ok"

    assert dumped(empty) == dumped(nights)
    assert len(dumped(empty)) > 500


def test_a_replay_of_an_older_night_changes_nothing_newer(nights: Settings) -> None:
    """It is a run of its own at the instant of that night, however often."""
    before = dumped(nights)

    once, twice = (steps.replay(f"nightly:{sites.NIGHTS[0].date()}", nights, by="me") for _ in range(2))

    assert dumped(nights) == before
    assert (once.key, twice.key) == ("replay:nightly:2026-01-13", "replay:nightly:2026-01-13/2")
    assert (once.trigger, once.by, once.logical_instant, once.status) == ("replay", "me", sites.NIGHTS[0], "ok")
    with pytest.raises(Refused, match="asked no site; `confradar replay` with the same words does it once more"):
        steps.retry_target(once.key, nights)
    assert once.statistics
    assert once.statistics["updated"] == 0


def test_what_is_known_of_a_mention_names_its_page(nights: Settings) -> None:
    """Every reference leads to the archived page with the title's words."""
    with database.reading(nights.database) as connection:
        known = conferences.known(connection)
    assert {key[0] for key in known.mentions} == set(readers())
    for mention in known.mentions.values():
        assert mention.archived
        assert archive.find(nights.archive_dir, mention.archived).status == 200


def test_a_night_without_an_archive_is_named(nights: Settings) -> None:
    with pytest.raises(UnknownName, match=r"cannot say which run 'nightly:2020-01-01' is: it has nothing of it"):
        steps.replay("nightly:2020-01-01", nights)
    with pytest.raises(UnknownName, match=r"it has 3 that begin so: nightly:2026-01-13, nightly:2026-01-20"):
        steps.replay("nightly:2026", nights)


def test_a_replay_beside_a_run_waits_or_is_refused(nights: Settings) -> None:
    at = sites.NIGHTS[-1] + timedelta(days=1)
    steps.open_run("nightly:x", trigger="schedule", target="*", steps=[], logical_instant=at, settings=nights)
    try:
        with pytest.raises(RunRefused, match="run nightly:x is going"):
            steps.replay("nightly:2026-01-13", nights, if_busy="refuse")
    finally:
        steps.cancel("nightly:x", nights, by="test")


FIRST, LAST = sites.NIGHTS[0].date(), sites.NIGHTS[-1].date()


def runs_of(chosen: Settings, trigger: str) -> dict[str, str]:
    """The status of each run that this began, by its key."""
    with database.reading(chosen.database) as connection:
        return {run.key: run.status for run in history.runs(connection, trigger=trigger, limit=500)}


def test_a_backfill_does_once_what_the_archive_has(empty: Settings) -> None:
    """A run for each source and day, one for the whole; what is missing is named; a second call finds all done."""
    told: list[str] = []

    run, parts = steps.backfill(FIRST, sites.NIGHTS[1].date(), empty, pause=0, say=told.append)

    assert (run.status, run.key) == ("ok", "backfill:2026-01-13..2026-01-20")
    assert len(parts.done) == 10
    assert len(parts.missing) == 30
    assert "2026-01-14:elra: the archive has nothing, skipped" in told
    before = dumped(empty)
    again, parts = steps.backfill(FIRST, sites.NIGHTS[1].date(), empty, pause=0)
    assert (again.status, again.key, len(parts.before), parts.done) == ("ok", f"{run.key}/2", 10, [])
    assert dumped(empty) == before
    assert sorted(runs_of(empty, "backfill")) == sorted(
        [run.key, again.key, *(f"backfill:{at.date()}:{name}" for at in sites.NIGHTS[:2] for name in readers())]
    )


@pytest.mark.fault("G3", "a backfill resumes, is never doubled, waits for the night, and overwrites nothing newer")
def test_a_backfill_changes_nothing_newer(nights: Settings) -> None:
    """All that it reads is known already, or older than what is known."""
    before = dumped(nights)

    run, parts = steps.backfill(FIRST, LAST, nights, source="wikicfp", pause=0)

    assert (run.status, len(parts.done)) == ("ok", 3)
    assert dumped(nights) == before


@pytest.mark.fault("G3", "a backfill resumes, is never doubled, waits for the night, and overwrites nothing newer")
def test_a_backfill_that_is_killed_goes_on(nights: Settings, empty: Settings, tmp_path: Path) -> None:
    """Nothing is done twice; one that goes beside it is refused; the night goes first."""
    quick = {"CONFRADAR_LOST_AFTER_SECONDS": "2", "CONFRADAR_LEASE_SECONDS": "3", "CONFRADAR_WAITING_SECONDS": "0.2"}
    chosen = empty.model_copy(update={"lost_after_seconds": 2, "lease_seconds": 3, "waiting_seconds": 0.2})
    places = {"CONFRADAR_DATA_DIR": str(nights.data_dir), "CONFRADAR_DATABASE_URL": empty.database}
    command = servers.confradar("backfill", "--from", str(FIRST), "--to", str(FIRST), "--pause", "0.1")
    steps.open_run(
        "nightly:x", trigger="schedule", target="*", steps=[], logical_instant=sites.NIGHTS[0], settings=empty
    )
    log = tmp_path / "backfill.log"
    with log.open("wb") as stream:
        running = subprocess.Popen(
            command, env={**os.environ, **quick, **places}, stderr=stream, start_new_session=True
        )
    try:
        until(lambda: "waits for run nightly:x" in log.read_text(), 60, log.read_text)
        with pytest.raises(RunRefused, match=r"Run backfill:2026-01-13\.\.2026-01-13 is going"):
            steps.backfill(FIRST, FIRST, chosen)
        assert list(runs_of(empty, "backfill").values()).count("ok") == 0
        steps.cancel("nightly:x", empty, by="test")
        until(lambda: list(runs_of(empty, "backfill").values()).count("ok") >= 2, 60, log.read_text)
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    done = [key for key, status in runs_of(empty, "backfill").items() if status == "ok"]

    def resumed() -> tuple[ledger.Run, Parts] | None:
        try:
            return steps.backfill(FIRST, FIRST, chosen, pause=0)
        except RunRefused:  # the one that was killed is not lost yet
            return None

    run, parts = until(resumed)

    assert (run.status, run.key) == ("ok", f"backfill:{FIRST}..{FIRST}")
    assert sorted([*parts.done, *parts.before]) == sorted(f"{FIRST}:{name}" for name in readers())
    assert len(parts.before) >= len(done) >= 2
    assert set(runs_of(empty, "backfill").values()) == {"ok"}
    lines = dumped(empty)
    assert len(lines) == len(set(lines))
    alone = empty.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'alone.sqlite'}"})
    steps.prepare(alone)
    steps.backfill(FIRST, FIRST, alone, pause=0)
    assert lines == dumped(alone)


def test_days_that_cannot_be_are_refused(nights: Settings) -> None:
    with pytest.raises(SettingError, match="from 2026-02-03 to 2026-01-13: wanted the earlier day first"):
        steps.backfill(LAST, FIRST, nights)
    with pytest.raises(UnknownName, match="There is no source 'dblp'"):
        steps.backfill(FIRST, LAST, nights, source="dblp")
