"""A source for tests: its pages say in JSON what is to be found on them."""

import json
import os
from collections.abc import Iterator

from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.sources.base import Feed, Follow, Found, Page, Politeness, Rejected, Source, Trouble

SOURCE = Source(
    name="fair",
    home="https://fair.example.org/",
    base="https://fair.example.org",
    feeds=(
        Feed("list", "/list", whole=True, cookies={"pass": "yes"}),
        Feed("more", "https://data.example.org/more?page=1", enabled=False),
    ),
    expected_listings=range(1, 100),
    politeness=Politeness(seconds_between_requests=0),
    accepted_statuses=(409,),
    expected_degradations=frozenset({"needs_browser"}),
)


HELD: list[bytes] = []


def parse(page: Page) -> Iterator[Found]:
    """Give what the page says, in its order."""
    if page.status == 409:
        yield Follow(page.url, page.feed, cookies={"gate": "open"}, again=True)
        return
    for thing in json.loads(page.text):
        match thing:
            case {"title": _}:
                dates = tuple(WrittenDate(Kind(kind), text) for kind, text in thing.pop("dates", {}).items())
                known = {"source": "fair", "feed": page.feed, "url": page.url, "year": 2027}
                yield Listing(**{**known, **thing}, dates=dates)
            case {"follow": link, **more}:
                yield Follow(page.join(link), **more)
            case {"reject": ref}:
                yield Rejected("fair", ref, "title", "nothing", "a title")
            case {"trouble": reason, **more}:
                yield Trouble(reason, "the page says so", **more)
            case {"raise": words}:
                raise ValueError(words)
            case {"hold": size}:
                HELD.append(b"x" * size)
            case {"environment": _}:
                secrets = [name for name in os.environ if name.startswith("CONFRADAR_")]
                title = ", ".join(secrets) or "nothing"
                yield Listing(source="fair", ref="environment", url=page.url, year=2027, title=title)
            case {"spin": _}:
                while True:
                    pass
