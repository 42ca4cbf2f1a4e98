"""What is measured, and the row in which it is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured on what, what must be reached and what was.

    `missing` names each thing that is not as it must be; the row is reached if there is none. `left_out` counts the
    cases that are not here.
    """

    what: str
    on: str
    must: str
    reached: str
    missing: tuple[str, ...] = ()
    left_out: int = 0
