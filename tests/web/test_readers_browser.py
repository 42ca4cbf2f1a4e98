"""The readers' pages in a real browser: found, filtered, read without scripts, small, wide, dark, on paper."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from confradar import settings
from confradar.storage import database
from confradar.web import serving

from .conftest import Client, running
from .store import DAY, LATER, NOW, fill
from .test_browser import chromium, troubles
from .test_readers import MORE

pytestmark = pytest.mark.integration
PAGES = [
    "/",
    "/?zone=Europe/Berlin&kind=submission&topic=vision",
    "/?q=nothing+like+it",
    "/?order=latest&status=closed",
    "/?zone=Mars",
    "/?as_of=2026-02-03",
    "/conferences/icml-2026",
    "/conferences/hostile-2026",
    "/conferences/hostile-2026/why",
    "/conferences/icmll-2026",
    "/changes",
    "/changes?show=all",
    "/calendar?month=2026-03",
    "/sources",
    "/api",
]
# Of each line of text that is wider than so many times its size: how wide, and how it begins.
LONG_LINES = """
const lines = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const range = document.createRange();
  range.selectNodeContents(walker.currentNode);
  let block = walker.currentNode.parentElement;
  while (getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
  for (const {left, right, top, bottom} of range.getClientRects()) {
    const last = lines.at(-1);
    if (last && last.block === block && top < last.bottom - 3) last.right = Math.max(last.right, right);
    else lines.push({block, left, right, bottom, text: walker.currentNode.textContent});
  }
}
const wide = ({block, left, right}) => (right - left) / parseFloat(getComputedStyle(block).fontSize);
return lines.filter(line => wide(line) > arguments[0]).map(line => [wide(line), line.text]);
"""
# What stands there to be pressed or filled in.
TO_PRESS = """
return [...document.querySelectorAll("nav, form, button, input, select, summary, .take, footer .site")]
  .filter(element => element.checkVisibility()).map(element => element.outerHTML);
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose store has a moved, a disputed, a wide and a hostile deadline."""
    folder = tmp_path_factory.mktemp("site")
    url = f"sqlite:///{folder / 'confradar.sqlite'}"
    report = "mailto:radar@example.org?subject={what}"
    chosen = settings.load(data_dir=folder, CONFRADAR_DATABASE_URL=url, web_requests_per_second=1000, report_url=report)
    database.upgrade(chosen.database)
    fill(chosen.database)
    fill(chosen.database, LATER, MORE)
    client: Client
    with running(serving.server(chosen, now=lambda: NOW + DAY), chosen) as client:
        yield f"http://127.0.0.1:{client.port}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium() as driver:
        yield driver


@contextmanager
def screen(driver: Chrome, width: int, media: str = "") -> Iterator[None]:
    """What it shows is so many pixels wide, as on a phone or a large screen; or on paper, with the media "print"."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})
    try:
        yield
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def widths(driver: Chrome) -> list[int]:
    """How wide the page is, and how much of that is seen."""
    page = "document.documentElement"
    found: list[int] = driver.execute_script(f"return [{page}.scrollWidth, {page}.clientWidth]")
    return found


def names(driver: Chrome) -> list[str]:
    return [link.text for link in driver.find_elements(By.CSS_SELECTOR, "ol.gates .what a")]


def shown(driver: Chrome, css: str) -> str:
    """The text of the first such element, once there is one."""
    WebDriverWait(driver, 20).until(lambda _: driver.find_elements(By.CSS_SELECTOR, css))
    return driver.find_element(By.CSS_SELECTOR, css).text


@pytest.mark.parametrize("path", PAGES)
def test_a_readers_page_is_sound(browser: Chrome, site: str, path: str) -> None:
    """Nothing is blocked or fails; people with a screen reader or a keyboard can use it.

    A small phone holds it, and a wide screen makes no line of it too long to read.
    """
    browser.set_window_size(1200, 900)
    browser.get(site + path)

    assert troubles(browser) == []
    found = Axe().run(browser, options={"resultTypes": ["violations"]})
    told = [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found["violations"]]
    assert told == []
    assert len(browser.find_elements(By.TAG_NAME, "h1")) == 1
    assert browser.find_elements(By.CSS_SELECTOR, ".health, .then")
    with screen(browser, 320):
        wide, seen = widths(browser)
    assert (wide, seen <= 320) == (seen, True)
    with screen(browser, 1920):
        wide, seen = widths(browser)
        assert (wide, browser.execute_script(LONG_LINES, 46.5)) == (seen, [])  # some ninety letters


def test_a_printed_page_has_what_paper_needs(browser: Chrome, site: str) -> None:
    """Each date, as published and the reader's own, from where it is and as of when; nothing to press."""
    with screen(browser, 718, "print"):  # A4 within a browser's margins
        browser.get(f"{site}/?zone=Europe/Berlin&q=icml&kind=abstract")
        assert browser.execute_script(TO_PRESS) == []
        assert shown(browser, ".when") == "Thu 26 Feb 2026 23:59 AoE\nFri 27 Feb 2026 12:59 in Berlin"
        assert "Printed as it was Wed 4 Feb 2026 04:00 in Berlin." in shown(browser, "footer")
        assert "Search: icml" in shown(browser, ".signs")
        assert browser.find_element(By.CSS_SELECTOR, "figure.ribbon").is_displayed()
        assert widths(browser) == [718, 718]

        browser.get(f"{site}/conferences/rounds-2026")
        assert browser.execute_script(TO_PRESS) == []
        assert "https://rounds.example/2026" in shown(browser, "dl.facts")
        told = browser.execute_script('return getComputedStyle(document.querySelector(".named a"), "::after").content')
        assert "https://wikicfp.example/2" in told
        browser.get(f"{site}/calendar?month=2026-03")
        assert browser.execute_script(TO_PRESS) == []
        assert browser.find_element(By.CSS_SELECTOR, "table.month thead").is_displayed()


def test_readers_pages_have_contrast_in_the_dark(site: str) -> None:
    """On each of them."""
    with chromium(dark=True) as driver:
        for path in PAGES:
            driver.get(site + path)
            found = Axe().run(driver, options={"runOnly": ["color-contrast"]})
            assert [node["html"] for one in found["violations"] for node in one["nodes"]] == [], path


def test_a_reader_searches_filters_and_turns_to_their_zone_without_scripts(site: str) -> None:
    """By the form alone; the address keeps what was asked for, and a filter is taken away again."""
    with chromium(scripts=False) as driver:
        driver.get(site)
        assert len(names(driver)) == 4
        driver.find_element(By.NAME, "q").send_keys("ICML")
        Select(driver.find_element(By.NAME, "kind")).select_by_visible_text("submission")
        zone = driver.find_element(By.NAME, "zone")
        zone.clear()
        zone.send_keys("Europe/Berlin\n")

        assert shown(driver, ".mark.earlier") == "moved 24 hours EARLIER · was Fri 6 Mar 2026 12:59 in Berlin"
        assert driver.current_url == f"{site}/?kind=submission&q=ICML&zone=Europe%2FBerlin"
        assert names(driver) == ["ICML 2026"]
        driver.find_element(By.CSS_SELECTOR, ".signs a").click()
        assert driver.current_url == f"{site}/?q=ICML&zone=Europe%2FBerlin"
        assert len(names(driver)) == 2
        driver.find_element(By.LINK_TEXT, "ICML 2026").click()
        assert shown(driver, "section.gate h3").startswith("Abstract 23 days left")
        assert not driver.find_elements(By.CSS_SELECTOR, "button.star")


def test_a_disputed_deadline_shows_both_sides(browser: Chrome, site: str) -> None:
    """In one sentence on the radar, in two rows on the conference's page; the hostile title beside it stays text."""
    browser.get(f"{site}/?verdict=disputed")
    assert shown(browser, ".mark.doubt") == "disputed: elra says Mon 20 Apr 2026 12:00 UTC"
    assert "<script>alert(1)</script>" in names(browser)[0]
    browser.find_element(By.CSS_SELECTOR, "ol.gates .what a").click()

    assert "<script>alert(1)</script>" in shown(browser, "h1")
    rows = browser.find_elements(By.CSS_SELECTOR, "section.gate tbody tr")
    assert [row.find_element(By.TAG_NAME, "th").text for row in rows] == ["elra", "wikicfp"]
    assert troubles(browser) == []


def test_starred_conferences_are_kept_and_are_an_address(browser: Chrome, site: str) -> None:
    """In this browser; the address asks for them anywhere."""
    browser.get(site)
    browser.find_element(By.CSS_SELECTOR, "button.star[data-slug=rounds-2026]").click()
    browser.get(f"{site}/conferences/icml-2026")
    browser.find_element(By.CSS_SELECTOR, "button.star").click()
    assert shown(browser, "#starred a") == "starred (2)"
    browser.find_element(By.CSS_SELECTOR, "#starred a").click()

    assert browser.current_url == f"{site}/?conference=icml-2026&conference=rounds-2026"
    assert set(names(browser)) == {"ICML 2026", "Rounds 2026"}
    pressed = browser.find_elements(By.CSS_SELECTOR, "button.star[aria-pressed=true]")
    assert len(pressed) == 3


def test_the_zone_of_the_browser_is_offered(browser: Chrome, site: str) -> None:
    """As a link, which keeps the rest of the address."""
    browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    browser.get(f"{site}/?q=rounds")
    offered = shown(browser, "#here a")
    browser.find_element(By.CSS_SELECTOR, "#here a").click()
    browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})

    assert offered == "show times in Tokyo"
    assert browser.current_url == f"{site}/?q=rounds&zone=Asia%2FTokyo"
    assert "Thu 5 Mar 2026 18:59 in Tokyo" in shown(browser, ".when")
