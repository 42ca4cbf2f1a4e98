"""The ACL source against real pages: every stored version of the ARR dates page, and what a live list once held."""

import html
import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from confradar.deadlines.dates import Edition, resolve
from confradar.deadlines.listing import EntryType, Kind, Listing
from confradar.sources.acl_web import SOURCE, parse
from confradar.sources.base import Page

AOE = timezone(timedelta(hours=-12))
ARR = next(feed for feed in SOURCE.feeds if feed.name == "arr")
STRUCK = re.compile(r"~~[^~]*~~ ?")
# Posts whose event has another name than the post.
NAMES = {
    "[EMNLP 2025] First Call for Papers": "EMNLP 2025",
    "Call for Participation: HCI + NLP Workshop": "HCI + NLP Workshop",
}


def expected(corpus: Path, kind: str) -> list[dict[str, Any]]:
    lines = (corpus / "acl_web" / "EXPECTED.jsonl").read_text().splitlines()
    return [record for record in map(json.loads, lines) if record["kind"] == kind]


def listings(page: Page) -> list[Listing]:
    found = list(parse(page))
    assert all(isinstance(each, Listing) for each in found), [each for each in found if not isinstance(each, Listing)]
    return [each for each in found if isinstance(each, Listing)]


def arr_page(corpus: Path, file: str) -> list[Listing]:
    body = (corpus / "acl_web" / "pages" / file).read_bytes()
    return listings(Page(url=ARR.path, body=body, feed=ARR.name, content_type="text/plain"))


def texts(listing: Listing, kind: Kind) -> list[str]:
    return [written.text for written in listing.dates if written.kind is kind]


def test_every_stored_arr_page_gives_its_records_and_no_other(corpus: Path) -> None:
    """Title, acronym, year and link of each venue and each cycle are those that the page says, in its order."""
    pages = expected(corpus, "arr_dates_markdown")
    assert len(pages) >= 11
    for page in pages:
        read = [
            (listing.title, listing.acronym, listing.year, listing.website, listing.type is EntryType.OTHER)
            for listing in arr_page(corpus, page["file"])
        ]
        assert read == [
            # A journal's volume has no year of its own; that of its first date stands in.
            (said["title"], said.get("acronym"), said["year"] or 2023, said["link"], said["kind"] == "cycle")
            for said in page["records"]
        ], page["file"]


def test_venues_keep_the_words_of_their_two_dates(corpus: Path) -> None:
    """`past`, `TBC` and dates alike; of a struck-out day the one that stands, and the old one beside it."""
    struck = 0
    for page in expected(corpus, "arr_dates_markdown"):
        for listing, said in zip(arr_page(corpus, page["file"]), page["records"], strict=True):
            if said["kind"] != "venue":
                continue
            assert texts(listing, Kind.SUBMISSION) == [STRUCK.sub("", said["submission_raw"])]
            assert texts(listing, Kind.COMMITMENT) == [STRUCK.sub("", said["commitment_raw"])]
            assert {written.zone_text for written in listing.dates} == {said["tz"]}
            old = [written.extended_from for written in listing.dates if written.extended_from]
            struck += len(old)
            assert bool(old) == ("~~" in said["submission_raw"] + said["commitment_raw"])
    assert struck


def test_arr_dates_mean_the_expected_days(corpus: Path) -> None:
    """With the year of its row, each written day ends where the page means it to end, anywhere on earth."""
    compared = 0
    for page in expected(corpus, "arr_dates_markdown"):
        for listing, said in zip(arr_page(corpus, page["file"]), page["records"], strict=True):
            for kind, day in ((Kind.SUBMISSION, said.get("submission")), (Kind.COMMITMENT, said.get("commitment"))):
                for written in (each for each in listing.dates if each.kind is kind):
                    window = resolve(written.text, written.zone_text, kind=kind, edition=Edition(listing.year))
                    ends = window.latest.astimezone(AOE).date() if window.latest else None
                    assert ends == (date.fromisoformat(day) if day else None), (page["file"], written)
                    compared += 1
    assert compared > 100


@pytest.mark.parametrize("stamped", [True, False], ids=["with stamps", "printed days only"])
def test_the_list_of_2025_gives_its_titles_and_deadlines_back(corpus: Path, stamped: bool) -> None:
    """The titles and days that a spider once found on the live list, rendered in the assumed markup, are read back."""
    [page] = expected(corpus, "spider_output_json")
    groups = page["records"]
    body = rendered([(group["title"], day) for group in groups for day in group["submission_dates"] or [None]], stamped)
    read = listings(
        Page(
            url="https://www.aclweb.org/portal/acl_sponsored_events",
            body=body.encode(),
            feed="sponsored",
            retrieved_at=datetime(2025, 10, 28, 22, tzinfo=UTC),
        )
    )
    assert [listing.title for listing in read] == [
        NAMES.get(group["title"], " ".join(group["title"].split())) for group in groups
    ]
    assert [[written.text for written in listing.dates] for listing in read] == [
        [printed(day) for day in group["submission_dates"]] for group in groups
    ]
    assert all(written.zone_text is None for listing in read for written in listing.dates)
    kinds = {listing.title: listing.type for listing in read}
    assert kinds["UniDive training school on diversity in NLP, Yerevan, January 2026"] is EntryType.SCHOOL
    assert sum(kind is EntryType.SHARED_TASK for kind in kinds.values()) == 5
    assert sum(kind is EntryType.WORKSHOP for kind in kinds.values()) == 7


def printed(day: str) -> str:
    moment = date.fromisoformat(day)
    return f"{moment.day} {moment:%b %Y}"


def rendered(rows: list[tuple[str, str | None]], stamped: bool) -> str:
    """The list with these titles and deadlines, in the assumed markup of the portal; the posts have no links."""
    heads = ("Title", "Location", "City", "Country", "Submission Deadline", "Event Dates")
    lines = []
    for title, day in rows:
        shown = printed(day) if day else ""
        if day and stamped:
            shown = f'<span class="date-display-single" content="{day}T00:00:00-04:00">{shown}</span>'
        lines.append(f"<tr><td>{html.escape(title)}</td><td></td><td></td><td></td><td>{shown}</td><td></td></tr>")
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f"<html><body><table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></body></html>"
