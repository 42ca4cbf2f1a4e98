"""The records behind the Hugging Face page: one file for each series, and the older form in one file for all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from confradar.deadlines.listing import Kind, Rank, WrittenDate
from confradar.sources.ai_fields import Fields, distinct, listing
from confradar.sources.base import Found, Page, whole
from confradar.sources.wording import entry_type, gate_meant, place_of, round_and_track

_KINDS = {
    "paper": Kind.SUBMISSION,
    "submission": Kind.SUBMISSION,
    "abstract": Kind.ABSTRACT,
    "supplementary": Kind.SUPPLEMENTARY,
    "rebuttal_start": Kind.REBUTTAL_START,
    "rebuttal_end": Kind.REBUTTAL_END,
    "rebuttal": Kind.REBUTTAL_END,
    "author_response": Kind.REBUTTAL_END,
    "review_release": Kind.REVIEW_RELEASE,
    "rebuttal_and_revision": Kind.REVISION,
    "revision_deadline": Kind.REVISION,
    "notification": Kind.NOTIFICATION,
    "first_notification": Kind.NOTIFICATION,
    "final_notification": Kind.NOTIFICATION,
    "camera_ready": Kind.CAMERA_READY,
    "registration": Kind.REGISTRATION,
    "commitment_deadline": Kind.COMMITMENT,
    "withdrawal": Kind.OTHER,
    "reviewer_registration": Kind.OTHER,
}
# Dates that stand on the record itself: all that the older form has, and sometimes left over beside the list.
_FLAT = {
    "deadline": Kind.SUBMISSION,
    "abstract_deadline": Kind.ABSTRACT,
    "review_release_date": Kind.REVIEW_RELEASE,
    "rebuttal_period_start": Kind.REBUTTAL_START,
    "rebuttal_period_end": Kind.REBUTTAL_END,
    "commitment_deadline": Kind.COMMITMENT,
    "final_decision_date": Kind.NOTIFICATION,
}
_ZONED = {"deadline", "abstract_deadline"}  # some of the others stand there in UTC, and nothing on the record says so
_READ = {
    *_FLAT,
    "title",
    "name",
    "year",
    "id",
    "full_name",
    "link",
    "city",
    "country",
    "venue",
    "place",
    "date",
    "start",
}
_READ |= {"end", "tags", "sub", "rankings", "era_rating", "deadlines", "timezone"}
_IGNORED = {"note", "hindex", "paperslink", "pwclink"}
_OF_A_PAPER = re.compile(r"\b(?:paper|abstract|contribution|title)\b", re.IGNORECASE)
_RANK = re.compile(r"\s*(\w{2,12})\s*:\s*([^,]{1,20})")


def conference(page: Page, record: Mapping[str, Any]) -> list[Found]:
    """One edition. Raises FieldError, naming the field, if it cannot be a listing."""
    fields = Fields(record, str(record.get("id") or "")[:80])
    fields.check_known(_READ | _IGNORED)
    name = fields.text("title") or fields.needed("name")  # `name` until 2018
    starts_on, ends_on = fields.span("start", "end", "date")
    return listing(
        page,
        fields,
        name,
        whole(record.get("year"), "year"),
        full_name=fields.text("full_name"),
        website=fields.address("link"),
        place=fields.text("place") or place_of(*(fields.text(part) for part in ("venue", "city", "country"))),
        city=fields.text("city"),
        country=fields.text("country"),
        starts_on=starts_on,
        ends_on=ends_on,
        topics=fields.tags("tags", "sub"),
        ranks=tuple(_ranks(fields)),
        dates=distinct(fields, _dates(fields, f"{name} {entry_type(name)}")),
    )


def _dates(fields: Fields, own: str) -> list[tuple[WrittenDate, str]]:
    """All dates with their labels; one on the record counts only for a kind that the list lacks.

    An entry of the list without a zone has the record's. `own` are words that name no track.
    """
    listed = list(_listed(fields, own))
    kinds = {written.kind for written, _ in listed}
    return listed + [
        (_written(kind, text, fields.text("timezone") if field in _ZONED else None), field)
        for field, kind in _FLAT.items()
        if kind not in kinds and (text := fields.text(field))
    ]


def _listed(fields: Fields, own: str) -> Iterator[tuple[WrittenDate, str]]:
    entries = fields.record.get("deadlines")
    written = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    # A paper beside a submission is the main gate; the other is a form or a proposal.
    for entry in sorted(written, key=lambda entry: entry.get("type") != "paper"):
        part = Fields(entry, fields.ref, fields.problems)
        part.check_known({"type", "label", "date", "timezone"})
        text, label, type_ = part.text("date"), part.text("label") or "", part.text("type") or ""
        kind = _KINDS.get(type_.replace("-", "_"))
        if kind is None:
            fields.report("deadlines.type", type_, "a type that is known")
        elif kind is Kind.REGISTRATION and _OF_A_PAPER.search(label):
            kind = Kind.ABSTRACT
        kind = kind and gate_meant(kind, label, own)
        number, track = round_and_track(label, own)
        if text:
            track = track if kind and kind is not Kind.OTHER else label or type_
            zone = part.text("timezone") or fields.text("timezone")
            yield _written(kind or Kind.OTHER, text, zone, number, track), label


def _written(kind: Kind, text: str, zone: str | None, number: int = 0, track: str = "") -> WrittenDate:
    # A spreadsheet once saved the whole list with its own order: 3/21/2022.
    return WrittenDate(kind, text, zone, number, track, day_first=False if "/" in text else None)


def _ranks(fields: Fields) -> Iterator[Rank]:
    """`CCF: A, CORE: A*, THCPL: A` and the rating of the Australian list ERA."""
    for part in (fields.text("rankings") or "").split(",")[:10]:
        if found := _RANK.fullmatch(part):
            yield Rank(found[1].lower(), found[2].strip(), part.strip())
        elif part.strip():
            fields.report("rankings", part.strip(), "a rank such as CORE: A*")
    if era := fields.text("era_rating"):
        yield Rank("era", era, era)
