"""The 48 real date mistakes that another crawler of WikiCFP wrote down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from confradar.deadlines.dates import Edition, Precision, resolve
from confradar.deadlines.listing import Kind
from confradar.deadlines.reach import event_doubt

from .table import Row

ALL = 48
GATES = {
    "abstract": Kind.ABSTRACT,
    "submission": Kind.SUBMISSION,
    "notification": Kind.NOTIFICATION,
    "camera_ready": Kind.CAMERA_READY,
}
# Seventeen months before its event, of 24 that are possible: CSCW 2025 really closed sixteen months ahead.
DOUBTED = {"CSCW 2026"}
_LINE = re.compile(
    r"(?P<name>.+ (?P<year>\d{4})) \((?P<start>\d{4}-\d\d-\d\d)[^)]*? -- (?P<end>\d{4}-\d\d-\d\d)[^)]*\); "
    r"(?P<told>[^;]*);"
)
_GATE = re.compile(r"(abstract|submission|notification|camera_ready) \((\d{4}-\d\d-\d\d)\)")


def rows(corpus: Path) -> Iterator[Row]:
    """One row for each kind of mistake."""
    text = (corpus / "wikicfp" / "data" / "date_problems_2026-08-22.txt").read_text(encoding="utf-8")
    counts = dict.fromkeys(("gate", "event", "later", "none"), 0)
    missing: dict[str, list[str]] = {name: [] for name in counts}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            missing["none"].append(f"not read: {line}")
            continue
        edition = Edition(int(match["year"]), date.fromisoformat(match["start"]), date.fromisoformat(match["end"]))
        sort, problem = _judge(match["name"], match["told"], edition)
        counts[sort] += 1
        if problem:
            missing[sort].append(f"{match['name']}: {problem}")
    on = "wikicfp/data"
    for sort, what, must in (
        ("gate", "impossible abstract or submission", "12 with precision none"),
        ("event", "wrong event dates", "17 with a finding"),
        ("later", "wrong later gates", "16 with a warning"),
        ("none", "no mistake of a date", "3 with nothing"),
    ):
        right = counts[sort] - len(missing[sort])
        note = f"; doubted, since only 17 months ahead: {', '.join(sorted(DOUBTED))}" if sort == "gate" else ""
        yield Row(what, on, must, f"{right} of {counts[sort]}{note}", tuple(missing[sort]))


def _judge(name: str, told: str, edition: Edition) -> tuple[str, str]:
    """The sort of a mistake, and what is not said of it as it must be; empty if all is."""
    gates = {GATES[word]: day for word, day in _GATE.findall(told)}
    if told.startswith("Conferences dates"):
        return "event", "" if event_doubt(edition) else "the event's dates are not doubted"
    if not told.startswith("Submission dates"):
        return "none", event_doubt(edition)
    windows = {kind: resolve(day, None, kind=kind, edition=edition) for kind, day in gates.items()}
    early = [window for kind, window in windows.items() if kind in (Kind.ABSTRACT, Kind.SUBMISSION)]
    if not early:
        warned = all(window.finding or window.precision is Precision.NONE for window in windows.values())
        return "later", "" if warned else f"no warning: {windows}"
    if name in DOUBTED:
        return "gate", "" if all(window.finding for window in early) else f"not doubted: {windows}"
    return "gate", "" if all(window.precision is Precision.NONE for window in early) else f"possible: {windows}"
