"""Facts of sources whose pages nobody has captured, against the cases that were written from them.

The cases say so (`assumed_markup`), and where their facts are from (`origin`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from confradar.deadlines.listing import Kind, Listing
from confradar.sources.base import readers
from confradar.sources.days import month_number, single_day

from . import cases
from .acl_web import NAMES
from .comparing import Fields, Record, Score, compare_record, iso, lines, listings, one_line

HINT = "a hint of the corpus"
NO_COLUMN = "the portal's list has no such column"
POSTS = {**NAMES, "NLLP 2026 Call for Papers": "NLLP 2026"}


def _day(kind: Kind, field: str) -> Callable[[Listing, Record], str | None]:
    """The fact's own day, if the listing has it as a date of that kind (a call for proposals as another gate)."""

    def found(listing: Listing, said: Record) -> str | None:
        call = f"{said.get('kind')} {said.get('title')}".casefold()
        kinds = {kind, Kind.OTHER} if "proposal" in call or "participation" in call else {kind}
        days = {_iso(each.text): each for each in listing.dates if each.kind in kinds}
        return said[field] if said[field] is None or said[field] in days else ", ".join(map(str, days))

    return found


def _iso(text: str) -> str | None:
    """The day of a text, also `03.05.2026`, whose order is day, month, year."""
    dotted = text.removeprefix("before ").split(".")
    if len(dotted) == 3 and all(part.isdigit() for part in dotted) and month_number(dotted[1]):
        return f"{dotted[2]}-{dotted[1]}-{dotted[0]}"
    return iso(single_day(text))


def _within(field: str) -> Callable[[Listing, Record], str | None]:
    """The fact, if the listing's place names it."""
    return lambda listing, said: said[field] if (said[field] or "") in (listing.place or "") else listing.place


def _zone(listing: Listing, said: Record) -> str | None:
    zones = {each.zone_text for each in listing.dates}
    return said["tz"] if not zones or (said["tz"] or "").split(" ")[0] in {zone or "" for zone in zones} else str(zones)


def _titled(listing: Listing, said: Record) -> str | None:
    names = {listing.title, listing.full_name}
    names |= {name.replace(f" ({listing.acronym})", "") for name in names if name}
    return one_line(said["title"]) if one_line(POSTS.get(said["title"], said["title"])) in names else listing.title


COMMON: dict[str, Callable[[Listing, Record], object]] = {
    "title": _titled,
    "year": lambda listing, said: said["year"] and listing.year,
    "submission": _day(Kind.SUBMISSION, "submission"),
    "city": _within("city"),
    "country": _within("country"),
    "event_start": lambda listing, _: iso(listing.starts_on),
    "event_end": lambda listing, _: iso(listing.ends_on),
}
ELRA = Fields(
    found={
        **COMMON,
        "title": lambda listing, said: said["title"] if said.get("kind") else _titled(listing, said),
        "acronym": lambda listing, _: listing.acronym,
        "link": lambda listing, said: listing.website if said["link"] and not said.get("kind") else said["link"],
        "place": _within("place"),
        "notification": _day(Kind.NOTIFICATION, "notification"),
        "camera_ready": _day(Kind.CAMERA_READY, "camera_ready"),
        "tz": _zone,
    },
    out_of_scope={
        "kind": "a call is no event: its days are gates of the conference",
        "submission_raw": "the words of another list; its day and zone are compared",
        "anthology_venue": "a name of the anthology",
        "part_of": "a listing is one event; what it is held beside is found by identity",
        "workshop_days": HINT,
        "workshop_days_possible": "which of these days is a workshop's own is not known",
        "conflict": HINT,
        "note": HINT,
        "evidence": "where the fact is from",
    },
)
CHAIRING_TOOL = Fields(
    found={
        **COMMON,
        "title": lambda listing, said: said["title"] if said.get("kind") or _is_track(said) else listing.title,
        "acronym": lambda listing, _: listing.acronym,
        "ct_id": lambda listing, said: said["ct_id"] if _id(said) == listing.ref else listing.ref,
        "address": lambda listing, said: said["address"] if _same_conference(listing, said) else listing.url,
        "link": lambda listing, said: said["link"] if said.get("kind") else listing.website,
        "abstract": _day(Kind.ABSTRACT, "abstract"),
        "notification": _day(Kind.NOTIFICATION, "notification"),
        "camera_ready": _day(Kind.CAMERA_READY, "camera_ready"),
        "camera_ready_raw": lambda listing, _: next(
            each.text for each in listing.dates if each.kind is Kind.CAMERA_READY
        ),
        "author_response": lambda listing, _: "/".join(
            each.text for each in listing.dates if each.kind in (Kind.REBUTTAL_START, Kind.REBUTTAL_END)
        ),
        "replaced": lambda listing, _: next(_iso(each.extended_from) for each in listing.dates if each.extended_from),
        "tz": _zone,
    },
    out_of_scope={
        "track": "tracks are no events: those that share the main one's dates are their conference",
        "submission_raw": "its day and zone are compared",
        "kind": "a call is no event: its days are gates of the conference",
        "on_platform": HINT,
        "address_of_track": HINT,
        "title_note": HINT,
        "note": HINT,
        "trap": HINT,
        "evidence": "where the fact is from",
    },
)
ACL_WEB = Fields(
    found={
        **COMMON,
        "acronym": lambda listing, _: listing.acronym,
        "portal_address": lambda listing, said: (
            said["portal_address"]
            if _path(said["portal_address"] or listing.url) == _path(listing.url)
            else listing.url
        ),
        "place": _within("place"),
        "commitment": _day(Kind.COMMITMENT, "commitment"),
        "submission_dates_of_merged_rows": lambda listing, _: [_iso(each.text) for each in listing.dates],
        "tz": lambda listing, said: _zone(listing, said) if _is_arr(said) else said["tz"],  # the portal names none
        "year": lambda listing, said: listing.year if _says_year(said) else said["year"],
        # Only the tables of ACL Rolling Review lead to the conference's site from a list.
        "link": lambda listing, said: listing.website if _is_arr(said) else said["link"],
    },
    out_of_scope={
        "on_the_list": HINT,
        "submission_raw": "the words of another list; its day is compared",
        "notification": NO_COLUMN,
        "event_type": "what a call wants is the kind of its gate",
        "note": HINT,
        "evidence": "where the fact is from",
    },
)


def _is_track(said: Record) -> bool:
    return "track" in (said["track"] or "").casefold() and "main" not in said["track"].casefold()


def _id(said: Record) -> str:
    return (said["ct_id"] or f"{said['acronym']}-{said['year']}").casefold()


def _same_conference(listing: Listing, said: Record) -> bool:
    return said["address"] is None or _path(said["address"]).split("/")[2] == _path(listing.url).split("/")[2]


def _path(address: str) -> str:
    return urlsplit(address).path


def _named(listing: Listing, said: Record) -> bool:
    """Whether a fact of ELRA is about the event of that listing. A record without any name is about none."""
    return said["acronym"] is not None and (listing.acronym, listing.year) == (said["acronym"], said["year"])


def _posted(listing: Listing, said: Record) -> bool:
    return _titled(listing, said) == one_line(said["title"]) and (listing.feed == "arr") == _is_arr(said)


def _is_arr(said: Record) -> bool:
    return "ARR" in said["on_the_list"]


def _says_year(said: Record) -> bool:
    """Whether a post lets the year be known; one of a session at a conference has neither days nor a year."""
    return said["year"] is not None and (said["event_start"] is not None or str(said["year"]) in said["title"])


ABOUT: dict[str, tuple[Fields, Callable[[Listing, Record], bool]]] = {
    "elra": (ELRA, _named),
    "chairing_tool": (CHAIRING_TOOL, lambda listing, said: listing.ref == _id(said)),
    "acl_web": (ACL_WEB, _posted),
}


def records(name: str, corpus: Path) -> Score:
    """Every fact of a source against the listings of its cases `facts-…`; of listings about it, the one that fits."""
    source, (fields, about) = readers()[name], ABOUT[name]
    written = [case for case in cases.of(name) if case.name.startswith("facts-")]
    read = [each for case in written for each in listings(source.parse(cases.load(case, source)))]
    score = Score()
    for number, said in enumerate(lines(corpus / name / "FACTS.jsonl"), 1):
        if said["title"] is None and said["acronym"] is None:
            continue  # nothing that a page could call it by
        same: list[Listing | None] = [listing for listing in read if about(listing, said)]
        fact = {key: value for key, value in said.items() if key != "title" or value is not None}
        scores = [compare_record(f"{name} fact {number}", fact, listing, fields) for listing in same or [None]]
        score += max(scores, key=lambda each: each.found)
    return score
