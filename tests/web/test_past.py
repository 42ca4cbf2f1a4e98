"""Every outlet tells what was believed at a moment; the same question has the same answer, whatever comes after."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from confradar.deadlines.listing import Kind
from confradar.storage import conferences, database
from tests.unit.nights import Nights, due, listing

FIRST = datetime(2026, 1, 1, 2, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OUTLETS = (
    "/?q=icml&status=all", "/conferences/icml-2026", "/conferences/icml-2026/why", "/changes?show=all", "/calendar",
    "/api/v1/deadlines", "/api/v1/deadlines?limit=1", "/api/v1/conferences", "/api/v1/changes",
    "/api/v1/conferences/icml-2026", "/api/v1/conferences/icml-2026/history", "/feeds/deadlines.ics?days=1",
    "/feeds/deadlines.atom", "/feeds/deadlines.csv", "/feeds/changes.atom", "/feeds/changes.csv",
    "/conferences/icml-2026.ics",
)  # fmt: skip


def asked(path, moment):
    return f"{path}{'&' if '?' in path else '?'}as_of={moment:%Y-%m-%dT%H:%M:%SZ}"


def answers(client, moment):
    """What some outlets say, others for every night: bytes, the tag and the instant of the change."""
    found = {path: client.get(asked(path, moment)) for path in OUTLETS[moment.day % 8 :: 8]}
    assert {answer.status for answer in found.values()} == {200}
    return {path: (one.body, one.headers["ETag"], one.headers["Last-Modified"]) for path, one in found.items()}


def night(url, nights, number, now):
    """Two sources of which one moves a date every night, and a conference that comes with the fourth."""
    said = [
        listing("ICML", due(f"2026-05-{10 + number} 12:00:00"), due("2026-05-01 12:00:00", kind=Kind.ABSTRACT)),
        listing("ICML", due("2026-05-11 12:00:00"), source="wikicfp"),
        *[listing("ECCV", due("2026-06-01 12:00:00"), ref="2")] * (number >= 4),
    ]
    with database.transaction(url) as connection:
        conferences.write(connection, nights.run(*said), now=now)


def test_over_ten_nights_the_same_question_has_the_same_bytes(serve):
    """On every outlet; and what was asked of the moment itself is what was answered at it."""
    moments = [FIRST + number * DAY + HOUR for number in range(10)]
    clock = [FIRST]
    client, nights, first, present = serve(now=lambda: clock[0]), Nights(), {}, {}
    for number, moment in enumerate(moments):
        night(client.settings.database, nights, number, moment)
        clock[0] = moment
        first[moment] = answers(client, moment)
        present[moment] = client.get("/api/v1/deadlines").body

    again = serve()
    for moment in moments:
        assert answers(again, moment) == first[moment]
        assert again.get(asked("/api/v1/deadlines", moment)).body == present[moment]
    assert len(set(present.values())) == 10
    assert {path for found in first.values() for path in found} == {*OUTLETS}


@pytest.fixture
def client(serve):
    client, nights = serve(), Nights()
    for number in range(2):
        night(client.settings.database, nights, number, FIRST + number * DAY + HOUR)
    return client


def test_a_page_of_the_past_says_so_and_leads_back_to_today(client):
    """Visibly, above all else; its links stay in the past, its form and its outlets too."""
    page = client.get("/?as_of=2026-01-01&zone=AoE").text

    assert "This is what was believed at Thu 1 Jan 2026 11:59 AoE" in page
    assert '<a href="/?zone=AoE">Show what is believed now</a>' in page
    assert '<a href="/conferences/icml-2026?as_of=2026-01-01&amp;zone=AoE">' in page
    assert '<input type="hidden" name="as_of" value="2026-01-01">' in page
    assert "/feeds/deadlines.ics?as_of=2026-01-01" in page
    assert 'class="health"' not in page
    conference = client.get("/conferences/icml-2026?as_of=2026-01-01").text
    assert '<a href="/conferences/icml-2026">Show what is believed now</a>' in conference
    assert "/api/v1/conferences/icml-2026?as_of=2026-01-01" in conference
    assert "what was believed" not in client.get("/").text


def test_the_next_page_of_the_past_is_of_the_past(client):
    """A program that follows `next` does not change the moment on its way."""
    page = json.loads(client.get("/api/v1/deadlines?limit=1&as_of=2026-01-01").body)

    assert "as_of=2026-01-01" in page["next"]
    following = json.loads(client.get(page["next"]).body)
    assert [one["kind"] for one in (*page["deadlines"], *following["deadlines"])] == ["abstract", "submission"]


@pytest.mark.parametrize("path", ["/api/v1/deadlines", "/api/v1/conferences/icml-2026", "/conferences/icml-2026.ics"])
@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2999-01-01", "which is to come; wanted a moment that is over"),
        ("2025-12-31", "what was believed is known from 2026-01-01 03:00:00 UTC on"),
        ("yesterday", "found 'yesterday', wanted a day that is over or an instant with its zone"),
        ("2026-01-01T12:00:00", "wanted a day that is over or an instant with its zone"),
        ("0001-01-01T00:00:00%2B14:00", "wanted a day that is over"),
    ],
)
def test_a_moment_that_cannot_be_asked_of_is_refused(client, path, value, told):
    """As any other parameter: 400, with what is wanted."""
    answer = client.get(f"{path}?as_of={value}")

    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    [error] = json.loads(answer.body)["errors"]
    assert error["parameter"] == "as_of"
    assert told in error["detail"]


@pytest.mark.parametrize("path", ["/sources", "/api/v1/sources", "/api"])
def test_the_state_of_the_sources_has_no_past(client, path):
    """It is read off the runs, which are kept for some time only."""
    assert client.get(f"{path}?as_of=2026-01-01").status == 400


def test_a_calendar_of_one_moment_has_nothing_of_another(serve):
    """Its events are kept for all who ask, but for that moment alone, also where no change was told between."""
    client, nights = serve(), Nights()
    for number, topic in enumerate(("NLP", "vision")):
        said = nights.run(listing("ICML", due("2026-05-10 12:00:00"), topics=(topic,)))
        with database.transaction(client.settings.database) as connection:
            conferences.write(connection, said, now=FIRST + number * DAY)

    for number, topic in enumerate(("NLP", "vision")):
        told = client.get(asked("/feeds/deadlines.ics", FIRST + number * DAY + HOUR)).text
        assert f"CATEGORIES:submission,{topic}\r\n" in told
