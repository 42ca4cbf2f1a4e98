"""The dates page of ACL Rolling Review: which venue takes papers from which cycle, and until when."""

from __future__ import annotations

import re
from collections.abc import Iterator

from confradar.deadlines.listing import EntryType, Kind, Listing, WrittenDate
from confradar.errors import FieldError
from confradar.sources.base import Found, Page, Trouble, each, is_web
from confradar.sources.days import MONTH, YEAR, month_number
from confradar.sources.markdown import cells, from_html, links, plain, unstrike, without_comments

SITE = "https://aclrollingreview.org/dates"  # links in the Markdown are relative to it
ZONE = "AoE"  # said on the site, once for all its dates
CYCLE_HEADS = ("cycle", "month")

_YEAR = re.compile(rf"(?<!\d){YEAR}(?!\d)")
_RANGE = re.compile(
    rf"(?P<month>{MONTH})\s+(?P<first>\d{{1,2}}\w{{0,2}})\s*[-–—]\s*(?P<other>{MONTH}\s+)?(?P<last>\d{{1,2}}\w{{0,2}})",
    re.IGNORECASE,
)
Row = dict[str, str]


def read(page: Page, source: str) -> Iterator[Found]:
    """The venues, as listings with the date to submit to ARR and the date to commit; and the cycles themselves.

    Reads the page as HTML or as the Markdown that it is made of. The bulleted past venues are no table, the
    table of past deadlines of older versions has no submission date: neither gives anything.
    """
    html = "html" in page.content_type
    lines = from_html(page.html) if html else without_comments(page.text).splitlines()
    rows = list(_rows(lines))
    yield from each(
        rows, lambda row: _venue(row, page, source) if "venue" in row else _cycle(row, page, source), source=source,
        ref=lambda row: next(iter(row.values())),
    )  # fmt: skip
    if not any("venue" in row for row in rows):
        yield Trouble("broken", "the ARR dates page has no table of venues with their submission dates")


def _rows(lines: list[str]) -> Iterator[Row]:
    head: list[str] = []
    for line in lines:
        row = cells(line)
        if not row:
            head = head if "|" in line else []
        elif row[0].casefold() in (*CYCLE_HEADS, "venue"):
            head = [plain(cell).casefold() for cell in row]
        elif any("submission" in name for name in head):
            yield dict(zip(head, row, strict=False))


def _venue(row: Row, page: Page, source: str) -> Listing:
    title, website = _name(row["venue"])
    label = _YEAR.search(title)
    year = label or next((found for cell in row.values() if (found := _YEAR.search(cell))), None)
    if year is None:
        raise FieldError("year", repr(title)[:80], "a year in the name or in a date", source=source, ref=title[:80])
    dates = []
    for name, cell in row.items():
        if name != "venue" and cell:
            now, before = unstrike(plain(cell))
            kind, track = _venue_gate(name)
            dates.append(WrittenDate(kind, now, ZONE, track=track, extended_from=before))
    return Listing(
        source=source, feed=page.feed, ref=_slug(title), url=page.url, title=title, year=int(year[0]),
        type=EntryType.JOURNAL if "volume" in title.casefold() else EntryType.CONFERENCE,
        acronym=(title[: label.start()].strip(" -") if label else title.split()[0]) or None,
        website=website, dates=tuple(dates), retrieved_at=page.retrieved_at,
    )  # fmt: skip


def _venue_gate(column: str) -> tuple[Kind, str]:
    # A paper is written for the submission to ARR; venues with a door of their own as well have another date there.
    if "submission" in column:
        return Kind.SUBMISSION, "ARR"
    return (Kind.COMMITMENT, "") if "commitment" in column else (Kind.OTHER, column)


def _cycle(row: Row, page: Page, source: str) -> Listing:
    title, website = _name(next(iter(row.values())))
    year, month = _YEAR.search(title), month_number(title)
    if year is None or month is None:
        raise FieldError("cycle", repr(title)[:80], "a month and a year", source=source, ref=title[:80])
    gates = [gate for name, cell in list(row.items())[1:] if cell for gate in _cycle_gates(name, plain(cell))]
    return Listing(
        source=source, feed=page.feed, ref=f"arr-{year[0]}-{month:02}", url=page.url, title=f"ARR {title}",
        year=int(year[0]), type=EntryType.OTHER, website=website, retrieved_at=page.retrieved_at,
        dates=tuple(
            WrittenDate(kind, _with_year(text, month, int(year[0])), ZONE, track=track) for kind, text, track in gates
        ),
    )  # fmt: skip


def _cycle_gates(column: str, cell: str) -> Iterator[tuple[Kind, str, str]]:
    """(kind, text, track) for a cell; of a range the last day is the deadline."""
    now = unstrike(cell)[0].rstrip("*")  # a star points to a footnote
    days = _RANGE.fullmatch(now)
    first = f"{days['month']} {days['first']}" if days else now
    last = f"{(days['other'] or days['month']).strip()} {days['last']}" if days else now
    if "submission" in column:
        yield Kind.SUBMISSION, last, ""
    elif "response" in column:
        if days:
            yield Kind.REBUTTAL_START, first, ""
        yield Kind.REBUTTAL_END, last, ""
    elif "meta-review" in column:
        yield Kind.REVIEW_RELEASE, last, ""
    else:
        yield Kind.OTHER, last, column


def _with_year(text: str, month: int, year: int) -> str:
    """A day with the year that its row is named by; a month before the cycle's own belongs to the next year."""
    number = month_number(text)
    if number is None or _YEAR.search(text):
        return text
    return f"{text}, {year + (number < month)}"


def _name(cell: str) -> tuple[str, str | None]:
    """The words of a cell, and where they lead."""
    address = next((address for _, address in links(cell)), None)
    return plain(cell), address if address and is_web(address) else None


def _slug(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", text.casefold()))
