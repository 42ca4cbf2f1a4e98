"""The radar over a store with a moved, a disputed, a wide and a hostile deadline."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest

from confradar.deadlines.conference import Merged

from .conftest import Client
from .store import DAY, LATER, NIGHT, NOW, WIDE, claim, conference, deadline, fill, mention
from .test_readers import MORE, Serve, queries, text


@pytest.fixture
def ask(serve: Serve) -> Client:
    """A server two nights later."""
    client = serve(now=lambda: NOW + DAY)
    fill(client.settings.database)
    fill(client.settings.database, LATER, MORE)
    return client


def names(ask: Client, path: str) -> list[str]:
    """The slugs of the deadlines of the radar, in their order."""
    return re.findall(r'<div class="what"><a href="/conferences/([^"?]+)', ask.get(path).text)


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
