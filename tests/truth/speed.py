"""How long identity takes for the mentions of a large night, on one core."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from confradar.deadlines.applying import apply
from confradar.deadlines.conference import Known, SourceOutput
from confradar.deadlines.merge import merge
from tests.bench.test_identity import FULL, NEW, night, synthetic_mentions

from .table import Row


def row() -> Row:
    """Seconds of processor for all of 50 000 mentions as new ones, and for one in a hundred: told, not judged.

    Other processes slow a processor down. `make bench` measures several rounds.
    """
    everything = synthetic_mentions()
    stored = SourceOutput("all", tuple(one for number, one in enumerate(everything.values()) if number % 100))
    known = apply(Known(), merge(Known(), [stored], run_id=1, now=datetime(2026, 1, 13, 2, tzinfo=UTC)))
    new = {key: one for key, one in everything.items() if key not in known.mentions}
    full, little = night(Known(), everything), night(known, new)
    return Row(
        "speed", f"{len(everything):,} invented mentions", f"all new under {FULL} s, 1 % new under {NEW} s, unloaded",
        f"{full:.1f} s and {little:.2f} s of processor, at a load of {os.getloadavg()[0] / (os.cpu_count() or 1):.1f}",
    )  # fmt: skip
