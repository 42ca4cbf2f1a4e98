"""What public trackers said on three nights: the facts that the demo's sites show. `facts.json` names their origin."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

NIGHTS = (
    datetime(2026, 1, 13, 2, tzinfo=UTC),
    datetime(2026, 1, 20, 2, tzinfo=UTC),
    datetime(2026, 2, 3, 2, tzinfo=UTC),
)

_OFFSET = re.compile(r"(?:UTC|GMT)([+-]\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Gate:
    """One dated gate in its tracker's words. `kind` is ours; `type` and `label` are the tracker's own."""

    kind: str
    text: str
    zone: str | None = None
    round: int = 0
    type: str = ""
    label: str = ""

    @property
    def day(self) -> date | None:
        """The day in the gate's own zone; None for words such as TBD."""
        return date.fromisoformat(self.text[:10]) if self.text[:1].isdigit() else None

    @property
    def instant(self) -> datetime | None:
        """The instant in UTC; None for words such as TBD. Raises ValueError for a zone that is no plain offset."""
        if self.day is None:
            return None
        if self.zone == "AoE":
            hours = -12
        elif self.zone and (offset := _OFFSET.fullmatch(self.zone)):
            hours = int(offset[1] or 0)
        else:
            raise ValueError(f"{self.zone!r} is no plain offset from UTC")
        return datetime.fromisoformat(self.text).replace(tzinfo=UTC) - timedelta(hours=hours)


@dataclass(frozen=True, slots=True)
class Edition:
    """What one tracker said of one conference on one night, and the lists of the demo that show it."""

    id: str
    acronym: str
    year: int
    full_name: str
    sites: frozenset[str]
    gates: tuple[Gate, ...] = ()
    type: str = "conference"
    website: str = ""
    venue: str = ""
    city: str = ""
    country: str = ""
    place: str = ""
    days: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    topics: tuple[str, ...] = ()
    ranks: tuple[tuple[str, str], ...] = ()
    timezone: str = ""
    path: str = ""
    event: int = 0

    @property
    def title(self) -> str:
        """Acronym and year: ICML 2026."""
        return f"{self.acronym} {self.year}"

    @property
    def where(self) -> str:
        """The place as written, else city and country; empty if neither is known."""
        return self.place or ", ".join(part for part in (self.city, self.country) if part)

    def gate(self, kind: str) -> Gate | None:
        """The first gate of that kind, if there is one."""
        return next((gate for gate in self.gates if gate.kind == kind), None)


def begin(night: int) -> datetime:
    """The instant at which night 1, 2 or 3 begins. Raises ValueError for another night."""
    if night not in range(1, len(NIGHTS) + 1):
        raise ValueError(f"the demo has nights 1 to {len(NIGHTS)}, not {night}")
    return NIGHTS[night - 1]


@cache
def facts() -> dict[str, Any]:
    """The committed data: `origin` (trackers, commits, licence, how it was made) and `editions`."""
    text = resources.files("confradar.demo").joinpath("facts.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def editions(night: int) -> tuple[Edition, ...]:
    """All editions that a tracker had on night 1, 2 or 3, in the order of the data."""
    return tuple(
        _edition(record, says["gates"])
        for record in facts()["editions"]
        for says in record["says"]
        if night in says["nights"]
    )


def _edition(record: dict[str, Any], gates: list[dict[str, Any]]) -> Edition:
    values = {key: value for key, value in record.items() if key not in ("tracker", "says")}
    for name in ("starts_on", "ends_on"):
        if name in values:
            values[name] = date.fromisoformat(values[name])
    values["sites"] = frozenset(values["sites"])
    values["topics"] = tuple(values.get("topics", ()))
    values["ranks"] = tuple(values.get("ranks", {}).items())
    return Edition(**values, gates=tuple(Gate(**gate) for gate in gates))
