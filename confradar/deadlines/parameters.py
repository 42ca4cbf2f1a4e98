"""The parameters of a selection: how each is written in an address, read, and explained."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from confradar.deadlines.conference import Verdict
from confradar.deadlines.facets import search_words
from confradar.deadlines.listing import EntryType, Kind
from confradar.deadlines.places import REGIONS, country_code
from confradar.deadlines.topics import TOPICS

LIMIT, LIMIT_MAX = 50, 500
TEXT_MAX = 200
VALUES_MAX = 100  # of one parameter
DAYS_MAX = 3650
YEAR_MAX = 9998  # so that it has a day after it
_SPANS = {"h": 1, "d": 24, "w": 168}  # hours
_CURSOR_MAX = 2000
_source, _slug, _rank = r"[a-z0-9_]{1,40}", r"[\w.-]{1,100}", r"[a-z0-9_ -]{1,40}:[^\s|%]{1,20}"
_date, _duration = r"[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[0-9]{1,5}[hdw]"
_short = rf"[^\0-\x1f\x7f]{{1,{TEXT_MAX}}}"


class Status(StrEnum):
    """Which gates: those that may still be met, those that have passed, those of the first that have moved, or all."""

    OPEN = "open"
    CLOSED = "closed"
    MOVED = "moved"
    ALL = "all"


class Order(StrEnum):
    """What comes first."""

    SOONEST = "soonest"
    LATEST = "latest"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an answer: behind it the next page begins. Of a gate, or of a conference without gates."""

    safe_at: datetime | None
    slug: str
    kind: str = ""
    round: int = 0
    track: str = ""

    def __str__(self) -> str:
        """As a cursor."""
        parts = [self.safe_at and self.safe_at.isoformat(), self.slug, self.kind, self.round, self.track]
        return base64.urlsafe_b64encode(json.dumps(parts, ensure_ascii=False).encode()).decode().rstrip("=")

    @classmethod
    def read(cls, cursor: str) -> Position:
        """The position of a cursor. Raises ValueError for what is none."""
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        at, slug, kind, number, track = parts
        texts = all(isinstance(text, str) and "\0" not in text for text in (slug, kind, track))
        if not texts or type(number) is not int or abs(number) > 10**6:
            raise ValueError(cursor)
        instant = datetime.fromisoformat(at) if at is not None else None
        position = cls(instant and instant.astimezone(UTC), slug, kind, number, track)
        if str(position) != cursor:
            raise ValueError(cursor)
        return position


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a selection: its field, how a value is read and written, and what people are told of it.

    `schema` (JSON Schema) says of a value what can be said so; `wanted` says it all.
    """

    field: str
    about: str
    wanted: str
    read: Callable[[str], Any]  # raises ValueError, LookupError
    write: Callable[[Any], str] = str
    many: bool = False
    choices: tuple[str, ...] = ()
    example: str = ""
    schema: dict[str, Any] = dataclasses.field(default_factory=lambda: {"type": "string"})

    def values(self, written: list[str]) -> dict[str, Any]:
        """The field's value of what is written, nothing for nothing. Raises ValueError, which says what is wrong."""
        if len(written) > VALUES_MAX or (len(written) > 1 and not self.many):
            raise ValueError(f"found {len(written)} values, wanted {f'{VALUES_MAX} at most' if self.many else 'one'}")
        found = []
        for text in written:
            try:
                if len(text) > _CURSOR_MAX or "\0" in text:
                    raise ValueError(text)
                found.append(self.read(text.strip()))
            except (ValueError, LookupError, OverflowError, TypeError, RecursionError) as error:
                raise ValueError(f"found {text[:80]!r}, wanted {self.wanted}") from error
        return {self.field: tuple(found) if self.many else found[0]} if found else {}


def _one_of(choices: Iterable[str]) -> str:
    return f"one of {', '.join(choices)}"


def _enum(choices: Iterable[str]) -> dict[str, Any]:
    return {"type": "string", "enum": [str(choice) for choice in choices]}


def _text(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^({pattern})$"}


def _choice(
    field: str, about: str, choices: Iterable[str], *, kind: Callable[[str], Any] = str, many: bool = True
) -> Parameter:
    allowed = tuple(choices)

    def read(text: str) -> Any:
        if text not in allowed:
            raise ValueError(text)
        return kind(text)

    return Parameter(
        field, about, _one_of(allowed), read, many=many, choices=allowed, example=allowed[0], schema=_enum(allowed)
    )


def _matching(pattern: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return text

    return read


def _search(text: str) -> str:
    if not search_words(_matching(_short)(text)):
        raise ValueError(text)
    return " ".join(text.split())


def _day(text: str) -> date:
    return date.fromisoformat(_matching(_date)(text))


def _span(text: str) -> int:
    hours = int(_matching(_duration)(text)[:-1]) * _SPANS[text[-1]]
    if not 0 < hours <= DAYS_MAX * 24:
        raise ValueError(text)
    return hours


def _moment(text: str) -> datetime:
    if re.fullmatch(_date, text):
        moment = datetime.combine(date.fromisoformat(text), time.max, UTC)
    else:
        moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not 1970 <= moment.year <= YEAR_MAX:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _written_moment(moment: datetime) -> str:
    if moment.time() == time.max:
        return moment.date().isoformat()
    return moment.isoformat().replace("+00:00", "Z")


def _written_span(hours: int) -> str:
    return f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h"


def _country(text: str) -> str:
    code = country_code(text)
    if code is None:
        raise ValueError(text)
    return code


def _limit(text: str) -> int:
    number = int(_matching(r"[0-9]{1,3}")(text))
    if not 1 <= number <= LIMIT_MAX:
        raise ValueError(text)
    return number


def _truth(text: str) -> bool:
    return {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}[text.casefold()]


_day_wanted = "a day such as 2026-01-31"
PARAMETERS: dict[str, Parameter] = {
    "q": Parameter(
        "q", "words of the title, the acronym, a former name, the place or the year",
        f"words of at most {TEXT_MAX} characters", _search, example="machine learning",
        schema={"type": "string", "maxLength": TEXT_MAX},
    ),
    "topic": _choice("topic", "what it is about", TOPICS),
    "source": Parameter(
        "source", "which source speaks of it", "the name of a source", _matching(_source), many=True,
        example="wikicfp", schema=_text(_source),
    ),
    "kind": _choice("kind", "which gates", Kind, kind=Kind),
    "type": _choice("type", "what it is; conferences, workshops and tracks if not said", EntryType, kind=EntryType),
    "country": Parameter(
        "country", "where it is, by name or ISO code", "a country such as Germany or DE", _country, many=True,
        example="DE",
    ),
    "region": _choice("region", "where it is", REGIONS),
    "online": Parameter(
        "online", "whether one may take part from afar", "true or false", _truth,
        lambda value: "true" if value else "false", choices=("true", "false"), example="true",
        schema=_enum(("true", "false")),
    ),
    "rank": Parameter(
        "rank", "how a list ranks it", "a list and a rank such as core:A*",
        lambda text: _matching(_rank)(text.casefold()), many=True, example="core:A*",
        schema=_text(_rank),
    ),
    "verdict": _choice("verdict", "what the sources say together", list(Verdict)[:3], kind=Verdict),
    "status": _choice(
        "status", "gates that may be met still (open, if not said), those of them that moved, that have passed, all",
        Status, kind=Status, many=False,
    ),
    "from": Parameter(
        "begin", "safe dates from this day on (UTC)", _day_wanted, _day, example="2026-01-01",
        schema={"type": "string", "format": "date"},
    ),
    "to": Parameter(
        "end", "safe dates before this day (UTC)", _day_wanted, _day, example="2026-04-01",
        schema={"type": "string", "format": "date"},
    ),
    "within": Parameter(
        "within", "safe dates within that time from now", f"a span such as 30d, 12h or 2w, {DAYS_MAX} days at most",
        _span, _written_span, example="30d", schema=_text(_duration),
    ),
    "series": Parameter(
        "series", "editions of a series", "the key of a series such as icml", _matching(_short), many=True,
        example="icml", schema=_text(_short),
    ),
    "conference": Parameter(
        "conference", "conferences by their slugs", "a slug such as icml-2026",
        lambda text: _matching(_slug)(text.lower()), many=True, example="icml-2026", schema=_text(_slug),
    ),
    "as_of": Parameter(
        "as_of", "what was believed at that moment: at the end of a day (UTC), or at an instant",
        "a day that is over or an instant with its zone, such as 2026-01-31 or 2026-01-31T12:00:00Z", _moment,
        _written_moment, example="2026-01-31",
    ),
    "order": _choice("order", "what comes first", Order, kind=Order, many=False),
    "limit": Parameter(
        "limit", f"how many at most; {LIMIT} if not said", f"a number from 1 to {LIMIT_MAX}", _limit, example="50",
        schema={"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT},
    ),
    "cursor": Parameter(
        "cursor", "where the page before has ended", "the cursor of an earlier answer", Position.read,
        schema={"type": "string", "maxLength": _CURSOR_MAX},
    ),
}  # fmt: skip
