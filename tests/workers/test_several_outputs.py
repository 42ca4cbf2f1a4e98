"""One operation that crawls two sources and gives two outputs."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import confradar.sources
from confradar import graph, settings, steps
from confradar.crawling import process
from confradar.settings import Settings
from confradar.sources import base
from confradar.storage import answers, database, history, outputs

from .conftest import given
from .site import Answer, Site, serve

pytestmark = pytest.mark.integration
TWINS = "twins_conferences"
SOURCES = str(Path(__file__).parent / "twins")


@pytest.fixture(autouse=True, scope="module")
def twins() -> Iterator[None]:
    """The two sources are there, beside the others; loaded ahead, as in a worker, so that crawls are forked."""
    confradar.sources.__path__.append(SOURCES)
    base.readers.cache_clear()
    process.preload()
    yield
    confradar.sources.__path__.remove(SOURCES)
    for name in ("twin_one", "twin_two"):
        sys.modules.pop(f"confradar.sources.{name}", None)
    base.readers.cache_clear()


@pytest.fixture
def site() -> Iterator[Site]:
    """One site that shows both lists."""
    with serve({"/one": '[{"ref": "a", "title": "Alpha"}]'}) as served:
        yield served


@pytest.fixture
def installed(site: Site, tmp_path: Path) -> Iterator[Settings]:
    """The twins' addresses on the site, and an empty store."""
    places = {f"CONFRADAR_SOURCE_TWIN_{name.upper()}_URL": site.url for name in ("one", "two")}
    with given({**places, "CONFRADAR_ALLOW_PRIVATE_HOSTS": "true", "CONFRADAR_PAGE_RETRY_WAITS": "0"}):
        yield settings.load(data_dir=tmp_path, CONFRADAR_DATABASE_URL=f"sqlite:///{tmp_path / 'store.sqlite'}")


def test_a_step_keeps_an_output_for_each_of_its_sources(site: Site, installed: Settings) -> None:
    """Two sources, one step run, two outputs that the store takes as its inputs."""
    site.routes["/two"] = '[{"ref": "b", "title": "Beta"}, {"ref": "c", "title": "Gamma"}]'
    done = graph.materialize(f"{TWINS}+", settings=installed)

    assert graph.nodes()[TWINS].outputs == ("twin_one", "twin_two")
    assert [(one.source, len(one.listings)) for one in done[TWINS].outputs] == [("twin_one", 1), ("twin_two", 2)]
    assert (done.success, done[TWINS].metadata["count"], len(done[TWINS].value)) == (True, 3, 3)
    with database.reading(installed.database) as connection:
        found = history.details(connection, done[steps.STORE].metadata["run"])
        kept = {name: outputs.last_good(connection, name) for name in ("twin_one", "twin_two")}
        assert answers.counts(connection)["mentions"] == 3
    crawl, store = found["attempts"]
    assert [(one["source"], one["count"]) for one in crawl["outputs"]] == [("twin_one", 1), ("twin_two", 2)]
    assert {name: good and good.count for name, good in kept.items()} == {"twin_one": 1, "twin_two": 2}
    assert set(store["metadata"]["inputs"]) == {"twin_one", "twin_two"}


def test_one_source_that_fails_costs_its_own_output_alone(site: Site, installed: Settings) -> None:
    """The step is degraded for its reason; the other's listings are stored."""
    site.routes["/two"] = Answer(status=404)
    done = graph.materialize(f"{TWINS}+", settings=installed)

    assert (done[TWINS].status, done[TWINS].reason, len(done[TWINS].value)) == ("degraded", "http_404", 1)
    assert done[steps.STORE].status == "partial"
    assert set(done[TWINS].metadata["outputs"]) == {"twin_one", "twin_two"}
    with database.reading(installed.database) as connection:
        assert answers.counts(connection)["mentions"] == 1
        assert outputs.last_good(connection, "twin_two") is None
