"""Mentions as JSON lines, in the shape of the labelled identity data: rows of lists, whose fields may be absent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from confradar.deadlines import identity
from confradar.deadlines.identity import Cluster, MentionKey
from confradar.deadlines.listing import RAW_MAX, Kind, Listing, WrittenDate
from confradar.deadlines.portrait import free_slug, portrait
from confradar.deadlines.verdict import EDITOR
from confradar.errors import FieldError

NO_PAGE = "https://mention.invalid/"  # a listing names the page that says it, a mention does not
_TEXTS = ("source", "title", "acronym", "full_name", "link", "place", "start", "end", "deadline", "timezone")


@dataclass(frozen=True, slots=True)
class Mentions:
    """What could be read: each mention's name in the file and its listing; and what is wrong with other lines."""

    names: dict[MentionKey, str]
    listings: dict[MentionKey, Listing]
    errors: tuple[FieldError, ...]


def read(lines: Iterable[str]) -> Mentions:
    """Read mentions; a line that cannot be read is named by number and field, and takes no neighbour with it.

    Of a mention only `year` must be there, and `acronym`, `title` or `full_name`. One without `id` is called by its
    line; one without `source` stands for a list of its own.
    """
    names: dict[MentionKey, str] = {}
    listings: dict[MentionKey, Listing] = {}
    errors: list[FieldError] = []
    taken: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            name, listing = _mention(number, line)
            if name in taken:
                raise FieldError("id", repr(name)[:80], "one that no line before has")
        except FieldError as error:
            errors.append(FieldError(error.field, error.found, error.wanted, source="line", ref=str(number)))
            continue
        taken.add(name)
        names[listing.key], listings[listing.key] = name, listing
    return Mentions(names, listings, tuple(errors))


def clusters(mentions: Mentions) -> Iterator[dict[str, Any]]:
    """The conferences among mentions, as the store would have them: `cluster` (a slug), `mentions`, `evidence`."""
    slugs: set[str] = set()
    for found in identity.cluster(mentions.listings):
        told = portrait([mentions.listings[key] for key in found.members])
        yield {
            "cluster": free_slug(told["acronym"] or told["title"], told["year"], slugs),
            "mentions": [mentions.names[key] for key in found.members],
            "evidence": _evidence(mentions, found),
        }


def _evidence(mentions: Mentions, found: Cluster) -> dict[str, str]:
    return {mentions.names[key]: rule for key, rule in found.evidence.items()}


def _mention(number: int, line: str) -> tuple[str, Listing]:
    if len(line) > RAW_MAX:
        raise FieldError("record", f"{len(line):,} characters", f"at most {RAW_MAX:,}")
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FieldError("record", str(error)[:80], "a JSON object") from error
    if not isinstance(record, dict):
        raise FieldError("record", repr(record)[:80], "a JSON object")
    for field in _TEXTS:
        if not isinstance(record.get(field) or "", str):
            raise FieldError(field, repr(record[field])[:80], "text or null")
    texts = {field: (record.get(field) or "").strip() or None for field in _TEXTS}
    if not isinstance(record.get("id") or "", (str, int)):
        raise FieldError("id", repr(record["id"])[:80], "text")
    name = str(record.get("id") or f"line {number}")
    title = texts["title"] or texts["acronym"] or texts["full_name"]
    if texts["source"] == EDITOR:
        raise FieldError("source", EDITOR, "the name of a list; what editors say names no conference")
    if title is None:
        raise FieldError("title", "nothing", "a title, an acronym or a full name")
    website = texts["link"] if (texts["link"] or "").lower().startswith(("http://", "https://")) else None
    try:
        return name, Listing(
            source=texts["source"] or "unnamed",
            feed="" if texts["source"] else name,
            ref=name,
            url=NO_PAGE,
            title=title,
            year=record.get("year"),  # type: ignore[arg-type]  # the listing checks it
            acronym=texts["acronym"],
            full_name=texts["full_name"],
            website=website,
            place=texts["place"],
            starts_on=_day("start", texts["start"]),
            ends_on=_day("end", texts["end"]),
            dates=_dates(record, texts["deadline"], texts["timezone"]),
        )
    except FieldError as error:
        field = {"website": "link", "ref": "id", "submission": "deadline"}.get(error.field, error.field)
        raise FieldError(field, error.found, error.wanted) from error
    except ValueError as error:  # an address that nobody can take apart
        raise FieldError("link", str(error)[:80], "an http or https address") from error


def _day(field: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise FieldError(field, repr(text)[:80], "a day like 2026-07-13") from error


def _dates(record: dict[str, Any], text: str | None, zone_text: str | None) -> tuple[WrittenDate, ...]:
    estimated, number = record.get("estimated") is True, record.get("round") or 0
    if not isinstance(number, int) or not 0 <= number < 100:
        raise FieldError("round", repr(number)[:80], "a whole number below 100, or null")
    if text is None and not estimated:
        return ()
    return (WrittenDate(Kind.SUBMISSION, text or "TBA", zone_text, round=number, estimated=estimated),)
