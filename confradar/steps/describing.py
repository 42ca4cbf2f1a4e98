"""The sources for people: what each declares, how it is read, and what its last crawls gave."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from confradar import environment
from confradar.crawling.options import options
from confradar.settings import Settings
from confradar.sources.base import readers
from confradar.storage import history, measures

TREND = 30  # crawls
DELAYS_OF = timedelta(days=90)  # as long as runs are kept


def describe_sources(connection: Connection, settings: Settings, *, now: datetime) -> list[dict[str, Any]]:
    """Each source as it is declared, with the settings laid over it, and its last crawls.

    `last` is the newest attempt of its step (see `history.last_states`) or None; `state`, `reason`, `listings` and
    `at` are of that. `delay` says how long its moves of the last 90 days were out before we knew them (see
    `measures.detection_delays`), or is None. `trend` has the last 30, oldest first. Raises SettingError for a setting
    that cannot be used.
    """
    states, trends, found = history.last_states(connection), dict[str, list[dict[str, Any]]](), []
    delays = measures.detection_delays(connection, now - DELAYS_OF)
    for reader in readers().values():
        source = reader.source
        used = options(source, settings, environment.source_overrides(source.name))
        last = states.get(source.step)
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
                "delay": delays[source.name]._asdict() if source.name in delays else None,
            }
        )
    return found
