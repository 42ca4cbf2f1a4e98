"""Calendars, Atom feeds and tables as those see them who subscribe: read by other people's parsers."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import feedparser
import pytest
from click.testing import CliRunner
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream
from ical.event import Event

from confradar.cli import cli
from confradar.deadlines.conference import Change, Direction, Merged, Verdict

from .conftest import Answer, Client
from .store import DAY, DISPUTED, EXACT, HOSTILE, LATER, NIGHT, NOW, change, conference, deadline, fill

Serve = Callable[..., Client]
SUBMISSION = "icml-2026/submission@confradar"


@pytest.fixture
def ask(serve: Serve) -> Client:
    """A server with four conferences, at an address of its own."""
    client = serve(now=lambda: NOW + 2 * DAY, public_url="https://radar.example/")
    fill(client.settings.database)
    return client


def body(answer: Answer) -> str:
    assert answer.status == 200, answer.text
    return answer.text


def events(ask: Client, path: str = "/feeds/deadlines.ics") -> dict[str, Event]:
    """What a client that has subscribed makes of it, by UID."""
    found: Calendar = IcsCalendarStream.calendar_from_ics(body(ask.get(path)))
    assert len({event.uid for event in found.events}) == len(found.events)
    return {str(event.uid): event for event in found.events}


def atom(ask: Client, path: str) -> Any:
    found = feedparser.parse(body(ask.get(path)))
    assert not found.bozo, found.bozo_exception
    return found


def table(ask: Client, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(ask.get(path)), newline="")))


QUERIES = ["", "kind=submission", "order=latest&status=all", "limit=2", "order=name", "q=icml"]


@pytest.mark.parametrize("query", QUERIES)
def test_every_outlet_has_the_same_rows_in_the_same_order(ask: Client, query: str) -> None:
    """The page, JSON, CSV, iCalendar, Atom, and the command line, whose feeds are the same byte for byte."""
    told = json.loads(body(ask.get(f"/api/v1/deadlines?{query}")))["deadlines"]
    wanted = [row["id"] for row in told]
    feed = atom(ask, f"/feeds/deadlines.atom?{query}")
    page = re.findall(r'<a href="/conferences/([^"?]+)">.*? <span class="kind (\w+)"', body(ask.get(f"/?{query}")))

    assert wanted
    assert page == [(row["conference"]["id"], row["kind"]) for row in told]
    assert [row["id"] for row in table(ask, f"/feeds/deadlines.csv?{query}")] == wanted
    assert [uid.removesuffix("@confradar") for uid in events(ask, f"/feeds/deadlines.ics?{query}")] == wanted
    assert [entry.id.partition("deadline/")[2] for entry in feed.entries] == wanted
    assert json.loads(printed(ask, "json", query))["deadlines"] == told
    for form in ("csv", "ics"):
        assert printed(ask, form, query) == ask.get(f"/feeds/deadlines.{form}?{query}").body


def printed(ask: Client, form: str, query: str) -> bytes:
    """What `confradar list` prints for that selection."""
    options = [word for name, value in parse_qsl(query) for word in (f"--{name}", value)]
    environment = {"CONFRADAR_DATABASE_URL": ask.settings.database, "CONFRADAR_PUBLIC_URL": ask.settings.public_url}
    command = ["list", f"--{form}", "--now", (NOW + 2 * DAY).isoformat(), *options]
    done = CliRunner().invoke(cli, command, env=environment, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout_bytes


def test_an_exact_gate_is_an_instant_and_one_without_an_hour_a_day(ask: Client) -> None:
    """The day as it was written; the range stands in the description. A disputed date says so in its name."""
    found = events(ask)
    exact, wide = found[SUBMISSION], found["rounds-2026/submission/2@confradar"]

    assert (exact.dtstart, exact.summary) == (datetime(2026, 3, 6, 11, 59, tzinfo=UTC), "ICML 2026 · submission")
    assert "2 sources agree: ai_deadlines, wikicfp" in str(exact.description)
    assert (wide.dtstart, wide.dtend) == (date(2026, 3, 5), date(2026, 3, 6))
    assert "between Thu 5 Mar 2026 09:59 UTC and Fri 6 Mar 2026 11:59 UTC (no zone given)" in str(wide.description)
    assert str(exact.url) == "https://radar.example/conferences/icml-2026"
    assert "(disputed?)" in str(found["hostile-2026/submission/0/industry@confradar"].summary)


def test_the_calendar_names_itself_and_says_when_it_is_cut(ask: Client) -> None:
    """How often to come again, with the type that RFC 7986 wants; days of the conferences and alarms if asked for."""
    whole = body(ask.get("/feeds/deadlines.ics"))
    cut = body(ask.get("/feeds/deadlines.ics?limit=1&topic=machine-learning"))

    assert "REFRESH-INTERVAL;VALUE=DURATION:PT6H\r\n" in whole
    assert "X-PUBLISHED-TTL:PT6H\r\n" in whole
    assert "X-WR-CALNAME:ConfRadar: machine-learning\r\n" in cut
    assert "These are the first 1" in cut.replace("\r\n ", "")
    assert "These are" not in whole.replace("\r\n ", "")
    assert "VALARM" not in whole
    more = body(ask.get("/feeds/deadlines.ics?days=1&alarm=1d,7d&q=icml"))
    assert more.count("TRIGGER:-P7D\r\n") == more.count("TRIGGER:-P1D\r\n") == 2
    days = events(ask, "/feeds/deadlines.ics?days=1&q=icml")["icml-2026/days@confradar"]
    assert (days.dtstart, days.dtend) == (date(2026, 7, 6), date(2026, 7, 12))


@pytest.mark.fault("F11", "a reader sees old or new, never mixed; UIDs stay, SEQUENCE grows")
def test_the_days_of_a_conference_rise_in_number_when_they_move(ask: Client) -> None:
    """When they are told first they have not moved."""
    moves = [
        Change(20 + n, 2, NIGHT + DAY, 1, None, None, name, before, after)
        for n, (name, before, after) in enumerate(
            [("starts_on", None, "2026-07-05"), ("starts_on", "2026-07-05", "2026-07-06"), ("place", "Rome", "Seoul")]
        )
    ]
    fill(ask.settings.database, Merged(run_id=2, at=NIGHT + DAY, changes=moves))

    for path in ("/feeds/deadlines.ics?days=1", "/conferences/icml-2026.ics?days=1"):
        assert events(ask, path)["icml-2026/days@confradar"].sequence == 1


def test_each_feed_says_whose_terms_hold(serve: Serve) -> None:
    """Those of the sources; a licence of who runs this beside them if one is set, none that we made up."""
    bare, named = serve(now=lambda: NOW), serve(now=lambda: NOW, data_licence="CC BY 4.0 <b>")
    for ask, wanted in ((bare, ""), (named, " Who runs this site offers the collection under CC BY 4.0 <b>.")):
        terms = "under that source's terms (acl_web, ai_deadlines, chairing_tool, elra, wikicfp)." + wanted
        for feed in ("deadlines", "changes"):
            assert atom(ask, f"/feeds/{feed}.atom").feed.rights.endswith(terms)
        assert terms.replace(",", "\\,") in body(ask.get("/feeds/deadlines.ics")).replace("\r\n ", "")
        footer = ask.get("/").text.partition("<footer")[2]
        assert "under that source's terms" in footer
        assert ("under CC BY 4.0 &lt;b&gt;." in footer) == bool(wanted)


def test_a_backslash_stays_one(ask: Client) -> None:
    """Before whatever letter: no line break comes of it."""
    name = "C:\\News \\N \\n \\\\N"
    titled = Merged(run_id=2, at=NIGHT, new_conferences=[conference(9, "slash-2026", title=name)])
    fill(ask.settings.database, titled, Merged(run_id=2, at=NIGHT, new_deadlines=[deadline(90, 9, NIGHT + 9 * DAY)]))

    [event] = events(ask, "/feeds/deadlines.ics?conference=slash-2026").values()
    assert str(event.summary) == f"{name} 2026 · submission"


def test_three_nights_as_a_subscriber_sees_them(ask: Client) -> None:
    """New, then moved, then withdrawn: one event, whose number rises; what was not touched keeps its bytes."""
    first = events(ask)[SUBMISSION]
    quiet = body(ask.get("/feeds/deadlines.ics?q=rounds"))
    fill(ask.settings.database, LATER)
    second = events(ask)[SUBMISSION]
    gone = replace(EXACT, verdict=Verdict.NONE, earliest=None, latest=None, safe_at=None)
    line = change(7, EXACT, at=NIGHT + 2 * DAY, before="4 March", after="withdrawn", before_at=second.dtstart,
                  after_at=None, direction=Direction.WITHDRAWN)  # fmt: skip
    fill(ask.settings.database, Merged(run_id=3, at=NIGHT + 2 * DAY, changed_deadlines=[gone], changes=[line]))
    third = events(ask)[SUBMISSION]

    assert [one.sequence for one in (first, second, third)] == [0, 1, 2]
    assert [one.dtstart for one in (first, second, third)] == [EXACT.safe_at, EXACT.safe_at - DAY, EXACT.safe_at - DAY]  # type: ignore[operator]
    assert [one.status and one.status.value for one in (first, third)] == ["CONFIRMED", "CANCELLED"]
    assert [one.last_modified for one in (first, second, third)] == [NIGHT, NIGHT + DAY, NIGHT + 2 * DAY]
    assert "moved 24 hours EARLIER" in str(second.description) or "moved 1 day EARLIER" in str(second.description)
    assert events(ask, "/conferences/icml-2026.ics")[SUBMISSION].status == third.status
    assert body(ask.get("/feeds/deadlines.ics?q=rounds")) == quiet


def test_a_withdrawn_gate_that_comes_back_is_an_event_again(ask: Client) -> None:
    """The same event with a higher number, whatever else has changed meanwhile; first cancelled, then not."""
    bare, at = events(ask)[SUBMISSION], NIGHT + 2 * DAY
    gone = replace(EXACT, verdict=Verdict.NONE, earliest=None, latest=None, safe_at=None)
    told = change(7, EXACT, at=NIGHT + DAY, before_at=EXACT.safe_at, after_at=None, direction=Direction.WITHDRAWN)
    other = change(8, DISPUTED, at=NIGHT + DAY, direction=Direction.LATER)
    fill(ask.settings.database, Merged(run_id=2, at=NIGHT + DAY, changed_deadlines=[gone], changes=[told, other]))
    cancelled = events(ask)[SUBMISSION]
    fill(ask.settings.database, Merged(run_id=3, at=at, changed_deadlines=[EXACT], changes=[change(9, EXACT, at=at)]))
    back = events(ask)[SUBMISSION]

    assert [one.status and one.status.value for one in (bare, cancelled, back)] == [
        "CONFIRMED",
        "CANCELLED",
        "CONFIRMED",
    ]
    assert [one.sequence for one in (bare, cancelled, back)] == [0, 1, 2]
    assert [one.dtstart for one in (bare, cancelled, back)] == [EXACT.safe_at] * 3
    assert events(ask, "/conferences/icml-2026.ics")[SUBMISSION] == back


def test_an_event_is_in_categories(ask: Client) -> None:
    """The kind of its deadline, and the topics of its conference; its days have the type of the conference."""
    found = events(ask, "/feeds/deadlines.ics?days=1")

    assert found[SUBMISSION].categories == ["submission", "ML"]
    assert found["rounds-2026/submission/2@confradar"].categories == ["submission"]
    assert found["icml-2026/days@confradar"].categories == ["conference", "ML"]


def test_events_are_kept_apart_by_how_they_are_asked_for(ask: Client) -> None:
    """One calendar with alarms and one without, over and over, and with the days of conferences or not."""
    paths = ["/feeds/deadlines.ics?limit=4", "/feeds/deadlines.ics?alarm=1d&limit=4", "/feeds/deadlines.ics?days=1"]

    for _ in range(2):
        assert [ask.get(f"{path}&q=icml").text.count("BEGIN:VALARM") for path in paths] == [0, 2, 0]
        assert [ask.get(path).text.count("/days@confradar") for path in paths] == [0, 0, 1]


def test_a_withdrawn_gate_is_told_for_sixty_days(serve: Serve) -> None:
    """Then it is gone from the calendar."""
    moments = [NOW]
    ask = serve(now=lambda: moments[0])
    gone = replace(EXACT, verdict=Verdict.NONE, earliest=None, latest=None, safe_at=None)
    line = change(7, EXACT, before="5 March", before_at=EXACT.safe_at, after_at=None, direction=Direction.WITHDRAWN)
    fill(ask.settings.database)
    fill(ask.settings.database, Merged(run_id=3, at=NIGHT, changed_deadlines=[gone], changes=[line]))

    assert SUBMISSION in events(ask, "/feeds/deadlines.ics?q=icml")
    moments[0] += timedelta(days=61)
    assert SUBMISSION not in events(ask, "/feeds/deadlines.ics?q=icml")


def test_each_change_is_one_entry_for_ever(ask: Client) -> None:
    """Its id is the change's, its time when it was seen; a move towards the reader says so in its title."""
    fill(ask.settings.database, LATER)
    feed = atom(ask, "/feeds/changes.atom")

    newest = feed.entries[0]
    assert newest.id == "tag:radar.example,2026:change/6"
    assert newest.title == "ICML 2026 · submission: moved 24 hours EARLIER"
    assert newest.updated == "2026-02-04T02:00:00+00:00"
    assert "was: 5 March 2026, 23:59 AoE" in newest.summary
    assert newest.link == "https://radar.example/conferences/icml-2026"
    assert feed.feed.updated == newest.updated
    links = {link.rel: link.href for link in atom(ask, "/feeds/changes.atom?limit=4").feed.links}
    assert links["self"] == "https://radar.example/feeds/changes.atom?limit=4"
    following = atom(ask, links["next"].removeprefix("https://radar.example"))
    assert [entry.id for entry in following.entries] == [f"tag:radar.example,2026:change/{n}" for n in (2, 1)]
    assert [row["id"] for row in table(ask, "/feeds/changes.csv")] == ["6", "5", "4", "3", "2", "1"]


def test_hostile_words_come_out_literally(ask: Client) -> None:
    """Markup is text, a formula is none, what is too long for a line is cut or folded."""
    [row] = table(ask, "/feeds/deadlines.csv?conference=hostile-2026")
    assert row["conference_title"] == "'" + HOSTILE
    assert json.loads(body(ask.get("/api/v1/conferences/hostile-2026")))["title"] == HOSTILE
    event = events(ask, "/conferences/hostile-2026.ics")["hostile-2026/submission/0/industry@confradar"]
    assert str(event.summary).startswith("=cmd|'/c calc'!A1 <script>alert(1)</script> & \u202egpj.exe\u2066 ; , \\n \"")
    [entry] = atom(ask, "/feeds/deadlines.atom?conference=hostile-2026").entries
    assert "<script>" in entry.title
    assert "&lt;script&gt;" in body(ask.get("/feeds/deadlines.atom?conference=hostile-2026"))
    for line in ask.get("/feeds/deadlines.ics").body.split(b"\r\n"):
        assert len(line) <= 75


FEEDS = ["/feeds/deadlines.ics", "/feeds/deadlines.atom", "/feeds/changes.atom", "/feeds/deadlines.csv",
         "/feeds/changes.csv", "/conferences/icml-2026.ics"]  # fmt: skip


@pytest.mark.parametrize("path", FEEDS)
def test_feeds_are_cached_and_shared(ask: Client, path: str) -> None:
    """A tag that lasts, and any site may read them."""
    answer = ask.get(path)

    assert ask.get(path, If_None_Match=answer.headers["ETag"]).status == 304
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert ask("HEAD", path).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/deadlines.ics?days=2", "/feeds/deadlines.ics?alarm=soon",
        "/feeds/deadlines.ics?alarm=1d,1d,1d,1d,1d,9d",
        "/feeds/deadlines.ics?zone=UTC", "/feeds/changes.atom?limit=0", "/conferences/icml-2026.ics?q=x",
    ],
)  # fmt: skip
def test_what_a_feed_does_not_take_is_refused(ask: Client, path: str) -> None:
    """400 with the parameter's name."""
    answer = ask.get(path)

    assert answer.status == 400
    assert json.loads(answer.body)["errors"][0]["parameter"] in path


def test_the_calendar_of_a_merged_conference_leads_on(ask: Client) -> None:
    """And one that there is not is told."""
    moved = ask.get("/conferences/old-2026.ics")
    assert (moved.status, moved.headers["Location"]) == (301, "/conferences/icml-2026.ics")
    assert ask.get("/conferences/none-2026.ics").status == 404
