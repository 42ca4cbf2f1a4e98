"""What anyone would write instead: plain Scrapy spiders without ledger, limits, worker or broker.

    plain.py spider SOURCE FILE      one spider in this interpreter; Scrapy's own exporter writes the listings
    plain.py all DATABASE            five spiders in one process, the listings stored with COPY

They are asked for the same pages as ours, one request at a time at each site after its robots.txt, and read them with
the same functions, so that the difference is what ConfRadar puts around them. Prints the number
of listings, and the processor seconds that its imports took, as JSON.
"""

import csv
import io
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg2
import scrapy
from scrapy.crawler import AsyncCrawlerProcess

from confradar.crawling.addresses import Addresses
from confradar.deadlines.listing import Listing
from confradar.sources.base import Follow, Page, Reader, reader, readers

SETTINGS = {
    "ROBOTSTXT_OBEY": True,
    "CONCURRENT_REQUESTS": 1,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "DOWNLOAD_DELAY": 0,
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "LOG_LEVEL": "WARNING",
}
COLUMNS = ("source", "feed", "ref", "year", "title", "url", "record")
KEY = "source, feed, ref, year"
TABLE = f"source text, feed text, ref text, year int, title text, url text, record json, PRIMARY KEY ({KEY})"


class PlainSpider(scrapy.Spider):
    """Reads one source."""

    reader: Reader

    async def start(self) -> AsyncIterator[scrapy.Request]:
        self.handle_httpstatus_list = self.reader.source.accepted_statuses
        base = os.environ[f"CONFRADAR_SOURCE_{self.name.upper()}_URL"]
        self.addresses = Addresses(self.reader.source, base)
        for feed in self.reader.source.feeds:
            if feed.enabled:
                yield self.request(self.addresses.of(feed), feed.name, dict(feed.cookies), again=True)

    def request(self, url: str, feed: str, cookies: dict[str, str], *, again: bool) -> scrapy.Request:
        given: list[Any] = [{"name": name, "value": value} for name, value in cookies.items()]
        return scrapy.Request(url, cookies=given, cb_kwargs={"feed": feed, "sent": cookies}, dont_filter=again)

    def parse(self, response: scrapy.http.Response, feed: str, sent: dict[str, str]) -> Iterator[Any]:
        kind = (response.headers.get("Content-Type") or b"").decode().partition(";")[0]
        page = Page(
            response.url, response.body, feed, response.status, kind, base=self.addresses.here("/"), cookies=sent
        )
        for found in self.reader.parse(page):
            if isinstance(found, Follow):
                url = self.addresses.here(found.url)
                yield self.request(url, found.feed or feed, dict(found.cookies), again=found.again)
            elif isinstance(found, Listing):
                yield found.to_json()


def spider(name: str) -> type[PlainSpider]:
    return type(name, (PlainSpider,), {"name": name, "reader": reader(name)})


def alone(source: str, file: str) -> int:
    process = AsyncCrawlerProcess({**SETTINGS, "FEEDS": {file: {"format": "jsonlines"}}})
    crawler = process.create_crawler(spider(source))
    process.crawl(crawler)
    process.start()
    return int(crawler.stats.get_value("item_scraped_count", 0))


def together(database: str) -> int:
    found: list[dict[str, Any]] = []

    class Collect:
        def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
            found.append(item)
            return item

    process = AsyncCrawlerProcess({**SETTINGS, "ITEM_PIPELINES": {Collect: 1}})
    for name in readers():
        process.crawl(spider(name))
    process.start()
    store(database, found)
    return len(found)


def store(database: str, found: list[dict[str, Any]]) -> None:
    """COPY into a temporary table, then merge by key what is new or differs."""
    rows = io.StringIO()
    write = csv.writer(rows).writerow
    for item in found:
        fixed = {name: item.get(name) or "" for name in COLUMNS[:-1]}
        write([*({**fixed, "year": item.get("year") or 0}).values(), json.dumps(item)])
    rows.seek(0)
    names = ", ".join(COLUMNS)
    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS plain ({TABLE})")
        cursor.execute("CREATE TEMPORARY TABLE incoming (LIKE plain) ON COMMIT DROP")
        cursor.copy_expert(f"COPY incoming ({names}) FROM STDIN WITH (FORMAT csv, NULL '-')", rows)
        cursor.execute(
            f"INSERT INTO plain ({names}) SELECT DISTINCT ON ({KEY}) {names} FROM incoming "  # noqa: S608 - names of ours
            f"ON CONFLICT ({KEY}) DO UPDATE SET title = excluded.title, url = excluded.url, record = excluded.record "
            "WHERE plain.record::text <> excluded.record::text"
        )


if __name__ == "__main__":
    imports = time.process_time()
    match sys.argv[1:]:
        case ["spider", source, file]:
            listings = alone(source, file)
        case ["all", database]:
            listings = together(database)
    print(json.dumps({"listings": listings, "imports": imports}))  # noqa: T201 - a command
