"""Nights that are run again from their archive, by the same steps as those that made them, and real crawl processes."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from confradar import archive, graph, settings, steps
from confradar.crawling import process
from confradar.demo import sites
from confradar.errors import RunRefused, UnknownName
from confradar.settings import Settings
from confradar.sources.base import readers
from confradar.steps.attempting import crawl_in_run
from confradar.storage import conferences, database, dumping, ledger

from .conftest import given

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
