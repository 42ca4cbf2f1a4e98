"""What the page of a month shows: its weeks, and on each of their days the gates."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from confradar.deadlines.moments import ReaderZone
from confradar.deadlines.moments import day as written_day
from confradar.deadlines.parameters import LIMIT_MAX, Status
from confradar.errors import SelectionError
from confradar.storage import selecting
from confradar.web import gates
from confradar.web.form import View

SHOWN = 8  # gates of a day; the radar has all
YEARS = (1990, 2100)


@dataclass(frozen=True, slots=True)
class Entry:
    """A gate on a day: when in the reader's zone, what, and how sure."""

    slug: str
    name: str
    gate: str
    kind: str
    clock: str
    disputed: bool
    passed: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day: whether it belongs to the month, its gates, how many are left out, and where all of them are."""

    of: date
    words: str
    inside: bool
    today: bool
    entries: tuple[Entry, ...]
    left_out: int
    address: str


def month(connection: Connection, view: View, *, written: str | None, now: datetime) -> dict[str, Any]:
    """The values of the template: `weeks`, the month's name, those before and after, whether some gates are left out.

    `written` is a month such as 2026-03, that of `now` if none is given. Raises SelectionError.
    """
    today = view.zone.day(now)
    first = _month(written) if written else today.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    start = first - timedelta(days=first.weekday())
    count = 7 * (-(-(following - start).days // 7))
    # A day more at both ends: the bounds of a selection are days in UTC, not the reader's.
    asked = replace(
        view.asked,
        begin=max(filter(None, (view.asked.begin, start - timedelta(days=1)))),
        end=min(filter(None, (view.asked.end, start + timedelta(days=count + 1)))), cursor=None, limit=LIMIT_MAX,
        status=Status.ALL if view.asked.status is Status.OPEN else view.asked.status,
    )  # fmt: skip
    page = selecting.gates(connection, asked, now=now)
    found: defaultdict[date, list[Entry]] = defaultdict(list)
    for row in page.rows:
        found[view.zone.day(row["safe_at"])].append(_entry(row, view.zone, now))
    days = [_day(start + timedelta(days=number), first, today, found, view) for number in range(count)]
    before = (first - timedelta(days=1)).replace(day=1)
    return {
        "name": f"{first:%B %Y}",
        "month": f"{first:%Y-%m}",
        "weeks": [days[number : number + 7] for number in range(0, count, 7)],
        "number": sum(len(found[one.of]) for one in days if one.inside),
        "before": (f"{before:%B %Y}", view.address(own=[("month", f"{before:%Y-%m}")])),
        "after": (f"{following:%B %Y}", view.address(own=[("month", f"{following:%Y-%m}")])),
        "cut": page.next is not None,
    }


def _month(written: str) -> date:
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})", written)
    if not match or not (YEARS[0] <= int(match[1]) <= YEARS[1] and 1 <= int(match[2]) <= 12):
        raise SelectionError([("month", f"found {written[:40]!r}, wanted a month such as 2026-03")])
    return date(int(match[1]), int(match[2]), 1)


def _day(of: date, first: date, today: date, found: Mapping[date, list[Entry]], view: View) -> Day:
    entries = found.get(of, [])
    asked = replace(view.asked, begin=of, end=of + timedelta(days=1), within=None, cursor=None, status=Status.ALL)
    return Day(
        of, written_day(of), (of.year, of.month) == (first.year, first.month), of == today,
        tuple(entries[:SHOWN]), max(len(entries) - SHOWN, 0), view.address("/", asked),
    )  # fmt: skip


def _entry(row: Mapping[str, Any], zone: ReaderZone, now: datetime) -> Entry:
    local = row["safe_at"].astimezone(zone.rule)
    passed = now > (row["latest"] or row["safe_at"])
    return Entry(
        row["slug"], gates.short(gates.name(row)), gates.gate(row), row["kind"], f"{local:%H:%M}",
        row["verdict"] == "disputed", passed,
    )  # fmt: skip
