"""The graph: steps by name, their inputs and groups, targets, and runs of a part of it in this process."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from confradar import settings as configuration
from confradar import steps
from confradar.deadlines.listing import Listing
from confradar.errors import UnknownName
from confradar.settings import Settings
from confradar.sources.base import crawled_by, readers, step_of
from confradar.steps import STORE, Materialised
from confradar.storage import history, outputs
from confradar.storage.outputs import Good

JOB = "crawl_job"
SCRAPERS = "scrapers"
TARGET_MAX, NESTED_MAX = 500, 20  # characters; parentheses


@dataclass(frozen=True, slots=True)
class Step:
    """A node of the graph: the steps that it needs, and the names of its outputs (of a crawl: its sources)."""

    name: str
    group: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps that a target selects, in an order in which they can run.

    `taken` are the inputs of these that the target does not select: their last good outputs are used.
    """

    target: str
    steps: tuple[Step, ...]
    taken: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the steps."""
        return tuple(step.name for step in self.steps)

    @property
    def scrapers(self) -> tuple[str, ...]:
        """The names of the steps that crawl."""
        return tuple(step.name for step in self.steps if step.group == SCRAPERS)


def nodes() -> dict[str, Step]:
    """All steps by name: the ones that crawl, with an output for each of their sources, and the store of these."""
    names = dict.fromkeys(reader.source.step for reader in readers().values())
    crawls = [Step(name, SCRAPERS, outputs=tuple(source.name for source in crawled_by(name))) for name in names]
    return {step.name: step for step in [*crawls, Step(STORE, "storage", inputs=tuple(names))]}


def plan(target: str = "*") -> Plan:
    """The steps of a target.

    A target is `*` (all; `crawl_job` is its name), a step's or source's name, `name+` (with all that needs it),
    `+name` (with all that it needs), `group:scrapers`, or several of these with `,` or `or`, `and`, `not` and
    parentheses between: `* and not elra`. Raises UnknownName, with near names, or what cannot be read.
    """
    known = nodes()
    chosen = _Target(target, known).read()
    steps_ = tuple(step for step in known.values() if step.name in chosen)
    needed = dict.fromkeys(name for step in steps_ for name in step.inputs)
    return Plan(target, steps_, tuple(name for name in needed if name not in chosen))


def part(target: str, scrapers: Collection[str]) -> Plan:
    """The plan of a recheck: these steps, which read a part of their sources, and the store of what that gives."""
    return Plan(target, tuple(step for step in nodes().values() if step.name in (*scrapers, STORE)), ())


def taken(chosen: Plan, connection: Connection) -> dict[str, Good | None]:
    """By source, the last good output that the store of that plan takes instead of a crawl; None if there is none."""
    sources = [source.name for step in chosen.taken for source in crawled_by(step)]
    return {source: outputs.last_good(connection, source) for source in sources}


def overview(connection: Connection) -> list[dict[str, Any]]:
    """All steps for people: `name`, `group`, `inputs`, `outputs`, `needed_by`, `last` and `took`.

    `last` is the newest attempt that has begun in any run (columns of `step_run`, and `run`, its key), or None. `took`
    says where that attempt had its inputs from: by source `run`, `attempt` and `count`.
    """
    states = history.last_states(connection)
    found = []
    for step in nodes().values():
        last = states.get(step.name)
        found.append(
            {
                "name": step.name,
                "group": step.group,
                "inputs": step.inputs,
                "outputs": step.outputs,
                "needed_by": [other.name for other in nodes().values() if step.name in other.inputs],
                "last": last,
                "took": ((last or {}).get("metadata") or {}).get("inputs", {}),
            }
        )
    return found


class _Target:
    """Reads a target: `or` and commas bind least, `not` most."""

    def __init__(self, text: str, known: Mapping[str, Step]) -> None:
        if len(text) > TARGET_MAX or text.count("(") > NESTED_MAX:
            told = f"at most {TARGET_MAX} characters and {NESTED_MAX} parentheses"
            raise UnknownName(f"target: found {len(text):,} characters, wanted {told}")
        self._text, self._known = text, known
        self._words = re.findall(r"[(),]|[^\s(),]+", text)

    def read(self) -> set[str]:
        """The names of the steps that it selects, at least one."""
        chosen = self._either()
        if self._words:
            raise self._unreadable()
        if not chosen:
            raise UnknownName(f"The target {self._text!r} selects no step. Steps: {', '.join(self._known)}.")
        return chosen

    def _either(self) -> set[str]:
        chosen = self._both()
        while self._next(",", "or"):
            chosen |= self._both()
        return chosen

    def _both(self) -> set[str]:
        chosen = self._one()
        while self._next("and"):
            chosen &= self._one()
        return chosen

    def _one(self) -> set[str]:
        if self._next("not"):
            return set(self._known) - self._one()
        if self._next("("):
            chosen = self._either()
            if not self._next(")"):
                raise self._unreadable()
            return chosen
        if not self._words or self._words[0] in (")", ",", "and", "or"):
            raise self._unreadable()
        return self._named(self._words.pop(0))

    def _next(self, *wanted: str) -> bool:
        if self._words and self._words[0] in wanted:
            self._words.pop(0)
            return True
        return False

    def _named(self, word: str) -> set[str]:
        if word in ("*", JOB):
            return set(self._known)
        if word.startswith("group:"):
            groups = {step.group for step in self._known.values()}
            if word.removeprefix("group:") not in groups:
                told = ", ".join(f"group:{group}" for group in sorted(groups))
                raise UnknownName(f"There is no group {word!r}. Groups: {told}.")
            return {step.name for step in self._known.values() if step.group == word.removeprefix("group:")}
        bare = word.removeprefix("+").removesuffix("+")
        name = bare if bare in self._known else step_of(bare) if bare in readers() else None
        if name is None:
            raise UnknownName(_unknown(bare, self._known))
        chosen = {name}
        if word.startswith("+"):
            chosen |= self._reached(name, lambda step: self._known[step].inputs)
        if word.endswith("+"):
            chosen |= self._reached(name, lambda step: [one.name for one in self._known.values() if step in one.inputs])
        return chosen

    def _reached(self, name: str, nexts: Callable[[str], Iterable[str]]) -> set[str]:
        """All steps that can be reached from one, itself among them."""
        found, ahead = {name}, [name]
        while ahead:
            new = set(nexts(ahead.pop())) - found
            found |= new
            ahead += new
        return found

    def _unreadable(self) -> UnknownName:
        at = f"before {self._words[0]!r}" if self._words else "at its end"
        return UnknownName(f"The target {self._text!r} cannot be read {at}. For example: 'elra+', '* and not elra'.")


def _unknown(name: str, known: Mapping[str, Step]) -> str:
    near = difflib.get_close_matches(name, [*known, *readers(), JOB], n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Steps: {', '.join(known)}."
    return f"There is no step {name!r}. {hint}"


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
    given: dict[str, Any] = {step_of(name): value for name, value in (inputs or {}).items()}
    results = {name: steps.crawl(name, settings) for name in chosen.scrapers if name not in given}
    if STORE in chosen.names:
        results[STORE] = steps.store({**given, **results}, settings, now=now)
    return Materialisation(results)
