"""WikiCFP: its captured pages and rows against their expected records."""

from __future__ import annotations

import html
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from confradar.deadlines.listing import EntryType, Kind, Listing
from confradar.sources import wikicfp
from confradar.sources.base import Follow, Found, Page, Rejected, Trouble

from .comparing import Fields, Record, Score, compare_in_order, day, iso, lines, listings, one_line, text

READ_AT = datetime(2026, 9, 20, 2, tzinfo=UTC)
# The names of the pages in the corpus, with the addresses that they were captured from.
PAGES = {
    "event_202993_cei2026.html": "/cfp/servlet/event.showcfp?eventid=202993&copyownerid=163220",
    "call_computer_science_p1_2026.html": "/cfp/call?conference=computer%20science&page=1",
    "program_2671_sigmod_20160505.html": "/cfp/program?id=2671",
    "search_cloud_20160505.html": "/cfp/servlet/tool.search?q=cloud&year=t",
    "search_noresult_20160516.html": "/cfp/servlet/tool.search?q=dfasfd&year=t",
}


def _printed(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def _when(listing: Listing, _: Record) -> str:
    if listing.starts_on is None or listing.ends_on is None:
        return "N/A"
    return f"{_printed(listing.starts_on)} - {_printed(listing.ends_on)}"


def _deadline(listing: Listing, _: Record) -> str:
    submission, abstract = text(listing, Kind.SUBMISSION), text(listing, Kind.ABSTRACT)
    return f"{submission or 'N/A'} ({abstract})" if abstract else submission or "N/A"


FIELDS = Fields(
    found={
        "event_id": lambda listing, _: int(listing.ref),
        "acronym_raw": lambda listing, _: listing.title,
        "acronym": lambda listing, _: listing.acronym,
        # Of 182 rows that a crawler kept, a few names carry no year; a listing then has that of its days.
        "year": lambda listing, said: listing.year if said["year"] or listing.title != listing.acronym else None,
        "title_raw": lambda listing, _: listing.full_name,
        "title": lambda listing, _: listing.full_name,
        "event_type": lambda listing, _: "Conference" if listing.type is EntryType.CONFERENCE else listing.type.value,
        "when_raw": _when,
        "start": lambda listing, _: iso(listing.starts_on),
        "end": lambda listing, _: iso(listing.ends_on),
        "where_raw": lambda listing, _: listing.place or "N/A",
        "place": lambda listing, _: listing.place,
        "deadline_raw": _deadline,
        "abstract": lambda listing, _: day(listing, Kind.ABSTRACT),
        "abstract_raw": lambda listing, _: text(listing, Kind.ABSTRACT),
        "submission": lambda listing, _: day(listing, Kind.SUBMISSION),
        "submission_raw": lambda listing, _: text(listing, Kind.SUBMISSION),
        "submission_previous": lambda listing, _: next((w.extended_from for w in listing.dates), None),
        "notification": lambda listing, _: day(listing, Kind.NOTIFICATION),
        "notification_raw": lambda listing, _: text(listing, Kind.NOTIFICATION),
        "final_version": lambda listing, _: day(listing, Kind.CAMERA_READY),
        "final_version_raw": lambda listing, _: text(listing, Kind.CAMERA_READY),
        "official_link": lambda listing, _: listing.website,
        "dc_source": lambda listing, _: listing.website,
        "categories": lambda listing, _: [*listing.topics],
    },
    out_of_scope={
        "copyowner_id": "whose list the copy came from; two copies are one event",
        "heading_raw": "acronym, year and title once more",
        "rdfa_start": "the day of `start` with an hour that the site fills in",
        "rdfa_end": "the day of `end` with an hour that the site fills in",
        "rdfa_submission": "the day of `submission` with an hour that the site fills in",
        "rdfa_final_version": "the day of `final_version` with an hour that the site fills in",
        "series_link": "a listing is one edition; which series it belongs to is found by identity",
        "series_id": "a listing is one edition; which series it belongs to is found by identity",
        "cfp_text_dates": "prose of the poster; the site's own fields are its table",
        "cfp_text_starts": "prose of the poster",
        "cfp_text_ends": "prose of the poster",
        "related": "suggestions of the site",
        "table_rows": "the headings that the reading goes by",
        "expired_section": "a listing's dates say whether it is over",
        "flags": "hints of the corpus",
        "guid": "its number is not the event's",
    },
)


def page(corpus: Path, name: str) -> Page:
    """A captured page."""
    body = (corpus / "wikicfp" / "pages" / name).read_bytes()
    return Page(f"http://www.wikicfp.com{PAGES[name]}", body, retrieved_at=READ_AT)


def read(corpus: Path, name: str) -> list[Found]:
    """All that a captured page gives."""
    return list(wikicfp.parse(page(corpus, name)))


def records(corpus: Path) -> Score:
    """Every expected record of the captured pages; no further listing; nothing refused; each page leads on."""
    score = Score()
    expected = {line["file"].removeprefix("pages/"): line for line in lines(corpus / "wikicfp" / "EXPECTED.jsonl")}
    for name in PAGES:
        found, said = read(corpus, name), expected.pop(name)
        score += compare_in_order(name, said["records"], listings(found), FIELDS)
        for trouble in (each for each in found if isinstance(each, Rejected | Trouble)):
            score.note(f"{name}: {trouble}")
        if said["kind"] == "list":
            leads = [each.url for each in found if isinstance(each, Follow) and "/cfp/call?" in each.url]
            score.compare(f"{name}, next", [f"http://www.wikicfp.com{said['page']['next']}"], leads)
    name = "data/rows_2013-12-28.kml"
    rows = [{field: _as_written(value) for field, value in row.items()} for row in expected.pop(name)["records"]]
    score += compare_in_order(name, rows, listings(wikicfp.parse(_series(rows))), FIELDS)
    del expected["data/rss_item_2023.xml"]  # a feed has no deadline, and the source reads none
    for name in expected:
        score.note(f"{name}: nobody reads this page")
    return score


def _as_written(value: Any) -> Any:
    """The site's own words: the crawler of 2013 read its UTF-8 as Latin-1."""
    try:
        return value.encode("latin-1").decode("utf-8") if isinstance(value, str) else value
    except UnicodeError:
        return value


def _series(records: list[Record]) -> Page:
    """Rows that another crawler kept, in the markup of a list that has no pages."""
    rows = "".join(
        f'<tr><td rowspan="2"><a href="/cfp/servlet/event.showcfp?eventid={record["event_id"]}&amp;copyownerid=1">'
        f'{html.escape(record["acronym_raw"])}</a></td><td colspan="3">{html.escape(record["title_raw"])}</td></tr>'
        f"<tr><td>{record['when_raw']}</td><td>{html.escape(record['where_raw'])}</td>"
        f"<td>{one_line(record['deadline_raw'])}</td></tr>"
        for record in records
    )
    return Page("http://www.wikicfp.com/cfp/program?id=1", f'<div class="contsec"><table>{rows}'.encode())
