"""Which part of a text speaks of a gate: dates that were given up go, and dates of other gates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from confradar.deadlines.days import Span, date_spans
from confradar.deadlines.listing import Kind

_STRUCK = re.compile(r"~~[^~]*~~|<(s|del|strike)>[^<]*</\1>|(?:[^\u0335-\u0338][\u0335-\u0338])+", re.IGNORECASE)
_PLAIN = str.maketrans({
    **dict.fromkeys("‐‑‒–—―−", "-"), "*": None, "†": None, "‡": None, **dict.fromkeys("¹²³⁴⁵⁶⁷⁸⁹⁰", None),
})  # fmt: skip

_MOVED = r"\b(?:extend|postpon|mov|chang|shift|reschedul|updat|delay)(?:ed|ing|s)?"
# What stands between an old date and the one that took its place: "extended to", "now", an arrow.
_TO_THE_NEXT = re.compile(
    rf"{_MOVED}\b[^.;]{{0,20}}\b(?:to|until|till)\b|\bextended:?|\bextension:?|\bnow\b|\bnew:"
    r"|\bnew (?:\w+ ){0,2}(?:deadline|date)\b|→|⇒|➔|-{1,2}>|=>",
    re.IGNORECASE,
)
# What stands before a date that was given up, and does not end before it: "(was", "extended from", "originally".
_BEFORE_AN_OLD = re.compile(
    rf"(?:{_MOVED}\b[^.;)]{{0,20}}\bfrom|\bwas|\bwere|\bold|\boriginal(?:ly)?|\bprevious(?:ly)?|\bformer(?:ly)?"
    r"|\binitial(?:ly)?|\binstead of)\b[^.;)→>]*\Z", re.I
)  # fmt: skip
_END_OF_OLD = re.compile(r"[);]|\Z")

# The first that fits a label decides.
_LABELS: tuple[tuple[re.Pattern[str], frozenset[Kind]], ...] = tuple(
    (re.compile(words, re.IGNORECASE), frozenset(kinds))
    for words, kinds in (
        (r"\b(?:notifications?|acceptance|decisions?)\b", {Kind.NOTIFICATION}),
        (r"\bcamera|\bfinal (?:versions?|papers?|manuscripts?|submissions?)\b", {Kind.CAMERA_READY}),
        (r"\brebuttals?\b|\bauthor responses?\b", {Kind.REBUTTAL_START, Kind.REBUTTAL_END}),
        (r"\bsupplement", {Kind.SUPPLEMENTARY}),
        (r"\bcommitment\b", {Kind.COMMITMENT}),
        (r"\babstracts?\b|\btitles?\b", {Kind.ABSTRACT}),
        (r"\bregistration\b|\bearly[ -]bird\b", {Kind.REGISTRATION}),
        (r"\bpapers?\b|\bmanuscripts?\b|\bsubmissions?\b", {Kind.SUBMISSION}),
    )
)
_BREAK = re.compile(r"[;,|/\n.]|\band\b", re.IGNORECASE)


def plain(text: str) -> str:
    """A text of any origin with plain letters, digits, dashes and blanks, without what is struck through."""
    return " ".join(unicodedata.normalize("NFKC", _STRUCK.sub(" ", text).translate(_PLAIN)).split())


def of_gate(text: str, kind: Kind) -> str:
    """The part of a plain, spelled-out text that says when a gate of that kind is due.

    `Abstract: 1 May; paper: 8 May 2026` has one for each of the two kinds. Of `18 May, extended to 25 May` only the
    new date stays. Where the words do not tell, the whole text is left.
    """
    return _in_force(_labelled(text, kind)) if len(date_spans(text)) > 1 else text


def _labelled(text: str, kind: Kind) -> str:
    """The clauses whose label names the kind, if others are labelled otherwise; else the whole text."""
    spans = date_spans(text)
    date_first = not any(map(str.isalpha, text[: spans[0].start]))
    starts, labels = _clauses(text, spans, date_first=date_first)
    ours = [label is not None and kind in label for label in labels]
    if not any(ours) or all(ours):
        return text
    ends = [*starts[1:], len(text)]
    return " ".join(text[start:end] for start, end, is_ours in zip(starts, ends, ours, strict=True) if is_ours)


def _clauses(text: str, spans: Sequence[Span], *, date_first: bool) -> tuple[list[int], list[frozenset[Kind] | None]]:
    """Where the clause of each date begins, and the kinds that its label names; a date without a label goes on."""
    starts, labels = [0], [None if date_first else _label(text[: spans[0].start])]
    for one, other in pairwise(spans):
        gap = text[one.end : other.start]
        if date_first:
            labels[-1] = _label(gap) or labels[-1]
            starts.append(other.start)
            labels.append(None)
            continue
        label = _label(gap)
        at = min((match.start() for words, _ in _LABELS for match in words.finditer(gap)), default=len(gap))
        breaks = [match.end() for match in _BREAK.finditer(gap, 0, at)]
        starts.append(one.end + (max(breaks, default=at)))
        labels.append(label or labels[-1])
    if date_first:
        labels[-1] = _label(text[spans[-1].end :])
    return starts, labels


def _label(words: str) -> frozenset[Kind] | None:
    return next((kinds for pattern, kinds in _LABELS if pattern.search(words)), None)


def _in_force(text: str) -> str:
    """The text without the dates that its words say were given up."""
    spans = date_spans(text)
    cuts: dict[int, tuple[int, int]] = {}  # by the number of the date
    for number, span in enumerate(spans):
        since = spans[number - 1].end if number else 0
        before = text[since : span.start]
        if old := _BEFORE_AN_OLD.search(before):
            until = spans[number + 1].start if number + 1 < len(spans) else len(text)
            closed = _END_OF_OLD.search(text, span.end, until)
            cuts[number] = since + old.start(), closed.start() if closed else until
        elif number and (new := _TO_THE_NEXT.search(before)):
            cuts.setdefault(number - 1, (spans[number - 1].start, since + new.start()))
    if len(cuts) == len(spans):
        return text
    for begin, end in sorted(cuts.values(), reverse=True):
        text = f"{text[:begin]} {text[end:]}"
    return " ".join(text.split())
