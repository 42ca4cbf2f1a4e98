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
from .store import DAY, DISPUTED, LATER, NIGHT, NOW, WIDE, claim, conference, deadline, fill, mention

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


def names(ask: Client, path: str) -> list[str]:
    """The slugs of the deadlines of the radar, in their order."""
    return re.findall(r'<div class="what"><a href="/conferences/([^"?]+)', ask.get(path).text)


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


def test_the_radar_shows_what_is_coming(ask: Client) -> None:
    """Soonest first, in the order of the API, with the date as published beside the reader's own, under its month."""
    page = text(ask, "/?zone=Europe/Berlin")
    found = json.loads(ask.get("/api/v1/deadlines").body)["deadlines"]

    assert names(ask, "/") == [row["conference"]["id"] for row in found]
    assert "4 deadlines" in page
    assert "This month, February 2026 23 days left ICML 2026 abstract" in page
    assert "Thu 26 Feb 2026 23:59 AoE Fri 27 Feb 2026 12:59 in Berlin" in page
    assert "Seoul, South Korea · 6–11 Jul 2026" in page


def test_a_move_is_a_sentence(ask: Client) -> None:
    """With its direction, how far, and the old date struck through."""
    page = ask.get("/?q=icml&kind=submission").text

    assert '<span class="mark earlier">moved 24 hours EARLIER · was <del>Fri 6 Mar 2026 11:59 UTC</del></span>' in page


def test_a_range_says_why_it_is_one(ask: Client) -> None:
    """Both ends in the reader's zone, the words as published, and what is missing in them."""
    page = text(ask, "/?conference=rounds-2026")

    assert "“5 March 2026” between Thu 5 Mar 2026 09:59 UTC and Fri 6 Mar 2026 11:59 UTC no zone given" in page


def test_a_dispute_names_who_says_otherwise(ask: Client) -> None:
    """On the radar, and side by side on the conference's page."""
    assert "disputed: elra says Mon 20 Apr 2026 12:00 UTC" in text(ask, "/?verdict=disputed")
    whole = text(ask, "/conferences/hostile-2026")
    assert "“20 April 2026, 12:00” zone “UTC”" in whole or "20 April 2026, 12:00 zone UTC" in whole


def test_what_is_past_somewhere_is_open_still(serve: Serve) -> None:
    """Between the edges of a range the day has not ended everywhere."""
    ask = serve(now=lambda: datetime(2026, 3, 5, 20, tzinfo=UTC))
    fill(ask.settings.database)

    page = text(ask, "/?conference=rounds-2026")
    assert "Still open somewhere on Earth" in page
    assert names(ask, "/?conference=rounds-2026") == ["rounds-2026"]


def test_what_nobody_confirms_is_said(serve: Serve) -> None:
    """In days, beside each date."""
    ask = serve(now=lambda: NOW + 9 * DAY)
    fill(ask.settings.database)

    assert "not confirmed for 9 days" in text(ask, "/?q=icml")


def test_a_filter_is_a_part_of_the_address(ask: Client) -> None:
    """What a form leaves empty goes; what is set is shown, with an address without it, and goes to the outlets."""
    tidied = ask.get("/?q=icml&topic=&kind=abstract&zone=UTC&country=")
    page = ask.get("/?kind=abstract&q=icml&zone=Asia/Tokyo").text

    assert (tidied.status, tidied.headers["Location"]) == (303, "/?kind=abstract&q=icml")
    assert names(ask, "/?kind=abstract&q=icml") == ["icml-2026"]
    assert 'href="/?q=icml&amp;zone=Asia%2FTokyo" aria-label="Remove the filter Gate: abstract"' in page
    assert 'href="/feeds/deadlines.ics?kind=abstract&amp;limit=500&amp;q=icml"' in page
    assert 'href="/api/v1/deadlines?kind=abstract&amp;limit=500&amp;q=icml"' in page
    assert '<option value="abstract" selected>' in page


def test_the_form_carries_what_it_has_no_field_for(ask: Client) -> None:
    """Starred conferences, and second values, as hidden fields."""
    page = ask.get("/?conference=icml-2026&conference=rounds-2026&kind=abstract&kind=submission").text

    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)">', page)
    assert hidden == [("conference", "icml-2026"), ("conference", "rounds-2026"), ("kind", "submission")]


def test_the_radar_goes_on_page_by_page(ask: Client) -> None:
    """Every deadline once, in the same order."""
    found, address = [], "/?limit=1"
    for _ in range(4):
        page = ask.get(address).text
        found += names(ask, address)
        address = unescape("".join(re.findall(r'<a href="([^"]+)" rel="next">', page)))
    assert (found, address) == (names(ask, "/"), "")


def test_an_empty_radar_says_what_to_do(serve: Serve) -> None:
    """Nothing stored; nothing that fits; all that is stored has passed."""
    ask = serve(now=lambda: NOW)
    assert "Nothing is stored yet" in text(ask, "/")
    fill(ask.settings.database)
    page = text(ask, "/?q=nothing+like+it")
    assert "No deadline fits 4 deadlines are coming, but none that this view asks for." in page
    passed = ask.get("/?q=rounds&kind=abstract").text
    assert "No deadline fits" in passed


def test_a_radar_whose_dates_are_past_says_so(serve: Serve) -> None:
    """And how to go on, with a way to what there was."""
    ask = serve(now=lambda: NOW + 1000 * DAY)
    fill(ask.settings.database)

    page = text(ask, "/")
    assert "All 5 dates that are stored have passed, the last of them on Wed 1 Apr 2026 12:00 UTC" in page
    assert "confradar serve --now 2026-02-03" in page
    assert len(names(ask, "/?order=latest&status=closed")) == 5


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


def test_fifty_rows_are_light_and_ask_no_more_than_one(serve: Serve) -> None:
    """Under 60 kB without compression, and with as many queries as a page of one row."""
    ask = serve(now=lambda: NOW)
    fill(ask.settings.database)
    gates = [deadline(100 + n, 10 + n, NIGHT + (n + 1) * DAY / 2) for n in range(60)]
    fields = {
        "place": "Palau de Congressos de Palma, Mallorca, Spain",
        "full_name": "Conference on Something Long " * 2,
    }
    more = Merged(
        run_id=2,
        at=NIGHT,
        new_conferences=[conference(10 + n, f"conference-{n}-2026", **fields) for n in range(60)],
        new_deadlines=gates,
        new_mentions=[mention(20 + n, 10 + n, "ai_deadlines") for n in range(60)],
        new_claims=[claim(gate, 20 + n, "5 March 2026, 23:59", "AoE") for n, gate in enumerate(gates)],
    )
    fill(ask.settings.database, more)
    ask.get("/sources")  # so that the health line is known

    with queries(ask) as few:
        ask.get("/?limit=1")
    with queries(ask) as many:
        page = ask.get("/")
    assert len(names(ask, "/")) == 50
    assert len(page.body) < 60_000
    assert len(many) <= len(few)


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


def test_a_date_is_grouped_by_the_readers_day(serve: Serve) -> None:
    """What is today in UTC is tomorrow where the day began first."""
    ask = serve(now=lambda: NOW)
    fill(ask.settings.database)
    today = replace(
        WIDE, id=200, conference_id=2, round=7, earliest=NOW + DAY / 2, latest=NOW + DAY / 2, safe_at=NOW + DAY / 2
    )
    fill(ask.settings.database, Merged(run_id=2, at=NIGHT, new_deadlines=[today]))

    assert "Today, Tue 3 Feb 2026 12 hours left" in text(ask, "/")
    assert "Today, Tue 3 Feb 2026 12 hours left" not in text(ask, "/?zone=Pacific/Kiritimati")


def test_a_withdrawn_deadline_is_called_so(serve: Serve) -> None:
    """It stays on the conference's page, without a date."""
    ask = serve(now=lambda: NOW)
    fill(ask.settings.database)
    gone = replace(WIDE, id=300, round=9, earliest=None, latest=None, safe_at=None, verdict=Verdict.NONE)
    said = claim(gone, 2, "cancelled", reason=f"{WITHDRAWN}: its source says so")
    fill(ask.settings.database, Merged(run_id=2, at=NIGHT, new_deadlines=[gone], new_claims=[said]))

    assert re.search(r"Round 9 Submission – no date not known withdrawn", text(ask, "/conferences/rounds-2026"))
