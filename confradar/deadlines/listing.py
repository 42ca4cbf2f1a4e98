"""The listing: what one source says of one conference in one crawl. Checked when it is made."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from confradar.errors import FieldError

TITLE_MAX = 300
SHORT_MAX = 500
ADDRESS_MAX = 2083
RAW_MAX = 64 * 1024
DATES_MAX = 200
YEARS = range(1950, 2101)

# Controls but tab and line feed, marks of direction and order, lone surrogates: no reader and no database wants them.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)


class Kind(StrEnum):
    """The kinds of gate that a conference has."""

    ABSTRACT = "abstract"
    SUBMISSION = "submission"
    SUPPLEMENTARY = "supplementary"
    REBUTTAL_START = "rebuttal_start"
    REBUTTAL_END = "rebuttal_end"
    REVIEW_RELEASE = "review_release"
    REVISION = "revision"
    NOTIFICATION = "notification"
    CAMERA_READY = "camera_ready"
    REGISTRATION = "registration"
    COMMITMENT = "commitment"
    OTHER = "other"


class EntryType(StrEnum):
    """What an entry of a list is. Readers see the first three unless they ask."""

    CONFERENCE = "conference"
    WORKSHOP = "workshop"
    TRACK = "track"
    SHARED_TASK = "shared_task"
    SCHOOL = "school"
    JOURNAL = "journal"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """One dated gate in the source's own words; nothing is interpreted here."""

    kind: Kind
    text: str
    zone_text: str | None = None
    round: int = 0
    track: str = ""
    extended_from: str | None = None
    estimated: bool = False
    day_first: bool | None = None  # the source's known order of 3/4/2026, if it has one

    @property
    def gate(self) -> tuple[Kind, int, str]:
        """The gate within its conference: (kind, round, track)."""
        return self.kind, self.round, self.track


@dataclass(frozen=True, slots=True)
class Rank:
    """A rank as a list gives it: Rank("core", "A*", "CORE: A*")."""

    list: str
    value: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What one source says of one conference in one crawl. Absent means: the source does not say.

    `ref` is the feed's own identity for the entry, stable from night to night. `retrieved_at` is an
    aware UTC instant, `archived` names the archived page, if it was kept (`archive.find`). `partial` marks a row of a
    list whose own page, which says more, was not read: it leaves what was known from that page. Raises FieldError,
    naming source, ref and field, if a value breaks a rule.
    """

    source: str
    ref: str
    url: str
    title: str
    year: int
    feed: str = ""
    type: EntryType = EntryType.CONFERENCE
    acronym: str | None = None
    full_name: str | None = None
    website: str | None = None
    place: str | None = None
    city: str | None = None
    country: str | None = None
    online: bool | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    topics: tuple[str, ...] = ()
    ranks: tuple[Rank, ...] = ()
    dates: tuple[WrittenDate, ...] = ()
    retrieved_at: datetime | None = None
    partial: bool = False
    archived: str = ""

    def __post_init__(self) -> None:
        for name in ("source", "ref", "title", "url"):
            self._text(name, required=True)
        for name in ("acronym", "full_name", "website", "place", "city", "country", "feed", "archived"):
            self._text(name, required=False)
        if type(self.year) is not int or self.year not in YEARS:
            raise self._error("year", repr(self.year), f"a whole number from {YEARS.start} to {YEARS.stop - 1}")
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise self._error("url", repr(self.url[:80]), "an http or https address")
        if self.website is not None and urlsplit(self.website).scheme not in ("http", "https"):
            raise self._error("website", repr(self.website[:80]), "an http or https address")
        if self.retrieved_at is not None and self.retrieved_at.tzinfo is None:
            raise self._error("retrieved_at", "an instant without zone", "an aware instant")
        for name in ("starts_on", "ends_on"):
            day = getattr(self, name)
            if day is not None and day.year not in YEARS:
                raise self._error(name, str(day), f"a year from {YEARS.start} to {YEARS.stop - 1}")
        for text in (*self.topics, *(part for rank in self.ranks for part in (rank.list, rank.value, rank.text))):
            if not isinstance(text, str) or len(text) > SHORT_MAX or _UNSAFE.search(text):
                raise self._error("topics and ranks", repr(text)[:80], f"plain text of at most {SHORT_MAX} characters")
        self._check_dates()

    def _check_dates(self) -> None:
        if len(self.dates) > DATES_MAX:
            raise self._error("dates", f"{len(self.dates)} entries", f"at most {DATES_MAX}")
        for written in self.dates:
            for value in (written.text, written.zone_text or "", written.track, written.extended_from or ""):
                if len(value) > SHORT_MAX:
                    raise self._error(written.kind, f"{len(value):,} characters", f"at most {SHORT_MAX}")
                if _UNSAFE.search(value):
                    raise self._error(written.kind, "control characters", "plain text")

    def _text(self, name: str, *, required: bool) -> None:
        value = getattr(self, name)
        if value is None and not required:
            return
        if not isinstance(value, str) or (required and not value.strip()):
            raise self._error(name, repr(value)[:80], "text")
        limit = {"title": TITLE_MAX, "url": ADDRESS_MAX, "website": ADDRESS_MAX}.get(name, SHORT_MAX)
        if len(value) > limit:
            raise self._error(name, f"{len(value):,} characters", f"at most {limit:,}")
        if _UNSAFE.search(value):
            raise self._error(name, "control characters", "plain text")

    def _error(self, field: str, found: str, wanted: str) -> FieldError:
        return FieldError(field, found, wanted, source=str(self.source)[:40], ref=str(self.ref)[:80])

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What names the mention of this listing in the store: (source, feed, ref, year)."""
        return self.source, self.feed, self.ref, self.year

    def to_json(self) -> dict[str, Any]:
        """A JSON object without the fields that the source does not give; `from_json` reads it back."""
        record: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or value == () or value == "" or (value is False and field.default is False):
                continue
            if field.name in ("dates", "ranks"):
                value = [{k.name: v for k in fields(x) if (v := getattr(x, k.name)) != k.default} for x in value]
            elif isinstance(value, date):
                value = value.isoformat()
            record[field.name] = value
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Listing:
        """Read what `to_json` wrote. Raises FieldError for a field that is unknown, missing or of another shape."""
        known = {field.name for field in fields(cls)}
        where = {"source": str(record.get("source", ""))[:40], "ref": str(record.get("ref", ""))[:80]}
        if unknown := set(record) - known:
            raise FieldError(sorted(unknown)[0], "an unknown field", "one of " + ", ".join(sorted(known)), **where)
        values = dict(record)
        try:
            for name in ("starts_on", "ends_on"):
                if name in values:
                    values[name] = date.fromisoformat(values[name])
            if "retrieved_at" in values:
                values["retrieved_at"] = datetime.fromisoformat(values["retrieved_at"])
            values["type"] = EntryType(values.get("type", EntryType.CONFERENCE))
            values["topics"] = tuple(values.get("topics", ()))
            values["ranks"] = tuple(Rank(**rank) for rank in values.get("ranks", ()))
            values["dates"] = tuple(
                WrittenDate(**{**written, "kind": Kind(written["kind"])}) for written in values.get("dates", ())
            )
            return cls(**values)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FieldError("record", str(error)[:120], "the fields of a listing", **where) from error

    def raw(self) -> str:
        """The listing as canonical JSON text without how and when it was read: equal text means nothing changed."""
        record = self.to_json()
        record.pop("retrieved_at", None)
        record.pop("partial", None)
        record.pop("archived", None)
        return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def printable(text: str) -> str:
    """Text of any origin without what a terminal or a database could not take; line ends stay."""
    return _UNSAFE.sub("\ufffd", text)


def clean(text: str | None) -> str | None:
    """Page text as one line: runs of white space become one blank, unsafe characters go; None if nothing is left."""
    if text is None:
        return None
    return " ".join(_UNSAFE.sub("", text).split()) or None
