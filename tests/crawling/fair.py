"""How the site of the source `fair` says what it has, and what a crawl of it came to."""

import json
import time
from collections.abc import Callable
from typing import Any

import psutil

from confradar.crawling.process import Crawled

from ..workers.site import Answer  # noqa: TID252 - the tests are no package

GONE = Answer(status=404)
ELRA = (
    "<main><h1>Events</h1><h2>LREC 2028</h2>"
    "<p>LREC 2028 will take place in Lyon, France, from 12 to 17 May 2028.</p></main>"
)


def crawls() -> list[psutil.Process]:
    """The children of this process; the session's database server apart."""
    return [child for child in psutil.Process().children() if child.name() != "postgres"]


def page(*things: dict[str, Any]) -> str:
    return json.dumps(things)


def listing(ref: str, **fields: Any) -> dict[str, Any]:
    return {"ref": ref, "title": f"Conference {ref}", **fields}


def follow(path: str, **fields: Any) -> dict[str, Any]:
    return {"follow": path, **fields}


Read = Callable[..., Crawled]


def refs(crawled: Crawled) -> list[str]:
    return [item.ref for item in crawled.listings]


def until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
