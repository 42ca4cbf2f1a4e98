"""What the title of a post on the ACL portal says: posts are calls, not conferences."""

from __future__ import annotations

import re

from confradar.deadlines.listing import EntryType, clean
from confradar.sources.days import YEAR

_ORDER = r"(?:(?:1st|2nd|3rd|4th|first|second|third|fourth|final|last|joint|extended)\s+){0,3}"
_CALL = re.compile(
    rf"\b{_ORDER}(?:call\s+for\s+(?:main\s+conference\s+)?"
    r"(?:papers?|participation|participants|submissions?|contributions?|abstracts?)|cfp)\b(?:\s*:|\s+for\b(?:\s+the\b)?)?",
    re.IGNORECASE,
)
_EXTENDED = re.compile(r"\b(?:submission\s+)?deadline\s+(?:extended|extension)\b\s*:?", re.IGNORECASE)

# The first that fits decides: a call for workshop proposals is no workshop.
_TYPES = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), kind)
    for words, kind in (
        ("proposals?|bids?|jobs?|vacanc(?:y|ies)|fellowships?|awards?", EntryType.OTHER),
        ("special issue|journal", EntryType.JOURNAL),
        ("school", EntryType.SCHOOL),
        ("shared tasks?|semeval[ -]?\\d{4} task", EntryType.SHARED_TASK),
        ("workshops?|ws", EntryType.WORKSHOP),
        ("sessions?|tracks?|tutorials?", EntryType.TRACK),
    )
)
# What is said to be "at" another event is a part of it.
_PART = re.compile(rf"(?:@|\bat)\s+[A-Z]\w+[ -]?{YEAR}\b")

_NO_PAPERS = re.compile(r"\b(?:proposals?|bids?|participation|participants|jobs?|vacanc(?:y|ies))\b", re.IGNORECASE)
_ACRONYM = r"[A-Z][\w+&/]*(?:-[A-Z]\w*)*"
_BRACKETED = re.compile(rf"\((?P<acronym>{_ACRONYM})(?:[ -]?{YEAR})?\)")
_LEADING = re.compile(rf"(?P<acronym>{_ACRONYM})[ -]?{YEAR}(?:\s*[-–—:]\s.*)?")
_YEAR = re.compile(rf"(?<!\d){YEAR}(?!\d)")


def event_name(post: str) -> str:
    """The name of the event that a post is about: `[EMNLP 2025] First Call for Papers` is about EMNLP 2025.

    A post that is nothing but a call keeps its words.
    """
    words = _EXTENDED.sub(" ", _CALL.sub(" ", post.replace("[", " ").replace("]", " ")))
    return (clean(words) or "").strip(" :;,-–—") or clean(post) or ""


def entry_type(post: str) -> EntryType:
    """What kind of entry a post is, from its words."""
    found = next((kind for pattern, kind in _TYPES if pattern.search(post)), None)
    return found or (EntryType.TRACK if _PART.search(post) else EntryType.CONFERENCE)


def wanted_instead(call: str) -> str:
    """What a call wants if not papers: `proposals`, `participation`; empty for a call for papers."""
    found = _NO_PAPERS.search(call)
    return found[0].casefold() if found else ""


def acronym(name: str) -> str | None:
    """`… (NLLP) 2025`, `DISRPT 2025 - …`, `EMNLP 2025`; capitals elsewhere prove nothing."""
    found = _BRACKETED.search(name)
    if found and sum(letter.isupper() for letter in found["acronym"]) >= 2:
        return found["acronym"]
    leading = _LEADING.fullmatch(name)
    return leading["acronym"] if leading else None


def without_year(short: str) -> str | None:
    """An abbreviated title as an acronym: `NLLP 2026` is NLLP."""
    return _YEAR.sub("", short).strip(" -") or None


def year(name: str) -> int | None:
    """The year that a name carries."""
    found = _YEAR.search(name)
    return int(found[0]) if found else None
