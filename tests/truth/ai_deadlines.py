"""The AI deadline lists: their data files against the expected editions, and against the files themselves."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from confradar.deadlines.listing import Kind, Listing
from confradar.sources import ai_deadlines
from confradar.sources.base import Found, Page, Rejected, Trouble

from .comparing import Fields, Record, Score, compare_record, lines, listings

READ_AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
INSTANT = "the window of a date is resolved from its words, and measured there"
# Types of an expected entry, and the kinds as which it may stand. A submission of what is no paper is another gate.
KINDS = {
    "submission": {Kind.SUBMISSION, Kind.REVISION, Kind.SUPPLEMENTARY, Kind.OTHER},
    "paper": {Kind.SUBMISSION, Kind.OTHER},
    "abstract": {Kind.ABSTRACT},
    "registration": {Kind.ABSTRACT, Kind.REGISTRATION},
    "(record) deadline": {Kind.SUBMISSION},
    "(record) abstract_deadline": {Kind.ABSTRACT},
}


def _words(listing: Listing, kinds: set[Kind], text: str | None, zone: str | None) -> str | None:
    """The text, if the listing has it with that zone as a date of one of those kinds."""
    has = {(each.text, each.zone_text) for each in listing.dates if each.kind in kinds}
    return text if (text, zone) in has or text is None else None


def _instants(listing: Listing, said: Record) -> list[dict[str, Any]]:
    """The expected entries that the listing has."""
    return [entry for entry in said["instants"] if _has(listing, said, entry)]


def _has(listing: Listing, said: Record, entry: Record) -> bool:
    if "date" not in entry:  # the cards: instants in UTC
        return _words(listing, KINDS[entry["type"]], entry["utc"], "UTC") is not None
    listed = any(not each["type"].startswith("(record)") for each in said["instants"])
    if listed and entry["type"].startswith("(record)"):
        return True  # what is left over on the record beside the list has lost its zone: the list alone counts
    return _words(listing, KINDS[entry["type"]], entry["date"], entry["timezone"]) is not None


FIELDS = Fields(
    found={
        "id": lambda listing, _: listing.ref,
        "title": lambda listing, said: said["title"] if _titled(listing, said) else listing.title,
        "full_name": lambda listing, _: listing.full_name,
        "year": lambda listing, _: listing.year,
        "deadline": lambda listing, said: _words(listing, {Kind.SUBMISSION}, said["deadline"], _zone(said)),
        "abstract_deadline": lambda listing, said: _words(
            listing, {Kind.ABSTRACT}, said["abstract_deadline"], _zone(said)
        ),
        "timezone": lambda listing, said: next((each.zone_text for each in listing.dates), said["timezone"]),
        "instants": _instants,
        "estimated": lambda listing, said: (
            all(each.estimated is said["estimated"] for each in listing.dates) and said["estimated"]
        ),
    },
    out_of_scope={
        "file": "where the record stands",
        "submission_utc": INSTANT,
        "abstract_utc": INSTANT,
        "rule": "how the corpus reckoned",
        "site_shows_utc": "what the site makes of a zone that it does not know",
        "note": "a hint of the corpus",
    },
)


def _titled(listing: Listing, said: Record) -> bool:
    return listing.title in (said["title"], f"{said['title']} {said['year']}")


def _zone(said: Record) -> str | None:
    zone = said["timezone"]
    return zone if zone is None else str(zone)


def page(path: Path) -> Page:
    """A data file as the page that it is."""
    return Page(f"https://raw.example/{path.name}", path.read_bytes(), retrieved_at=READ_AT)


@cache
def read(path: Path) -> tuple[Found, ...]:
    """All that a data file gives."""
    return tuple(ai_deadlines.parse(page(path)))


def records(corpus: Path) -> Score:
    """Every expected edition; of each of the latest files a listing for each record, and no further one."""
    folder, score = corpus / "ai_deadlines", Score()
    for said in lines(folder / "EXPECTED.jsonl"):
        found = read(folder / said["file"])
        same = [each for each in listings(found) if each.ref == said["id"] and each.year == said["year"]]
        refused = [each for each in found if isinstance(each, Rejected) and each.ref == said["id"]]
        if not same and refused and not _names_itself(said):
            continue
        where = f"{said['file']} {said['id']}"
        # The odd records are those of many revisions: one edition stands there several times.
        scores = [compare_record(where, said, listing, FIELDS) for listing in same or [None]]
        score += max(scores, key=lambda each: each.found)
    for path in latest(corpus):
        score += _whole(path)
    return score


def _names_itself(said: Record) -> bool:
    """Whether a record has a name: that of one old revision is the year (`title: 2021`)."""
    return bool(str(said["title"]).replace(str(said["year"]), "").strip())


def latest(corpus: Path) -> list[Path]:
    """The newest files of the three lists."""
    data = corpus / "ai_deadlines" / "data"
    return [*sorted(data.glob("*/latest/*.y*ml")), data / "paperswithcode" / "latest.conferences.yml"]


def _whole(path: Path) -> Score:
    """The file's own records, by id, against its listings."""
    score = Score()
    value = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - builds no objects
    # The keys of a mapping are the ids once more, but for slips; the site's page has only the ids.
    given = Counter(record["id"] for record in (value.values() if isinstance(value, dict) else value))
    found = read(path)
    read_here = Counter(listing.ref for listing in listings(found))
    for ref in given | read_here:
        score.compare(f"{path.name} {ref}, listings", given[ref], read_here[ref])
    for trouble in (each for each in found if isinstance(each, Trouble)):
        score.note(f"{path.name}: {trouble}")
    return score
