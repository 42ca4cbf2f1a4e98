"""What a crawl may do, as plain values: the source's declaration with the settings laid over it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from confradar import environment
from confradar.errors import SettingError
from confradar.settings import Settings
from confradar.sources.base import Source, readers

SWITCH = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}

TOLD = ("base", "feeds", "only", "max_pages", "max_items", "max_depth", "known")


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """The bounds and manners of one crawl. Times are seconds, sizes bytes.

    `base` replaces the source's base address. `feeds` are the names of the lists to read; with `only`, those
    addresses (each with the name of its feed, or "") are read instead, and nothing that they lead to. `retry_waits`
    are the waits before a page is asked for again. `expected` is the smallest and the greatest number of listings of
    an ordinary night, `floor` the fewest that are credible. `known` are the words of the dates that earlier nights
    read on entries' own pages, by ref.

    `archive` is the folder of the archive; answers that lie there and are younger than `cache_seconds` are not asked
    for. `archive_file` is the file within it that this crawl writes, of at most `archive_bytes`; empty keeps nothing.
    `earlier` are the files of this run's earlier attempts, whose pages are not asked for again. `replay` is a file
    whose answers are given instead of asking anybody. A crawl that is a `part` makes nothing absent.
    """

    base: str | None
    feeds: tuple[str, ...]
    delay: float
    concurrency: int
    max_pages: int
    max_items: int
    max_depth: int
    budget_seconds: float
    autothrottle: bool
    allow_private_hosts: bool
    use_proxy: bool
    response_bytes: int
    response_seconds: float
    retry_after_seconds: float
    memory_bytes: int
    contact: str
    retry_waits: tuple[float, ...] = (2, 8)
    only: Mapping[str, str] = field(default_factory=dict)
    part: bool = False
    expected: tuple[int, int] = (0, 0)
    floor: int = 1
    archive: str = ""
    archive_file: str = ""
    archive_bytes: int = 0
    earlier: tuple[str, ...] = ()
    replay: str = ""
    cache_seconds: float = 0
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` reads it back."""
        return asdict(self)

    def told(self) -> dict[str, Any]:
        """What a replay needs to know of this crawl, so that it asks for the same pages."""
        record = self.to_json()
        return {name: record[name] for name in TOLD}

    def replayed(self, file: str, told: Mapping[str, Any]) -> CrawlOptions:
        """The options of the replay of an archive's file, of whose crawl that is `told`. Nobody is waited for."""
        quick = {"delay": 0, "retry_waits": (0,), "retry_after_seconds": 0, "autothrottle": False, "cache_seconds": 0}
        alone = {"archive_file": "", "earlier": (), "replay": file, "allow_private_hosts": True, "use_proxy": False}
        said = {name: told[name] for name in TOLD if name in told}
        return self.from_json({**self.to_json(), **said, **quick, **alone})

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> CrawlOptions:
        """Read what `to_json` wrote."""
        given: dict[str, Any] = {field.name: record[field.name] for field in fields(cls)}
        for name in ("feeds", "retry_waits", "expected", "earlier"):
            given[name] = tuple(given[name])
        given["known"] = {ref: tuple(texts) for ref, texts in given["known"].items()}
        return cls(**given)


def options(
    source: Source, settings: Settings, overrides: Mapping[str, str], *, budget: float | None = None
) -> CrawlOptions:
    """The options of a crawl of that source.

    `overrides` is what the environment says of it (`environment.source_overrides`); `budget`, in seconds of
    crawling, goes before that. Raises SettingError, naming the setting, for a value that cannot be used.
    """
    polite = source.politeness
    read = _Overrides(source.name, overrides)
    read.refuse_unknown_feeds(source)
    if budget is not None and not (math.isfinite(budget) and budget > 0):
        raise SettingError(f"the budget of a crawl: found {budget!r}, wanted: seconds above 0")
    return CrawlOptions(
        base=read.address("url"),
        feeds=tuple(feed.name for feed in source.feeds if read.switch(f"feed_{feed.name}", feed.enabled)),
        delay=read.number("delay", polite.seconds_between_requests),
        concurrency=read.whole("concurrency", polite.concurrency),
        max_pages=read.whole("max_pages", polite.max_pages),
        max_items=read.whole("max_items", polite.max_items),
        max_depth=read.whole("max_depth", polite.max_depth),
        budget_seconds=budget or read.number("budget", polite.budget_seconds, above=0),
        autothrottle=read.switch("autothrottle", settings.autothrottle),
        allow_private_hosts=settings.allow_private_hosts,
        use_proxy=settings.use_proxy,
        response_bytes=settings.response_bytes,
        response_seconds=settings.response_seconds,
        retry_after_seconds=settings.retry_after_seconds,
        memory_bytes=settings.memory_bytes,
        contact=settings.contact,
        retry_waits=settings.page_retry_waits,
        expected=read.span("expected", source.expected_listings),
        floor=read.whole("floor", source.floor),
        archive=str(settings.archive_dir),
        archive_bytes=settings.archive_bytes,
        cache_seconds=read.number("cache", 0),
    )


def check_environment(settings: Settings, steps: Collection[str] | None = None) -> None:
    """What stops a start: raises as `check_sources`, and for a setting of a source that there is not."""
    environment.refuse_unknown_sources(readers())
    check_sources(settings, steps)


def check_sources(settings: Settings, steps: Collection[str] | None = None) -> None:
    """Raise SettingError for a setting of a source (of those steps, or of all) that cannot be used."""
    for reader in readers().values():
        if steps is None or reader.source.step in steps:
            options(reader.source, settings, environment.source_overrides(reader.source.name))


class _Overrides:
    """The overrides of one source, each read by its kind."""

    def __init__(self, source: str, values: Mapping[str, str]) -> None:
        self._source, self._values = source, values

    def refuse_unknown_feeds(self, source: Source) -> None:
        known = [f"feed_{feed.name}" for feed in source.feeds]
        for name in self._values:
            if name.startswith("feed_") and name not in known:
                raise self._error(name, f"no such setting; the feeds of {source.name} have {', '.join(known)}")

    def number(self, field: str, declared: float, *, above: float | None = None) -> float:
        if field not in self._values:
            return declared
        try:
            value = float(self._values[field])
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0 or (above is not None and value <= above):
            raise self._error(field, "seconds, 0 or more" if above is None else f"seconds above {above:g}")
        return value

    def whole(self, field: str, declared: int) -> int:
        text = self._values.get(field, str(declared)).strip()
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
            raise self._error(field, "a whole number from 1")
        return int(text)

    def span(self, field: str, declared: range) -> tuple[int, int]:
        if not (text := self._values.get(field, "").strip()):
            return declared.start, declared.stop - 1
        low, dash, high = text[:20].partition("-")
        if not (dash and low.isdecimal() and high.isdecimal() and int(low) <= int(high)):
            raise self._error(field, "the fewest and the most listings, such as 250-4000")
        return int(low), int(high)

    def switch(self, field: str, declared: bool) -> bool:
        text = self._values.get(field, "on" if declared else "off").strip().lower()
        if text not in SWITCH:
            raise self._error(field, "on or off")
        return SWITCH[text]

    def address(self, field: str) -> str | None:
        if not (text := self._values.get(field, "").strip()):
            return None
        try:
            parts = urlsplit(text)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise self._error(field, "an http or https address")
        return text

    def _error(self, field: str, wanted: str) -> SettingError:
        name = f"CONFRADAR_SOURCE_{self._source.upper()}_{field.upper()}"
        return SettingError(f"{name}: found {self._values[field]!r}, wanted: {wanted}")
