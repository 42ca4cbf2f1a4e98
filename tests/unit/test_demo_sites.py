"""The demo's sites: what they answer by themselves and over HTTP, and the settings that lead to them."""

import http.client
import json
import threading
import urllib.error
import urllib.request
from datetime import date
from urllib.parse import urlsplit

import pytest

from confradar import environment
from confradar.demo import facts, render, sites
from confradar.demo.answers import Request, Shelf

HOSTILE = '</script></TD><script>alert("1")</script> & \'<b>'


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        ("wikicfp", ("/cfp/call?conference=computer%20science", "/cfp/servlet/event.showcfp?eventid=1")),
        ("acl_web", ("/portal/acl_sponsored_events", "/portal/content/script-td-script-alert-1-script-b-x-2026")),
        ("chairing_tool", ("/conferences",)),
        ("elra", ("/elra-events/", "/wp-json/wp/v2/pages?slug=elra-events")),
    ],
)
def test_no_word_of_the_facts_gets_into_a_page_unescaped(source: str, targets: tuple[str, ...]):
    """A hostile name is shown, and does nothing."""
    edition = facts.Edition(
        id="x", topics=("DS",), acronym="X", year=2026, event=1, full_name=HOSTILE, place=HOSTILE, venue=HOSTILE,
        city=HOSTILE, country=HOSTILE,
        website="https://x.example/" + HOSTILE, sites=frozenset({"wikicfp", "portal", "elra", "chairing_tool"}),
        gates=(facts.Gate("submission", "2026-03-05 14:00:00", HOSTILE),), starts_on=date(2026, 9, 1),
        ends_on=date(2026, 9, 3),
    )  # fmt: skip
    shelf = Shelf((edition,), facts.NIGHTS[0])

    for target in targets:
        answer = render.SITES[source](Request(target, shelf, "http://x.test", "humans_21909=1"))
        assert answer.status == 200
        assert b"alert(" in answer.body
        assert b"<script>alert" not in answer.body
        assert b"</script></TD>" not in answer.body
        assert b"<b>" not in answer.body


def test_wikicfp_lists_twenty_calls_a_page_and_open_ones_first():
    """The last page is answered for ever, as the site does."""
    first, third, beyond = (
        render.respond("wikicfp", f"/cfp/call?conference=data%20mining&page={number}", events=450).body.decode()
        for number in (1, 3, 9)
    )

    assert [text.count("event.showcfp") for text in (first, third)] == [20, 6]
    assert beyond == third
    assert "Total of 46 CFPs in 3 pages" in first


def test_an_expired_call_stands_below_the_marker():
    """The list says what is over."""
    over = facts.Edition(
        id="o", topics=("SC",), acronym="OVER", year=2026, full_name="Over", sites=frozenset({"wikicfp"}), event=1,
        gates=(facts.Gate("submission", "2026-01-02 12:00:00", "AoE"),),
    )  # fmt: skip
    ahead = facts.Edition(
        id="a", topics=("SC",), acronym="AHEAD", year=2026, full_name="Ahead", sites=frozenset({"wikicfp"}), event=2,
        gates=(facts.Gate("submission", "2026-02-02 12:00:00", "AoE"),),
    )  # fmt: skip
    shelf = Shelf((over, ahead), facts.NIGHTS[0])

    answer = render.SITES["wikicfp"](Request("/cfp/call?conference=computer%20science", shelf, ""))

    text = answer.body.decode()
    assert text.index("AHEAD 2026") < text.index("Expired CFPs") < text.index("OVER 2026")


def test_a_night_that_there_is_not_is_refused():
    """The demo has three nights."""
    with pytest.raises(ValueError, match="nights 1 to 3, not 4"):
        render.respond("elra", "/elra-events/", night=4)


def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, dict[str, str]]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.headers)
    finally:
        connection.close()


def test_the_sites_answer_each_on_a_port_of_its_own_until_they_are_stopped():
    """What was started is ended, and the ports are free again."""
    before = threading.active_count()

    with sites.serve() as running:
        urls = dict(running.urls)
        answers = {source: get(f"{url}/robots.txt") for source, url in urls.items()}

    assert urls.keys() == render.SITES.keys()
    assert len({urlsplit(url).port for url in urls.values()}) == 5
    assert {status for status, _, _ in answers.values()} == {200}
    assert all(b"User-agent: *" in body for _, body, _ in answers.values())
    assert threading.active_count() == before
    with pytest.raises(ConnectionError):
        get(urls["elra"] + "/robots.txt")


def test_the_night_can_be_switched_while_the_sites_run():
    """Tonight the site says something else."""
    with sites.serve(night=2) as running:
        address = running.urls["ai_deadlines"] + "/data/conferences.json"
        second = json.loads(get(address)[1])
        running.night = 3
        third = json.loads(get(address)[1])
        with pytest.raises(ValueError, match="not 4"):
            running.night = 4
        assert running.night == 3

    deadlines = [next(card["deadline"] for card in cards if card["id"] == "eccv2026-1") for cards in (second, third)]
    assert deadlines == ["2026-03-06T21:00:00Z", "2026-03-05T22:00:00Z"]


def test_a_folders_listing_leads_to_the_files_on_the_same_site():
    """The whole address of a file stays on loopback."""
    with sites.serve() as running:
        base = running.urls["ai_deadlines"]
        _, body, _ = get(f"{base}/repos/huggingface/ai-deadlines/contents/src/data/conferences")
        addresses = [entry["download_url"] for entry in json.loads(body)]
        with urllib.request.urlopen(addresses[0]) as answer:  # noqa: S310 - our own loopback address
            assert answer.status == 200

    assert len(addresses) > 20
    assert all(address.startswith(base + "/huggingface/ai-deadlines/main/src/data/") for address in addresses)


def test_the_portal_wants_the_cookie_of_its_host_and_the_rolling_review_does_not():
    """409 until the gate's cookie comes."""
    with sites.serve() as running:
        portal = running.urls["acl_web"] + "/portal/acl_sponsored_events"
        closed, body, _ = get(portal)
        opened, _, _ = get(portal, {"Cookie": "humans_21909=1"})
        review, _, _ = get(running.urls["acl_web"] + "/acl-org/aclrollingreview/main/dates.md")

    assert (closed, opened, review) == (409, 200, 200)
    assert b"humans_21909=1" in body


def test_an_unchanged_page_is_answered_with_304_and_an_unknown_one_with_404():
    """The sites are good citizens of HTTP."""
    with sites.serve() as running:
        page = running.urls["elra"] + "/elra-events/"
        _, _, headers = get(page)
        same = get(page, {"If-None-Match": headers["ETag"]})
        running.night = 2
        head = urllib.request.Request(page, method="HEAD")  # noqa: S310 - our own loopback address
        with urllib.request.urlopen(head) as answer:  # noqa: S310
            assert answer.read() == b""
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(running.urls["elra"] + "/nothing")  # noqa: S310

    assert same[:2] == (304, b"")


def test_the_environment_of_many_invented_events_raises_the_limits():
    """Ten thousand events need more pages than an ordinary night."""
    with sites.serve(events=10_000) as running:
        overrides = environment.source_overrides("wikicfp", running.environment())

    assert int(overrides["max_items"]) >= 10_000
    assert int(overrides["max_pages"]) >= 10_500
    assert overrides["expected"] == "5000-20050"
    assert int(overrides["max_depth"]) > 20
