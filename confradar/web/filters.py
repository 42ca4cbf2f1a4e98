"""How values are written on a page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from confradar.deadlines import words
from confradar.logs import written
from confradar.storage.logs import Record

FACT_MAX = 42  # characters, in a box of the graph


def instant(at: datetime) -> str:
    """ "Tue 03 Feb 2026 02:00:11 UTC"."""
    return f"{at.astimezone(UTC):%a %d %b %Y %H:%M:%S} UTC"


def clock(at: datetime) -> str:
    """ "Tue 03 Feb 02:00:11", in a column that says UTC."""
    return f"{at.astimezone(UTC):%a %d %b %H:%M:%S}"


def span(length: timedelta) -> str:
    """ "8 m 04 s"."""
    return words.seconds(max(length.total_seconds(), 0))


def size(value: int) -> str:
    """ "412 kB", "3.1 MB"."""
    for unit, factor in (("MB", 1_000_000), ("kB", 1000)):
        if value >= factor:
            return (
                f"{value / factor:.3g} {unit}" if value < 1000 * factor else f"{words.number(value // factor)} {unit}"
            )
    return f"{value} B"


def run_address(key: str) -> str:
    """The page of the run of that key."""
    return f"/ops/runs/{quote(key, safe=':')}"


def fact(row: Mapping[str, Any] | None) -> str:
    """A step's last attempt in a few words: "ok · 214 listings · 6.0 s"."""
    if row is None:
        return "never ran"
    told = [row["status"]]
    if row["reason"]:
        told.append(row["reason"].replace("_", " "))
    elif row["count"] is not None:
        told.append(words.counted(row["count"], "listing"))
    if row["started_at"] and row["finished_at"]:
        told.append(span(row["finished_at"] - row["started_at"]))
    text = " · ".join(told)
    return text if len(text) <= FACT_MAX else text[: FACT_MAX - 1] + "…"


def level(number: int) -> str:
    """The word of a level, in small letters."""
    return logging.getLevelName(number).lower()


def log_line(record: Record) -> str:
    """A line of a log; of a text with several lines, the others indented."""
    head = f"{written(record.at)} {logging.getLevelName(record.level):<8} {record.logger} "
    return head + record.text.replace("\n", "\n    ")


FILTERS: dict[str, Callable[..., Any]] = {
    "clock": clock,
    "counted": words.counted,
    "edition": words.edition,
    "fact": fact,
    "instant": instant,
    "level": level,
    "log_line": log_line,
    "moved": words.moved,
    "number": words.number,
    "once": words.once,
    "run_address": run_address,
    "short_key": words.short_key,
    "size": size,
    "span": span,
    "what": words.what,
}
