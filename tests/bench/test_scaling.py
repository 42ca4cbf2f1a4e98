"""The same night with one, two and four worker nodes: forty sources whose every answer takes half a second."""

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from tests.workers.conftest import Installation, stored, until
from tests.workers.site import Answer, Site, serve

from .measuring import show

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
SOURCES = [f"c{number:02}" for number in range(40)]
PAGES, LISTINGS = 4, 3  # of each source, of each page
SECONDS = 0.5
# Every process that is started with this on its path finds the forty beside the five.
FOUND = "import confradar.sources\nconfradar.sources.__path__.append({!r})\n"


class Sites:
    """The forty sites, and what they were asked since they were looked at last."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self.sites = sites

    def asked(self) -> tuple[int, int, float]:
        """How many requests came, how many pages more than once, and the least seconds between two at one site."""
        count = twice = 0
        gap = float("inf")
        for site in self.sites:
            pages = [one for one in site.asked if one.path != "/robots.txt"]
            count += len(pages)
            twice += len(pages) - len({one.path for one in pages})
            gap = min([gap, *(later.at - earlier.at for earlier, later in pairwise(pages))])
            site.asked.clear()
        return count, twice, gap


@pytest.fixture
def sites() -> Iterator[Sites]:
    """Forty sites of four pages each."""
    routes = {"/robots.txt": Answer(status=404, delay=SECONDS)}
    for page in range(1, PAGES + 1):
        said = {"next": f"/{page + 1}" if page < PAGES else "", "refs": [f"{page}-{n}" for n in range(LISTINGS)]}
        routes[f"/{page}"] = Answer(json.dumps(said), headers={"Content-Type": "application/json"}, delay=SECONDS)
    with ExitStack() as exits:
        yield Sites([exits.enter_context(serve(routes)) for _ in SOURCES])


@pytest.fixture
def installation(
    sites: Sites, install: Callable[..., Installation], tmp_path: Path, postgres_database: str
) -> Installation:
    """One node that knows the forty sources."""
    folder = tmp_path / "crowd"
    folder.mkdir()
    for name in SOURCES:
        shutil.copy(Path(__file__).parent / "crowd.py", folder / f"{name}.py")
    (tmp_path / "sitecustomize.py").write_text(FOUND.format(str(folder)))
    places = {f"CONFRADAR_SOURCE_{name.upper()}_URL": site.url for name, site in zip(SOURCES, sites.sites, strict=True)}
    return install(url=postgres_database, workers=1, PYTHONPATH=str(tmp_path), **places)


def night(installation: Installation, during: Callable[[str], object] = lambda _: None) -> float:
    """Run a night of the forty, with something done meanwhile; its seconds. Every step in one attempt, all stored."""
    began = time.monotonic()
    key = installation.submit(target=",".join([*SOURCES, "store_conferences"]))
    during(key)
    run = installation.finished(key, 300)
    taken = time.monotonic() - began
    assert run.status == "ok"
    assert {row["attempt"] for row in installation.steps(key).values()} == {1}
    rows = Counter(row[:3] for row in stored(installation.settings.database)["mention"])
    assert (len(rows), max(rows.values())) == (len(SOURCES) * PAGES * LISTINGS, 1)
    return taken


def ready(installation: Installation, *names: str) -> None:
    """Start nodes and wait until they take work."""
    for name in names:
        installation.start_worker(name)
    logs = [server.log for server in installation.servers if server.name in names]
    until(lambda: all(" ready." in log.read_text() for log in logs), 60)


def test_a_night_with_one_two_and_four_nodes(installation: Installation, sites: Sites) -> None:
    """How much sooner a night is over, and whether the sites notice how many read them."""
    rows, first = [], 0.0
    night(installation)  # for what each process loads once
    for names in ([], ["two"], ["three", "four"]):
        ready(installation, *names)
        sites.asked()
        seconds = night(installation)
        count, twice, gap = sites.asked()
        first = first or seconds
        assert (count, twice) == (len(SOURCES) * PAGES, 0)
        said = f"{seconds:.1f} s, {first / seconds:.2f} × as fast; {count} pages, none twice"
        rows.append((f"{len(installation.servers)} nodes of five", f"{said}; at one site at least {gap:.2f} s apart"))
    show(f"a night of {len(SOURCES)} sources with answers of {SECONDS} s, a page a second each", *rows)


def test_a_node_comes_and_one_goes_in_mid_run(installation: Installation, sites: Sites) -> None:
    """One is added when five crawls are over, and one told to end when fifteen are: none is lost, none made twice."""
    ready(installation, "two")

    def change(key: str) -> None:
        def over() -> int:
            return sum(row["finished_at"] is not None for row in installation.steps(key).values())

        until(lambda: installation.began(key) and over() >= 5, 60)
        installation.start_worker("three")
        until(lambda: over() >= 15, 60)
        installation.servers[0].process.terminate()

    seconds = night(installation, change)
    installation.servers[0].process.wait(90)
    count, twice, gap = sites.asked()
    assert (count, twice) == (len(SOURCES) * PAGES, 0)
    show("a node comes, one goes in mid-run", ("a night", f"{seconds:.1f} s; at one site at least {gap:.2f} s apart"))
