"""What the watchdog makes of silence, on both databases: one alert for each incident, and one word when it is over."""

import threading
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from confradar import graph, steps
from confradar import settings as configuration
from confradar.deadlines.conference import SourceOutput
from confradar.errors import DatabaseUnavailable
from confradar.settings import Settings
from confradar.sources.base import readers
from confradar.steps.alerting import with_database, without_database
from confradar.storage import alerts, audit, database, lease, ledger, outputs
from confradar.storage.run_tables import alert

DUE = datetime(2026, 1, 14, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALL = frozenset(readers())


@pytest.fixture
def settings(url: str) -> Settings:
    """An installation on each database; a source is silent after three days."""
    return configuration.load(CONFRADAR_DATABASE_URL=url, silent_days=3)


def night(
    settings: Settings,
    due: datetime,
    good: Collection[str] = ALL,
    *,
    trigger: str = "schedule",
    status: str = "ok",
    bad: str = "failed",
) -> None:
    """A night, or another run of everything, in which these sources gave something, each some minutes after another."""
    key = f"nightly:{due.date()}" if trigger == "schedule" else f"manual:{due.isoformat()}"
    names = graph.plan("*").names
    with database.transaction(settings.database) as connection:
        run, _ = ledger.open_run(
            connection,
            key=key,
            trigger=trigger,
            logical_instant=due,
            target="*",
            steps=names,
            now=due,
            deadline_seconds=3600,
        )
        for minutes, name in enumerate(sorted(ALL)):
            ended, step = due + timedelta(minutes=5 * minutes), f"{name}_conferences"
            claimed = {"task_id": None, "retries": 0, "worker": "here", "pid": 1, "lost_after": 60}
            ledger.begin_step(connection, run, step, now=due, **claimed)
            if name in good:
                outputs.keep(connection, run.id, step, 1, SourceOutput(name, ()), now=ended)
            ledger.finish_step(connection, run.id, step, 1, status=status if name in good else bad, now=ended)
        ended = due + HOUR / 2
        ledger.close_steps(connection, run.id, status="ok", reason="", error="", now=ended)
        outcome = "ok" if set(good) == ALL else "partial" if good else "failed"
        ledger.finish_run(connection, run.id, status=outcome, now=ended)


def watched(
    settings: Settings, begin: datetime, end: datetime, *, since: datetime = DUE - HOUR, every: timedelta = 7 * HOUR
) -> list[str]:
    """What the watchdog says who looks so often from then until then."""
    said = []
    while begin <= end:
        said += steps.watch(settings, since=since, now=begin)
        begin += every
    return said


def told(settings: Settings) -> list[tuple[str, bool]]:
    """All alerts that ever were, and whether each is over."""
    with database.reading(settings.database) as connection:
        rows = connection.execute(select(alert.c.condition, alert.c.resolved_at).order_by(alert.c.id))
        return [(row.condition, row.resolved_at is not None) for row in rows]


def test_a_beat_that_is_silent_for_days_is_one_alert(settings: Settings) -> None:
    """However long it lasts: the sources that nobody asks are not silent themselves. It is over when a night comes."""
    night(settings, DUE)
    said = watched(settings, DUE + HOUR, DUE + 5 * DAY + HOUR)
    assert len(said) == 1
    assert said[0].startswith("alert night missing: no run nightly:2026-01-15 was begun by 02:10 UTC")

    night(settings, DUE + 6 * DAY)

    assert watched(settings, DUE + 6 * DAY + HOUR, DUE + 6 * DAY + 2 * HOUR) == ["alert over: night missing"]
    assert told(settings) == [("night missing", True)]


@pytest.mark.fault("C2", "beat silent: noticed before a night is missing, and one alert for both")
def test_a_beat_that_is_heard_of_no_more_is_told_before_a_night_is_missing(settings: Settings) -> None:
    """What it sends each minute does not come for ten; who begins to watch, or sees the database again, waits anew."""
    night(settings, DUE)
    heard = DUE + HOUR
    with database.transaction(settings.database) as connection:
        for minutes in (-1, 0):
            lease.hear_beat(connection, heard + (minutes + 10) * MINUTE)
    assert watched(settings, heard, heard + 9 * MINUTE, every=MINUTE) == []
    assert watched(settings, heard + 19 * MINUTE, heard + 19 * MINUTE, since=heard + 10 * MINUTE) == []

    [said] = watched(settings, heard + 10 * MINUTE, DUE + 3 * DAY)
    assert said.startswith(
        "alert beat silent: nothing that `celery beat` sends each minute has come since 2026-01-14 03:00"
    )

    night(settings, DUE + 3 * DAY)
    with database.transaction(settings.database) as connection:
        lease.hear_beat(connection, DUE + 3 * DAY + 2 * HOUR)
    assert watched(settings, DUE + 3 * DAY + HOUR, DUE + 3 * DAY + HOUR) == ["alert over: beat silent"]
    assert told(settings) == [("beat silent", True)]

    with database.transaction(settings.database) as connection:
        without_database(settings, DatabaseUnavailable("away"), now=DUE + 3 * DAY + 3 * HOUR)
        with_database(connection, settings, now=DUE + 3 * DAY + 4 * HOUR)
    assert watched(settings, DUE + 3 * DAY + 4 * HOUR, DUE + 3 * DAY + 4 * HOUR) == []


@pytest.mark.fault("C6", "run still going when the next is due: alert late")
def test_a_run_still_going_when_the_night_is_due_makes_it_late(settings: Settings) -> None:
    """One alert while the night waits and after it has begun; it is over with the next night that comes in time."""
    busy = settings.model_copy(update={"lease_seconds": 1e9, "run_deadline_seconds": 10**9})
    nightly = f"nightly:{steps.now_utc().date() - DAY}"
    due = datetime.combine(steps.now_utc().date() - DAY, steps.NIGHT)

    def opened(key: str, trigger: str) -> steps.Opened:
        names = graph.plan("*").names
        return steps.open_run(key, trigger=trigger, target="*", steps=names, logical_instant=due, settings=busy)

    assert opened("manual:long", "manual").to_send
    assert opened(nightly, "schedule").waits_for == "manual:long"
    said = watched(settings, due + HOUR, due + 3 * HOUR, since=due - HOUR)
    assert len(said) == 1
    assert said[0].startswith(f"alert night late: run {nightly} was due at 02:00 UTC and waits: run manual:long is")

    with database.transaction(settings.database) as connection:
        ledger.finish_run(connection, ledger.find(connection, "manual:long").id, status="ok", now=due + 4 * HOUR)
    assert opened(nightly, "schedule").to_send
    assert watched(settings, due + 4 * HOUR, due + 6 * HOUR, since=due - HOUR) == []
    with database.transaction(settings.database) as connection:
        ledger.finish_run(connection, ledger.find(connection, nightly).id, status="ok", now=due + 7 * HOUR)
    night(settings, due + DAY)
    assert watched(settings, due + DAY + HOUR, due + DAY + HOUR) == ["alert over: night late"]
    assert told(settings) == [("night late", True)]


@pytest.mark.fault("D13", "all five down: five reasons, one alert")
def test_five_nights_in_which_all_sources_are_down_are_one_alert(settings: Settings) -> None:
    """From the first night on, and not one more when the sources have been silent for days; one word at the end."""
    night(settings, DUE)
    said = []
    for days in range(1, 6):
        night(settings, DUE + days * DAY, good=())
        said += watched(settings, DUE + days * DAY + HOUR, DUE + (days + 1) * DAY)
    assert said == ["alert night failed: run nightly:2026-01-15 failed; see `confradar runs show nightly:2026-01-15`"]

    night(settings, DUE + 6 * DAY)

    assert watched(settings, DUE + 6 * DAY + HOUR, DUE + 6 * DAY + 2 * HOUR) == ["alert over: night failed"]
    assert told(settings) == [("night failed", True)]


def test_a_failed_night_is_over_once_something_is_stored(settings: Settings) -> None:
    """By whatever run."""
    night(settings, DUE, good=())
    watched(settings, DUE + HOUR, DUE + HOUR)
    night(settings, DUE + 2 * HOUR, {"elra"}, trigger="manual")

    watched(settings, DUE + 3 * HOUR, DUE + 3 * HOUR)

    assert told(settings) == [("night failed", True)]


def test_a_source_that_others_outlive_is_silent(settings: Settings) -> None:
    """Three days after it last gave something good, once; over when it gives something again."""
    night(settings, DUE, trigger="manual")
    said = []
    for days in range(1, 6):
        night(settings, DUE + days * DAY, ALL - {"elra"}, trigger="manual")
        said += watched(settings, DUE + days * DAY + HOUR, DUE + (days + 1) * DAY, since=DUE + 90 * DAY)
    assert len(said) == 1
    assert said[0].startswith("alert source silent: elra: elra has given nothing good since 2026-01-14 02:15 UTC; see")

    night(settings, DUE + 6 * DAY, trigger="manual")

    over = watched(settings, DUE + 6 * DAY + HOUR, DUE + 6 * DAY + HOUR, since=DUE + 90 * DAY)
    assert over == ["alert over: source silent: elra"]


def test_two_partial_nights_are_one_alert(settings: Settings) -> None:
    """From the second on, with the source and its run; that it has been silent for days is no news then."""
    night(settings, DUE)
    night(settings, DUE + DAY, ALL - {"elra"})
    assert watched(settings, DUE + DAY + HOUR, DUE + 2 * DAY) == []
    said = []
    for days in range(2, 7):
        night(settings, DUE + days * DAY, ALL - {"elra"})
        said += watched(settings, DUE + days * DAY + HOUR, DUE + (days + 1) * DAY)
    [partial] = said
    assert partial == (
        "alert nights partial: runs nightly:2026-01-15 and nightly:2026-01-16 did not go well: elra failed; "
        "see `confradar runs show nightly:2026-01-16`"
    )

    night(settings, DUE + 7 * DAY)

    assert watched(settings, DUE + 7 * DAY + HOUR, DUE + 7 * DAY + HOUR) == ["alert over: nights partial"]


def test_a_source_that_a_check_holds_back_is_one_alert(settings: Settings) -> None:
    """At once, with what releases it; neither its partial nights nor its silence are told as well."""
    night(settings, DUE)
    said = []
    for days in range(1, 6):
        night(settings, DUE + days * DAY, ALL - {"elra"}, bad="quarantined")
        said += watched(settings, DUE + days * DAY + HOUR, DUE + (days + 1) * DAY)
    [held] = said
    assert held.startswith("alert source quarantined: elra: what elra gave is held back")
    assert "confradar runs release nightly:2026-01-15 elra --why" in held

    night(settings, DUE + 6 * DAY)

    assert watched(settings, DUE + 6 * DAY + HOUR, DUE + 6 * DAY + HOUR) == ["alert over: source quarantined: elra"]


def test_all_sources_silent_without_a_schedule_are_one_alert(settings: Settings) -> None:
    """Of an installation whose runs somebody starts by hand."""
    night(settings, DUE, trigger="manual")
    said = []
    for days in range(1, 6):
        night(settings, DUE + days * DAY, good=(), trigger="manual")
        said += watched(settings, DUE + days * DAY + HOUR, DUE + (days + 1) * DAY, since=DUE + 90 * DAY)
        if days == 2:  # our patience ends with one after another
            begin, every = DUE + 3 * DAY, timedelta(minutes=5)
            assert watched(settings, begin, begin + 3 * every, since=DUE + 90 * DAY, every=every) == []
            said += watched(settings, begin + 4 * every, begin + HOUR, since=DUE + 90 * DAY, every=every)
    assert len(said) == 1
    assert said[0].startswith("alert source silent: all: no source has given anything good since 2026-01-14 02:20 UTC")
    assert told(settings) == [("source silent: all", False)]


def test_a_degradation_that_was_kept_is_no_silence(settings: Settings) -> None:
    """What a source gave counts, however much of it."""
    for days in range(6):
        night(settings, DUE + days * DAY, status="degraded")
        assert watched(settings, DUE + days * DAY + HOUR, DUE + (days + 1) * DAY) == []


def test_a_pause_of_a_week_is_quiet(settings: Settings) -> None:
    """Neither a night is missed nor a source; afterwards they are again."""
    night(settings, DUE, ALL - {"elra"})
    with database.transaction(settings.database) as connection:
        audit.switch(connection, steps.SCHEDULE, paused=True, by="ada", why="holidays", at=DUE + HOUR)
    assert watched(settings, DUE + HOUR, DUE + 7 * DAY) == []

    with database.transaction(settings.database) as connection:
        audit.switch(connection, steps.SCHEDULE, paused=False, by="ada", why="back", at=DUE + 7 * DAY + HOUR)
    assert watched(settings, DUE + 7 * DAY + 2 * HOUR, DUE + 8 * DAY) == []
    [missed] = watched(settings, DUE + 8 * DAY, DUE + 9 * DAY)
    assert missed.startswith("alert night missing")


def test_two_watchdogs_at_once_open_one_alert(postgres: str) -> None:
    """The second waits for the first, and finds the alert open."""
    said = []

    def second() -> None:
        with database.transaction(postgres) as connection:
            said.append(alerts.open_alert(connection, "night missing", "", now=DUE))

    other = threading.Thread(target=second)
    with database.transaction(postgres) as first:
        assert alerts.open_alert(first, "night missing", "", now=DUE)
        other.start()
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while not _scalar(postgres, waits):
            assert other.is_alive()
    other.join()

    assert said == [False]


def _scalar(url: str, query: str) -> object:
    with database.reading(url) as connection:
        return connection.exec_driver_sql(query).scalar()
