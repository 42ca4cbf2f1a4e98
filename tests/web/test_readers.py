"""The readers' pages over a store with a moved, a disputed, a wide and a hostile deadline."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from sqlalchemy import event

from confradar.deadlines.conference import Merged, Verdict
from confradar.deadlines.dates import WITHDRAWN
from confradar.deadlines.parameters import PARAMETERS
from confradar.storage import database

from .conftest import Client
from .store import DAY, DISPUTED, LATER, NIGHT, NOW, WIDE, claim, conference, fill, mention

Serve = Callable[..., Client]
APRIL = datetime(2026, 4, 20, 12, tzinfo=UTC)
OTHER = claim(DISPUTED, 5, "20 April 2026, 12:00", "UTC", **dict.fromkeys(("earliest", "latest"), APRIL))
MORE = Merged(run_id=3, at=NIGHT, new_mentions=[mention(5, 3, "elra")], new_claims=[OTHER])
PAGES = ("/", "/changes", "/calendar", "/sources", "/api", "/conferences/icml-2026", "/conferences/icml-2026/why")


@pytest.fixture
def ask(serve: Serve) -> Client:
    """A server two nights later."""
    client = serve(now=lambda: NOW + DAY)
    fill(client.settings.database)
    fill(client.settings.database, LATER, MORE)
    return client


def text(ask: Client, path: str) -> str:
    """What a page says, without its markup."""
    answer = ask.get(path)
    assert answer.status == 200, answer.text
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub("<[^>]*>", " ", main.partition(">")[2])).split())


@contextmanager
def queries(ask: Client) -> Iterator[list[str]]:
    """The statements that the server sends meanwhile."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    engine = database.engine(ask.settings.readers_database)
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_a_dispute_names_who_says_otherwise(ask: Client) -> None:
    """On the radar, and side by side on the conference's page."""
    assert "disputed: elra says Mon 20 Apr 2026 12:00 UTC" in text(ask, "/?verdict=disputed")
    whole = text(ask, "/conferences/hostile-2026")
    assert "“20 April 2026, 12:00” zone “UTC”" in whole or "20 April 2026, 12:00 zone UTC" in whole


def test_a_conference_shows_its_gates_in_order(ask: Client) -> None:
    """Abstract before submission, rounds apart, each claim in its own words, and its history."""
    page = text(ask, "/conferences/icml-2026")

    assert page.index("Abstract ") < page.index("Submission ")
    assert "2026-03-06 11:59" in page
    assert "24 hours EARLIER" in page
    rounds = ask.get("/conferences/rounds-2026").text
    assert re.findall(r'<h3 class="round"><bdi>([^<]+)', rounds) == ["Round 1", "Round 2"]
    assert 'href="https://rounds.example/2026"' in rounds
    assert "/conferences/rounds-2026.ics" in rounds


def test_a_merged_slug_leads_on_and_an_unknown_one_to_near_names(ask: Client) -> None:
    """For good, with the zone; and 404 with links."""
    merged, unknown = ask.get("/conferences/old-2026?zone=AoE"), ask.get("/conferences/icmll-2026")

    assert (merged.status, merged.headers["Location"]) == (301, "/conferences/icml-2026?zone=AoE")
    assert (unknown.status, '<a href="/conferences/icml-2026">' in unknown.text) == (404, True)


def test_relatives_are_named(serve: Serve) -> None:
    """Other editions of the series, the main conference of a workshop, the workshops of a conference."""
    ask = serve(now=lambda: NOW)
    fill(ask.settings.database)
    more = [
        conference(10, "icml-2025", series_id=1, acronym="ICML", year=2025),
        conference(11, "shop-2026", parent_id=1),
    ]
    fill(ask.settings.database, Merged(run_id=2, at=NIGHT, new_conferences=more))

    page = ask.get("/conferences/icml-2026").text
    assert re.search(r"<h2>Other editions</h2>\s*<ul class=\"plain\"><li><a href=\"/conferences/icml-2025\">", page)
    assert re.search(r"<h2>Workshops and tracks of it</h2>\s*<ul class=\"plain\"><li><a href=\"/conferences/shop", page)
    assert "Part of ICML 2026" in text(ask, "/conferences/shop-2026")


def test_what_moved_is_told_newest_first(ask: Client) -> None:
    """Only moves, unless all is asked for; a filter holds there too."""
    page = text(ask, "/changes")

    assert "Wed 4 Feb 2026 ICML 2026 submission 24 hours EARLIER was Fri 6 Mar 2026 11:59 UTC" in page
    assert "Rounds" not in page
    assert "Rounds" in text(ask, "/changes?show=all")
    assert "Nothing has moved that this view asks for" in text(ask, "/changes?q=rounds")
    assert ask.get("/changes?show=some").status == 400


def test_a_month_is_a_table_of_days(ask: Client) -> None:
    """Each deadline on its day in the reader's zone; the months before and after are links that keep the filters."""
    page = ask.get("/calendar?month=2026-04&kind=submission&zone=Asia/Tokyo").text
    cell = re.search(r'<td class="inside"><time datetime="2026-04-01">.*?</td>', page, re.S)

    assert cell
    assert 'href="/conferences/hostile-2026?zone=Asia%2FTokyo"' in cell[0]
    assert '<span class="clock">21:00</span>' in cell[0]
    assert 'href="/calendar?kind=submission&amp;month=2026-05&amp;zone=Asia%2FTokyo" rel="next"' in page
    assert "Deadlines in February 2026" in text(ask, "/calendar")
    for month in ("2026-13", "26-1", "9999-12", "0000-01"):
        assert ask.get(f"/calendar?month={month}").status == 400


def test_the_api_is_told_to_people(ask: Client) -> None:
    """Every address of its document but the operators', and every parameter with what is wanted."""
    page = text(ask, "/api")
    document = json.loads(ask.get("/api/v1/openapi.json").body)

    assert [path for path in document["paths"] if "/ops" not in path and path not in page] == []
    assert "/api/v1/ops" not in page
    assert "since : the token of an earlier answer" in page
    for name, parameter in PARAMETERS.items():
        assert f"{name} {parameter.about}" in page


@pytest.mark.parametrize("zone", ["Mars", "localtime", "../etc/passwd", "Europe/", "ü" * 50, "UTC&zone=AoE"])
@pytest.mark.parametrize("page", PAGES)
def test_an_unknown_zone_is_refused(ask: Client, page: str, zone: str) -> None:
    """Every page names the parameter."""
    answer = ask.get(f"{page}?zone={quote(zone, safe='&=')}")
    assert (answer.status, "<code>zone</code>" in answer.text) == (400, True)


@pytest.mark.parametrize("page", PAGES)
def test_the_zone_goes_along(ask: Client, page: str) -> None:
    """With every link to another of our pages."""
    links = re.findall(r'href="(/[^"]*)"', ask.get(f"{page}?zone=aoe").text)
    ours = [
        urlsplit(unescape(link))
        for link in links
        if not link.startswith(("/static", "/api", "/feeds", "/ops", "/version")) and ".ics" not in link
    ]

    assert {link.path for link in ours} >= {"/", "/changes", "/calendar", "/sources"}
    assert [link for link in ours if parse_qs(link.query).get("zone") != ["AoE"]] == []


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.fault("E8", "script, template, format, shell and SQL text is literal everywhere; unsafe links are dropped")
def test_a_hostile_title_stays_text(ask: Client, page: str) -> None:
    """No markup of it becomes ours; direction marks end with their name."""
    for path in (page, "/conferences/hostile-2026", "/conferences/hostile-2026/why"):
        answer = ask.get(path)
        assert answer.status == 200
        assert "<script>alert" not in answer.text
        assert "<b>Nowhere" not in answer.text
        assert not re.search(r"<[^>]*\u202e", re.sub(r"<title>.*?</title>", "", answer.text))


def test_an_error_is_reported_at_the_address_that_the_setting_names(serve: Serve) -> None:
    """With the deadline in it; without the setting there is no such link."""
    ask = serve(now=lambda: NOW, report_url="mailto:radar@example.org?subject={what}&body={id}")
    fill(ask.settings.database)

    wanted = (
        "mailto:radar@example.org?subject=Rounds%202026%20%C2%B7%20submission%2C%20round%202&amp;body=rounds-2026%2F"
    )
    assert wanted in ask.get("/?q=rounds").text
    assert wanted in ask.get("/conferences/rounds-2026").text


def test_nothing_is_reported_without_the_setting(ask: Client) -> None:
    """No link leads nowhere."""
    assert "report an error" not in ask.get("/").text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_is_known_is_not_made_again(ask: Client, page: str) -> None:
    """Within a minute it costs two queries; a browser asks again each time, and hears that nothing changed."""
    first = ask.get(page)
    with queries(ask) as sent:
        again = ask.get(page, If_None_Match=first.headers["ETag"])

    assert (again.status, first.headers["Cache-Control"]) == (304, "no-cache")
    assert len([one for one in sent if one.startswith("SELECT")]) == 2
    other = ask.get(f"{page}?zone=AoE", If_None_Match=first.headers["ETag"])
    assert (other.status, other.headers["ETag"] != first.headers["ETag"]) == (200, True)


def test_what_came_after_that_day_is_not_told(serve: Serve) -> None:
    """With `--now` the pages and the API tell what was so then."""
    ask = serve(now=lambda: NOW)
    fill(ask.settings.database)
    token = json.loads(ask.get("/api/v1/changes").body)["token"]
    fill(ask.settings.database, LATER)

    assert "EARLIER" not in text(ask, "/changes")
    found = json.loads(ask.get("/api/v1/changes").body)
    assert (found["changes"][0]["id"], found["token"]) == (5, token)


HOSTILE = ["' OR 1=1", "{{7*7}}", "<script>", "x" * 3000, "😀", "-1", "2026-02-30", "%00", "9" * 30]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.fault("F6", "injection in every parameter of every route: never 5xx, same rows")
def test_no_parameter_breaks_a_page(ask: Client, value: str) -> None:
    """Each gets an answer, or is refused with the reason."""
    for page in PAGES:
        for name in ("q", "topic", "within", "from", "cursor", "limit", "conference", "zone", "month", "show", "nope"):
            answer = ask.get(f"{page}?{name}={value if value == '%00' else quote(value)}")
            assert answer.status in (200, 400), (page, name, answer.status)
    assert ask.get(f"/conferences/{quote(value[:100], safe='')}").status in (400, 404)


def test_a_withdrawn_deadline_is_called_so(serve: Serve) -> None:
    """It stays on the conference's page, without a date."""
    ask = serve(now=lambda: NOW)
    fill(ask.settings.database)
    gone = replace(WIDE, id=300, round=9, earliest=None, latest=None, safe_at=None, verdict=Verdict.NONE)
    said = claim(gone, 2, "cancelled", reason=f"{WITHDRAWN}: its source says so")
    fill(ask.settings.database, Merged(run_id=2, at=NIGHT, new_deadlines=[gone], new_claims=[said]))

    assert re.search(r"Round 9 Submission – no date not known withdrawn", text(ask, "/conferences/rounds-2026"))
