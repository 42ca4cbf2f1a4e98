"""One of two sources for tests that a single step crawls."""

import json
from collections.abc import Iterator

from confradar.deadlines.listing import Listing
from confradar.sources.base import Feed, Found, Page, Politeness, Source

SOURCE = Source(
    name="twin_two",
    home="https://two.example.org/",
    base="https://two.example.org",
    feeds=(Feed("list", "/two", whole=True),),
    expected_listings=range(1, 100),
    politeness=Politeness(seconds_between_requests=0),
    step="twins_conferences",
)


def parse(page: Page) -> Iterator[Found]:
    """Give what the page says, in its order."""
    for thing in json.loads(page.text):
        yield Listing(source=SOURCE.name, feed=page.feed, url=page.url, year=2027, **thing)
