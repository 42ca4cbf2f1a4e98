"""How readers are told an instant: in their zone and as it was published, with weekday and zone always. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from confradar.deadlines.dates import Precision
from confradar.deadlines.zones import Zone, find_zones, iana_name, read_zone

# As `strftime` names them where no locale is set, in a fifth of its time.
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ZONE_SHOWN = 30  # letters of a zone as written
TEXT_SHOWN = 60


@dataclass(frozen=True, slots=True)
class ReaderZone:
    """The zone in which a reader wants times: its name in an address, what it is called behind a time, its rules."""

    name: str
    label: str
    rule: tzinfo

    def moment(self, at: datetime) -> str:
        """ "Thu 5 Mar 2026 23:00 in Berlin"."""
        return f"{written(at.astimezone(self.rule))} {self.label}"

    def day(self, at: datetime) -> date:
        """The day of an instant there."""
        return at.astimezone(self.rule).date()


IN_UTC = ReaderZone("UTC", "UTC", UTC)
IN_AOE = ReaderZone("AoE", "AoE", timezone(timedelta(hours=-12)))


def reader_zone(name: str) -> ReaderZone:
    """The zone of that name: UTC, AoE, or one of the IANA database, whatever its case. Raises ValueError."""
    for known in (IN_UTC, IN_AOE):
        if name.strip().casefold() == known.name.casefold():
            return known
    key = iana_name(name[:100])
    if key is None:
        raise ValueError(f"found {name[:80]!r}, wanted UTC, AoE or a name such as Europe/Berlin")
    area, _, place = key.rpartition("/")
    label = f"in {place.replace('_', ' ')}" if area and area != "Etc" else key
    return ReaderZone(key, label, ZoneInfo(key))


def day(of: date) -> str:
    """ "Thu 5 Mar 2026"."""
    return f"{WEEKDAYS[of.weekday()]} {of.day} {MONTHS[of.month - 1]} {of.year}"


def written(local: datetime) -> str:
    """ "Thu 5 Mar 2026 23:00"."""
    return f"{day(local)} {local.hour:02}:{local.minute:02}"


def published(claim: Mapping[str, Any]) -> tuple[str, tzinfo | None]:
    """What a claim says, in the zone that it names, and that zone's rules; None if its words are quoted as they are.

    Words without an hour are the day with its end; those that leave zone or day open are not read further here.
    """
    zone = _zone(claim["text"], claim["zone_text"])
    if claim["earliest"] is None or claim["earliest"] != claim["latest"] or zone is None or len(zone.rules) != 1:
        words = claim["text"] if len(claim["text"]) <= TEXT_SHOWN else claim["text"][: TEXT_SHOWN - 1] + "…"
        return f"“{words}”" + (f" {label(claim['zone_text'])}" if claim["zone_text"] else ""), None
    local = claim["earliest"].astimezone(zone.rules[0])
    name = label(claim["zone_text"]) if claim["zone_text"] else _offset(local)
    if claim["precision"] == Precision.DAY:
        return f"{day(local)}, end of the day {name}", zone.rules[0]
    return f"{written(local)} {name}", zone.rules[0]


def label(zone_text: str) -> str:
    """A zone as its source writes it, cut where it is longer than any is."""
    return zone_text if len(zone_text) <= ZONE_SHOWN else zone_text[: ZONE_SHOWN - 1] + "…"


@lru_cache(maxsize=4096)
def _zone(text: str, zone_text: str | None) -> Zone | None:
    return read_zone(zone_text) if zone_text else find_zones(text)[0]


def _offset(local: datetime) -> str:
    """ "AoE", "UTC", "UTC-8"."""
    minutes = round((local.utcoffset() or timedelta()) / timedelta(minutes=1))
    if minutes in (0, -720):
        return "AoE" if minutes else "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + f":{rest:02}" * bool(rest)
