"""What the page of changes shows: what moved, day by day, the newest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from confradar.deadlines.moments import day
from confradar.deadlines.parameters import Status
from confradar.deadlines.words import once
from confradar.storage import selecting
from confradar.web.conference import line
from confradar.web.form import View

OUTLETS = (("Atom", "/feeds/changes.atom"), ("JSON", "/api/v1/changes"), ("CSV", "/feeds/changes.csv"))
ALL = "all"  # the page's own parameter: everything, not only what moved


def changes(connection: Connection, view: View, *, everything: bool, now: datetime) -> dict[str, Any]:
    """The values of the template: `days` with lines, `next`, and where all and only moves are shown.

    A day that moves for several sources in one run is told once, in the most exact words.
    """
    asked = view.asked if everything else replace(view.asked, status=Status.MOVED)
    page = selecting.changes(connection, asked, now=now, until=now)
    days = [
        (day(of), [line(row, view.zone) for row in once(same)])
        for of, same in groupby(page.rows, lambda row: view.zone.day(row["at"]))
    ]
    following = replace(view.asked, cursor=page.next.cursor) if page.next else None
    beginning = replace(view, asked=replace(view.asked, cursor=None))
    shown = replace(view, asked=asked)
    return {
        "days": days,
        "everything": everything,
        "next": following and view.address(asked=following, own=view.own),
        "other": beginning.address() if everything else beginning.address(own=[("show", ALL)]),
        "outlets": shown.taken(*OUTLETS),
    }
