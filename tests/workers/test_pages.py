"""The operator's verbs from a page, with real workers behind it."""

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest

from confradar.demo import sites
from confradar.demo.sites import Sites
from confradar.web import serving
from tests.web.conftest import Client, running

from .conftest import Installation, until

pytestmark = pytest.mark.integration
Install = Callable[..., Installation]


@pytest.fixture(scope="module")
def staged() -> Iterator[Sites]:
    """The five sites of the demo."""
    with sites.serve() as served:
        yield served


def test_a_run_is_started_cancelled_and_repeated_from_its_page(install: Install, staged: Sites) -> None:
    """Each form leads to the run's page, which tells how it goes, with its log; the same run is seen by the API."""
    night = install(**{**staged.environment(), "CONFRADAR_SOURCE_ELRA_DELAY": "2"})
    chosen = night.settings.model_copy(update={"broker_url": night.broker, "web_requests_per_second": 1000})
    with running(serving.server(chosen), chosen) as ask:
        first = press(ask, "/ops/run?target=elra%2B", "/ops/run", target="elra+")
        assert ask.get(f"{first}?sent=1").status == 200
        until(lambda: "running" in state(ask, first))
        press(ask, first, f"{first}/cancel", why="too slow")
        assert state(ask, first) == "cancelled"

        second = press(ask, first, f"{first}/retry")
        until(lambda: ask.get(second).status == 200)
        until(lambda: state(ask, second) == "ok", 60, lambda: ask.get(second).text)
        page = ask.get(second).text
        assert f'as a repetition of <a href="{first}">' in page
        assert "6 listings" in page
        assert "crawl finished source=elra" in ask.get(f"{second}/steps/elra_conferences").text
        listed = ask.get("/api/v1/ops/runs?trigger=manual").text
        assert [first.rpartition("/")[2] in listed, second.rpartition("/")[2] in listed] == [True, True]


def press(ask: Client, page: str, action: str, **fields: str) -> str:
    """Send a form of a page; returns the page to which it leads."""
    token = re.findall(r'name="token" value="([^"]+)"', ask.get(page).text)[0]
    answer = ask.post(action, {"token": token, **fields})
    assert answer.status == 303, answer.text
    return answer.headers["Location"].removesuffix("?sent=1")


def state(ask: Client, page: str) -> str:
    """The state that a run's page shows; empty as long as there is none."""
    found = re.search(r'</h1><span class="st [a-z]+">([^<]+)', ask.get(page).text)
    return unescape(found[1]) if found else ""
