"""What each outlet gives for a selection: the same rows in the same order, in its own form."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import Connection

from confradar import steps
from confradar.deadlines.selection import Selection
from confradar.publish import atom, ical, rows, telling
from confradar.storage import answers, selecting
from confradar.storage.selecting import Page
from confradar.web import asking
from confradar.web.caching import Body, Kept, elsewhere

Events = tuple[ical.Event, ...]
API = "/api/v1"
JSON, CSV = "application/json", "text/csv; charset=utf-8; header=present"
ICAL, ATOM = "text/calendar; charset=utf-8", "application/atom+xml; charset=utf-8"


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
) -> Body:
    """A page of changes, or those after a change; with the token that asks for those after these."""
    page = selecting.changes(connection, asked, now=now, after=after, since=since, until=now)
    found = [rows.change(row) for row in page.rows]
    if after is None or page.next is None:
        token = asking.token(selecting.last_change(connection, until=now))
        return _json({"changes": found, "token": token}, page, f"{API}/changes")
    token = asking.token(page.rows[-1]["id"])
    address = f"{API}/changes?{urlencode([*asked.pairs(), ('since', token)])}"
    return Body(_written({"changes": found, "token": token, "next": address}), JSON, headers=_link(address))


def conference_json(slug: str, asked: Selection, connection: Connection, now: datetime) -> Body:  # noqa: ARG001 - as all are called
    """All about a conference; a redirect from the slug of one that was merged into it. Raises UnknownName."""
    found = answers.conference(connection, slug)
    if found["slug"] != slug:
        return _elsewhere(f"{API}/conferences/{quote(found['slug'])}", asked)
    seen = max((one["last_seen_at"] for one in found["mentions"]), default=None)
    return Body(_written(rows.whole(found)), JSON, seen)


def history_json(slug: str, asked: Selection, connection: Connection, now: datetime) -> Body:  # noqa: ARG001
    """All changes of a conference, the newest first; redirects and raises as `conference_json` does."""
    found = answers.conference(connection, slug)
    if found["slug"] != slug:
        return _elsewhere(f"{API}/conferences/{quote(found['slug'])}/history", asked)
    return Body(_written({"changes": [rows.change(row) for row in found["changes"]]}), JSON)


def sources_json(connection: Connection, now: datetime) -> Body:
    """The sources, how each was last read, and its last good crawl."""
    found = [
        rows.source(one.source, one.last, one.good and one.good._asdict())
        for one in steps.standings(connection, now=now)
    ]
    return Body(_written({"sources": found}), JSON, now)


def deadlines_ics(
    asked: Selection,
    site: str,
    rights: str,
    days: bool,
    alarms: tuple[timedelta, ...],
    kept: Kept[Events],
    connection: Connection,
    now: datetime,
) -> Body:
    """The deadlines of a selection as a calendar, with those withdrawn lately as cancelled; their events are kept."""

    def make(ids: list[int], *, days: bool = days) -> dict[int, Events]:
        found = selecting.gates_of(connection, ids)
        moved = answers.moves_of_days(connection, [row["conference_id"] for row in found]) if days else None
        return {row["id"]: ical.events(row, site=site, alarms=alarms, moved=moved) for row in found}

    ids, more = selecting.gate_ids(connection, asked, now=now)
    gone = selecting.withdrawn_ids(connection, asked, since=now - telling.WITHDRAWN_FOR)
    shown = kept.parts(connection, ids, (site, days, alarms), make)
    shown += kept.parts(connection, gone, (site, False, alarms), partial(make, days=False))
    name = ", ".join(dict.fromkeys(value for name, value in asked.pairs() if name != "limit"))
    url = f"{site}/{'?' if str(asked) else ''}{asked}"
    name = f"ConfRadar: {name[: telling.NAME_MAX]}" if name else "ConfRadar"
    return _calendar(shown, name, url, rights, "confradar.ics", cut_at=len(ids) if more else None)


def conference_ics(
    slug: str,
    asked: Selection,
    site: str,
    rights: str,
    days: bool,
    alarms: tuple[timedelta, ...],
    connection: Connection,
    now: datetime,
) -> Body:
    """All deadlines of a conference as a calendar; redirects and raises as `conference_json` does."""
    found = answers.conference(connection, slug)
    if found["slug"] != slug:
        return _elsewhere(f"/conferences/{quote(found['slug'])}.ics", asked)
    gates = rows.gates_of(found)
    dated = [gate for gate in gates if gate["safe_at"]]
    since = now - telling.WITHDRAWN_FOR
    gone = [gate for gate in gates if telling.is_withdrawn(gate) and gate["changes"][-1]["at"] >= since]
    name = f"ConfRadar: {telling.conference_name(found)}"[: 2 * telling.NAME_MAX]
    url = f"{site}/conferences/{quote(slug)}"
    moved = answers.moves_of_days(connection, [found["id"]]) if days else None
    shown = [ical.events(gate, site=site, alarms=alarms, moved=moved) for gate in dated]
    shown += [ical.events(gate, site=site) for gate in gone]
    return _calendar(shown, name, url, rights, f"{quote(slug)}.ics")


def deadlines_atom(asked: Selection, site: str, rights: str, connection: Connection, now: datetime) -> Body:
    """A page of deadlines as an Atom feed."""
    page = selecting.gates(connection, asked, now=now)
    given = {"site": site, "rights": rights, "path": "/feeds/deadlines.atom", "query": str(asked)}
    written = atom.deadlines(page.rows, **given, next_query=str(page.next) if page.next else None)
    return Body(written.encode(), ATOM, _changed(page.rows))


def changes_atom(asked: Selection, site: str, rights: str, connection: Connection, now: datetime) -> Body:
    """A page of changes as an Atom feed."""
    page = selecting.changes(connection, asked, now=now, until=now)
    given = {"site": site, "rights": rights, "path": "/feeds/changes.atom", "query": str(asked)}
    written = atom.changes(page.rows, **given, next_query=str(page.next) if page.next else None)
    return Body(written.encode(), ATOM)


def deadlines_csv(asked: Selection, connection: Connection, now: datetime) -> Body:
    """A page of deadlines as a table."""
    page = selecting.gates(connection, asked, now=now)
    written = rows.csv(map(rows.deadline, page.rows), rows.OF_DEADLINE)
    return _table(written, page, "/feeds/deadlines.csv", _newest(page))


def changes_csv(asked: Selection, connection: Connection, now: datetime, *, since: datetime | None = None) -> Body:
    """A page of changes as a table."""
    page = selecting.changes(connection, asked, now=now, since=since, until=now)
    return _table(rows.csv(map(rows.change, page.rows), rows.OF_CHANGE), page, "/feeds/changes.csv")


def _calendar(shown: list[Events], name: str, url: str, rights: str, file: str, *, cut_at: int | None = None) -> Body:
    events = [event for one in shown for event in one]
    changed = max((event.changed_at for event in events), default=None)
    written = ical.calendar(events, name=name, url=url, rights=rights, cut_at=cut_at)
    return Body(written, ICAL, changed, headers=_file(file))


def _elsewhere(address: str, asked: Selection) -> Body:
    return elsewhere(f"{address}?{asked}" if str(asked) else address)


def _table(written: str, page: Page, path: str, modified: datetime | None = None) -> Body:
    link = _link(f"{path}?{page.next}" if page.next else None)
    return Body(written.encode(), CSV, modified, headers=link | _file(path.rpartition("/")[2]))


def _file(name: str) -> dict[str, str]:
    """The name under which a browser keeps it."""
    return {"Content-Disposition": f'inline; filename="{name}"'}


def _changed(found: Iterable[rows.Row]) -> datetime | None:
    """When anything that is told of these gates last changed."""
    return max(map(rows.updated_at, found), default=None)


def _json(said: dict[str, Any], page: Page, path: str, modified: datetime | None = None) -> Body:
    """A page of an answer, with the address of the next one in it and in its head."""
    address = f"{path}?{page.next}" if page.next else None
    return Body(_written({**said, "next": address}), JSON, modified, headers=_link(address))


def _link(address: str | None) -> dict[str, str]:
    return {"Link": f'<{address}>; rel="next"'} if address else {}


def _written(said: Any) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _newest(page: Page) -> datetime | None:
    """The newest instant that deadlines show: when one of their claims was last confirmed."""
    seen: Iterable[datetime] = (claim["last_confirmed_at"] for row in page.rows for claim in row["claims"])
    return max(seen, default=None)
