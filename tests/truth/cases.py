"""The cases: written and saved pages of each source, found by walking `tests/pages/`.

A case is a folder `tests/pages/<source>/<case>/` of three files:

`page.html` (or `.json`, `.yml`, `.xml`, …)
    The body, byte for byte.
`case.json`
    Where it came from. `url` is required. May be given: `feed`, `status`, `content_type` (else from the file's
    ending), `encoding`, `base` (else the source's own); `about`, one line for the reader; `assumed_markup`, true
    where nobody has captured such a page; `origin`, where its facts are from.
`expected.json`
    All that `parse` finds, in order: `listings` (as `Listing.to_json`), `follows`, `rejects`, `troubles`.
    A list that is empty and a field that has its default may be left out.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from confradar.sources.base import Page, Reader

PAGES = Path(__file__).resolve().parent.parent / "pages"
CONTENT_TYPES = {".html": "text/html", ".json": "application/json", ".xml": "application/rss+xml"}
READ_AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
FOR_READERS = ("about", "assumed_markup", "origin")


def every() -> list[Path]:
    """The folders of all cases."""
    return sorted(
        folder for source in PAGES.iterdir() if source.is_dir() for folder in source.iterdir() if folder.is_dir()
    )


def of(name: str) -> list[Path]:
    """The folders of a source's cases."""
    return [case for case in every() if case.parent.name == name]


def load(case: Path, source: Reader) -> Page:
    """The page of a case, as the crawl would hand it to `parse`."""
    [body] = case.glob("page.*")
    given = json.loads((case / "case.json").read_text())
    for name in FOR_READERS:
        given.pop(name, None)
    given = {"content_type": CONTENT_TYPES.get(body.suffix, "text/plain"), "base": source.source.base, **given}
    return Page(body=body.read_bytes(), retrieved_at=READ_AT, **given)
