"""E8 to E11: hostile text in every field of every record, read back from every outlet by strict parsers."""

import csv
import html
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import feedparser
import icalendar
import pytest
from ical.calendar_stream import IcsCalendarStream
from parsel import Selector
from prometheus_client.parser import text_string_to_metric_families

from confradar.deadlines.conference import Merged, Series
from confradar.deadlines.listing import Listing, clean
from confradar.errors import FieldError

from ..web import conftest as web  # noqa: TID252 - the tests are no package
from ..web import store  # noqa: TID252

pytestmark = pytest.mark.integration
serve = web.serve
E8 = pytest.mark.fault(
    "E8", "script, template, format, shell and SQL text is literal everywhere; unsafe links are dropped"
)
E9 = pytest.mark.fault("E9", "a formula is quoted in CSV")
E10 = pytest.mark.fault("E10", "the calendar, read again, has the same events; no line is longer than 75 octets")
E11 = pytest.mark.fault("E11", "strict parsers accept every feed")

TEXTS = [*map(clean, [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", "</script><!--", "]]>",
    "{{7*7}}${7*7}<%=7*7%>{%raw%}", "%s%n%1000000d {0.__class__} {__import__}", "$(touch x);`id`|cat /etc/passwd",
    "'; DROP TABLE conference;--", '=HYPERLINK("http://evil.example","x")', "+1+1", "-1+1", "@SUM(1)",
    "\t=1+1", "\r=1+1", "one\r\nEND:VEVENT\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR", "one\nATTENDEE:mailto:a@evil.example",
    "one\rtwo", "a;b,c:d\\n\\N\\", "one\u2028two\u2029three\u0085\x0b\x0c", "one\x1b[2J\x07\x08\x7f",
    "one\ufffe\uffff\ufeff", "\u202egpj.exe\u2066", "NaN", "&lt;b&gt;&#0;&bogus;", "\U0001f4a3" * 30, "ü" * 70,
])]  # fmt: skip
LINKS = ['https://ok.example/"><script>', "https://a.example/' onclick='x", "https://name@b.example/?=1+1&a=<b>]]>",
         "http://[::1]/", "https://c.example/%0d%0aX:%20y#;,"]  # fmt: skip
UNSAFE = ["javascript:alert(1)", "JavaScript:alert(1)", " javascript:x", "java\nscript:x", "data:text/html,<script>",
          "vbscript:x", "file:///etc/passwd", "//evil.example/", "/relative", "mailto:a@b.example"]  # fmt: skip


def hostile() -> Merged:
    """A night in which each conference has one of the texts in each of its fields, and one of the links."""
    parts: dict[str, list[Any]] = {
        name: [] for name in ("series", "conferences", "mentions", "claims", "gates", "changes")
    }
    for number, text in enumerate(TEXTS, 1):
        link = LINKS[number % len(LINKS)]
        gate = store.deadline(number, number, store.NIGHT + timedelta(days=number), track=text)
        parts["series"].append(Series(number, f"series-{number}", text, text))
        parts["conferences"].append(
            store.conference(
                number, f"hostile-{number}", title=text, acronym=text, full_name=text, place=text, city=text,
                country=text, website=link, topics=(text,), ranks=((text, text),), series_id=number,
            )
        )  # fmt: skip
        parts["mentions"].append(replace(store.mention(number, number), url=link, ref=f"{text}{number}"))
        parts["claims"].append(store.claim(gate, number, text, text, reason=text, extended_from=text))
        parts["gates"].append(gate)
        parts["changes"].append(store.change(number, gate, before=text, after=text))
    return Merged(
        run_id=1, at=store.NIGHT, new_series=parts["series"], new_conferences=parts["conferences"],
        new_mentions=parts["mentions"], new_claims=parts["claims"], new_deadlines=parts["gates"],
        changes=parts["changes"],
    )  # fmt: skip


@pytest.fixture
def ask(serve: Callable[..., web.Client]) -> web.Client:
    client = serve(now=lambda: store.NOW, public_url="https://radar.example/")
    store.fill(client.settings.database, hostile())
    return client


def body(ask: web.Client, path: str) -> str:
    answer = ask.get(path)
    assert answer.status == 200, (path, answer.text[:500])
    return answer.text


@E8
@pytest.mark.parametrize("field", ["url", "website"])
@pytest.mark.parametrize("address", UNSAFE)
def test_e8_no_listing_has_a_link_that_is_not_to_a_web_page(field: str, address: str) -> None:
    """It is refused where it comes in, so that no outlet has to look."""
    known = {"source": "elra", "feed": "events", "ref": "1", "url": "https://a.example/", "year": 2026, "title": "A"}
    with pytest.raises(FieldError, match="an http or https address"):
        Listing(**{**known, field: address})  # type: ignore[arg-type]


PAGES = ["/", "/?zone=Asia/Tokyo", "/changes", "/calendar?month=2026-02", "/sources"]


@E8
def test_e8_a_page_has_no_markup_but_our_own(ask: web.Client) -> None:
    """No script, handler, style or link that a source wrote; the text itself is there to be read."""
    for path in (*PAGES, *(f"/conferences/hostile-{number}" for number in range(1, len(TEXTS) + 1))):
        written = body(ask, path)
        _is_sound(Selector(written))
        if path.startswith("/conferences/"):
            text = TEXTS[int(path.rpartition("-")[2]) - 1]
            assert "".join(text.split())[:20] in "".join(html.unescape(written).split())


def _is_sound(page: Selector) -> None:
    assert all(src.startswith("/static/") for src in page.xpath("//script/@src").getall())
    assert not [text for text in page.xpath("//script/text()").getall() if "alert" in text]
    assert (
        page.xpath("//*/@*[starts-with(name(), 'on')] | //*/@style | //iframe | //object | //base | //img").getall()
        == []
    )
    for address in page.xpath("//@href | //@src | //@action").getall():
        assert urlsplit(address).scheme in ("", "http", "https"), address
        assert not address.startswith("//"), address


def table(ask: web.Client, path: str) -> Iterator[dict[str, str]]:
    rows = csv.reader(io.StringIO(body(ask, path), newline=""), strict=True)
    head = next(rows)
    for row in rows:
        yield dict(zip(head, row, strict=True))


@E9
@pytest.mark.parametrize("path", ["/feeds/deadlines.csv", "/feeds/changes.csv"])
def test_e9_no_cell_is_a_formula(ask: web.Client, path: str) -> None:
    """Each row has its columns, and no cell begins as a formula does."""
    rows = list(table(ask, path))

    assert len(rows) == len(TEXTS)
    for row in rows:
        for name, cell in row.items():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (name, cell)
    if path == "/feeds/deadlines.csv":
        assert {row["conference_title"] for row in rows} == {
            f"'{text}" if text[:1] in set("=+-@") else text for text in TEXTS
        }


@E10
def test_e10_the_calendar_has_the_same_events_for_two_parsers(ask: web.Client) -> None:
    """As many as there are gates, each with its own day; nothing that a source wrote is a property."""
    written = ask.get("/feeds/deadlines.ics").body
    lines = written.split(b"\r\n")

    assert written.endswith(b"\r\n")
    assert not [line for line in lines if len(line) > 75 or b"\r" in line or b"\n" in line]
    strict = IcsCalendarStream.calendar_from_ics(written.decode())
    other = icalendar.Calendar.from_ical(written)
    wanted = {f"hostile-{number}" for number in range(1, len(TEXTS) + 1)}
    assert {str(event.uid).partition("/")[0] for event in strict.events} == wanted
    assert {str(event["UID"]).partition("/")[0] for event in other.walk("VEVENT")} == wanted
    assert not [name for event in other.walk("VEVENT") for name in event if name == "ATTENDEE"]


@E11
@pytest.mark.parametrize(
    "path", ["/feeds/deadlines.atom", "/feeds/changes.atom", "/feeds/changes.atom?conference=hostile-1"]
)
def test_e11_an_atom_feed_is_xml(ask: web.Client, path: str) -> None:
    """For a parser that stops at the first fault, and for one that forgives and tells."""
    written = body(ask, path)

    entries = ET.fromstring(written).findall("{http://www.w3.org/2005/Atom}entry")  # noqa: S314 - our own feed
    told = feedparser.parse(written)
    assert len(entries) == len(told.entries) == (1 if "?" in path else len(TEXTS))
    assert not told.bozo
    for entry in entries:
        for link in entry.findall("{http://www.w3.org/2005/Atom}link"):
            assert link.attrib["href"].startswith(("https://", "http://"))


API = ["/api/v1/deadlines?limit=100", "/api/v1/conferences?limit=100", "/api/v1/changes", "/api/v1/sources"]


@E11
def test_e11_an_answer_is_strict_json(ask: web.Client) -> None:
    """No NaN, no bare control character, no lone surrogate; a title is what it was."""

    def refused(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    for path in (*API, *(f"/api/v1/conferences/hostile-{number}/history" for number in range(1, len(TEXTS) + 1))):
        found = json.loads(body(ask, path), parse_constant=refused)
        json.dumps(found, ensure_ascii=False).encode()
        if path.startswith("/api/v1/deadlines"):
            assert {row["conference"]["title"] for row in found["deadlines"]} == set(TEXTS)


@E11
def test_e11_the_metrics_are_read_by_their_own_parser(ask: web.Client) -> None:
    """Whatever the store holds."""
    assert list(text_string_to_metric_families(body(ask, "/metrics")))
