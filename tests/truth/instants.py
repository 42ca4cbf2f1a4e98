"""The written dates and zones of the deadline lists, against the instants that were worked out without this code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from confradar.deadlines.dates import Edition, Precision, Window, resolve
from confradar.deadlines.listing import Kind

from .comparing import Record, lines
from .table import Row

EXACT, NONE = 398, 11  # in the whole corpus
# The first of the lists says on its page that a date without a zone is New York's; elsewhere nobody says so.
LIST_RULE = "America/New_York"


class Gate(NamedTuple):
    """One written date, and the instant that it names; None if it names none."""

    edition: Record
    kind: Kind
    text: str
    zone_text: str | None
    instant: datetime | None

    def read(self, zone_text: str | None) -> Window:
        """The window of the words. A spreadsheet once saved the list with its own order: 3/21/2022."""
        month_first = False if "/" in self.text else None
        edition = Edition(self.edition["year"])
        return resolve(self.text, zone_text, kind=self.kind, edition=edition, day_first=month_first)


def rows(corpus: Path) -> Iterator[Row]:
    """Instants that must be exact, and words that name none."""
    exact, none, missing, vague = 0, 0, [], []
    for gate in _gates(corpus):
        where = f"{gate.edition['id']}: {gate.text!r} {gate.zone_text!r}"
        window = gate.read(gate.zone_text)
        if gate.instant is None:
            none += 1
            pretended = window.precision in (Precision.SECOND, Precision.MINUTE) and window.earliest == window.latest
            if pretended or not window.reason:
                vague.append(f"{where} is read as {window}")
            continue
        exact += 1
        if gate.zone_text is None and not gate.text.endswith("Z"):
            if "no zone is given" not in window.reason:
                missing.append(f"{where} does not say that it has no zone")
            window = gate.read(LIST_RULE)
        if not window.earliest == window.latest == gate.instant:
            missing.append(f"{where}: expected {gate.instant}, found {window}")
    on = "ai_deadlines/EXPECTED.jsonl"
    yield Row(
        "instants", on, "every exact one to the second, 0 wrong",
        f"{exact - len(missing)} of {exact}, {len(missing)} wrong", tuple(missing), EXACT - exact,
    )  # fmt: skip
    yield Row(
        "no instant", on, "said to be none, with the reason",
        f"{none - len(vague)} of {none}", tuple(vague), NONE - none,
    )  # fmt: skip


def _gates(corpus: Path) -> Iterator[Gate]:
    """Every date of every edition, in both forms that the lists have."""
    flat = ((Kind.SUBMISSION, "deadline", "submission_utc"), (Kind.ABSTRACT, "abstract_deadline", "abstract_utc"))
    for edition in lines(corpus / "ai_deadlines" / "EXPECTED.jsonl"):
        for kind, name, utc in flat:
            if edition.get(name) is not None:
                yield Gate(edition, kind, edition[name], edition["timezone"], _instant(edition[utc]))
        for entry in edition.get("instants", ()):
            kind = Kind.ABSTRACT if "abstract" in entry["type"] else Kind.SUBMISSION
            text = entry.get("date", entry["utc"])
            if text is not None:
                yield Gate(edition, kind, text, entry.get("timezone"), _instant(entry["utc"]))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
