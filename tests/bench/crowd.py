"""One of forty sources of the scaling bench, which are copies of this file: each its own site, read a page a second."""

import json
from collections.abc import Iterator
from pathlib import Path

from confradar.deadlines.listing import Listing
from confradar.sources.base import Feed, Follow, Found, Page, Politeness, Source

NAME = Path(__file__).stem
SOURCE = Source(
    name=NAME,
    home=f"https://{NAME}.example.org/",
    base=f"https://{NAME}.example.org",
    feeds=(Feed("list", "/1", whole=True),),
    expected_listings=range(1, 100),
    politeness=Politeness(seconds_between_requests=1),
)


def parse(page: Page) -> Iterator[Found]:
    """Give what the page says, and the next one."""
    said = json.loads(page.text)
    if said["next"]:
        yield Follow(page.join(said["next"]), page.feed)
    for ref in said["refs"]:
        title = f"Conference {ref} of {NAME}"
        yield Listing(source=NAME, feed=page.feed, ref=ref, url=page.url, title=title, year=2027)
