"""What an operator does to runs and to the schedule, on both databases: once, with who and why, or a clear refusal."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from confradar import graph, steps
from confradar import settings as configuration
from confradar.deadlines.checks import Result, Severity
from confradar.deadlines.conference import SourceOutput
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.errors import Refused, RunRefused, SettingError, UnknownName
from confradar.settings import Settings
from confradar.steps.runs import begin, keep
from confradar.steps.storing import add
from confradar.storage import answers, audit, database, history, ledger, outputs, run_tables, tables

NIGHT = datetime(2026, 1, 13, 2, tzinfo=UTC)
ELRA, WIKICFP = "elra_conferences", "wikicfp_conferences"
HELD = Result("count_above_floor", Severity.ERROR, True, False, "at least 11 listings", "1 listing")


@pytest.fixture
def settings(url: str) -> Settings:
    """An installation on each database."""
    return configuration.load(CONFRADAR_DATABASE_URL=url)


def listing(ref: str, source: str = "elra", text: str = "2026-01-28 23:59 UTC") -> Listing:
    """One conference with one gate."""
    dates = (WrittenDate(Kind.SUBMISSION, text),)
    return Listing(source=source, ref=ref, url="https://example.org/", title=ref.upper(), year=2026, dates=dates)


def opened(key: str, settings: Settings, chosen: Sequence[str] = (ELRA, WIKICFP), **how: str) -> steps.Opened:
    """A run of two crawls and the store."""
    return steps.open_run(
        key, trigger="manual", target="*", steps=[*chosen, steps.STORE], logical_instant=NIGHT, settings=settings, **how
    )


def crawled(run: ledger.Run, settings: Settings, step: str, *listings: Listing, held: bool = False) -> int:
    """Keep what a crawl gave, as a worker does; returns the attempt."""
    source = step.removesuffix("_conferences")
    results = {source: (HELD,)} if held else {}
    done = steps.Materialised(
        step, listings, {"count": len(listings)}, outputs=(SourceOutput(source, listings),), checks=results
    )
    with database.transaction(settings.database) as connection:
        attempt = begin(connection, run, step, settings)
        assert attempt
        assert keep(connection, run, attempt, done, settings)
    return attempt


def conferences(settings: Settings) -> int:
    """How many conferences the store has."""
    with database.reading(settings.database) as connection:
        return answers.counts(connection)["conferences"]


def test_a_second_run_waits_for_the_first_or_is_refused(settings: Settings) -> None:
    """One run of the job at a time: the waiting one says for which, and begins once that is over."""
    first = opened("manual:first", settings)
    second = opened("manual:second", settings)
    assert (first.to_send, second.to_send, second.waits_for) == (True, False, "manual:first")
    assert "manual:first" in (second.run.message or "") or second.run.status == "queued"
    with pytest.raises(RunRefused, match="manual:first"):
        opened("manual:third", settings, if_busy="refuse")
    with database.reading(settings.database) as connection:
        assert ledger.get(connection, "manual:third") is None

    steps.store_run("manual:first", settings)

    again = opened("manual:second", settings)
    assert (again.to_send, again.run.message) == (True, None)
    assert again.run.token == first.run.token + 1


def test_a_run_that_waits_though_nothing_is_going_has_lost_its_message(settings: Settings) -> None:
    """Who has it asks each few seconds: a lease's length later it is called lost, its steps can be run again."""
    opened("manual:first", settings)
    opened("manual:second", settings)
    steps.cancel("manual:first", settings, by="ada")
    over = _found("manual:first", settings).finished_at
    assert over
    soon, later = (over + timedelta(seconds=settings.lease_seconds + more) for more in (-1, 0))

    assert steps.watch(settings, since=soon, now=soon) == []
    [said] = steps.watch(settings, since=later, now=later)

    assert said.startswith("run closed run=manual:second status=failed: nobody asked for it though nothing was going")
    assert _found("manual:second", settings).status == "failed"
    assert steps.retry_target("manual:second", settings).startswith(f"{ELRA}+,{WIKICFP}+")
    assert not opened("manual:second", settings).to_send  # a message that was only late


def test_a_run_that_is_withdrawn_never_begins(settings: Settings) -> None:
    """Whether anybody heard of it before or not; one that is over stays as it is."""
    opened("manual:first", settings)
    opened("manual:waiting", settings)
    for key in ("manual:waiting", "manual:unheard"):
        steps.withdraw(key, "elra+", [ELRA, steps.STORE], settings, by="ada")
        found = _found(key, settings)
        assert (found.status, found.message) == ("cancelled", "cancelled by ada")
        again = opened(key, settings)
        assert (again.to_send, again.waits_for) == (False, None)
    steps.store_run("manual:first", settings)
    before = _found("manual:first", settings)
    steps.withdraw("manual:first", "elra+", [ELRA, steps.STORE], settings, by="ada")
    assert _found("manual:first", settings) == before


def _found(key: str, settings: Settings) -> ledger.Run:
    with database.reading(settings.database) as connection:
        return ledger.find(connection, key)


def test_a_run_that_waits_outlasts_the_one_that_it_waits_for(settings: Settings) -> None:
    """That one is closed at its deadline; who waited for it has its own time from then on."""
    settings = settings.model_copy(update={"lease_seconds": 2 * settings.run_deadline_seconds})
    first = opened("manual:first", settings).run
    opened("manual:second", settings)
    later = first.deadline_at + timedelta(seconds=1)
    steps.watch(settings, since=later, now=later)

    with database.reading(settings.database) as connection:
        states = [ledger.find(connection, key).status for key in ("manual:first", "manual:second")]
    assert states == ["failed", "queued"]
    assert opened("manual:second", settings).to_send


def test_a_run_waits_at_once_while_another_is_being_stored(settings: Settings) -> None:
    """However long that takes: who waits asks for no lock that the store holds."""
    first = opened("manual:first", settings)
    crawled(first.run, settings, ELRA, listing("icml"))
    if settings.database.startswith("sqlite"):
        pytest.skip("one writer at a time is SQLite's own rule")
    with database.transaction(settings.database) as storing:
        ledger.find(storing, first.run.key, lock=True)
        assert opened("manual:second", settings).waits_for == "manual:first"


@pytest.mark.fault("B6", "older run finishes after a newer: superseded")
def test_a_run_that_nobody_beats_for_is_superseded_and_stores_nothing_more(settings: Settings) -> None:
    """Its lease has run out and passed on: what it kept is there for the next store, as an input of its own night."""
    first = opened("manual:first", settings)
    crawled(first.run, settings, WIKICFP, listing("siggraph", "wikicfp"))
    with database.transaction(settings.database) as connection:
        connection.execute(update(run_tables.lease).values(expires_at=datetime(2026, 1, 13, tzinfo=UTC)))

    second = opened("manual:second", settings, [ELRA])

    assert second.to_send
    late = steps.store_run("manual:first", settings)
    assert (late.status, conferences(settings)) == ("superseded", 0)
    crawled(second.run, settings, ELRA, listing("icml"))
    stored = steps.store_run("manual:second", settings)
    assert (stored.status, stored.value["total"], conferences(settings)) == ("ok", 2, 2)
    with database.reading(settings.database) as connection:
        store = history.last_states(connection)[steps.STORE]
    assert store["metadata"]["inputs"]["wikicfp"]["run"] == "manual:first"


def test_a_cancelled_run_stores_nothing_and_frees_the_way(settings: Settings) -> None:
    """Who and why are kept; a second time is refused, as is a run that is over."""
    run = opened("manual:one", settings).run
    crawled(run, settings, ELRA, listing("icml"))

    assert steps.cancel(run.key, settings, by="ada", why="wrong week") == [WIKICFP, steps.STORE]

    assert steps.store_run(run.key, settings).status == "cancelled"
    assert conferences(settings) == 0
    with database.transaction(settings.database) as connection:
        [entry] = audit.entries(connection, run.key)
        assert not ledger.beat(connection, run.id, WIKICFP, 1, now=steps.now_utc(), progress={})
    assert (entry["by"], entry["action"], entry["why"]) == ("ada", "cancel", "wrong week")
    assert opened("manual:two", settings).to_send
    with pytest.raises(Refused, match="over already: cancelled, cancelled by ada: wrong week"):
        steps.cancel(run.key, settings, by="ada")
    with pytest.raises(UnknownName, match="manual:none"):
        steps.cancel("manual:none", settings, by="ada")


def test_what_a_check_holds_of_a_cancelled_run_is_not_released(settings: Settings) -> None:
    """That run stores nothing: it is said so, and what is held stays held."""
    run = opened("manual:one", settings).run
    crawled(run, settings, ELRA, listing("icml"), held=True)
    steps.cancel(run.key, settings, by="ada")

    with pytest.raises(Refused, match="stores nothing \\(cancelled\\)"):
        steps.release(run.key, ELRA, settings, by="ada", why="")
    with database.reading(settings.database) as connection:
        assert len(outputs.held(connection, run.id, ELRA)) == 1


def test_a_run_whose_messages_were_lost_is_closed_when_its_lease_runs_out(settings: Settings) -> None:
    """Opened, and never heard of again: the watchdog does not wait for its deadline."""
    run = opened("manual:one", settings).run
    soon, later = (run.started_at + timedelta(seconds=seconds) for seconds in (60, 100))
    assert steps.watch(settings, since=later, now=soon) == []
    [told] = steps.watch(settings, since=later, now=later)

    assert told == "run closed run=manual:one status=failed"
    assert opened("manual:two", settings).to_send


def test_of_a_cancelled_step_the_others_are_stored(settings: Settings) -> None:
    """One source is ended by hand; the run is partial and says by whom."""
    run = opened("manual:one", settings).run
    crawled(run, settings, ELRA, listing("icml"))
    assert steps.cancel(run.key, settings, by="ada", step=WIKICFP) == [WIKICFP]
    with pytest.raises(Refused, match="over already"):
        steps.cancel(run.key, settings, by="ada", step=WIKICFP)
    with pytest.raises(UnknownName, match="has no step 'none'"):
        steps.cancel(run.key, settings, by="ada", step="none")

    assert steps.store_run(run.key, settings).status == "partial"
    assert conferences(settings) == 1


def test_what_a_check_holds_is_kept_and_stored_when_it_is_released(settings: Settings) -> None:
    """A quarantined source leaves its rows; released, it is added to its closed run, once."""
    run = opened("manual:one", settings).run
    crawled(run, settings, ELRA, listing("icml"), held=True)
    crawled(run, settings, WIKICFP, listing("siggraph", "wikicfp"))
    stored = steps.store_run(run.key, settings)
    assert (stored.status, stored.value["total"], conferences(settings)) == ("partial", 1, 1)
    with database.reading(settings.database) as connection:
        row = history.last_states(connection)[ELRA]
        assert outputs.last_good(connection, "elra") is None
    assert (row["status"], row["reason"]) == ("quarantined", "count_above_floor")
    assert row["error"] == "at least 11 listings: 1 listing"

    released = steps.release(run.key, ELRA, settings, by="ada", why="the list is short in winter")

    assert released.statistics
    assert (released.status, released.statistics["total"], conferences(settings)) == ("ok", 2, 2)
    with database.reading(settings.database) as connection:
        found = history.details(connection, run.key)
    assert [entry["action"] for entry in found["audit"]] == ["release"]
    [attempt] = [one for one in found["attempts"] if one["step"] == ELRA]
    assert (attempt["status"], attempt["outputs"][0]["held"], len(attempt["checks"])) == ("ok", False, 1)
    with pytest.raises(Refused, match="released already, or never held"):
        steps.release(run.key, ELRA, settings, by="ada", why="again")
    assert conferences(settings) == 2


def test_a_source_that_was_called_lost_by_mistake_is_added_late(settings: Settings) -> None:
    """The night was closed without it; its crawl lived, and what it brings is stored at the instant of its night."""
    run = opened("manual:one", settings).run
    crawled(run, settings, WIKICFP, listing("siggraph", "wikicfp"))
    with database.transaction(settings.database) as connection:
        attempt = begin(connection, run, ELRA, settings)
    assert steps.store_run(run.key, settings, by="watchdog").status == "partial"
    assert attempt

    done = steps.Materialised(
        ELRA, (listing("icml"),), {"count": 1}, outputs=(SourceOutput("elra", (listing("icml"),)),)
    )
    with database.transaction(settings.database) as connection:
        assert keep(connection, run, attempt, done, settings)
        kept = outputs.envelopes(connection, run)[ELRA].outputs
        added = add(connection, run, [*kept.values()], settings, by="it came late")

    assert added.statistics
    assert (added.status, added.message) == ("ok", "added to: it came late")
    assert (added.statistics["total"], conferences(settings)) == (2, 2)


def test_one_called_lost_by_mistake_lives_again_until_another_attempt_begins(settings: Settings) -> None:
    """A heartbeat after all; but once the step is in other hands, its own result is not taken."""
    run = opened("manual:one", settings).run

    def beats(attempt: int) -> bool:
        with database.transaction(settings.database) as connection:
            return ledger.beat(connection, run.id, ELRA, attempt, now=steps.now_utc(), progress={})

    with database.transaction(settings.database) as connection:
        assert begin(connection, run, ELRA, settings) == 1
        ledger.close_steps(connection, run.id, status="lost", reason="lost", error="", now=NIGHT, only=ELRA)
    assert beats(1)
    with database.transaction(settings.database) as connection:
        ledger.close_steps(connection, run.id, status="lost", reason="lost", error="", now=NIGHT, only=ELRA)
        assert begin(connection, run, ELRA, settings, retries=1) == 2
        assert not ledger.finish_step(connection, run.id, ELRA, 1, status="ok", now=NIGHT)
    assert not beats(1)
    assert beats(2)


def test_a_retry_repeats_what_failed_and_all_that_needs_it(settings: Settings) -> None:
    """The target of a retry; of a run in which nothing failed there is none."""
    run = opened("manual:one", settings).run
    with pytest.raises(Refused, match="going still"):
        steps.retry_target(run.key, settings)
    crawled(run, settings, WIKICFP, listing("siggraph", "wikicfp"))
    steps.store_run(run.key, settings)

    assert steps.retry_target(run.key, settings) == f"{ELRA}+"
    assert graph.plan(f"{ELRA}+").names == (ELRA, steps.STORE)
    good = steps.store({"elra": [listing("icml")]}, settings, now=NIGHT)
    with pytest.raises(Refused, match="Nothing failed"):
        steps.retry_target(good.metadata["run"], settings)


def test_the_schedule_is_paused_and_resumed_once(settings: Settings) -> None:
    """Who, when and why; before and after the pause it runs."""
    before = steps.now_utc()
    since = steps.pause(steps.SCHEDULE, settings, by="ada", why="sites are being mended")
    with pytest.raises(Refused, match=r"paused already, since .* by ada: sites are being mended"):
        steps.pause(steps.SCHEDULE, settings, by="bob", why="me too")
    held = steps.paused(steps.SCHEDULE, settings, at=since)
    assert held
    assert (held["by"], held["why"]) == ("ada", "sites are being mended")

    until = steps.resume(steps.SCHEDULE, settings, by="bob")

    with pytest.raises(Refused, match="not paused"):
        steps.resume(steps.SCHEDULE, settings, by="bob")
    times = [before, since, until]
    assert [bool(steps.paused(steps.SCHEDULE, settings, at=at)) for at in times] == [False, True, False]


def test_a_night_that_nobody_wants_is_not_missed(settings: Settings) -> None:
    """Paused at 02:00: no alert, that night and the next; resumed: the next one that does not come is told."""
    steps.pause(steps.SCHEDULE, settings, by="ada", why="holidays")
    tomorrow = datetime.combine(steps.now_utc().date() + timedelta(days=1), steps.NIGHT) + timedelta(hours=1)
    assert steps.watch(settings, since=NIGHT, now=tomorrow) == []
    steps.resume(steps.SCHEDULE, settings, by="ada")
    [told] = steps.watch(settings, since=NIGHT, now=tomorrow + timedelta(days=1))
    assert told.startswith("alert night missing")


def test_an_older_run_that_is_stored_alone_confirms_nothing_anew(settings: Settings) -> None:
    """The store alone takes each source's last good output, at the instant of its own run."""
    run = opened("manual:one", settings, [ELRA]).run
    crawled(run, settings, ELRA, listing("icml"))
    steps.store_run(run.key, settings)
    steps.open_run(
        "manual:again", trigger="manual", target=steps.STORE, steps=[steps.STORE],
        logical_instant=NIGHT + timedelta(days=3), settings=settings,
    )  # fmt: skip

    stored = steps.store_run("manual:again", settings)

    assert (stored.status, stored.value["total"], stored.value["unchanged"]) == ("ok", 1, 1)
    with database.reading(settings.database) as connection:
        assert connection.scalar(select(func.max(tables.mention.c.last_seen_at))) == NIGHT


def test_a_cancelled_store_stores_nothing(settings: Settings) -> None:
    """What its crawls gave stays in the ledger; the run says that it was cancelled, and can be repeated."""
    run = opened("manual:one", settings).run
    crawled(run, settings, ELRA, listing("icml"))
    crawled(run, settings, WIKICFP, listing("siggraph", "wikicfp"))

    assert steps.cancel(run.key, settings, by="ada", step=steps.STORE) == [steps.STORE]

    assert steps.store_run(run.key, settings).status == "cancelled"
    assert conferences(settings) == 0
    assert steps.retry_target(run.key, settings) == f"{steps.STORE}+"


def test_what_a_cancelled_run_gave_is_no_input_of_the_next(settings: Settings) -> None:
    """Somebody found it wrong: the next store takes what an earlier run gave, if any did."""
    first = opened("manual:first", settings).run
    crawled(first, settings, ELRA, listing("icml"))
    steps.store_run(first.key, settings)
    wrong = opened("manual:wrong", settings).run
    crawled(wrong, settings, ELRA, listing("wrong"))
    steps.cancel(wrong.key, settings, by="ada", why="the wrong week")
    run = opened("manual:next", settings, [WIKICFP]).run
    crawled(run, settings, WIKICFP, listing("siggraph", "wikicfp"))

    steps.store_run(run.key, settings)

    with database.reading(settings.database) as connection:
        inputs = history.last_states(connection)[steps.STORE]["metadata"]["inputs"]
    assert (inputs["elra"]["run"], conferences(settings)) == (first.key, 2)


def test_a_reason_is_kept_whatever_its_characters(settings: Settings) -> None:
    """What a database could not take is replaced, by whom and why alike."""
    steps.pause(steps.SCHEDULE, settings, by="a\udc80da", why="down\0 for\ud800 a week")

    held = steps.paused(steps.SCHEDULE, settings, at=steps.now_utc())

    assert held
    assert (held["by"], held["why"]) == ("a\ufffdda", "down\ufffd for\ufffd a week")
    run = opened("manual:one", settings).run
    assert steps.cancel(run.key, settings, by="ada", why="\0", step=ELRA) == [ELRA]
    crawled(run, settings, WIKICFP, listing("siggraph", "wikicfp"), held=True)
    assert steps.release(run.key, WIKICFP, settings, by="\0", why="\0").status == "queued"


def test_a_step_that_was_well_in_the_end_has_not_failed(settings: Settings) -> None:
    """Runs are found by the newest attempt of the step, as they are shown."""
    run = opened("manual:one", settings).run
    failed = steps.Materialised(ELRA, (), {"count": 0}, status="failed", reason="reset")
    with database.transaction(settings.database) as connection:
        attempt = begin(connection, run, ELRA, settings)
        assert attempt
        keep(connection, run, attempt, failed, settings, wait=0)
    crawled(run, settings, ELRA, listing("icml"))

    with database.reading(settings.database) as connection:
        assert history.runs(connection, status=["failed"], step=ELRA) == []
        assert [one.key for one in history.runs(connection, status=["success"], step=ELRA)] == [run.key]


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_instant_beyond_the_calendar_is_refused(written: str) -> None:
    """Its zone takes it out of the years that there are."""
    with pytest.raises(SettingError, match="date: found"):
        history.bound(written, now=NIGHT)
    with pytest.raises(SettingError, match="date: found"):
        steps.instant(written)
