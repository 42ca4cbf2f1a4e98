"""What the words of a list say: which type an entry has, which round and track a label means."""

from __future__ import annotations

import re

from confradar.deadlines.listing import EntryType, Kind

_TYPES = (
    (EntryType.JOURNAL, re.compile(r"\b(?:journal|special issue|edited volume|book chapters?)\b", re.IGNORECASE)),
    (EntryType.TRACK, re.compile(r"\b(?:track|special session)\b", re.IGNORECASE)),
    (EntryType.SHARED_TASK, re.compile(r"\bshared task\b", re.IGNORECASE)),
    (EntryType.WORKSHOP, re.compile(r"\bworkshop\b", re.IGNORECASE)),
    (EntryType.SCHOOL, re.compile(r"\b(?:summer|winter|spring|autumn) school\b", re.IGNORECASE)),
)
_NUMBERS = {"1": 1, "first": 1, "1st": 1, "i": 1, "2": 2, "second": 2, "2nd": 2, "ii": 2}
_NUMBERS |= {"3": 3, "third": 3, "3rd": 3, "iii": 3, "4": 4, "fourth": 4, "4th": 4, "iv": 4}
_ROUND = re.compile(
    r"\b(?:round|cycle)\s*#?\s*(?P<after>[1-4]|i{1,3}|iv)\b"
    r"|\b(?P<before>first|second|third|fourth|1st|2nd|3rd|4th)\s+(?:review\s+)?(?:round|cycle)\b(?:\s+of\s+[1-9])?",
    re.IGNORECASE,
)
_ESTIMATED_FROM = re.compile(r"^From [^:]{1,80}:\s*")
_WORD = re.compile(r"[\w'.-]+")
_PROSE = re.compile(r"\d{4}")  # a note that tells a date is a sentence, not a label
# What a label names in place of a paper, though its list files the date as a submission: `Call for Tutorials
# Submission`, `Student Volunteers Applications deadline`, `Round 2 Supplementary Material Submission`.
_INSTEAD = (
    (re.compile(r"^revisions?\b", re.IGNORECASE), Kind.REVISION),
    (re.compile(r"\bsupplement\w*\b(?!.*\bpapers?\b)(?<!including supplementary)", re.IGNORECASE), Kind.SUPPLEMENTARY),
    (
        re.compile(
            r"\b(?:proposals?|tutorials?|workshops?(?! papers?\b)|applications?|competitions?|conflicts|videos?"
            r"|(?<!abstract and )submission form)\b",
            re.IGNORECASE,
        ),
        Kind.OTHER,
    ),
)
# As posters write it into the names of their events, with brackets, before a colon, or at the end.
_EXTENSION = re.compile(
    r"[\[(][^\[\]()]{0,30}\bextended\b[^\[\]()]{0,40}[\])]"
    r"|^extended(?: deadline)?:|^(?:extended deadline|deadline extended)\b"
    r"|\b(?:submission )?deadline extended\b.{0,60}$",
    re.IGNORECASE,
)
_MAIN = {"full", "long", "main", "regular", "technical"}
# Words that tell the kind of a gate or nothing at all; what a label has beside them is its track.
_PLAIN = re.compile(
    r"""abstracts? | accept(?:ance|ed|s) | authors? | camera(?:-ready)? | code | commitments? | decisions? | direct
    | discussion
    | feedback | final | manuscripts? | materials? | meta | metadata | notices? | notif(?:ication|ications|y) | papers?
    | pre-registration | proceedings | proposals? | ready | rebuttals? | registration | reject(?:ion)? | resubmission
    | responses? | results? | reviews? | reviewers? | revis(?:ed|ion|ions) | submi(?:t|ssion|ssions)
    | supplement(?:al|ary) | titles? | upload | versions?
    | ac | acl | aoe | arr | category | chairs? | conference | contributions? | cycles? | research | rolling | rounds?
    | total | track | work
    | applicable | available | begins? | date | deadlines? | due | end(?:s|ing)? | exten(?:ded|sion) | form | including
    | new | opens? | other | period | releases? | released | start(?:s|ing)? | window
    | all | and | any | both | by | for | if | of | on | the | to | with""",
    re.IGNORECASE | re.VERBOSE,
)


def entry_type(*names: str | None) -> EntryType:
    """The type of an entry that is called so: a journal, a track, a workshop, …; else a conference."""
    text = " ".join(name for name in names if name)
    return next((kind for kind, pattern in _TYPES if pattern.search(text)), EntryType.CONFERENCE)


def place_of(*parts: str | None) -> str | None:
    """Venue, city and country as one place, without a part that an earlier one already names."""
    place = ""
    for part in parts:
        if part and part.casefold() not in place.casefold():
            place = f"{place}, {part}" if place else part
    return place or None


def without_extension(name: str) -> str:
    """A name without the shout that its deadline was extended: the date itself stands in its own field."""
    return " ".join(_EXTENSION.sub(" ", name).split()).strip(" :-") or name


def gate_meant(kind: Kind, label: str | None, title: str = "") -> Kind:
    """The kind of a gate that a list files as an abstract or a submission, by its label.

    `title` is the entry's own; its words say nothing here: papers of a workshop are papers.
    """
    if kind not in (Kind.ABSTRACT, Kind.SUBMISSION):
        return kind
    own = {word.casefold() for word in _WORD.findall(title)}
    said = " ".join(word for word in (label or "")[:300].split() if word.strip("().,").casefold() not in own)
    return next((instead for pattern, instead in _INSTEAD if pattern.search(said)), kind)


def round_and_track(label: str | None, title: str = "") -> tuple[int, str]:
    """The round (0 if none is named) and the track ('' for the main one) that a gate's label means.

    `title` is the entry's own; its words name no track. `Paper Submission (Round 2) - Extended` is
    round 2 of the main track, `Abstract submission (short papers)` is the track `short`.
    """
    label = _ESTIMATED_FROM.sub("", (label or "")[:300])
    named = _ROUND.search(label)
    number = _NUMBERS[(named["after"] or named["before"]).casefold()] if named else 0
    own = {word.casefold() for word in _WORD.findall(title)}
    words = [word for found in _WORD.findall(_ROUND.sub(" ", label)) if (word := found.strip("'.-"))]
    folded = {word.casefold() for word in words}
    if folded & _MAIN or _PROSE.search(label):
        return number, ""
    return number, " ".join(word for word in words if word.casefold() not in own and not _PLAIN.fullmatch(word))
