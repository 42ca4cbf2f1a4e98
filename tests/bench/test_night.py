"""A whole night beside what anyone would write instead: wall, processor, memory.

Ours runs on services that are up, into an empty PostgreSQL: from sending `confradar.crawl_all` until the run is
closed, store included. Beside it stand the spiders of `plain.py`: five started at once in interpreters of their own,
which store nothing, and one process that runs all five and stores with COPY. They are plainer than our own
`python -m confradar.crawling`, whose limits, spool and careful resolver would only flatter us.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from confradar.sources.base import readers

from .conftest import House
from .measuring import MEGABYTE, Cost, Memory, alternately, costs, finished, median, ratio, script, show, spread

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1200)]
CPU, PSS = 1.3, 450  # times the processor seconds of one process that does it all; MB
Built = Callable[..., House]


@dataclass
class Beside:
    """The three ways to have a night, over the same sites and into the same database, emptied before each."""

    home: House
    folder: Path
    listings: int
    requests: int = 0

    def night(self) -> Cost:
        """Ours."""
        with self._measured(worker=self.home.worker) as cost:
            figures = self.home.run()
        assert figures["total"] == self.listings
        return cost

    def interpreters(self) -> Cost:
        """Five bare spiders at once."""
        return self._plain(*(("spider", source, str(self.folder / f"{source}.jsonl")) for source in readers()))

    def process(self) -> Cost:
        """One process for all, with COPY."""
        return self._plain(("all", self.home.database))

    def _plain(self, *arguments: tuple[str, ...]) -> Cost:
        for old in self.folder.glob("*.jsonl"):
            old.unlink()
        given = {**os.environ, **self.home.stage.environment}
        with self._measured() as cost:
            started = [script("plain.py", *each, environment=given, stdout=subprocess.PIPE) for each in arguments]
            ended = [finished(process) for process in started]
        assert sum(said["listings"] for said, _ in ended) >= self.listings  # a listing may stand on two pages
        cost.cpu |= {"spiders": sum(cpu for _, cpu in ended), "imports": sum(said["imports"] for said, _ in ended)}
        return cost

    @contextmanager
    def _measured(self, **processes: int) -> Iterator[Cost]:
        self.home.empty()
        self.home.stage.asked()
        with costs(**processes, **self.home.services) as cost:
            yield cost
        asked = self.home.stage.asked()["requests"]
        self.requests = self.requests or asked
        assert asked == self.requests, "every way asks for the same pages"


@pytest.mark.parametrize(("events", "target"), [(20, 0.6), (1000, 1.0)])
def test_a_night_beside_plain_spiders(house: Built, tmp_path: Path, events: int, target: float) -> None:
    """Each way asks as often and finds all listings; the table says what that costs."""
    beside = Beside(house(events), tmp_path, 5 * events)
    ours, five, one = alternately(beside.night, beside.interpreters, beside.process)
    with Memory(beside.home.worker) as memory:
        beside.night()

    def cpu(costs: list[Cost], *names: str) -> float:
        return median(sum(cost.cpu[name] for name in names) for cost in costs)

    walls = [[cost.wall for cost in costs] for costs in (ours, five, one)]
    worker, whole, imports = cpu(ours, "worker"), cpu(one, "spiders"), cpu(one, "imports")
    peak = memory.peak / MEGABYTE
    show(
        f"A night of five sites with {events:,} events each ({beside.requests:,} requests, {len(ours)} rounds)",
        ("wall, our night with its store", spread(walls[0])),
        (
            "wall, five bare interpreters",
            f"{spread(walls[1])} → ours {ratio(median(walls[0]), median(walls[1]), target)}",
        ),
        ("wall, one process with COPY", f"{spread(walls[2])} → ours {ratio(median(walls[0]), median(walls[2]))}"),
        ("CPU, worker and crawls", f"{worker:.2f} s"),
        ("CPU, five bare interpreters", f"{cpu(five, 'spiders'):.2f} s"),
        ("CPU, one process with COPY", f"{whole:.2f} s → ours {ratio(worker, whole, CPU)}"),
        ("  of this its own imports", f"{imports:.2f} s; without them → ours {ratio(worker, whole - imports)}"),
        ("CPU beside, ours", beside_the_work(ours)),
        ("CPU beside, one process", beside_the_work(one)),
        ("PSS, worker and crawls, peak", f"{peak:.0f} MB in {memory.processes} processes (target {PSS} MB)"),
    )


def beside_the_work(costs: list[Cost]) -> str:
    """What the servers took."""
    names = ("sites", "postgres", "valkey")
    return " · ".join(f"{name} {median(cost.cpu[name] for cost in costs):.2f} s" for name in names)
