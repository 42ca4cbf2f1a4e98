"""Commands for who works on sources and dates: fetch, parse, resolve, new-source."""

from __future__ import annotations

import json
import mimetypes
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

import confradar.sources
from confradar import settings as configuration
from confradar import steps
from confradar.crawling.addresses import Addresses
from confradar.crawling.process import Crawled
from confradar.deadlines import dates
from confradar.deadlines.listing import Kind, Listing, clean, printable
from confradar.errors import SettingError, UnknownName
from confradar.sources.base import Follow, Page, reader


@click.command()
@click.argument("url")
@click.option("--source", help="The source that asks; the one that the address belongs to if not given.")
@click.option("--feed", help="The feed within the source; the one of that address if not given.")
@click.option("--lines", default=10, show_default=True, help="How much of the body to show.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def fetch(url: str, source: str | None, feed: str | None, lines: int, as_json: bool) -> None:
    """Show what a source would send and get for one page, e.g. `confradar fetch http://www.wikicfp.com/cfp/home`.

    It asks as a crawl does: robots.txt, waits, bounds and hosts. Nothing is kept. Exit code 1 if the page could not be
    had, 3 if anything on it was not understood.
    """
    crawled = steps.fetch(url, configuration.load(), source=source, feed=feed)
    if as_json:
        shown = {
            "source": crawled.source,
            "exchanges": [asdict(exchange) for exchange in crawled.exchanges],
            "listings": [listing.to_json() for listing in crawled.listings],
            "links": crawled.links,
            "rejects": [str(reject) for reject in crawled.rejects],
            "reason": crawled.reason,
            "detail": crawled.detail,
        }
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        for line in told(crawled, lines):
            click.echo(printable(line))
    sys.exit(1 if not crawled.pages else 3 if crawled.rejects or crawled.status != "ok" else 0)


def told(crawled: Crawled, most: int) -> Iterator[str]:
    """A fetched page in lines: the exchange as it went, then what the source reads in it."""
    for exchange in crawled.exchanges:
        yield f"> GET {exchange.url}"
        yield from (f"> {name}: {value}" for name, value in exchange.request)
        yield f"< {exchange.status}, {exchange.size} bytes"
        yield from (f"< {name}: {value}" for name, value in exchange.response)
        yield from (f"  {line[:200]}" for line in exchange.body.splitlines()[:most])
    counts = f"{len(crawled.listings)} listings, {len(crawled.links)} links, {len(crawled.rejects)} rejected"
    yield f"{crawled.source} reads {counts}" + (f"; {crawled.reason}: {crawled.detail}" if crawled.reason else "")
    yield from (json.dumps(listing.to_json(), ensure_ascii=False) for listing in crawled.listings)
    yield from (f"follow {link}" for link in crawled.links)
    yield from (f"rejected {reject}" for reject in crawled.rejects)


@click.command()
@click.argument("source")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--url", help="The address that the page was saved from; the feed's or the source's if not given.")
@click.option("--feed", help="The feed within the source; the one of that address if not given.")
def parse(source: str, file: Path, url: str | None, feed: str | None) -> None:
    """Print the listings of a saved page as JSON lines, e.g. `confradar parse wikicfp page.html`.

    Links to follow, rejected records and troubles go to stderr. Exit code 3 if there were any of the last two.
    """
    found = reader(source)
    feeds = {one.name: Addresses(found.source).of(one) for one in found.source.feeds}
    if feed and feed not in feeds:
        raise UnknownName(f"There is no feed {feed!r}. Feeds of {source}: {', '.join(feeds)}.")
    feed = feed or next((name for name, address in feeds.items() if address == url), "")
    page = Page(
        url=url or feeds.get(feed, found.source.base),
        body=file.read_bytes(),
        feed=feed,
        base=found.source.base,
        content_type=mimetypes.guess_type(file.name)[0] or "text/html",
    )
    rejected = False
    for item in found.parse(page):
        if isinstance(item, Listing):
            click.echo(json.dumps(item.to_json(), ensure_ascii=False))
        elif isinstance(item, Follow):
            click.echo(f"follow {clean(item.url)}", err=True)
        else:
            rejected = True
            click.echo(str(item), err=True)
    if rejected and not feed:
        click.echo(f"read as no feed in particular; `--feed` names one: {', '.join(feeds)}", err=True)
    sys.exit(3 if rejected else 0)


@click.command()
@click.argument("text")
@click.option("--zone", help="The page's own words for the zone, e.g. AoE.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), default=Kind.SUBMISSION.value)
@click.option("--year", type=int, help="The edition's year; this year if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def resolve(text: str, zone: str | None, kind: str, year: int | None, as_json: bool) -> None:
    """Say what a written date means in UTC, e.g. `confradar resolve "Jan 29, 2026" --zone AoE`."""
    edition = dates.Edition(year or steps.now_utc().year)
    window = dates.resolve(text, zone, kind=Kind(kind), edition=edition)
    record = {
        "text": text,
        "zone_text": zone,
        "precision": window.precision.value,
        "earliest": window.earliest and window.earliest.isoformat(),
        "latest": window.latest and window.latest.isoformat(),
        "reason": window.reason,
        "finding": window.finding,
    }
    if as_json:
        click.echo(json.dumps(record, ensure_ascii=False))
        return
    if window.earliest is None or window.latest is None:
        click.echo(f"no instant: {window.reason}")
    elif window.earliest == window.latest:
        click.echo(f"{window.earliest:%a %d %b %Y %H:%M:%S} UTC, exact to the {window.precision}")
    else:
        click.echo(f"from  {window.earliest:%a %d %b %Y %H:%M:%S} UTC\nuntil {window.latest:%a %d %b %Y %H:%M:%S} UTC")
        click.echo(f"because {window.reason}")
    if window.finding:
        click.echo(f"note: {window.finding}")


SOURCE_FILE = '''"""{name}: one sentence about what it lists, and where."""

from __future__ import annotations

from collections.abc import Iterator

from confradar.sources.base import Feed, Found, Page, Source, Trouble

SOURCE = Source(
    name="{name}",
    home="{url}",
    base="{url}",
    feeds=(Feed("list", "{url}", why="the address by which it is known", whole=True),),
    expected_listings=range(1, 1000),
)


def parse(page: Page) -> Iterator[Found]:
    """Read a page of {name}: its listings, each with the page's `retrieved_at`; Trouble("broken") if it is none."""
    yield Trouble("unread", f"{{page.url}}: this source is declared, but its pages are not read yet", fatal=True)
'''


@click.command("new-source")
@click.argument("name")
@click.argument("url")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The checkout; the current folder if not given.",
)
def new_source(name: str, url: str, folder: Path) -> None:
    """Write the file of a new source and a case that fails until it is read.

    E.g. `confradar new-source dblp https://dblp.org/`.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,38}", name):
        raise SettingError(f"NAME: found {name!r}, wanted lower-case letters, digits and underscores")
    if not re.match(r"https?://[^/\s\"\\]+/?[^\s\"\\]*$", url):
        raise SettingError(f"URL: found {url!r}, wanted an http or https address")
    if not (folder / "confradar" / "sources").is_dir():
        raise SettingError(f"--folder: {folder.resolve()} is not a checkout of ConfRadar")
    module = folder / "confradar" / "sources" / f"{name}.py"
    case = folder / "tests" / "pages" / name / "first"
    if module.exists() or case.exists() or name in {m.stem for m in Path(confradar.sources.__path__[0]).glob("*.py")}:
        raise SettingError(f"NAME: there is a source {name!r} already")
    module.write_text(SOURCE_FILE.format(name=name, url=url), encoding="utf-8")
    case.mkdir(parents=True)
    write_case(case, url)
    click.echo(f"{module}\n{case}")
    click.echo("next: save or write a page into the case, say in expected.json what it holds, and read it", err=True)


def write_case(case: Path, url: str) -> None:
    """Write an empty case: a page, where it is from, and nothing expected yet."""
    (case / "page.html").write_text("<!doctype html>\n<title>Put a page here</title>\n", encoding="utf-8")
    (case / "case.json").write_text(json.dumps({"url": url}, indent=2) + "\n", encoding="utf-8")
    expected: dict[str, list[object]] = {"listings": [], "follows": [], "rejects": [], "troubles": []}
    (case / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")
