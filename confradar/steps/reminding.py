"""Reminders: how long is left until the safe dates of what somebody follows, once for each gate and lead time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from confradar.deadlines.parameters import LIMIT_MAX
from confradar.publish import messages, rows
from confradar.settings import Settings
from confradar.steps.followers import Follower, followers
from confradar.storage import outbox, selecting
from confradar.storage.answers import Answer
from confradar.storage.outbox import Message


def remind(connection: Connection, settings: Settings, *, now: datetime) -> int:
    """Put the reminders that are due at that moment into the outbox; returns how many.

    Each counts to the safe date as it is now. One whose moment came before the follow began, or before the date moved
    to where it is, is not caught up with: what moved was told. It is of no use any more once the date is there.
    """
    put = 0
    for one in followers(connection, settings):
        for gate in _gates(connection, one, now) if one.follow.remind else ():
            since = max([one.follow.created_at, *(line["at"] for line in gate["changes"])])
            passed = [hours for hours in one.follow.remind if since < gate["safe_at"] - timedelta(hours=hours) <= now]
            if passed:  # of several at once, as after an outage, the one that says it most nearly
                text = messages.reminder(gate, one.reader, now)
                what = f"{rows.gate_id(gate)}/{min(passed)}h/{gate['safe_at']:%Y-%m-%d}"
                key = f"follow/{one.follow.id}/reminder/{what}"
                message = Message(
                    key, "reminder", one.follow.address, text.subject, text.body, now,
                    follow_id=one.follow.id, expires_at=gate["safe_at"],
                )  # fmt: skip
                put += outbox.put(connection, message, now=now)
    return put


def _gates(connection: Connection, one: Follower, now: datetime) -> Iterator[Answer]:
    """The gates of a follow whose safe date is ahead and within its longest lead time."""
    hours = max(one.follow.remind)
    asked = replace(one.asked, within=min(hours, one.asked.within or hours), limit=LIMIT_MAX)
    while True:
        page = selecting.gates(connection, asked, now=now)
        yield from (gate for gate in page.rows if gate["safe_at"] > now)
        if page.next is None:
            return
        asked = page.next
