"""Dated gates in lines of text: `17 October 2025: Proposal submission deadline`, `Notification | 13 February 2026`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from confradar.deadlines.listing import Kind, WrittenDate
from confradar.sources.days import DAY, MONTH, YEAR, without_ranges
from confradar.sources.markdown import plain, unstrike

LABEL_MAX = 80
MOST_LINES = 5000

# The first that fits decides. None: the words name a day on which nothing is due.
_KINDS: tuple[tuple[re.Pattern[str], Kind | None], ...] = tuple(
    (re.compile(words, re.IGNORECASE), kind)
    for words, kind in (
        (r"\bopens?\b|\bopening\b", None),
        (r"proposal|call for (?:workshops|tutorials|bids)", Kind.OTHER),
        (r"camera|final (?:version|paper|manuscript)", Kind.CAMERA_READY),
        (r"notif|acceptance|decision", Kind.NOTIFICATION),
        (r"(?:rebuttal|response)\b.{0,80}\b(?:starts?|begins?)\b", Kind.REBUTTAL_START),
        (r"rebuttal|response", Kind.REBUTTAL_END),
        (r"commit", Kind.COMMITMENT),
        (r"supplement", Kind.SUPPLEMENTARY),
        (r"abstract", Kind.ABSTRACT),
        (r"registration|early[ -]bird", Kind.REGISTRATION),
        (r"submission|submit|submitted|deadline|papers? due", Kind.SUBMISSION),
    )
)
_DATE = re.compile(
    rf"(?P<before>\bbefore\s+)?(?<![\w.])(?:{DAY}\s+{MONTH},?\s+{YEAR}|{MONTH}\s+{DAY},?\s+{YEAR}|{YEAR}-\d\d-\d\d"
    rf"|TB[ACD]|(?P<dotted>\d{{1,2}}\.\d{{1,2}}\.{YEAR}))(?!\w)"
    r"(?:(?:T|,?\s*\(?(?:at\s+)?)\d{1,2}[:.]\d\d(?::\d\d)?(?:\s*[ap]\.?m\b\.?)?)?",
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"\bAoE\b|\b(?:UTC|GMT)(?:\s?[+\-−–]\s?\d{1,2}(?::?\d\d)?)?|\banywhere on earth\b"
    r"|\b(?:CES?T|EES?T|WES?T|[PMCE][SD]T)\b|\b(?:Africa|America|Asia|Australia|Europe|Pacific)/[A-Z]\w{2,30}",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.;!?])\s+(?=[A-Z0-9~])")


def kind_of(label: str) -> Kind | None:
    """The kind of gate that a label names; None if it names none."""
    return next((kind for words, kind in _KINDS if words.search(label)), None)


def zone_of(text: str) -> str | None:
    """The first zone in a text, in its own words."""
    found = _ZONE.search(text)
    return found[0] if found else None


def written_dates(lines: Iterable[str], *, context: str = "") -> tuple[WrittenDate, ...]:
    """The gates that lines of text name, label before date or date before label, each gate once.

    A zone counts for its own sentence; one that stands in a line without a date counts for all the lines.
    Proposals and further dates of a gate keep their label as the track. `context` is the heading: what is
    due below a call for proposals are proposals.
    """
    sentences = [part for line in list(lines)[:MOST_LINES] for part in _SENTENCE.split(plain(line))]
    common = next((zone for part in sentences if not _DATE.search(part) and (zone := zone_of(part))), None)
    gates: dict[tuple[Kind, int, str], WrittenDate] = {}
    for sentence in sentences:
        for kind, label, written in _in_sentence(sentence, context):
            track = label[:LABEL_MAX] if kind is Kind.OTHER or (kind, 0, "") in gates else ""
            text, before, day_first = written
            gate = WrittenDate(
                kind, text, zone_of(sentence) or common, track=track, extended_from=before, day_first=day_first
            )
            gates.setdefault(gate.gate, gate)
    return tuple(gates.values())


def unread_dates(lines: Iterable[str]) -> Iterator[str]:
    """The sentences that hold dates and no word for a gate: not understood, to be reported.

    What opens on a day asks nothing of anybody.
    """
    for line in list(lines)[:MOST_LINES]:
        for part in _SENTENCE.split(plain(line)):
            said = without_ranges(unstrike(part)[0])
            if _DATE.search(said) and not any(words.search(said) for words, _ in _KINDS):
                yield part


def _in_sentence(sentence: str, context: str) -> Iterator[tuple[Kind, str, tuple[str, str | None, bool | None]]]:
    now, was = unstrike(sentence)
    now = without_ranges(now)
    found = list(_DATE.finditer(now))
    old = _DATE.search(was) if was and len(found) == 1 else None
    date_first = bool(found) and not re.search(r"\w", now[: found[0].start()])
    for position, match in enumerate(found):
        if date_first:
            label = now[match.end() : found[position + 1].start() if position + 1 < len(found) else None]
        else:
            label = now[found[position - 1].end() if position else 0 : match.start()]
        label = label.strip(" \t|:–—-*•,.()")
        kind = kind_of(label)
        if kind in (Kind.SUBMISSION, Kind.NOTIFICATION, Kind.ABSTRACT) and kind_of(context) is Kind.OTHER:
            kind, label = Kind.OTHER, f"{context}: {label}"
        if kind is not None:
            text = " ".join(match[0].replace("(", " ").split())
            yield kind, label, (text, old[0] if old else (was if was and len(found) == 1 else None),
                                True if match["dotted"] else None)  # fmt: skip
