"""`confradar fetch` asks a real site for one page, as the crawl of its source does."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .site import Answer, Site, serve

pytestmark = pytest.mark.integration

PAGE = Path(__file__).resolve().parent.parent / "pages" / "acl_web" / "sponsored-list" / "page.html"
LIST = "/portal/acl_sponsored_events"
GATE = Answer('<script>document.cookie = "humans_77777=1"; location.reload()</script>', status=409)


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as served:
        yield served


def fetch(site: Site, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, with the ACL portal at the test's site."""
    environment = {
        **os.environ,
        "CONFRADAR_DATA_DIR": str(tmp_path),
        "CONFRADAR_ALLOW_PRIVATE_HOSTS": "true",
        "CONFRADAR_SOURCE_ACL_WEB_URL": site.url,
        "CONFRADAR_SOURCE_ACL_WEB_DELAY": "0",
    }
    command = [sys.executable, "-m", "confradar", "fetch", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)


def test_a_fetched_page_is_shown_as_it_was_asked_for_and_read(site: Site, tmp_path: Path) -> None:
    """The gate's 409 and the cookie for it, headers of both sides, the first lines, and what the source reads."""
    site.routes[LIST] = lambda asked: (
        Answer(PAGE.read_text(), headers={"X-Portal": "yes"}) if "humans_77777=1" in asked.headers["Cookie"] else GATE
    )

    done = fetch(site, tmp_path, f"https://www.aclweb.org{LIST}", "--lines", "2")

    said = done.stdout.splitlines()
    assert done.returncode == 3, done.stderr  # one record of the page has no year
    assert [line for line in said if line.startswith("> GET")] == [f"> GET {site.url}{LIST}"] * 2
    assert any(line.startswith("> User-Agent: ConfRadar/") for line in said)
    assert "> Cookie: humans_77777=1; humans_21909=1" in said or "> Cookie: humans_21909=1; humans_77777=1" in said
    assert f"< 409, {len(GATE.body)} bytes" in said
    assert "< X-Portal: yes" in said
    assert "  <!DOCTYPE html>" in said
    [reads] = [line for line in said if line.startswith("acl_web reads")]
    listings = [json.loads(line) for line in said if line.startswith("{")]
    assert reads.startswith(f"acl_web reads {len(listings)} listings, ")
    assert len(listings) > 5
    assert site.paths == [LIST, LIST]


def test_a_page_that_robots_bar_is_not_asked_for(site: Site, tmp_path: Path) -> None:
    """The manners are those of the crawl."""
    site.routes = {"/robots.txt": "User-agent: *\nDisallow: /portal/", LIST: PAGE.read_text()}

    done = fetch(site, tmp_path, f"{site.url}{LIST}", "--json")

    shown = json.loads(done.stdout)
    assert (done.returncode, shown["reason"], shown["exchanges"], shown["listings"]) == (1, "robots", [], [])
    assert site.paths == []


def test_an_address_of_no_source_is_refused(site: Site, tmp_path: Path) -> None:
    """No source may be sent to a stranger's host, nor to one that only looks like its own."""
    for address in ("http://example.com/", "https://www.aclweb.org.example.com/", "file:///etc/passwd"):
        done = fetch(site, tmp_path, address)
        assert done.returncode == 2
        assert "is on no host of any source" in done.stderr
    assert site.asked == []
