"""Crawls as processes: killed, orphaned, without secrets, as commands."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from ..workers.site import Answer, Site  # noqa: TID252 - the tests are no package
from .fair import GONE, Read, crawls, follow, listing, page, until

pytestmark = pytest.mark.integration


def test_a_killed_crawl_is_lost_and_worth_another_try(site: Site, read: Read) -> None:
    """Nothing of the torso is kept, so that two attempts cannot mix."""
    site.routes = {"/list": page(listing("a"), follow("/b")), "/b": Answer(page(), delay=20)}

    def kill() -> bool:
        for child in crawls() if "/b" in site.paths else []:
            child.kill()
        return False

    crawled = read(stopped=kill)

    assert (crawled.status, crawled.reason, crawled.listings) == ("failed", "lost", ())
    assert crawled.detail == "the crawl process was ended by SIGKILL"
    assert crawled.worth_retrying


@pytest.mark.parametrize("start", ["fork", "interpreter"])
def test_a_crawl_does_not_outlive_the_process_that_started_it(site: Site, tmp_path: Path, start: str) -> None:
    """Nobody goes on fetching for a worker that was killed."""
    site.routes = dict.fromkeys(["/robots.txt"], Answer("", delay=20))
    script = f"""
from dataclasses import replace
from pathlib import Path
from confradar.crawling import process
from confradar.settings import Settings
from confradar.sources.base import reader
process.preload()
options = process.options(reader("elra").source, Settings(), {{"url": "{site.url}"}})
process.crawl("elra", replace(options, allow_private_hosts=True), Path("{tmp_path}"), start="{start}")
"""
    with psutil.Popen([sys.executable, "-c", script]) as parent:
        until(lambda: site.asked)
        [child] = parent.children()
        parent.kill()
        parent.wait()

        until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_an_exception_of_the_parent_ends_the_crawl(site: Site, read: Read) -> None:
    """A soft time limit comes as an exception out of the wait: the process goes with it."""
    site.routes = {"/list": Answer(page(), delay=20)}

    def limit() -> bool:
        raise TimeoutError("soft limit")

    with pytest.raises(TimeoutError, match="soft limit"):
        read(stopped=limit)


@pytest.mark.fault("D11", "what a site's headers say is ignored; no port of the crawl process is open")
def test_a_crawl_process_has_no_secrets_no_open_doors_and_no_inherited_descriptors(
    site: Site, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads pages of strangers: it knows neither database nor broker, and nothing listens in it."""
    monkeypatch.setenv("CONFRADAR_DATABASE_URL", "postgresql://u:secret@127.0.0.1/x")
    site.routes = {"/list": page(listing("a"), {"environment": True}, follow("/b")), "/b": Answer(page(), delay=20)}
    seen: dict[str, Any] = {}

    def look() -> bool:
        if "/b" not in site.paths:
            return False
        [child] = crawls()
        seen["listening"] = [c for c in child.net_connections() if c.status == psutil.CONN_LISTEN]
        seen["inherited"] = {file.path for file in child.open_files()} & {str(ours)}
        seen["group"] = os.getpgid(child.pid) == child.pid
        return True

    ours = Path(__file__)
    with ours.open() as _:
        crawled = read(stopped=look)

    assert seen == {"listening": [], "inherited": set(), "group": True}
    assert [item.title for item in crawled.listings if item.ref == "environment"] == ["nothing"]


def test_the_command_crawls_and_sums_up(site: Site, tmp_path: Path) -> None:
    """`python -m confradar.crawling elra` leaves JSON lines, says one line, and its exit code tells the outcome."""
    site.routes = {"/wp-json/wp/v2/pages": GONE, "/elra-events/": "<main><h1>Events</h1></main>"}
    environment = {**os.environ, "CONFRADAR_SOURCE_ELRA_URL": site.url, "CONFRADAR_ALLOW_PRIVATE_HOSTS": "true",
                   "CONFRADAR_SOURCE_ELRA_DELAY": "0"}  # fmt: skip
    command = [sys.executable, "-m", "confradar.crawling", "elra", "--out", str(tmp_path)]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert "INFO" in done.stderr
    assert "crawl finished source=elra status=failed" in done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "elra.jsonl").read_text().splitlines()]
    assert (kinds[0], kinds[-1]) == ("opened", "closed")


def test_scrapys_own_commands_know_the_sources(site: Site, tmp_path: Path) -> None:
    """`scrapy list` and `scrapy crawl NAME` work with the documented settings module."""
    site.routes = {"/wp-json/wp/v2/pages": GONE, "/elra-events/": "<main><h1>Events</h1></main>"}
    environment = {**os.environ, "SCRAPY_SETTINGS_MODULE": "confradar.crawling.scrapy_settings",
                   "CONFRADAR_SOURCE_ELRA_URL": site.url, "CONFRADAR_ALLOW_PRIVATE_HOSTS": "true",
                   "CONFRADAR_SOURCE_ELRA_DELAY": "0"}  # fmt: skip

    def scrapy(*words: str) -> str:
        command = [sys.executable, "-m", "scrapy", *words]
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
        ).stdout

    assert set(scrapy("list").split()) >= {"acl_web", "elra"}
    scrapy("crawl", "elra")
    assert site.asked[0].path == "/robots.txt"
    assert "/elra-events/" in site.paths


def test_only_a_worker_that_preloads_loads_scrapy() -> None:
    """The parent's side is light; preloading never brings the reactor, which a fork could not share."""
    script = """
import sys
from confradar.crawling import process
loaded = [name for name in ("scrapy", "twisted", "OpenSSL") if name in sys.modules]
process.preload()
print(loaded, "scrapy.crawler" in sys.modules, "scrapy.core.downloader.handlers.http11" in sys.modules,
      "twisted.internet.reactor" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60).stdout

    assert said.strip() == "[] True True False"


def test_a_worker_that_has_a_reactor_says_so() -> None:
    """A reactor in the worker would break every crawl; it is told at the start, not at two in the morning."""
    script = "import twisted.internet.reactor\nfrom confradar.crawling import process\nprocess.preload()"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)

    assert "could not install its own" in done.stderr
