"""The sources' pages: the captured ones against their expected records, the others against the facts that are known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import acl_web, ai_deadlines, assumed, cases, wikicfp
from .table import Row

CAPTURED = {"wikicfp": wikicfp, "acl_web": acl_web, "ai_deadlines": ai_deadlines}
UNCAPTURED = ("acl_web", "chairing_tool", "elra")


def rows(corpus: Path) -> Iterator[Row]:
    """One row for each source with expected records, and for each whose pages nobody has captured."""
    for name, module in CAPTURED.items():
        score = module.records(corpus)
        yield Row(
            "records from pages", name, "every mapped field of every record, no extra record",
            f"{score.found:,} of {score.expected:,} fields", tuple(score.differences),
        )  # fmt: skip
    for name in UNCAPTURED:
        score = assumed.records(name, corpus)
        yield Row(
            "pages that nobody captured", f"{name}, {len(cases.of(name))} cases in assumed markup", "every fact",
            f"{score.found:,} of {score.expected:,} facts", tuple(score.differences),
        )  # fmt: skip
