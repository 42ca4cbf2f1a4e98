"""What a source is: a declaration and a pure reading function. Nothing here fetches."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any, TypeVar
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

from parsel import Selector

from confradar.deadlines.listing import ADDRESS_MAX, Listing, printable
from confradar.errors import FieldError, UnknownName

T = TypeVar("T")
NIGHTLY = "nightly"
QUOTED = 80  # characters of a page that a finding quotes


@dataclass(frozen=True, slots=True)
class Politeness:
    """How gently a source is read. Settings may override each (CONFRADAR_SOURCE_<NAME>_<FIELD>)."""

    seconds_between_requests: float = 1.0
    concurrency: int = 1
    max_pages: int = 500
    max_items: int = 5000
    max_depth: int = 5
    budget_seconds: int = 600  # crawling only; waiting for a worker does not count


@dataclass(frozen=True, slots=True)
class Feed:
    """One list within a source: where it lives today, and why that differs from the source's known address.

    `path` is joined to the source's base address unless it is a whole address itself. A feed that is not
    `enabled` is read only when a setting asks (CONFRADAR_SOURCE_<NAME>_FEED_<FEED>=on). `whole` feeds show
    all their entries, so that one that is missing is absent; a window of recent rows is not whole.
    """

    name: str
    path: str
    why: str = ""
    enabled: bool = True
    whole: bool = False
    cookies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """The declaration of a source.

    `home` is the address by which people know it, `base` the address that is crawled (a setting may
    replace it). `hosts` are further hosts that its pages may lead to. `expected_degradations` are the
    reason codes that count as ok for run status, exit code and alerts. `expected_listings` is the
    number of listings that an ordinary night brings, `floor` the fewest that are credible on any night. `step` names
    the step that crawls it, by default `<name>_conferences`; sources that name the same step are crawled by it
    together, one output each. With `own_pages` the address of a listing is a page that says all of it and can be read
    alone; otherwise whoever wants to read one again reads its feed.
    """

    name: str
    home: str
    base: str
    feeds: tuple[Feed, ...]
    expected_listings: range
    floor: int = 1
    cadence: str = NIGHTLY
    politeness: Politeness = Politeness()
    hosts: tuple[str, ...] = ()
    accepted_statuses: tuple[int, ...] = ()
    expected_degradations: frozenset[str] = frozenset()
    step: str = ""
    own_pages: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "step", self.step or f"{self.name}_conferences")


@dataclass(frozen=True)
class Page:
    """One response, as `parse` sees it. `base` is the address that the source is crawled at."""

    url: str
    body: bytes
    feed: str = ""
    status: int = 200
    content_type: str = "text/html"
    encoding: str = "utf-8"
    retrieved_at: datetime | None = None
    base: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict)  # that were sent to get it
    # What earlier nights read on entries' own pages: the words of their dates, by ref.
    known: Mapping[str, Collection[str]] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """The body as text; bytes that do not fit the encoding become U+FFFD."""
        return self.body.decode(self.encoding, errors="replace").lstrip("\ufeff")

    @cached_property
    def html(self) -> Selector:
        """The body as an HTML document; an empty body gives an empty document."""
        return Selector(text=self.text or "<html></html>", type="html")

    def query(self, name: str) -> str | None:
        """A parameter of the page's own address."""
        return dict(parse_qsl(urlsplit(self.url).query)).get(name)

    def join(self, link: str) -> str:
        """A link on this page as a whole address; the page's own for a link that is none (`http://[`)."""
        try:
            return urljoin(self.url, link.strip())
        except ValueError:
            return self.url


@dataclass(frozen=True, slots=True)
class Follow:
    """A page to be read as well. Lists come before events: a higher `priority` is fetched first.

    `again` asks for the same address a second time (a gate wants its cookie).
    """

    url: str
    feed: str = ""
    priority: int = 0
    cookies: Mapping[str, str] = field(default_factory=dict)
    again: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that broke a rule, alone. What it quotes of the page is cut to 80 characters."""

    source: str
    ref: str
    field: str
    found: str
    wanted: str

    def __post_init__(self) -> None:
        _make_printable(self, QUOTED, "ref", "field", "found")

    def __str__(self) -> str:
        return f"{self.source} {self.ref}".strip() + f", {self.field}: found {self.found}, wanted {self.wanted}"


@dataclass(frozen=True, slots=True)
class Trouble:
    """The page is not what it should be: `needs_browser`, `blocked`, `broken`, ….

    `fatal` makes the crawl failed; otherwise it is degraded. The detail is one sentence for a person.
    """

    reason: str
    detail: str
    fatal: bool = False

    def __post_init__(self) -> None:
        _make_printable(self, 4 * QUOTED, "detail")

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


def _make_printable(finding: Rejected | Trouble, most: int, *names: str) -> None:
    """A finding quotes the page, which may hold anything, of any length."""
    for name in names:
        object.__setattr__(finding, name, printable(getattr(finding, name)[:most]))


Found = Listing | Follow | Rejected | Trouble
Parse = Callable[[Page], Iterator[Found]]


def each(
    records: Iterable[T],
    read: Callable[[T], Listing | Iterable[Found] | None],
    *,
    source: str,
    ref: Callable[[T], str] = lambda _: "",
) -> Iterator[Found]:
    """Read records one at a time, so that one that breaks a rule is rejected alone.

    `read` returns a listing, several findings, or None for a record that is out of scope. `ref` names a
    record that could not be read.
    """
    for record in records:
        try:
            result = read(record)
            found = [result] if isinstance(result, Listing) else list(result or ())
        except FieldError as error:
            yield Rejected(
                error.source or source, error.ref or ref(record), error.field, error.found[:80], error.wanted
            )
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # Hostile data has shapes that nobody foresaw; the neighbours must not pay for it.
            yield Rejected(source, ref(record), "record", f"{type(error).__name__}: {error}"[:80], "a readable record")
        else:
            yield from found


def split_address(address: str) -> SplitResult:
    """The parts of an address; those of an empty one if it is none (`http://[`)."""
    try:
        return urlsplit(address.strip())
    except ValueError:
        return urlsplit("")


def is_web(address: str) -> bool:
    """Whether that is the whole address of a page: http or https, with a host, of a length that can be kept."""
    found = split_address(address)
    return found.scheme in ("http", "https") and bool(found.netloc) and len(address) <= ADDRESS_MAX


def whole(value: Any, name: str) -> int:
    """A whole number that may be written as text. Raises FieldError."""
    if isinstance(value, bool) or not str(value).strip().isascii() or not str(value).strip().isdigit():
        raise FieldError(name, repr(value)[:80], "a whole number")
    return int(str(value)[:20])


@dataclass(frozen=True, slots=True)
class Reader:
    """A source together with its reading function: what one file in this folder offers."""

    source: Source
    parse: Parse


@cache
def readers() -> Mapping[str, Reader]:
    """All sources by name, in alphabetical order, found by walking this folder."""
    package = importlib.import_module("confradar.sources")
    found = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        loaded = importlib.import_module(f"confradar.sources.{module.name}")
        if hasattr(loaded, "SOURCE"):
            found[loaded.SOURCE.name] = Reader(loaded.SOURCE, loaded.parse)
    return found


def reader(name: str) -> Reader:
    """The source of that name. Raises UnknownName with the names that exist."""
    if name not in readers():
        raise UnknownName(f"There is no source {name!r}. Sources: {', '.join(readers())}.")
    return readers()[name]


def crawled_by(name: str) -> tuple[Source, ...]:
    """The sources that a step crawls; the name of a source stands for that source alone. Raises UnknownName."""
    found = tuple(one.source for one in readers().values() if one.source.step == name)
    return found or (reader(name).source,)


def step_of(name: str) -> str:
    """The step of that name, or the one that crawls the source of that name. Raises UnknownName."""
    return crawled_by(name)[0].step
