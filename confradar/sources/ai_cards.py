"""The data behind the page of cards: one object for each deadline of an edition, or an edition with its timeline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from confradar.deadlines.listing import EntryType, Kind, Rank, WrittenDate
from confradar.errors import FieldError
from confradar.sources.ai_fields import NAME, Fields, distinct, listing
from confradar.sources.base import Found, Page
from confradar.sources.wording import entry_type, gate_meant, round_and_track

Card = Mapping[str, Any]

_READ = {"id", "shortname", "title", "website", "location", "conferenceStartDate", "conferenceEndDate", "deadline"}
_READ |= {"abstractDeadline", "tags", "dataSrc", "isApproximateDeadline", "rating", "timeline", "note"}
_IGNORED = {"timezone", "h5Index", "key"}  # the instants are in UTC already; the zone is there to be shown
_NUMBERED = re.compile(r"(?P<edition>.{1,80})-(?P<number>\d{1,3})")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_YEAR_OF_ID = re.compile(r"(?:19|20)\d\d$")


def editions(cards: Iterable[Card]) -> list[tuple[str, dict[int, Card]]]:
    """The cards by edition and number: `iclr2027-1` and `iclr2027-2` are two of one edition."""
    found: dict[tuple[str, str], dict[int, Card]] = {}
    for card in cards:
        ref = str(card.get("id") or "")[:90]
        name = str(card.get("shortname"))[:90]  # two editions of a series once had one id
        timeline = card.get("timeline")
        if isinstance(timeline, list):
            entries = [entry for entry in timeline[:200] if isinstance(entry, dict)] or [{}]
            found[ref, name] = {number: {**card, **entry} for number, entry in enumerate(entries, 1)}
        else:
            match = _NUMBERED.fullmatch(ref)
            edition, number = (match["edition"], int(match["number"])) if match else (ref, 1)
            found.setdefault((edition, name), {}).setdefault(number, card)
    return [(ref, numbered) for (ref, _), numbered in found.items()]


def conference(page: Page, ref: str, cards: Mapping[int, Card]) -> list[Found]:
    """One edition of all its cards. Raises FieldError, naming the field, if it cannot be a listing."""
    fields = Fields(next(iter(cards.values())), ref)
    fields.check_known(_READ | _IGNORED)
    name = fields.needed("shortname")
    starts_on, ends_on = fields.span("conferenceStartDate", "conferenceEndDate")
    rating = fields.text("rating")
    # A workshop is filed under its conference (`neurips_ws2024`) or named beside it (`SuRE @ IJCAI 2026`).
    type_ = EntryType.WORKSHOP if "_ws" in ref or "@" in name else entry_type(name)
    year = _YEAR.search(name) or _YEAR_OF_ID.search(ref)
    if year is None:
        raise FieldError("shortname", name[:80], "a name with its year", source=NAME, ref=ref)
    return listing(
        page,
        fields,
        name,
        int(year[0]),
        type=type_,
        full_name=fields.text("title"),
        website=fields.address("website"),
        place=fields.text("location"),
        starts_on=starts_on,
        ends_on=ends_on,
        topics=fields.tags("tags"),
        ranks=(Rank("core", rating, rating),) if rating else (),
        dates=distinct(fields, _dates(fields, f"{name} {type_}", cards)),
    )


def _dates(fields: Fields, own: str, cards: Mapping[int, Card]) -> Iterator[tuple[WrittenDate, str]]:
    said = {number: round_and_track(_note(card), own) for number, card in cards.items()}
    unnamed = [number for number, meaning in said.items() if meaning == (0, "")]
    for number, card in cards.items():
        part = Fields(card, fields.ref, fields.problems)
        round_, track = said[number]
        # A card keeps its number when those before it have passed and are gone from the list.
        if number in unnamed and (len(unnamed) > 1 or len(cards) < number):
            round_ = number
        guessed = str(card.get("isApproximateDeadline")).casefold() == "true" or card.get("dataSrc") == "estimate"
        for field, kind in (("abstractDeadline", Kind.ABSTRACT), ("deadline", Kind.SUBMISSION)):
            meant = gate_meant(kind, _note(card), own)
            if text := part.text(field):
                label = _note(card) if meant is Kind.OTHER else track
                yield WrittenDate(meant, text, "UTC", round_, label, estimated=guessed), _note(card)


def _note(card: Card) -> str:
    note = card.get("note")
    return " ".join(note[:200].split()) if isinstance(note, str) else ""
