"""The graph: steps by name, their inputs and groups, targets, and runs of a part of it in this process."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from confradar import settings as configuration
from confradar import steps
from confradar.deadlines.listing import Listing
from confradar.errors import UnknownName
from confradar.settings import Settings
from confradar.sources.base import readers
from confradar.steps import STORE, Materialised

JOB = "crawl_job"
SCHEDULE = "daily_crawl_schedule"


@dataclass(frozen=True, slots=True)
class Step:
    """A node of the graph."""

    name: str
    group: str
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps that a target selects, in an order in which they can run."""

    target: str
    steps: tuple[Step, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the steps."""
        return tuple(step.name for step in self.steps)

    @property
    def scrapers(self) -> tuple[str, ...]:
        """The names of the steps that crawl."""
        return tuple(step.name for step in self.steps if step.group == "scrapers")


def nodes() -> dict[str, Step]:
    """All steps by name: one scraper for each source, and the store that takes them all."""
    scrapers = [Step(reader.source.step, "scrapers") for reader in readers().values()]
    return {step.name: step for step in [*scrapers, Step(STORE, "storage", tuple(step.name for step in scrapers))]}


def plan(target: str = "*") -> Plan:
    """The steps of a target: `*`, a name, `name+` (with what needs it), `+name` (with what it needs),
    `group:scrapers`, or several of these with commas. A source's name stands for its step.

    Raises UnknownName, with near names.
    """
    known = nodes()
    chosen = {name for part in target.split(",") for name in _select(part.strip(), known)}
    return Plan(target, tuple(step for step in known.values() if step.name in chosen))


def _select(part: str, known: Mapping[str, Step]) -> set[str]:
    if part in ("*", JOB):
        return set(known)
    if part.startswith("group:"):
        found = {step.name for step in known.values() if step.group == part.removeprefix("group:")}
        if not found:
            raise UnknownName(f"There is no group {part!r}. Groups: group:scrapers, group:storage.")
        return found
    name = part.strip("+")
    name = name if name in known else f"{name}_conferences"
    if name not in known:
        raise UnknownName(_unknown(part, known))
    before = set(known[name].inputs) if part.startswith("+") else set()
    after = {step.name for step in known.values() if name in step.inputs} if part.endswith("+") else set()
    return {name} | before | after


def _unknown(part: str, known: Mapping[str, Step]) -> str:
    names = [*known, *readers(), "*", JOB]
    near = difflib.get_close_matches(part.strip("+"), names, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Steps: {', '.join(known)}."
    return f"There is no step {part!r}. {hint}"


@dataclass(frozen=True, slots=True)
class Materialisation:
    """What a part of the graph gave, by step."""

    results: Mapping[str, Materialised]

    @property
    def success(self) -> bool:
        """Whether every step that ran gave something to go on with."""
        return all(result.success or result.status == "partial" for result in self.results.values())

    def __getitem__(self, step: str) -> Materialised:
        return self.results[step]


def materialize(
    target: str = "*",
    inputs: Mapping[str, Sequence[Listing] | Materialised] | None = None,
    settings: Settings | None = None,
    *,
    now: datetime | None = None,
) -> Materialisation:
    """Run part of the graph in this process, without a broker. `inputs` stand in for steps that are not run."""
    settings = settings or configuration.load()
    chosen = plan(target)
    given: dict[str, Any] = dict(inputs or {})
    results = {name: steps.crawl(name, settings) for name in chosen.scrapers if name not in given}
    if STORE in chosen.names:
        good = {name: result for name, result in results.items() if result.success}
        results[STORE] = steps.store({**given, **good}, settings, now=now)
    return Materialisation(results)
