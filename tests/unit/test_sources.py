"""Every source reads its saved and written pages as their expectations say.

`tests/truth/cases.py` says what a case is.
"""

import json
from collections import defaultdict
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from confradar.deadlines.listing import Listing
from confradar.sources.base import Follow, Found, Page, Rejected, Trouble, readers
from tests.truth import cases

CASES = cases.every()


def plain(found: Follow | Rejected | Trouble) -> dict[str, Any]:
    """A finding as a JSON object, without the fields that have their default."""
    record = {}
    for field in fields(found):
        value = getattr(found, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if value != default:
            record[field.name] = value
    return record


def sorted_out(found: list[Found]) -> dict[str, list[dict[str, Any]]]:
    """What was found, in the shape of `expected.json`."""
    listings = [listing.to_json() for listing in found if isinstance(listing, Listing)]
    for listing in listings:
        assert listing.pop("retrieved_at") == cases.READ_AT.isoformat(), "a listing carries the moment of its page"
    shape = {
        "listings": listings,
        "follows": [plain(each) for each in found if isinstance(each, Follow)],
        "rejects": [plain(each) for each in found if isinstance(each, Rejected)],
        "troubles": [plain(each) for each in found if isinstance(each, Trouble)],
    }
    return json.loads(json.dumps(shape))  # type: ignore[no-any-return]  # tuples as lists, as in the file


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_page_reads_as_expected(case: Path) -> None:
    """What `parse` finds on the page is exactly what `expected.json` says."""
    source = readers()[case.parent.name]
    found = sorted_out(list(source.parse(cases.load(case, source))))
    expectation = case / "expected.json"
    shown = json.dumps({name: part for name, part in found.items() if part}, ensure_ascii=False, indent=2)
    assert expectation.exists(), f"{expectation} is missing. Found, to be checked line by line and saved:\n{shown}"
    expected = json.loads(expectation.read_text())
    assert found == {name: expected.pop(name, []) for name in found}
    assert not expected, f"{expectation} has parts that nobody compares: {', '.join(expected)}"


@pytest.mark.parametrize("name", ["chairing_tool", "elra"])
def test_the_cases_of_a_source_that_nobody_has_captured_say_so(name: str) -> None:
    """What is known of such pages is told by others or assumed; nobody shall take a case for a capture."""
    assert all(json.loads((case / "case.json").read_text()).get("assumed_markup") for case in cases.of(name))


@pytest.mark.parametrize("name", readers())
def test_a_source_has_a_case(name: str) -> None:
    """Each source is shown to read at least one page that holds listings."""
    expectations = [case / "expected.json" for case in cases.of(name)]
    assert any(json.loads(path.read_text()).get("listings") for path in expectations if path.exists())


def test_no_host_is_asked_more_than_once_a_second_by_all_sources_together() -> None:
    """Each is a process of its own with its own waits, on whatever node, and all of them read at once."""
    rates = defaultdict[str | None, float](float)
    for source in (reader.source for reader in readers().values()):
        addresses = (source.home, source.base, *(feed.path for feed in source.feeds))
        for host in {*source.hosts, *(urlsplit(address).hostname for address in addresses)} - {None}:
            rates[host] += 1 / source.politeness.seconds_between_requests

    assert {host: rate for host, rate in rates.items() if rate > 1} == {}
    assert rates["raw.githubusercontent.com"] > rates["api.github.com"], "one that two sources ask is counted twice"


@pytest.mark.parametrize("name", readers())
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body></body></html>",
        b"<html><head><title>Log in</title></head><body><form><input type=password></form></body></html>",
        b"<html><body><h1>Down for maintenance</h1><p>We will be back soon.</p></body></html>",
        b"\x00\xff\xfe\x89PNG\r\n\x1a\n" * 40,
        b"<div>" * 50_000,
        b"[" * 50_000,
    ],
    ids=["empty body", "empty document", "login", "maintenance", "binary", "deep markup", "deep data"],
)
def test_a_page_that_is_none_of_the_source_is_said_to_be_broken(name: str, body: bytes) -> None:
    """A page without a single known shape is trouble, at each address that the source starts from."""
    source = readers()[name]
    for feed in source.source.feeds:
        page = Page(url=source.source.base.rstrip("/") + "/", body=body, feed=feed.name, base=source.source.base)
        found = list(source.parse(page))
        assert [each.reason for each in found if isinstance(each, Trouble)], f"feed {feed.name!r}"
        assert not [each for each in found if isinstance(each, Listing)]


@pytest.mark.timeout(5)
@pytest.mark.parametrize("heading", ["A" * 10_000, "A-" * 5_000, "(A-" * 3_000, "A (AB " * 1_600])
def test_a_heading_without_end_is_read_at_once(heading: str) -> None:
    """A word that could be a short name is looked at once, however long it is."""
    elra = readers()["elra"]
    body = f"<main><h2>LREC 2026</h2><p>11-16 May 2026</p><h2>Workshops</h2><h3>{heading}</h3></main>"
    page = Page(url="https://www.elra.info/elra-events/", body=body.encode(), content_type="text/html",
                retrieved_at=cases.READ_AT, base=elra.source.base)  # fmt: skip
    assert any(isinstance(found, Listing) and found.title == "LREC 2026" for found in elra.parse(page))


@pytest.mark.timeout(10)
def test_blocks_within_blocks_are_read_once_and_reported() -> None:
    """What stands inside an edition's block is no edition of its own; a page of nothing else is read at once."""
    ai = readers()["ai_deadlines"]
    block = '<div class="ConfItem" id="x"><span class="conf-title"><a>A 2026</a></span>'
    script = """<script>var timezone = "UTC"; moment.tz("2026-01-01 23:59"); $('#x .timer')</script>"""
    body = f"{script}{block}<span class='conf-place'>{block * 2_500}".encode()
    found = list(ai.parse(Page(url="https://aideadlin.es/", body=body, content_type="text/html",
                               retrieved_at=cases.READ_AT, base=ai.source.base)))  # fmt: skip
    assert [one.title for one in found if isinstance(one, Listing)] == ["A 2026"]
    assert [one.field for one in found if isinstance(one, Rejected)][-1] == "block"


@pytest.mark.parametrize("number", ["²", "%C2%B2", "9" * 5000, "-1", ""])
def test_a_page_that_a_hostile_pager_led_to_is_read(number: str) -> None:
    """Whatever stands for its number in its own address: its events are there."""
    body = (cases.PAGES / "wikicfp" / "category-first-page" / "page.html").read_bytes()
    page = Page(f"http://www.wikicfp.com/cfp/call?conference=x&page={number}", body)

    assert any(isinstance(found, Listing) for found in readers()["wikicfp"].parse(page))
