"""What a reader has asked of a page, as it shows that: the form, the filters that are set, addresses that keep both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from confradar.deadlines.moments import IN_UTC, ReaderZone, reader_zone
from confradar.deadlines.parameters import LIMIT_MAX, PARAMETERS
from confradar.deadlines.selection import Selection
from confradar.errors import SelectionError
from confradar.sources.base import readers
from confradar.web import asking

FIRST = {"q": "Search", "topic": "Topic", "kind": "Gate", "within": "Within"}
FURTHER = {
    "region": "Region", "country": "Country", "rank": "Rank", "verdict": "Verdict", "source": "Source",
    "status": "Status", "type": "Type", "online": "From afar", "from": "From day", "to": "Before day", "order": "Order",
}  # fmt: skip
SPANS = {"7d": "a week", "30d": "30 days", "70d": "ten weeks", "180d": "half a year"}
WITHOUT_A_SIGN = ("as_of", "cursor", "limit", "order")  # parameters that leave nothing out
ZONES = (
    "UTC", "AoE", "America/Los_Angeles", "America/New_York", "America/Sao_Paulo", "Europe/London", "Europe/Berlin",
    "Africa/Cairo", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip
OUTLETS = (
    ("calendar", "/feeds/deadlines.ics"),
    ("Atom", "/feeds/deadlines.atom"),
    ("JSON", "/api/v1/deadlines"),
    ("CSV", "/feeds/deadlines.csv"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form: a choice if it has some, each with its words."""

    name: str
    label: str
    value: str
    choices: tuple[tuple[str, str], ...]
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class View:
    """A page as it was asked for: its path, the selection, the reader's zone, and the page's own parameters."""

    path: str
    asked: Selection
    zone: ReaderZone
    own: tuple[tuple[str, str], ...] = ()

    def address(self, path: str = "", asked: Selection | None = None, own: Iterable[tuple[str, str]] = ()) -> str:
        """The address of a page for that selection (this one's, if none is given), in the same zone."""
        return _joined(path or self.path, [*(self.asked if asked is None else asked).pairs(), *own, *self.kept])

    def plain(self, path: str, **own: str) -> str:
        """The address of a page without a selection, of the same moment and in the same zone."""
        return _joined(path, [*own.items(), *self.past, *self.kept])

    def today(self, path: str = "") -> str:
        """The address of what is believed now: of a page without a selection, or if none is given of this one."""
        if path:
            return _joined(path, self.kept)
        return self.address(asked=replace(self.asked, as_of=None, cursor=None), own=self.own)

    @property
    def past(self) -> list[tuple[str, str]]:
        """The moment as of which it is asked, as a parameter, if that is not now."""
        return [pair for pair in self.asked.pairs() if pair[0] == "as_of"]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The zone as a parameter, if it is not the one without."""
        return [("zone", self.zone.name)] if self.zone != IN_UTC else []

    @property
    def outlets(self) -> list[tuple[str, str]]:
        """The other outlets of the same selection."""
        return self.taken(*OUTLETS)

    def taken(self, *outlets: tuple[str, str]) -> list[tuple[str, str]]:
        """Outlets (name, path) of the same selection, with their addresses: all of it, in no zone but as published."""
        whole = replace(self.asked, limit=LIMIT_MAX, cursor=None).pairs()
        return [(name, _joined(path, whole)) for name, path in outlets]

    @property
    def first(self) -> list[Field]:
        """The fields that most readers need."""
        return [self._field(name, label) for name, label in FIRST.items()]

    @property
    def further(self) -> list[Field]:
        """The other ones."""
        return [self._field(name, label) for name, label in FURTHER.items()]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the form must carry along: further values of its fields, and parameters that it has no field for."""
        said, shown = [], {field.name: field.value for field in (*self.first, *self.further)}
        for name, value in replace(self.asked, cursor=None).pairs():
            if shown.get(name) == value:
                del shown[name]
            else:
                said.append((name, value))
        return [*said, *self.own]

    @property
    def signs(self) -> list[tuple[str, str, str]]:
        """Each filter that is set: its name, its value, and the address without it."""
        pairs = replace(self.asked, cursor=None).pairs()
        labels = {**FIRST, **FURTHER}
        return [
            (labels.get(name, name.capitalize()), value, self._without(pairs, number))
            for number, (name, value) in enumerate(pairs)
            if name not in WITHOUT_A_SIGN
        ]

    def _without(self, pairs: Sequence[tuple[str, str]], number: int) -> str:
        return _joined(self.path, [*pairs[:number], *pairs[number + 1 :], *self.own, *self.kept])

    def _field(self, name: str, label: str) -> Field:
        parameter = PARAMETERS[name]
        value = next((value for key, value in self.asked.pairs() if key == name), "")
        kind = {"q": "search", "from": "date", "to": "date"}.get(name, "text")
        choices: Sequence[str] = readers().keys() if name == "source" else parameter.choices  # type: ignore[assignment]
        if name == "within":
            choices = [*SPANS, *([value] if value and value not in SPANS else [])]
        choices = [choice for choice in choices if choice != _unset(name)]
        told = [(choice, SPANS.get(choice) or choice.replace("_", " ").replace("-", " ")) for choice in choices]
        return Field(name, label, value, (("", _unset(name)), *told) if told else (), kind)


def view(request: Request, *own: str) -> tuple[View, dict[str, str]]:
    """What a request asks of a reader's page, and the values of the page's own parameters that are given.

    Raises SelectionError, also for a zone that there is not.
    """
    asked, given = asking.selection(request, ("zone", *own))
    if twice := [(name, "is given twice, wanted once") for name, values in given.items() if len(values) > 1]:
        raise SelectionError(twice)
    values = {name: values[0] for name, values in given.items()}
    try:
        zone = reader_zone(values.pop("zone", IN_UTC.name))
    except ValueError as error:
        raise SelectionError([("zone", str(error))]) from error
    return View(request.scope["path"], asked, zone, tuple(sorted(values.items()))), values


def bare(request: Request, *own: str, dated: bool = False) -> tuple[View, dict[str, str]]:
    """As `view`, of a page that takes no selection, at most a moment. Raises SelectionError for a filter, too."""
    found, values = view(request, *own)
    if filters := [pair for pair in found.asked.pairs() if pair not in found.past or not dated]:
        raise SelectionError([(filters[0][0], "is no parameter of this page")])
    return found, values


def tidied(request: Request, view: View) -> Response | None:
    """The way to the same page without the parameters that a form leaves empty; None if there are none."""
    pairs: list[tuple[str, Any]] = request.query_params.multi_items()
    return None if all(value.strip() for _, value in pairs) else RedirectResponse(view.address(own=view.own), 303)


def _unset(name: str) -> str:
    """What holds of a choice that is not made."""
    return {"status": "open", "type": "conferences, tracks, workshops", "order": "soonest"}.get(name, "any")


def _joined(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path
