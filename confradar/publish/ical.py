"""iCalendar (RFC 5545, RFC 7986): one event for each gate, the same bytes as long as nothing changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import icalendar
from icalendar import Alarm, Calendar, vDuration, vText

from confradar.deadlines.conference import Direction, Verdict
from confradar.deadlines.zones import Zone, find_zones, read_zone
from confradar.publish import rows, telling

Row = Mapping[str, Any]
REFRESH = timedelta(hours=6)
EVENTS_KEPT = 4096  # written events that are remembered: a night changes few of them


@dataclass(frozen=True, slots=True)
class Event:
    """A written event: its permanent id, its bytes, and when anything in it last changed."""

    uid: str
    content: bytes
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """What an event says. `begin` is an aware instant or a day; `end` the day after the last, None for no length."""

    uid: str
    begin: date
    end: date | None
    summary: str
    description: str
    url: str
    categories: tuple[str, ...]
    stamp: datetime
    sequence: int = 0
    cancelled: bool = False
    alarms: tuple[timedelta, ...] = ()


def events(
    row: Row, *, site: str, alarms: tuple[timedelta, ...] = (), moved: Mapping[int, int] | None = None
) -> tuple[Event, ...]:
    """The event of a gate as `selecting.gates` gives it, a cancelled one without alarms if it has been withdrawn.

    `site` is the address of the pages, `alarms` are before the gate. `moved` adds the days of its conference, if they
    are known, and says by the conference's id how often they have moved.
    """
    entries = [_gate(row, site, alarms)]
    if moved is not None and row["starts_on"]:
        entries.append(_conference(row, site, moved.get(row["conference_id"], 0)))
    return tuple(Event(entry.uid, _written(entry), entry.stamp) for entry in entries)


def calendar(shown: Iterable[Event], *, name: str, url: str, rights: str, cut_at: int | None = None) -> bytes:
    """The calendar of those events, each once, as it is shown at the address `url`.

    `rights` says whose terms hold, `cut_at` is how many gates it has if more match.
    """
    frame = Calendar()
    told = f"Deadlines of conferences, as their sources publish them. {rights}"
    if cut_at is not None:
        told += f" These are the first {cut_at}; more match: narrow the selection, or raise its limit."
    for key, value in (("PRODID", "-//ConfRadar//ConfRadar//EN"), ("VERSION", "2.0"), ("CALSCALE", "GREGORIAN"),
                       ("METHOD", "PUBLISH"), ("NAME", name), ("X-WR-CALNAME", name), ("DESCRIPTION", told),
                       ("X-WR-CALDESC", told), ("URL", url)):  # fmt: skip
        frame.add(key, value)
    frame.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    frame.add("X-PUBLISHED-TTL", vDuration(REFRESH))
    whole: bytes = frame.to_ical()
    end = b"END:VCALENDAR\r\n"
    once = {event.uid: event.content for event in shown}
    return b"".join([whole.removesuffix(end), *once.values(), end])


def _gate(row: Row, site: str, alarms: tuple[timedelta, ...]) -> Entry:
    gone = telling.is_withdrawn(row)
    said = rows.published(row)
    whole_day = not gone and telling.is_day(row, said)
    begin = _former(row) if gone else _day(row, said) if whole_day else row["safe_at"]
    doubt = " (disputed?)" if row["verdict"] == Verdict.DISPUTED else ""
    return Entry(
        uid=f"{rows.gate_id(row)}@confradar",
        begin=begin,
        end=begin + timedelta(days=1) if whole_day else None,
        summary=f"{telling.name(row)}{doubt}",
        description="\n".join(telling.sentences(row)),
        url=f"{site}/conferences/{quote(row['slug'])}",
        categories=(row["kind"].replace("_", " "), *row["topics"]),
        stamp=rows.updated_at(row),
        sequence=_sequence(row),
        cancelled=gone,
        alarms=() if gone else alarms,
    )


def _day(row: Row, said: Row | None) -> date:
    """The day of a gate without an hour: as its source wrote it, but never behind the one on which the safe date is."""
    safe: date = row["safe_at"].astimezone(UTC).date()
    if said is None:
        return safe
    zone = _zone(said["text"], said["zone_text"])
    written: date = max(said["earliest"].astimezone(rule).date() for rule in zone.rules)
    return min(safe, written)


@lru_cache(maxsize=EVENTS_KEPT)
def _zone(text: str, zone_text: str | None) -> Zone:
    return find_zones(" ".join(text.split()))[0] or read_zone(zone_text or "")


def _former(row: Row) -> datetime:
    """Where a withdrawn gate has been."""
    left = [one["before_at"] for one in row["changes"] if one["before_at"]]
    instant: datetime = left[-1] if left else row["changes"][-1]["at"]
    return instant


def _sequence(row: Row) -> int:
    """How often a gate's date has changed since it was first told."""
    lines = row["changes"]
    return len(lines) - 1 if lines and lines[0]["direction"] == Direction.NEW else len(lines)


def _conference(row: Row, site: str, moved: int) -> Entry:
    """The days of a gate's conference, which have moved so often."""
    return Entry(
        uid=f"{row['slug']}/days@confradar",
        begin=row["starts_on"],
        end=max(row["ends_on"] or row["starts_on"], row["starts_on"]) + timedelta(days=1),
        summary=telling.conference_name(row),
        description="\n".join(telling.clean(row[key]) for key in ("full_name", "place", "website") if row[key]),
        url=f"{site}/conferences/{quote(row['slug'])}",
        categories=(row["type"].replace("_", " "), *row["topics"]),
        stamp=row["updated_at"],
        sequence=moved,
    )


class _Words(vText):
    r"""A text in which `\N` is what it says: the library takes it for a line break."""

    def to_ical(self) -> bytes:
        """As a value of a line."""
        return rb"\\N".join(vText(part).to_ical() for part in self.split(r"\N"))


@lru_cache(maxsize=EVENTS_KEPT)
def _written(entry: Entry) -> bytes:
    event = icalendar.Event()
    event.add("UID", entry.uid)
    event.add("DTSTAMP", entry.stamp)
    event.add("LAST-MODIFIED", entry.stamp)
    event.add("SEQUENCE", entry.sequence)
    event.add("DTSTART", entry.begin)
    if entry.end:
        event.add("DTEND", entry.end)
    event.add("SUMMARY", _Words(entry.summary))
    event.add("DESCRIPTION", _Words(entry.description))
    event.add("URL", entry.url)
    event.add("CATEGORIES", [telling.clean(category) for category in entry.categories])
    event.add("STATUS", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT")
    for before in entry.alarms:
        alarm = Alarm()
        alarm.add("ACTION", "DISPLAY")
        alarm.add("TRIGGER", -before)
        alarm.add("DESCRIPTION", _Words(entry.summary))
        event.add_component(alarm)
    written: bytes = event.to_ical()
    return written
