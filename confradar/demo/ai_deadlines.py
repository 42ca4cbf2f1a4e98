"""The site `ai_deadlines` of the demo: records behind a repository's listing, and the data of the card page."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import quote

import yaml

from confradar.demo.answers import Answer, Request, Shelf, data, missing, page, text
from confradar.demo.facts import Edition, Gate

LISTING = "/repos/huggingface/ai-deadlines/contents/"
RAW = "/huggingface/ai-deadlines/main/"
FOLDER = "src/data/conferences"


def answer(request: Request) -> Answer:
    """A folder's listing, a series' records, the cards' data, or the empty page that they are drawn on."""
    path = request.path
    if path == "/data/conferences.json":
        return data([card for edition in request.shelf.on("cards") for card in _cards(edition)])
    if path == "/data/conferences_archive.json":
        return data([])
    if path == LISTING + FOLDER:
        return data([_entry(name, request.base) for name in _files(request.shelf)])
    if path.startswith(RAW):
        found = _files(request.shelf).get(path.removeprefix(RAW))
        return text(_records(found)) if found else missing()
    if path == "/":
        return page("AI Conference Deadlines", '<main id="conferenceGrid"></main><div id="loadingState">Loading</div>')
    return missing()


@lru_cache(maxsize=8)
def _files(shelf: Shelf) -> dict[str, list[Edition]]:
    files: dict[str, list[Edition]] = {}
    for edition in shelf.on("huggingface"):
        files.setdefault(edition.path, []).append(edition)
    return dict(sorted(files.items()))


def _entry(path: str, base: str) -> dict[str, Any]:
    """A file as a listing of GitHub's contents shows it."""
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "type": "file",
        "download_url": f"{base}{RAW}{quote(path)}",
    }


def _records(editions: list[Edition]) -> str:
    return yaml.safe_dump([_record(edition) for edition in editions], allow_unicode=True, sort_keys=False)


def _record(edition: Edition) -> dict[str, Any]:
    record: dict[str, Any] = {
        "title": edition.acronym,
        "year": edition.year,
        "id": edition.id,
        "full_name": edition.full_name,
        "link": edition.website,
        "deadlines": [_deadline(gate) for gate in edition.gates],
        "timezone": edition.timezone,
        "city": edition.city,
        "country": edition.country,
        "venue": edition.venue,
        "date": edition.days,
        "start": edition.starts_on,
        "end": edition.ends_on,
        "tags": list(edition.topics),
        "rankings": ", ".join(f"{name}: {rank}" for name, rank in edition.ranks),
    }
    return {name: value for name, value in record.items() if value not in (None, "")}


def _deadline(gate: Gate) -> dict[str, str]:
    written = {"type": gate.type, "label": gate.label, "date": gate.text, "timezone": gate.zone or ""}
    return {name: value for name, value in written.items() if value}


def _cards(edition: Edition) -> list[dict[str, Any]]:
    """One object for each round, with its instants in UTC, as the card page's script reads them."""
    abstracts = [gate for gate in edition.gates if gate.kind == "abstract"]
    papers = [gate for gate in edition.gates if gate.kind == "submission"]
    by_round = {gate.round: gate for gate in abstracts}
    return [_card(edition, number, by_round.get(paper.round), paper) for number, paper in enumerate(papers, 1)]


def _card(edition: Edition, number: int, abstract: Gate | None, paper: Gate) -> dict[str, Any]:
    card: dict[str, Any] = {
        "id": f"{_letters(edition.acronym)}{edition.year}-{number}",
        "shortname": edition.title,
        "title": edition.full_name,
        "website": edition.website,
        "location": edition.where,
        "conferenceStartDate": edition.starts_on and edition.starts_on.isoformat(),
        "conferenceEndDate": edition.ends_on and edition.ends_on.isoformat(),
        "deadline": _instant(paper),
        "abstractDeadline": abstract and _instant(abstract),
        "note": paper.label,
        "timezone": paper.zone,
        "tags": list(edition.topics),
        "dataSrc": "ccf-deadlines",
        "isApproximateDeadline": False,
        "rating": dict(edition.ranks).get("core"),
    }
    return {name: value for name, value in card.items() if value not in (None, "")}


def _letters(acronym: str) -> str:
    return "".join(filter(str.isalnum, acronym.casefold()))


def _instant(gate: Gate) -> str | None:
    """A gate as the cards write it: `2026-01-22T11:59:59Z`; None for words such as TBD."""
    return f"{gate.instant:%Y-%m-%dT%H:%M:%SZ}" if gate.instant else None
