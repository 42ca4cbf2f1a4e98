"""What each outlet gives for a selection: the same rows in the same order, in its own form."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import Connection

from confradar.deadlines.selection import Selection
from confradar.publish import rows
from confradar.sources.base import readers
from confradar.storage import answers, history, measures, selecting
from confradar.storage.selecting import Page
from confradar.web import asking
from confradar.web.caching import Body

API = "/api/v1"
JSON = "application/json"


def deadlines_json(asked: Selection, connection: Connection, now: datetime) -> Body:
    """A page of deadlines."""
    page = selecting.gates(connection, asked, now=now)
    found = [rows.deadline(row) for row in page.rows]
    return _json({"deadlines": found}, page, f"{API}/deadlines", modified=_newest(page))


def conferences_json(asked: Selection, connection: Connection, now: datetime) -> Body:
    """A page of conferences."""
    page = selecting.conferences(connection, asked, now=now)
    return _json({"conferences": [rows.conference(row) for row in page.rows]}, page, f"{API}/conferences")


def changes_json(
    asked: Selection,
    after: int | None,
    connection: Connection,
    now: datetime,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Body:
    """A page of changes, or those after a change; with the token that asks for those after these."""
    page = selecting.changes(connection, asked, now=now, after=after, since=since, until=until)
    found = [rows.change(row) for row in page.rows]
    if after is None or page.next is None:
        token = asking.token(selecting.last_change(connection))
        return _json({"changes": found, "token": token}, page, f"{API}/changes")
    token = asking.token(page.rows[-1]["id"])
    address = f"{API}/changes?{urlencode([*asked.pairs(), ('since', token)])}"
    return Body(_written({"changes": found, "token": token, "next": address}), JSON, headers=_link(address))


def conference_json(slug: str, connection: Connection, now: datetime) -> Body:  # noqa: ARG001 - as all are called
    """All about a conference; a redirect from the slug of one that was merged into it. Raises UnknownName."""
    found = answers.conference(connection, slug)
    if found["slug"] != slug:
        return _elsewhere(f"{API}/conferences/{quote(found['slug'])}")
    seen = max((one["last_seen_at"] for one in found["mentions"]), default=None)
    return Body(_written(rows.whole(found)), JSON, seen)


def history_json(slug: str, connection: Connection, now: datetime) -> Body:  # noqa: ARG001
    """All changes of a conference, the newest first; redirects and raises as `conference_json` does."""
    found = answers.conference(connection, slug)
    if found["slug"] != slug:
        return _elsewhere(f"{API}/conferences/{quote(found['slug'])}/history")
    return Body(_written({"changes": [rows.change(row) for row in found["changes"]]}), JSON)


def sources_json(connection: Connection, now: datetime) -> Body:
    """The sources, how each was last read, and its last good crawl."""
    last, good = history.last_states(connection), measures.newest_good(connection)
    found = [
        rows.source(
            one.source,
            last.get(one.source.step),
            good[one.source.name]._asdict() if one.source.name in good else None,
        )
        for one in readers().values()
    ]
    return Body(_written({"sources": found}), JSON, now)


def _json(said: dict[str, Any], page: Page, path: str, modified: datetime | None = None) -> Body:
    """A page of an answer, with the address of the next one in it and in its head."""
    address = f"{path}?{page.next}" if page.next else None
    return Body(_written({**said, "next": address}), JSON, modified, headers=_link(address))


def _link(address: str | None) -> dict[str, str]:
    return {"Link": f'<{address}>; rel="next"'} if address else {}


def _written(said: Any) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _elsewhere(address: str) -> Body:
    return Body(b"", "text/plain", status=301, headers={"Location": address})


def _newest(page: Page) -> datetime | None:
    """The newest instant that deadlines show: when one of their claims was last confirmed."""
    seen: Iterable[datetime] = (claim["last_confirmed_at"] for row in page.rows for claim in row["claims"])
    return max(seen, default=None)
