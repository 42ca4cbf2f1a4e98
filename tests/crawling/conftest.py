"""Crawls by real processes of a real site."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import confradar.sources
from confradar.crawling import process
from confradar.crawling.process import Crawled
from confradar.settings import Settings
from confradar.sources import base

from ..workers.site import Site, serve  # noqa: TID252 - the tests are no package
from .fair import Read, crawls, listing, page

HERE = Path(__file__).resolve().parent


@pytest.fixture(autouse=True, scope="module")
def _fair() -> Iterator[None]:
    """Put the source of these tests beside the real ones, where it is found as they are; preload, as a worker does."""
    confradar.sources.__path__.append(str(HERE / "sources"))
    base.readers.cache_clear()
    process.preload()
    yield
    confradar.sources.__path__.remove(str(HERE / "sources"))
    sys.modules.pop("confradar.sources.fair", None)
    base.readers.cache_clear()


@pytest.fixture
def site() -> Iterator[Site]:
    with serve({"/list": page(listing("a"))}) as served:
        yield served


@pytest.fixture(autouse=True)
def _no_orphans() -> Iterator[None]:
    yield
    assert crawls() == []


@pytest.fixture
def read(site: Site, tmp_path: Path) -> Read:
    """Crawl the site as the source `fair`, with quick manners; what is named otherwise replaces them."""

    def crawl(
        *, url: str = "", overrides: dict[str, str] | None = None, progress: Any = None, stopped: Any = None,
        start: process.Start = "fork", source: str = "fair", **changes: Any,
    ) -> Crawled:  # fmt: skip
        declared = base.reader(source).source
        options = process.options(declared, Settings(), {"url": url or site.url, "delay": "0", **(overrides or {})})
        quick = {"allow_private_hosts": True, "autothrottle": False, "retry_waits": (0.01,), "budget_seconds": 30}
        chosen = replace(options, **{**quick, **changes})
        return process.crawl(source, chosen, tmp_path, progress=progress, stopped=stopped, start=start)

    return crawl
