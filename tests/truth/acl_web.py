"""ACL: every stored version of the ARR dates page, and the list of sponsored events as a spider once saw it."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from confradar.deadlines.listing import EntryType, Kind, Listing
from confradar.sources.acl_web import SOURCE, parse
from confradar.sources.base import Follow, Found, Page
from confradar.sources.days import single_day
from confradar.sources.markdown import plain

from .comparing import Fields, Record, Score, compare_in_order, day, lines, listings, one_line

ARR = next(feed for feed in SOURCE.feeds if feed.name == "arr")
LIST_READ_AT = datetime(2025, 10, 28, 22, tzinfo=UTC)
# Posts whose event has another name than the post.
NAMES = {
    "[EMNLP 2025] First Call for Papers": "EMNLP 2025",
    "Call for Participation: HCI + NLP Workshop": "HCI + NLP Workshop",
}
_STRUCK = re.compile(r"~~[^~]*~~ ?")


def _written(listing: Listing, said: Record, name: str, kind: Kind) -> str | None:
    """The words of a venue's date with what is struck out, as the page has them."""
    written = [each for each in listing.dates if each.kind is kind]
    if said["kind"] == "venue" and len(written) == 1:
        old = "~~" in said[name]
        same = _STRUCK.sub("", said[name]) == written[0].text and old == bool(written[0].extended_from)
        return str(said[name]) if same else written[0].text
    if said["kind"] == "venue" or not written:
        return None
    # A cycle's days stand without the year that its row is named by; it opens on the first day of a range.
    same = written[0].text.startswith(_last(said[name]) + ",")
    return str(said[name]) if same else written[0].text


def _last(cell: str) -> str:
    """The last day of a range, `Feb 15th` of `Feb 1st - Feb 15th`; the day itself if it is none."""
    return cell.rpartition(" - ")[2]


def _cells(listing: Listing, said: Record) -> dict[str, str]:
    """The cells of a cycle's row of which every part is among the listing's words."""
    words = [listing.title, *(each.text for each in listing.dates)]
    return {
        name: cell for name, cell in said["cells"].items()
        if all(any(part in text for text in words) for part in _parts(_last(cell) if "Submission" in name else cell))
    }  # fmt: skip


def _parts(cell: str) -> list[str]:
    """`March 27th - 30th` has the parts March, 27th and 30th; a star points to a footnote."""
    words = plain(_STRUCK.sub("", cell)).rstrip("*")
    return [part for part in re.split(r"\s*[-–]\s*|\s+", words) if part]


ARR_FIELDS = Fields(
    found={
        "kind": lambda listing, _: "cycle" if listing.type is EntryType.OTHER else "venue",
        "title": lambda listing, _: listing.title,
        "acronym": lambda listing, _: listing.acronym,
        # A journal's volume has no year of its own; a listing has that of its first date.
        "year": lambda listing, _: None if listing.type is EntryType.JOURNAL else listing.year,
        "link": lambda listing, _: listing.website,
        "submission_raw": lambda listing, said: _written(listing, said, "submission_raw", Kind.SUBMISSION),
        "submission": lambda listing, _: day(listing, Kind.SUBMISSION),
        "commitment_raw": lambda listing, said: _written(listing, said, "commitment_raw", Kind.COMMITMENT),
        "commitment": lambda listing, _: day(listing, Kind.COMMITMENT),
        "tz": lambda listing, _: ", ".join({each.zone_text or "" for each in listing.dates}),
        "cells": _cells,
    },
    out_of_scope={"note": "a hint of the corpus"},
)
LIST_FIELDS = Fields(
    found={
        "title": lambda listing, said: (
            one_line(said["title"]) if listing.title == _name(said["title"]) else listing.title
        ),
        "submission_dates": lambda listing, _: [
            found.isoformat() for each in listing.dates if (found := single_day(each.text))
        ],
        "link": lambda listing, _: listing.website,
    },
    out_of_scope={
        "kind": "several rows are one post",
        "note": "a hint of the corpus",
        "year": "the spider's own reckoning; what it kept of a row has neither days nor a year for each title",
    },
)


def _name(title: str) -> str:
    return NAMES.get(title, str(one_line(title)))


def records(corpus: Path) -> Score:
    """Every record of the ARR pages and of the list, in the page's order; no further listing; nothing refused."""
    score = Score()
    for page in lines(corpus / "acl_web" / "EXPECTED.jsonl"):
        if page["kind"] == "arr_dates_markdown":
            _add(score, page, parse(arr_page(corpus / "acl_web" / "pages" / page["file"])), ARR_FIELDS)
        elif page["kind"] == "spider_output_json":
            for stamped in (True, False):
                rows = [(each["title"], day) for each in page["records"] for day in each["submission_dates"] or [None]]
                _add(score, page, parse(list_page(rows, stamped=stamped)), LIST_FIELDS)
        elif page["kind"] != "conference_site_markdown":  # the conferences' own sites are no pages of this source
            score.note(f"{page['file']}: nobody reads this page")
    return score


def arr_page(path: Path) -> Page:
    """A stored version of the dates page."""
    return Page(ARR.path, path.read_bytes(), ARR.name, content_type="text/plain")


def arr_pages(corpus: Path) -> list[Page]:
    """All stored versions of the dates page."""
    return [arr_page(path) for path in sorted((corpus / "acl_web" / "pages").glob("arr_dates_*.md"))]


def _add(score: Score, page: Record, found: Any, fields: Fields) -> None:
    given: list[Found] = list(found)
    score += compare_in_order(page["file"], page["records"], listings(given), fields)
    for each in given:
        if not isinstance(each, Listing | Follow):
            score.note(f"{page['file']}: {each}")


def list_page(rows: list[tuple[str, str | None]], *, stamped: bool = True, width: int = 6) -> Page:
    """Rows of (title, ISO day) as the list of sponsored events, in the assumed markup.

    With `stamped`, the days carry the server's stamps. The sponsored list has 6 columns, the list of all events 7.
    """
    heads = ["Title", "Location", "City", "Country", "Submission Deadline", "Event Dates"]
    heads[4:4] = ["Posted Date"] * (width - 6)
    body = "".join(_row(title, day, stamped=stamped, width=width) for title, day in rows)
    head = "".join(f"<th>{name}</th>" for name in heads)
    table = f"<html><body><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></body></html>"
    feed = "sponsored" if width == 6 else "events"
    address = f"https://www.aclweb.org/portal/{'acl_sponsored_events' if width == 6 else 'events'}"
    return Page(address, table.encode(), feed, retrieved_at=LIST_READ_AT)


def _row(title: str, day: str | None, *, stamped: bool, width: int) -> str:
    shown = printed(day) if day else ""
    if day and stamped:
        shown = f'<span class="date-display-single" content="{day}T00:00:00-04:00">{shown}</span>'
    posted = "<td>1 May 2025</td>" * (width - 6)
    return f"<tr><td>{html.escape(title)}</td><td></td><td></td><td></td>{posted}<td>{shown}</td><td></td></tr>"


def printed(day: str) -> str:
    """A day as the list prints it: `2 Jun 2025`."""
    found = date.fromisoformat(day)
    return f"{found.day} {found:%b %Y}"
