"""What a store tells those who follow, on both databases: the right messages, each once, in the storing transaction."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from confradar import settings as configuration
from confradar import steps
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.selection import Selection
from confradar.settings import Settings
from confradar.steps import announcing, followers, storing
from confradar.storage import database, follow_tables, ledger, outputs
from confradar.storage.follow_tables import message
from confradar.storage.run_tables import AGAIN

NIGHT = datetime(2026, 1, 13, 2, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def settings(url: str) -> Settings:
    """An installation on each database, whose readers reach it at one address."""
    return configuration.load(CONFRADAR_DATABASE_URL=url, public_url="https://radar.example.org")


def follow(settings: Settings, query: str = "series=icml", zone: str = "Europe/Berlin") -> int:
    asked = Selection.parse(query)
    begun = followers.follow(asked, "json://example.org", settings, by="ada", zone=zone)
    return begun.follow.id


def icml(*texts: str, source: str = "elra", kinds: tuple[Kind, ...] = (Kind.SUBMISSION, Kind.ABSTRACT)) -> Listing:
    """One conference; of each text a gate."""
    dates = tuple(WrittenDate(kind, text, None) for kind, text in zip(kinds, texts, strict=False))
    url = f"https://{source}.example/icml"
    return Listing(source=source, ref="icml", url=url, title="ICML 2026", year=2026, acronym="ICML", dates=dates)


def store(settings: Settings, days: int, *listings: Listing) -> None:
    given: dict[str, list[Listing]] = {}
    for one in listings:
        given.setdefault(one.source, []).append(one)
    steps.store(given, settings, now=NIGHT + days * DAY)


def told(settings: Settings, kind: str = "") -> list[dict[str, Any]]:
    """The messages, the oldest first."""
    with database.reading(settings.database) as connection:
        query = select(message).order_by(message.c.id)
        return [dict(row) for row in connection.execute(query).mappings() if kind in ("", row["kind"])]


def test_an_earlier_date_is_told_at_once_with_old_and_new_words_in_both_zones(settings: Settings) -> None:
    """The subject says what moved and by how much; the body has sources, a link, and how to end it."""
    number = follow(settings)
    store(settings, 0, icml("29 Jan 2026, 12:00 UTC"))
    store(settings, 1, icml("28 Jan 2026, 11:00 UTC"))

    [urgent] = told(settings, "change")

    assert urgent["due_at"] == NIGHT + DAY
    assert urgent["subject"] == "ICML 2026 · submission moved 25 hours EARLIER, to Wed 28 Jan 2026 12:00 in Berlin"
    lines = urgent["body"].splitlines()
    assert "now Wed 28 Jan 2026 12:00 in Berlin · published as “28 Jan 2026, 11:00 UTC”" in lines
    assert "was Thu 29 Jan 2026 13:00 in Berlin · published as “29 Jan 2026, 12:00 UTC”" in lines
    assert {"according to elra", "https://elra.example/icml", "https://radar.example.org/conferences/icml-2026"} <= {
        *lines
    }
    assert lines[-1].startswith(f"To stop these messages: https://radar.example.org/unfollow/{number}/")


def test_a_date_that_is_read_in_another_zone_is_told_at_once_with_by_how_much(settings: Settings) -> None:
    """The words are the same; what they mean is not."""
    follow(settings)
    store(settings, 0, icml("29 Jan 2026, 12:00 UTC"))
    store(settings, 1, icml("29 Jan 2026, 12:00 UTC+9"))

    [urgent] = told(settings, "change")
    assert urgent["subject"] == "ICML 2026 · submission now read in another zone, 9 hours EARLIER"


def test_several_urgent_changes_of_a_conference_are_one_message(settings: Settings) -> None:
    """Two gates moved, one of them withdrawn: one message, which says both."""
    follow(settings)
    store(settings, 0, icml("29 Jan 2026, 12:00 UTC", "22 Jan 2026, 12:00 UTC"))
    store(settings, 1, icml("28 Jan 2026, 12:00 UTC", "withdrawn"))

    [urgent] = told(settings, "change")

    assert urgent["subject"].endswith("and 1 more change")
    assert "submission moved 24 hours EARLIER" in urgent["body"]
    assert "abstract is withdrawn" in urgent["body"]


def test_what_can_wait_comes_in_one_digest_at_the_readers_morning(settings: Settings) -> None:
    """Later dates, new gates and new conferences; what another run adds before it is sent goes into the same one."""
    follow(settings, "")
    store(settings, 0, icml("29 Jan 2026, 12:00 UTC"))
    store(settings, 1, icml("30 Jan 2026, 12:00 UTC"))
    store(settings, 1, icml("30 Jan 2026, 12:00 UTC", "22 Jan 2026, 12:00 UTC"))

    first, second = told(settings)

    assert first["subject"] == "ICML 2026 is new"
    assert first["due_at"] == datetime(2026, 1, 13, 7, tzinfo=UTC)
    assert second["subject"] == "ICML 2026 · submission moved 24 hours later, and 1 more change"
    assert second["due_at"] == datetime(2026, 1, 14, 7, tzinfo=UTC)
    assert "ICML 2026 · abstract is new" in second["body"]


def test_a_date_that_the_morning_would_be_late_for_is_told_at_once(settings: Settings) -> None:
    """Extended by two hours, on its last day."""
    follow(settings)
    store(settings, 0, icml("14 Jan 2026, 05:00 UTC"))
    store(settings, 1, icml("14 Jan 2026, 07:30 UTC"))

    assert [one["subject"] for one in told(settings, "change")] == ["ICML 2026 · submission moved 2 hours later"]


def test_a_move_is_told_once_however_many_sources_say_it_and_when(settings: Settings) -> None:
    """The second source follows a night later: that is no news."""
    follow(settings)
    old, new = "29 Jan 2026, 12:00 UTC", "28 Jan 2026, 12:00 UTC"
    store(settings, 0, icml(old), icml(old, source="wikicfp"))
    store(settings, 1, icml(new), icml(old, source="wikicfp"))
    store(settings, 2, icml(new), icml(new, source="wikicfp"))

    [urgent] = told(settings, "change")
    assert "disputed: wikicfp says Thu 29 Jan 2026 12:00 UTC" in urgent["body"]


def test_a_safe_date_that_another_source_brings_forward_is_told(settings: Settings) -> None:
    """Nobody moved a date, but who trusts the earlier one must hurry."""
    follow(settings)
    store(settings, 0, icml("29 Jan 2026, 12:00 UTC"))
    store(settings, 1, icml("29 Jan 2026, 12:00 UTC"), icml("27 Jan 2026, 12:00 UTC", source="wikicfp"))

    [urgent] = told(settings, "change")
    assert urgent["subject"].startswith("ICML 2026 · submission: the safe date is 2 days EARLIER, to Tue 27 Jan")
    assert "disputed: elra says Thu 29 Jan 2026 12:00 UTC" in urgent["body"]


@pytest.mark.parametrize(
    "query", ["series=icml&kind=abstract", "topic=vision", "conference=icml-2027", "to=2026-01-20"]
)
def test_who_follows_something_else_hears_nothing(settings: Settings, query: str) -> None:
    """Another gate, topic, conference or time."""
    follow(settings, query)
    store(settings, 0, icml("29 Jan 2026, 12:00 UTC"))
    store(settings, 1, icml("28 Jan 2026, 12:00 UTC"))

    assert told(settings) == []


def test_a_change_of_what_has_passed_is_no_news(settings: Settings) -> None:
    """A list that mends last month's date reminds nobody."""
    follow(settings)
    store(settings, 0, icml("5 Jan 2026, 12:00 UTC"))
    store(settings, 1, icml("4 Jan 2026, 12:00 UTC"))

    assert told(settings) == []


def test_an_earlier_date_that_is_taken_for_a_slip_is_told_once_as_unconfirmed(settings: Settings) -> None:
    """Day and month are exchanged: the store keeps the old date, the reader is warned, and only in the first night."""
    follow(settings)
    store(settings, 0, icml("5 Mar 2026, 12:00 UTC"))
    for day in (1, 2):
        store(settings, day, icml("3 May 2026, 12:00 UTC"))
    assert told(settings, "doubt") == []
    store(settings, 20, icml("3 May 2026, 12:00 UTC"))

    for day in (21, 22):
        store(settings, day, icml("5 Mar 2026, 12:00 UTC"))

    [doubt] = told(settings, "doubt")
    assert doubt["subject"].startswith("Unconfirmed: ICML 2026 · submission moved 59 days EARLIER")
    assert doubt["body"].startswith("Not confirmed: it is the old date")


def test_an_earlier_date_that_a_check_holds_is_told_as_unconfirmed(settings: Settings) -> None:
    """The run stores nothing of it; those who follow hear of it all the same, once."""
    follow(settings)
    store(settings, 0, icml("29 Jan 2026, 12:00 UTC"))
    for day in (1, 2):
        held(settings, day, icml("28 Jan 2026, 12:00 UTC"))

    [doubt] = told(settings, "doubt")
    assert doubt["subject"] == "Unconfirmed: ICML 2026 · submission moved 24 hours EARLIER"
    assert "a check holds what elra gave" in doubt["body"]
    assert told(settings, "change") == []


def held(settings: Settings, day: int, listing: Listing) -> None:
    """A run whose only crawl is held by a check."""
    done = steps.Materialised("elra_conferences", (listing,), {})
    with database.transaction(settings.database) as connection:
        now = NIGHT + day * DAY
        run, _ = ledger.open_run(
            connection, key=f"manual:{day}", trigger="manual", logical_instant=now, target="*",
            steps=("elra_conferences", steps.STORE), now=now, deadline_seconds=60,
        )  # fmt: skip
    opened = steps.open_run(
        run.key, trigger="manual", target="*", steps=run.steps, logical_instant=now, settings=settings
    )
    with database.transaction(settings.database) as connection:
        attempt = steps.runs.begin(connection, opened.run, done.step, settings)
        assert attempt
        output = storing.SourceOutput("elra", (listing,))
        outputs.keep(connection, opened.run.id, done.step, attempt, output, now=now, held=True)
        ledger.finish_step(connection, opened.run.id, done.step, attempt, status="quarantined", now=now)
    assert steps.store_run(run.key, settings).status == "failed"


@pytest.mark.parametrize("trigger", AGAIN)
def test_history_that_is_added_later_tells_nobody(settings: Settings, trigger: str) -> None:
    """A night that is filled in or replayed is no news."""
    follow(settings)
    store(settings, 0, icml("29 Jan 2026, 12:00 UTC"))
    before = len(told(settings))
    now = NIGHT + DAY
    run = steps.open_run(
        f"{trigger}:1", trigger=trigger, target="elra", steps=("elra_conferences", steps.STORE), logical_instant=now,
        settings=settings,
    ).run  # fmt: skip
    with database.transaction(settings.database) as connection:
        attempt = steps.runs.begin(connection, run, "elra_conferences", settings)
        assert attempt
        output = storing.SourceOutput("elra", (icml("28 Jan 2026, 12:00 UTC"),))
        outputs.keep(connection, run.id, "elra_conferences", attempt, output, now=now)
        ledger.finish_step(connection, run.id, "elra_conferences", attempt, status="ok", now=now)
    assert steps.store_run(run.key, settings).value["moves"] == {"earlier": 1}

    assert len(told(settings)) == before


def test_a_great_shift_is_one_message_and_not_a_hundred(settings: Settings) -> None:
    """More conferences than anybody reads one by one, moved in one night."""
    follow(settings, "")
    for day, hour in ((0, 12), (1, 11)):
        text = f"29 Jan 2026, {hour}:30 UTC"
        dates = (WrittenDate(Kind.SUBMISSION, text, None),)
        found = [
            Listing("elra", f"c{number}", "https://elra.example/", f"Conf{chr(65 + number)}x 2026", 2026, dates=dates)
            for number in range(announcing.MANY + 1)
        ]
        store(settings, day, *found)

    [urgent] = told(settings, "change")
    assert urgent["subject"].endswith("and 10 more changes")
    assert "https://radar.example.org/changes" in urgent["body"]


def test_what_ends_takes_its_waiting_messages_along(settings: Settings) -> None:
    """Who has stopped it hears nothing more, not even in the morning."""
    number = follow(settings)
    store(settings, 0, icml("29 Jan 2026, 12:00 UTC"))
    assert told(settings)

    followers.unfollow(number, settings, by="ada")
    store(settings, 1, icml("28 Jan 2026, 12:00 UTC"))

    assert told(settings) == []


def test_a_follow_that_cannot_be_read_any_more_keeps_no_night_back(settings: Settings) -> None:
    """Its selection is of an older version: it is passed over, and shown as such."""
    number = follow(settings, "topic=vision")
    follow(settings)
    with database.transaction(settings.database) as connection:
        rows = follow_tables.follow
        connection.execute(update(rows).where(rows.c.id == number).values(selection="topic=cooking"))
    store(settings, 0, icml("29 Jan 2026, 12:00 UTC"))

    assert [one["subject"] for one in told(settings)] == ["ICML 2026 is new"]
    assert "topic: found 'cooking'" in followers.followed(settings)[0]["error"]
