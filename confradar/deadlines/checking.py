"""How a check is made and run: a function with a severity, which may hold a source's result back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from confradar.deadlines.evidence import Evidence


class Severity(StrEnum):
    """How bad a failed check is. A warning never holds a result back."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found. `blocking` says that its failure holds the result back, in this very case."""

    name: str
    severity: Severity
    blocking: bool
    passed: bool
    description: str
    observed: str


Seen = tuple[bool, str]  # whether it passed, and what was observed


@dataclass(frozen=True, slots=True)
class _Check:
    look: Callable[[Evidence], Seen]
    severity: Severity
    blocking: bool
    counts: bool


_checks: list[_Check] = []


def check(
    *, severity: Severity, blocking: bool = False, counts: bool = False
) -> Callable[[Callable[[Evidence], Seen]], Callable[[Evidence], Seen]]:
    """Make a function a check. `counts`: it judges the listings as a whole, which a crawl that was cut leaves open."""

    def add(look: Callable[[Evidence], Seen]) -> Callable[[Evidence], Seen]:
        _checks.append(_Check(look, severity, blocking and severity is Severity.ERROR, counts))
        return look

    return add


def run(evidence: Evidence) -> tuple[Result, ...]:
    """The results of all checks, in the order in which they stand here.

    What could hold the result back is a mere warning on a first load, in a replay, and about the count of a crawl that
    was cut. Of a part of a source, that is not asked at all.
    """
    results = []
    for each in (each for each in _checks if not (each.counts and evidence.part)):
        passed, observed = each.look(evidence)
        pardoned = evidence.first_load or evidence.replay or (each.counts and evidence.cut)
        severity = Severity.WARNING if pardoned else each.severity
        name, description = each.look.__name__, " ".join((each.look.__doc__ or "").split())
        results.append(Result(name, severity, each.blocking and not pardoned, passed, description, observed))
    return tuple(results)


def blocking(results: Iterable[Result]) -> Result | None:
    """The first failed check that holds the result back, if any."""
    return next((result for result in results if result.blocking and not result.passed), None)
