"""The pages in a real browser: as people see them, with scripts and without, wide and narrow, light and dark."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from confradar import settings, steps
from confradar.storage import database
from confradar.web import serving

from .conftest import HASH, PASSWORD, Client, running
from .history import BEGAN, LAST, seed

pytestmark = pytest.mark.integration
RUN = f"/ops/runs/{LAST}"
GOING = "manual:going"
PAGES = [
    "/",
    "/login",
    "/nope",
    "/ops",
    "/ops/runs",
    "/ops/runs?status=lost",
    RUN,
    f"{RUN}/steps/wikicfp_conferences",
    f"/ops/runs/{GOING}",
    "/ops/runs/manual:sent?sent=1",
    "/ops/sources",
    "/ops/checks",
    "/ops/schedule",
    "/ops/follows",
    "/ops/run?target=elra%2B",
    "/ops/run?target=nope",
]


@contextmanager
def chromium(*, scripts: bool = True, dark: bool = False) -> Iterator[Chrome]:
    """A browser with what its console says."""
    options = ChromeOptions()
    options.binary_location = _found("chromium", "chromium-browser", "google-chrome")
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    if dark:
        options.add_argument("--blink-settings=preferredColorScheme=0")
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, ChromeService(_found("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def _found(*names: str) -> str:
    """The path of a program; without it the tests are skipped, or fail where they are required."""
    if path := next(filter(None, map(shutil.which, names)), None):
        return path
    message = f"no {names[0]} on this machine (Debian: apt install chromium chromium-driver)"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server with three nights behind it, and a run that is going."""
    folder = tmp_path_factory.mktemp("site")
    chosen = settings.load(
        data_dir=folder,
        CONFRADAR_DATABASE_URL=f"sqlite:///{folder / 'confradar.sqlite'}",
        web_requests_per_second=1000,
    )
    database.upgrade(chosen.database)
    seed(chosen.database)
    plan = ("elra_conferences", "store_conferences")
    steps.open_run(
        GOING, trigger="manual", target="elra+", steps=plan, logical_instant=BEGAN, settings=chosen, by="ada"
    )
    with running(serving.server(chosen), chosen) as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium() as driver:
        yield driver


def troubles(driver: Chrome) -> list[Any]:
    """What the console has complained of, but that an address answers 404 or 422 as it should."""
    return [
        line for line in driver.get_log("browser") if "the server responded with a status of 4" not in line["message"]
    ]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_sound(browser: Chrome, site: Client, path: str) -> None:
    """Nothing is blocked by our own policy or fails; people with a screen reader or a keyboard can use it."""
    browser.set_window_size(1200, 900)
    browser.get(f"http://127.0.0.1:{site.port}{path}")

    assert troubles(browser) == []
    found = Axe().run(browser, options={"resultTypes": ["violations"]})
    told = [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found["violations"]]
    assert told == []
    assert len(browser.find_elements(By.TAG_NAME, "h1")) == 1
    assert browser.find_elements(By.CSS_SELECTOR, ".health")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_phone(browser: Chrome, site: Client, path: str) -> None:
    """What is wider scrolls by itself; the page does not."""
    browser.set_window_size(500, 900)
    browser.get(f"http://127.0.0.1:{site.port}{path}")

    wide, window = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window


def test_pages_are_readable_in_the_dark(site: Client) -> None:
    """The contrast holds there too."""
    with chromium(dark=True) as driver:
        for path in PAGES:
            driver.get(f"http://127.0.0.1:{site.port}{path}")
            found = Axe().run(driver, options={"runOnly": ["color-contrast"]})
            assert [node["html"] for one in found["violations"] for node in one["nodes"]] == [], path
        assert driver.execute_script("return matchMedia('(prefers-color-scheme: dark)').matches")


def test_everything_works_without_scripts(site: Client) -> None:
    """From the graph to a run by its links; pause and resume by their forms."""
    with chromium(scripts=False) as driver:
        driver.get(f"http://127.0.0.1:{site.port}/ops")
        driver.find_element(By.LINK_TEXT, LAST).click()
        assert driver.find_element(By.TAG_NAME, "h1").text == LAST
        driver.find_element(By.LINK_TEXT, "Schedule").click()
        driver.find_element(By.NAME, "why").send_keys("the moves")
        driver.find_element(By.XPATH, "//button[.='Pause']").click()
        assert "by local: the moves" in awaited(driver, "//button[.='Resume']")
        driver.find_element(By.XPATH, "//button[.='Resume']").click()
        assert "by local: the moves" not in awaited(driver, "//button[.='Pause']")
        driver.find_element(By.LINK_TEXT, "Run").click()
        driver.find_element(By.XPATH, "//button[.='Show what it would run']").click()
        assert "6 steps would run" in awaited(driver, "//button[.='Run it now']")


def awaited(driver: Chrome, element: str) -> str:
    """The text of the page that has this element."""
    WebDriverWait(driver, 20).until(lambda _: driver.find_elements(By.XPATH, element))
    return driver.find_element(By.TAG_NAME, "main").text


def test_a_run_that_is_going_is_shown_as_it_goes(browser: Chrome, site: Client) -> None:
    """Without a reload: the page asks for itself again."""
    browser.get(f"http://127.0.0.1:{site.port}/ops/runs/{GOING}")
    assert browser.find_element(By.CSS_SELECTOR, ".head .st").text == "queued"
    browser.execute_script("window.same = true")

    steps.cancel(GOING, site.settings, by="ada", why="enough")

    shown = lambda driver: "cancelled" in driver.find_element(By.CSS_SELECTOR, ".head .st").text  # noqa: E731
    WebDriverWait(browser, 20).until(shown)
    assert browser.execute_script("return window.same")
    assert troubles(browser) == []


def test_an_operator_signs_in_and_out(tmp_path: Path) -> None:
    """And comes to the page that was asked for."""
    chosen = settings.load(
        data_dir=tmp_path, CONFRADAR_DATABASE_URL=f"sqlite:///{tmp_path / 'confradar.sqlite'}", operator_hash=HASH
    )
    database.upgrade(chosen.database)
    with running(serving.server(chosen), chosen) as client, chromium() as driver:
        driver.get(f"http://127.0.0.1:{client.port}/ops/runs?status=failed")
        driver.find_element(By.NAME, "password").send_keys(PASSWORD)
        driver.find_element(By.XPATH, "//button[.='Sign in']").click()
        awaited(driver, "//button[.='Sign out']")
        assert driver.current_url.endswith("/ops/runs?status=failed")
        assert driver.get_cookies()[0]["httpOnly"]
        driver.find_element(By.XPATH, "//button[.='Sign out']").click()
        awaited(driver, "//a[.='Operator pages']")
        driver.get(f"http://127.0.0.1:{client.port}/ops")
        assert "/login?next=/ops" in driver.current_url
        assert troubles(driver) == []
