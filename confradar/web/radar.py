"""What the radar shows: a page of gates in groups, the ribbon of the coming weeks, or why there is nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from confradar.deadlines.parameters import Order, Status
from confradar.deadlines.selection import Selection
from confradar.storage import freshness, selecting
from confradar.web import drawing, gates
from confradar.web.form import View


def radar(connection: Connection, view: View, *, now: datetime, report: str) -> dict[str, Any]:
    """The values of the template: `groups`, `count`, `ribbon` (None where it would be empty), `next`, `empty`."""
    page = selecting.gates(connection, view.asked, now=now)
    groups = [
        (heading, [gates.shown(row, view.zone, now, report) for row in rows])
        for heading, rows in gates.grouped(page.rows, view.asked.order, view.zone, now)
    ]
    drawn = drawing.ribbon(page.rows, view.zone, now) if view.asked.order is Order.SOONEST else None
    whole = bool(page.rows) and page.next is None and view.asked.cursor is None
    return {
        "groups": groups,
        "count": len(page.rows) if whole else selecting.count(connection, view.asked, now=now),
        "most": selecting.COUNTED,
        "ribbon": drawn if drawn and drawn.dots else None,
        "next": page.next and view.address(asked=page.next),
        "first": view.address(asked=replace(view.asked, cursor=None)) if view.asked.cursor else None,
        "empty": None if page.rows else _empty(connection, view, now),
    }


def _empty(connection: Connection, view: View, now: datetime) -> dict[str, Any]:
    """Why nothing is shown: how many gates are stored, how many are still to come, how many of these have passed."""
    every = Selection(status=Status.ALL)
    closed = replace(view.asked, status=Status.CLOSED, order=Order.LATEST, cursor=None)
    return {
        "stored": selecting.count(connection, every, now=now),
        "open": selecting.count(connection, Selection(), now=now),
        "closed": selecting.count(connection, closed, now=now),
        "closed_address": view.address(asked=closed),
        "last": freshness.closed_until(connection, now=now),
    }
