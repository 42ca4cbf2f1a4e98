"""The sources' pages: the captured ones against their expected records, and the cases that are written here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from confradar.sources.base import readers
from tests.unit.test_sources import CASES, load, sorted_out

from . import acl_web, ai_deadlines, wikicfp
from .table import Row

UNCAPTURED = ("acl_web", "chairing_tool", "elra")
CAPTURED = {"wikicfp": (wikicfp, 3000), "acl_web": (acl_web, 900), "ai_deadlines": (ai_deadlines, 2000)}


def rows(corpus: Path) -> Iterator[Row]:
    """One row for each source with expected records."""
    for name, (module, _) in CAPTURED.items():
        score = module.records(corpus)
        yield Row(
            "records from pages", name, "every mapped field of every record, no extra record",
            f"{score.found} of {score.expected} fields", tuple(score.differences),
        )  # fmt: skip


def cases() -> Iterator[Row]:
    """The committed cases in assumed markup, which need no corpus."""
    for name in UNCAPTURED:
        wrong, count = [], 0
        for case in CASES:
            if case.parent.name == name:
                count += 1
                source = readers()[name]
                found = sorted_out(list(source.parse(load(case, source))))
                if {part: each for part, each in found.items() if each} != _expected(case):
                    wrong.append(case.name)
        yield Row(
            "pages nobody has captured", f"{name}, assumed markup", "every fact",
            f"{count - len(wrong)} of {count} cases", tuple(wrong),
        )  # fmt: skip


def _expected(case: Path) -> object:
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    return {part: each for part, each in expected.items() if each}
