"""What a reader asks for: one filter for pages, feeds, API and command line, with one form as a query string."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from confradar.deadlines.conference import Verdict
from confradar.deadlines.listing import EntryType, Kind
from confradar.deadlines.parameters import LIMIT, PARAMETERS, Order, Position, Status
from confradar.errors import SelectionError

SHOWN_TYPES = (EntryType.CONFERENCE, EntryType.TRACK, EntryType.WORKSHOP)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a reader asks for. Values of one field are alternatives, the fields hold together; so do the words of `q`.

    `begin` and `end` are days in UTC that bound the safe date, half-open; `within` is in hours from now.
    `as_of` is the moment of which it asks what was believed then, None is this one.
    """

    q: str = ""
    topic: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    kind: tuple[Kind, ...] = ()
    type: tuple[EntryType, ...] = SHOWN_TYPES
    country: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    online: bool | None = None
    rank: tuple[str, ...] = ()
    verdict: tuple[Verdict, ...] = ()
    status: Status = Status.OPEN
    begin: date | None = None
    end: date | None = None
    within: int | None = None
    series: tuple[str, ...] = ()
    conference: tuple[str, ...] = ()
    as_of: datetime | None = None
    order: Order = Order.SOONEST
    limit: int = LIMIT
    cursor: Position | None = None

    def __post_init__(self) -> None:
        """One form for what means the same."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                object.__setattr__(self, field.name, tuple(sorted(set(value))))
        object.__setattr__(self, "q", " ".join(self.q.split()))

    @classmethod
    def parse(cls, query: str | Iterable[tuple[str, str]], *, sources: Collection[str] = ()) -> Selection:
        """The selection of a query string or of its pairs; an empty value is none, `sources` are the known ones.

        Raises SelectionError, which names each parameter that is unknown or has a value that it cannot have.
        """
        pairs = parse_qsl(query, keep_blank_values=True) if isinstance(query, str) else list(query)
        given: dict[str, list[str]] = {}
        for name, value in pairs:
            given.setdefault(name, []).extend([value] if value.strip() else [])
        wrong: list[tuple[str, str]] = []
        values: dict[str, Any] = {}
        for name, written in given.items():
            parameter = PARAMETERS.get(name)
            if parameter is None:
                near = difflib.get_close_matches(name[:40], PARAMETERS, n=1) or PARAMETERS
                wrong.append((name[:40], f"is no parameter; wanted {' or '.join(near)}"))
                continue
            try:
                values |= parameter.values(written)
            except ValueError as error:
                wrong.append((name, str(error)))
        if unknown := [name for name in values.get("source", ()) if sources and name not in sources]:
            wrong.append(("source", f"found {unknown[0]!r}, wanted one of {', '.join(sources)}"))
        if wrong:
            raise SelectionError(wrong)
        return cls(**values)

    def pairs(self) -> list[tuple[str, str]]:
        """The parameters that say it, sorted, those with their default left out."""
        said = []
        for name, parameter in sorted(PARAMETERS.items()):
            value = getattr(self, parameter.field)
            if value != _DEFAULTS[parameter.field]:
                said += [(name, parameter.write(one)) for one in (value if isinstance(value, tuple) else (value,))]
        return said

    def __str__(self) -> str:
        """As a query string, the same for all that mean the same."""
        return urlencode(self.pairs())

    def bounds(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """The instants from which and before which the safe date lies, at that moment; None is no bound."""
        begin = datetime.combine(self.begin, time(tzinfo=UTC)) if self.begin else None
        end = datetime.combine(self.end, time(tzinfo=UTC)) if self.end else None
        if self.within is not None:
            until = now + timedelta(hours=self.within)
            end = min(end, until) if end else until
        return begin, end

    @property
    def of_gates(self) -> bool:
        """Whether it asks for something that only a gate has, so that a conference without one cannot fit."""
        asked = (self.kind, self.verdict, self.begin, self.end, self.within)
        return self.status is not Status.ALL or any(value not in ((), None) for value in asked)


_DEFAULTS = {field.name: field.default for field in fields(Selection)}
