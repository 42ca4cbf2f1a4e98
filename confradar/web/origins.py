"""What readers are told of the sources: when each was last read well, what it gave, and what is held back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from confradar import steps
from confradar.deadlines.words import counted, span_of
from confradar.storage import measures
from confradar.web.form import View

SAID = {
    "running": "being read now",
    "ok": "read well",
    "degraded": "read in part",
    "quarantined": "held back: what came looked wrong, the dates of before stay until somebody has looked",
    "failed": "could not be read, the dates of before stay",
    "lost": "could not be read to the end, the dates of before stay",
    "cancelled": "not read this time",
    "skipped": "not read this time",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """A source: its last crawl in words with its status, and the last good one with how many listings, how old; and how
    long its moves were out before we knew them, at most.
    """

    name: str
    home: str
    lists: tuple[str, ...]
    status: str
    words: str
    listings: int | None
    good: str
    age: str
    delay: str


def delay_words(delay: measures.Delay | None) -> str:
    """How long moves were out before we knew them, in words."""
    if delay is None:
        return ""
    told = f"half of {counted(delay.moves, 'move')} within {span_of(timedelta(seconds=delay.p50))}"
    return f"{told}, nine of ten within {span_of(timedelta(seconds=delay.p90))}"


def sources(connection: Connection, view: View, *, now: datetime) -> dict[str, Any]:
    """The values of the template."""
    found = []
    for standing in steps.standings(connection, now=now):
        source, state, kept = standing.source, standing.last, standing.good
        status = state["status"] if state else "unread"
        words = SAID[status] if state else "not read yet"
        reason = f" ({state['reason'].replace('_', ' ')})" if state and state["reason"] else ""
        found.append(
            Origin(
                name=source.name,
                home=source.home,
                lists=tuple(dict.fromkeys(feed.why for feed in source.feeds)),
                status=status,
                words=words + reason,
                listings=kept and kept.listings,
                good=view.zone.moment(kept.kept_at) if kept else "",
                age=f"{span_of(now - kept.kept_at)} ago" if kept and kept.kept_at <= now else "",
                delay=delay_words(standing.delay),
            )
        )
    return {"origins": found}
