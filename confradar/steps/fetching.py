"""One page, as a source's crawl would ask for it: what goes out, what comes back, what is read in it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from confradar import environment
from confradar.crawling import process
from confradar.crawling.addresses import Addresses
from confradar.errors import SettingError, UnknownName
from confradar.settings import Settings
from confradar.sources.base import Source, reader, readers
from confradar.steps.crawling import SCRATCH

FETCHING_SECONDS = 60


def fetch(url: str, settings: Settings, *, source: str | None = None, feed: str | None = None) -> process.Crawled:
    """Ask for one page by the crawl process of the source that may read it: its manners, its bounds, its addresses.

    Nothing is kept, nothing followed but a gate that asks for its cookie. What the page says is in the result, with
    the exchanges. Raises SettingError for an address that no source may be asked for, UnknownName for a source or
    feed that is not there.
    """
    declared = reader(source).source if source else _asked_for(url, settings)
    overrides = environment.source_overrides(declared.name)
    options = process.options(declared, settings, overrides, budget=FETCHING_SECONDS)
    names = [one.name for one in declared.feeds]
    if feed is not None and feed not in names:
        raise UnknownName(f"There is no feed {feed!r}. Feeds of {declared.name}: {', '.join(names)}.")
    here = Addresses(declared, options.base)
    at = {here.of(one): one.name for one in declared.feeds}
    alone = options.feeds[0] if len(options.feeds) == 1 else ""
    chosen = feed or at.get(here.here(url), alone)
    options = replace(options, only={url: chosen}, retry_waits=options.retry_waits[:1])
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH}{os.getpid()}-") as scratch:
        return process.crawl(declared.name, options, Path(scratch))


def _asked_for(url: str, settings: Settings) -> Source:
    """The source whose hosts that address is on, or the one that a setting put in their place."""
    for one in readers().values():
        base = process.options(one.source, settings, environment.source_overrides(one.source.name)).base
        if Addresses(one.source).allows(url) or Addresses(one.source, base).allows(url):
            return one.source
    raise SettingError(f"{url[:200]!r} is on no host of any source; `confradar sources` shows what they read")
