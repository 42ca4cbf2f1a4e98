"""The sources for people: what each declares, how it is read, and what its last crawls gave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from confradar import environment
from confradar.crawling.options import options
from confradar.settings import Settings
from confradar.sources.base import Source, readers
from confradar.storage import history, measures

TREND = 30  # crawls
DELAYS_OF = timedelta(days=90)  # as long as runs are kept


@dataclass(frozen=True, slots=True)
class Standing:
    """How a source stands: its newest attempt (see `history.last_states`), its newest good output, and how long its
    moves of the last 90 days were out before we knew them (see `measures.detection_delays`); None where there is none.
    """

    source: Source
    last: dict[str, Any] | None
    good: measures.Kept | None
    delay: measures.Delay | None


def standings(connection: Connection, *, now: datetime) -> list[Standing]:
    """How each source stands, as readers, operators and programs are all told."""
    states, good = history.last_states(connection), measures.newest_good(connection)
    delays = measures.detection_delays(connection, now - DELAYS_OF)
    found = [reader.source for reader in readers().values()]
    return [Standing(one, states.get(one.step), good.get(one.name), delays.get(one.name)) for one in found]


def describe_sources(connection: Connection, settings: Settings, *, now: datetime) -> list[dict[str, Any]]:
    """Each source as it is declared, with the settings laid over it, and its last crawls.

    `last`, `good` and `delay` are as `Standing` has them; `state`, `reason`, `listings` and `at` are of `last`.
    `trend` has the last 30 crawls, oldest first. Raises SettingError for a setting that cannot be used.
    """
    trends, found = dict[str, list[dict[str, Any]]](), []
    for standing in standings(connection, now=now):
        source, last = standing.source, standing.last
        used = options(source, settings, environment.source_overrides(source.name))
        if source.step not in trends:
            trends[source.step] = history.trend(connection, source.step, limit=TREND)
        found.append(
            {
                "name": source.name,
                "step": source.step,
                "home": source.home,
                "base": used.base or source.base,
                "cadence": source.cadence,
                "expected": "-".join(map(str, used.expected)),
                "expected_listings": list(used.expected),
                "seconds_between_requests": used.delay,
                "state": last["status"] if last else "never read",
                "reason": (last or {}).get("reason") or "",
                "listings": last["count"] if last else None,
                "at": last["finished_at"] if last else None,
                "feeds": [
                    {"name": feed.name, "path": feed.path, "why": feed.why, "enabled": feed.name in used.feeds}
                    for feed in source.feeds
                ],
                "last": last,
                "trend": trends[source.step],
                "good": standing.good and standing.good._asdict(),
                "delay": standing.delay and standing.delay._asdict(),
            }
        )
    return found
