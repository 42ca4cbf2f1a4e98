"""The conferences that public pages prove to be on Chairing Tool, for the nights on which it shows nothing itself."""

from __future__ import annotations

from dataclasses import dataclass

from confradar.deadlines.listing import EntryType


@dataclass(frozen=True, slots=True)
class Declared:
    """A conference that a public page proves to be on the platform."""

    id: str
    title: str
    acronym: str
    year: int
    type: EntryType = EntryType.CONFERENCE
    website: str | None = None


DECLARED = (
    Declared(
        "IJCAIECAI2026",
        "35th International Joint Conference on Artificial Intelligence and European Conference on Artificial "
        "Intelligence",
        "IJCAI-ECAI",
        2026,
        website="https://2026.ijcai.org/",
    ),
    Declared(
        "ddl20-ijcai2026",
        "DDL 2.0 workshop at IJCAI-ECAI 2026 (deepfake detection and localization)",
        "DDL",
        2026,
        EntryType.WORKSHOP,
    ),
    Declared(
        "icaps-prbgi-26",
        "Workshop on Planning and Reasoning about Beliefs, Goals, and Intentions (PR-BGI) at ICAPS 2026",
        "PR-BGI",
        2026,
        EntryType.WORKSHOP,
    ),
    Declared(
        "haxp26",
        "Workshop on Human-Aware and Explainable Planning (HAXP) at ICAPS 2026",
        "HAXP",
        2026,
        EntryType.WORKSHOP,
    ),
    Declared("isw2026", "ISW 2026", "ISW", 2026),
    Declared(
        "dli2026",
        "Deep Learning Indaba 2026",
        "DLI",
        2026,
        website="https://deeplearningindaba.com/2026/research-papers",
    ),
)
