"""Whether the nights came when they should, on both databases: missing, late, held back, or not yet expected."""

from datetime import UTC, datetime, timedelta

import pytest

from confradar import settings as configuration
from confradar import steps
from confradar.errors import SettingError, UnknownName
from confradar.settings import Settings
from confradar.storage import alerts, audit, database, history, ledger

DUE = datetime(2026, 1, 14, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def settings(url: str) -> Settings:
    """An installation on each database, whose nights are missing after ten minutes."""
    return configuration.load(CONFRADAR_DATABASE_URL=url, missing_after_seconds=600)


def began(
    settings: Settings, at: datetime, day: datetime | None = None, trigger: str = "schedule", *, waits: bool = False
) -> str:
    """A run that began then, or waits since then, of that day's night; returns its key."""
    key = f"nightly:{(day or at).date()}" if trigger == "schedule" else f"manual:{at.isoformat()}"
    with database.transaction(settings.database) as connection:
        run, _ = ledger.open_run(
            connection, key=key, trigger=trigger, logical_instant=at, target="*", steps=[steps.STORE], now=at,
            deadline_seconds=60,
        )  # fmt: skip
        if waits:
            told = "waits: run manual:x is going since 01:55 UTC"
            ledger.mark_waiting(connection, run.id, told, deadline_at=run.deadline_at)
        else:
            ledger.mark_running(connection, run.id)
    return key


def state(settings: Settings, now: datetime, since: datetime | None = None) -> steps.NightState:
    """How the nights stand at that moment."""
    with database.reading(settings.database) as connection:
        return steps.night_state(connection, settings, now=now, since=since)


def switch(settings: Settings, at: datetime, *, paused: bool) -> None:
    """Pause or resume the schedule at that moment."""
    with database.transaction(settings.database) as connection:
        audit.switch(connection, steps.SCHEDULE, paused=paused, by="ada", why="moving house", at=at)


def test_a_night_that_came_is_well(settings: Settings) -> None:
    """From the moment on at which it begins; the next is a day later."""
    began(settings, DUE)

    night = state(settings, DUE + timedelta(seconds=1))

    assert (night.missing, night.late, night.trouble) == (False, False, "")
    assert (night.due, night.next) == (DUE, DUE + DAY)
    assert night.message == "last nightly:2026-01-14, running; the next is due Thu 15 Jan 02:00 UTC"


def test_a_night_is_missing_ten_minutes_after_it_was_due(settings: Settings) -> None:
    """Before that the night before is judged, and after midnight it is missing still."""
    began(settings, DUE - DAY)
    assert not state(settings, DUE + timedelta(minutes=9)).missing

    for now in (DUE + timedelta(minutes=10), DUE + 23 * HOUR, DUE + DAY + timedelta(minutes=9)):
        night = state(settings, now)
        assert night.missing, now
        assert night.due == DUE
        assert night.trouble.startswith("no run nightly:2026-01-14 was begun by 02:10 UTC")


def test_nobody_misses_a_night_that_nobody_expected(settings: Settings) -> None:
    """An installation without a night before; who watched since before it was due did expect it."""
    began(settings, DUE - DAY, trigger="manual")

    assert not state(settings, DUE + HOUR).missing
    assert not state(settings, DUE + HOUR, since=DUE + timedelta(minutes=1)).missing
    assert state(settings, DUE + HOUR, since=DUE - HOUR).missing
    assert state(settings, DUE + HOUR).message.startswith("no night has run yet")


def test_a_night_that_began_late_says_so(settings: Settings) -> None:
    """With both times; it is not missing."""
    began(settings, DUE + 3 * HOUR)

    night = state(settings, DUE + 4 * HOUR)

    assert (night.missing, night.late) == (False, True)
    assert night.trouble == "run nightly:2026-01-14 began at 05:00 UTC, not 02:00"


def test_a_night_that_waits_for_another_run_is_late(settings: Settings) -> None:
    """From the moment on at which it should have begun at the latest; it says for which."""
    began(settings, DUE, waits=True)
    assert not state(settings, DUE + timedelta(minutes=9)).late

    night = state(settings, DUE + timedelta(minutes=10))

    assert (night.missing, night.late) == (False, True)
    told = "run nightly:2026-01-14 was due at 02:00 UTC and waits: run manual:x is going since 01:55 UTC"
    assert night.trouble == told


def test_a_night_that_a_pause_held_back_is_not_missed(settings: Settings) -> None:
    """Whether the pause lasts still or not; the state says who holds it and why; a later night counts again."""
    began(settings, DUE - DAY)
    switch(settings, DUE - HOUR, paused=True)
    held = state(settings, DUE + HOUR)
    switch(settings, DUE + 2 * HOUR, paused=False)

    assert not held.missing
    assert held.pause is not None
    assert held.message.endswith("paused since Wed 14 Jan 01:00 UTC by ada: moving house")
    resumed = state(settings, DUE + 3 * HOUR)
    assert (resumed.missing, resumed.pause) == (False, None)
    assert state(settings, DUE + DAY + HOUR).missing


def test_the_watchdog_says_the_same_as_everybody_else(settings: Settings) -> None:
    """A missing night is one alert with the same words; it is over when a night comes, or is held back on purpose."""
    began(settings, DUE - DAY)
    for _ in range(2):
        steps.watch(settings, since=DUE - HOUR, now=DUE + HOUR)
    with database.reading(settings.database) as connection:
        [found] = alerts.all_open(connection)
    assert (found.condition, found.detail) == ("night missing", state(settings, DUE + HOUR).trouble)

    began(settings, DUE + 2 * HOUR, DUE)
    steps.watch(settings, since=DUE - HOUR, now=DUE + 3 * HOUR)

    with database.reading(settings.database) as connection:
        assert [one.condition for one in alerts.all_open(connection)] == ["night late"]
    switch(settings, DUE + 4 * HOUR, paused=True)
    steps.watch(settings, since=DUE - HOUR, now=DUE + DAY + HOUR)
    with database.reading(settings.database) as connection:
        assert alerts.all_open(connection) == []


def test_a_run_is_found_by_the_beginning_of_its_key(settings: Settings) -> None:
    """Exactly one; several, or none, are named."""
    keys = [began(settings, DUE + number * DAY) for number in range(3)]
    with database.reading(settings.database) as connection:
        assert history.resolve(connection, keys[0]).key == keys[0]
        assert history.resolve(connection, "nightly:2026-01-15").key == keys[1]
        with pytest.raises(UnknownName, match="several runs: nightly:2026-01-16, nightly:2026-01-15"):
            history.resolve(connection, "nightly:2026-01-1")
        with pytest.raises(UnknownName, match=r"no run 'nigthly:2026-01-14'\. Did you mean nightly:2026-01-14"):
            history.resolve(connection, "nigthly:2026-01-14")
        with pytest.raises(UnknownName, match="`confradar runs` lists them"):
            history.resolve(connection, "%")


@pytest.mark.parametrize(
    ("written", "end", "meant"),
    [
        ("7d", False, DUE - 7 * DAY),
        ("12h", False, DUE - 12 * HOUR),
        ("2w", True, DUE - 14 * DAY),
        ("2026-01-13", False, datetime(2026, 1, 13, tzinfo=UTC)),
        ("2026-01-13", True, datetime(2026, 1, 14, tzinfo=UTC)),
        ("2026-01-13T12:00:00+02:00", True, datetime(2026, 1, 13, 10, tzinfo=UTC)),
    ],
)
def test_a_bound_is_a_span_a_day_or_an_instant(written: str, *, end: bool, meant: datetime) -> None:
    """A day counts whole: from its beginning, to its end."""
    assert history.bound(written, now=DUE, end=end) == meant


@pytest.mark.parametrize(
    "written", ["yesterday", "7", "999999w", "2026-02-30", "2026-01-13T12:00:00", "", "9999-12-31"]
)
def test_another_bound_is_refused(written: str) -> None:
    """With what was found and what is wanted."""
    with pytest.raises(SettingError, match=r"date: found .*, wanted"):
        history.bound(written, now=DUE, end=True)
