"""A cache of responses between crawls, for who works on a source: one JSON file and one body for each address."""

from __future__ import annotations

import json
import time
from pathlib import Path

from scrapy import Request, Spider
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.settings import BaseSettings


class JsonCache:
    """Scrapy's own storage is pickled, which nothing that came from the web may be."""

    def __init__(self, settings: BaseSettings) -> None:
        self._folder = Path(str(settings["HTTPCACHE_DIR"]))
        self._seconds = settings.getfloat("HTTPCACHE_EXPIRATION_SECS")

    def open_spider(self, spider: Spider) -> None:
        """Note how the spider names its requests."""
        self._name = spider.crawler.request_fingerprinter

    def close_spider(self, spider: Spider) -> None:
        """Nothing is held open."""

    def retrieve_response(self, spider: Spider, request: Request) -> Response | None:  # noqa: ARG002 - Scrapy's signature
        """What was answered to that request not long ago; None if nothing was."""
        facts, body = self._files(request)
        if not facts.exists() or time.time() - facts.stat().st_mtime > self._seconds:
            return None
        known = json.loads(facts.read_text(encoding="utf-8"))
        headers = Headers({name: [value.encode("latin-1") for value in values] for name, values in known["headers"]})
        content = body.read_bytes()
        kind = responsetypes.from_args(headers=headers, url=known["url"], body=content)
        return kind(url=known["url"], status=known["status"], headers=headers, body=content)

    def store_response(self, spider: Spider, request: Request, response: Response) -> None:  # noqa: ARG002
        """Keep an answer."""
        facts, body = self._files(request)
        facts.parent.mkdir(parents=True, exist_ok=True)
        headers = [
            (name.decode("latin-1"), [value.decode("latin-1") for value in values])
            for name, values in response.headers.items()
        ]
        body.write_bytes(response.body)
        known = {"url": response.url, "status": response.status, "headers": headers}
        facts.write_text(json.dumps(known), encoding="utf-8")

    def _files(self, request: Request) -> tuple[Path, Path]:
        name = self._name.fingerprint(request).hex()
        return self._folder / f"{name}.json", self._folder / f"{name}.body"
