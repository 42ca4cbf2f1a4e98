"""What a zone's words mean: the rules that lead from a clock on the wall to UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from confradar.deadlines.listing import SHORT_MAX

EASTMOST, WESTMOST = 14, -12  # hours from UTC: where a day begins and ends first, and last

_PACIFIC, _EASTERN = "America/Los_Angeles", "America/New_York"
# A number is a fixed offset in hours, several numbers are as many meanings, a name is a place of the IANA database.
_MEANINGS: Mapping[str, float | tuple[float, ...] | str] = MappingProxyType({
    "aoe": -12, "anywhere on earth": -12, "anywhere on the earth": -12, "idlw": -12,
    "utc": 0, "gmt": 0, "ut": 0, "z": 0, "greenwich mean time": 0, "coordinated universal time": 0,
    "pt": _PACIFIC, "pacific": _PACIFIC, "pacific time": _PACIFIC, "us pacific time": _PACIFIC,
    "et": _EASTERN, "eastern": _EASTERN, "eastern time": _EASTERN, "us eastern time": _EASTERN,
    "ct": "America/Chicago", "central time": "America/Chicago",
    "mt": "America/Denver", "mountain time": "America/Denver",
    "pst": -8, "pacific standard time": -8, "pdt": -7, "pacific daylight time": -7,
    "mst": -7, "mdt": -6, "cdt": -5, "est": -5, "eastern standard time": -5, "edt": -4, "eastern daylight time": -4,
    "akst": -9, "akdt": -8, "hst": -10, "brt": -3, "art": -3,
    "wet": "WET", "west": 1, "cet": "CET", "central european time": "CET", "met": "MET", "mez": "CET",
    "cest": 2, "central european summer time": 2, "mesz": 2, "eet": "EET", "eest": 3, "msk": 3, "moscow time": 3,
    "british summer time": 1, "uk time": "Europe/London", "london time": "Europe/London",
    "wat": 1, "cat": 2, "sast": 2, "eat": 3, "trt": 3, "pkt": 5, "npt": 5.75, "wib": 7, "ict": 7,
    "indian standard time": 5.5, "india standard time": 5.5, "hkt": 8, "sgt": 8, "myt": 8, "pht": 8, "awst": 8,
    "beijing time": 8, "china standard time": 8, "jst": 9, "japan standard time": 9, "kst": 9, "korea standard time": 9,
    "acst": 9.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
    "pst/pdt": _PACIFIC, "est/edt": _EASTERN, "cet/cest": "CET",
    "ist": (1, 2, 5.5), "cst": (-6, -5, 8), "bst": (1, 6), "ast": (-4, 3), "sst": (-11, 8),
})  # fmt: skip
# Names of no zone, seen in lists, and the one that their writers must have meant.
_MISNAMED = MappingProxyType({
    "europe/milan": "Europe/Rome", "russia/moscow": "Europe/Moscow", "america_hawaii": "Pacific/Honolulu",
})  # fmt: skip
# Abbreviations of one season: where they are at home, and their own offset in hours.
_SEASONS = MappingProxyType({
    "pst": (_PACIFIC, -8), "pdt": (_PACIFIC, -7), "est": (_EASTERN, -5), "edt": (_EASTERN, -4),
    "cet": ("CET", 1), "cest": ("CET", 2),
})  # fmt: skip

_UTC = r"(?:UTC/GMT|GMT/UTC|UTC|GMT|UT)"
_OFFSET = re.compile(rf"{_UTC}? ?([+-]) ?([0-9]{{1,2}})(?::?([0-9]{{2}}))?", re.IGNORECASE)
# `+01:00` behind any clock; `-08:00` only behind seconds or in ISO form, since `09:00-10:00` is a range of hours.
_HHMM = "[01][0-9]:?[0-5][0-9]"
_BEHIND_A_CLOCK = (
    rf"(?:(?<=[0-9]{{2}}) ?\+{_HHMM}|(?<=:[0-9]{{2}}) -[01][0-9]{{3}}|(?<=T[0-9]{{2}}:[0-9]{{2}})-{_HHMM}"
    rf"|(?:(?<=:[0-9]{{2}}:[0-9]{{2}})|(?<=\.[0-9]{{3}})|(?<=\.[0-9]{{6}})) ?-{_HHMM}|(?<=[0-9])Z)"
)
# Short names that are words or subjects as well: "ICT Solutions for eHealth", "WAT 2022", "MT Summit", "CT-RSA".
_WORDS = frozenset({"art", "cat", "ct", "eat", "et", "ict", "met", "mt", "pt", "ut", "wat", "west"})
_WORDLIKE = "|".join(sorted((name.upper() for name in _WORDS), key=len, reverse=True))
_BEHIND_AN_HOUR = r"(?:(?<=[:h][0-9]{2} )|(?<=(?i:[ap]m) )|(?<=(?i:[ap]\.m\.) )|(?<=(?i:noon|ight) ))"
_SHORT = "|".join(
    sorted((name.upper() for name in _MEANINGS.keys() - _WORDS if len(name) < 5 and name != "z"), key=len, reverse=True)
)
_LONG = "|".join(sorted((name for name in _MEANINGS if len(name) >= 5), key=len, reverse=True))
_IN_TEXT = re.compile(
    rf"(?:{_BEHIND_A_CLOCK}"
    rf"|(?<![A-Za-z/_])(?:(?i:{_UTC})(?: ?\+ ?| ?-|- )[0-9]{{1,2}}(?::?[0-9]{{2}})?"
    rf"|[A-Za-z]{{2,20}}(?:[/_][A-Za-z0-9_+-]{{1,30}}){{1,3}}"
    # Short ones only in capitals, so that no word such as "met" or "west" is a zone. "UTC 8" is none, "UTC 8 May" is.
    # Those that are words too only behind an hour, or before no other word.
    rf"|(?:{_SHORT}|{_BEHIND_AN_HOUR}(?:{_WORDLIKE})|(?:{_WORDLIKE})(?![ -][A-Za-z0-9])|(?i:aoe)|(?i:{_LONG}))"
    rf"(?! ?[+-]? ?[0-9]{{1,2}}(?![0-9])(?! ?[A-Za-z]{{3}}))))(?![A-Za-z0-9/_:])"
)
_SILENT = re.compile(r"\btime\b|[0-9]{1,2}:[0-9]{2}(?: ?[ap]m)?|[^\w+/]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Zone:
    """The rules that a zone's words may name: at least one, several for `IST`.

    `reason` says why there are several; `finding` is a doubt about the words.
    """

    rules: tuple[tzinfo, ...]
    reason: str = ""
    finding: str = ""
    season: tuple[str, float] | None = None  # home and own offset in hours of an abbreviation such as PST

    def instants(self, wall: datetime, *, end_of_day: bool = False) -> frozenset[datetime]:
        """The UTC instants that a naive time can mean here.

        There are two where clocks go back and the hour comes twice, and where they go forward and leave it out
        (read by the rule before and by the one after). The end of a day is the later of the two.
        """
        found: set[datetime] = set()
        for rule in self.rules:
            both = {wall.replace(tzinfo=rule, fold=fold).astimezone(UTC) for fold in (0, 1)}
            found |= {max(both)} if end_of_day else both
        return frozenset(found)

    def out_of_season(self, wall: datetime) -> str:
        """The doubt about `PST` in summer, or `CET`, read as the clocks there; empty if the words fit the day."""
        if self.season is None:
            return ""
        home, own = self.season
        there = ZoneInfo(home).utcoffset(wall)
        read = self.rules[0].utcoffset(wall)
        if there == read == timedelta(hours=own) or there is None or read is None:
            return ""
        return f"the zone's name is not that of the season; read as {_label(read / timedelta(hours=1))}"


def anywhere(reason: str = "no zone is given", finding: str = "") -> Zone:
    """The two ends of the world, for words without a zone."""
    return Zone((_fixed(EASTMOST), _fixed(WESTMOST)), reason, finding)


def read_zone(words: str) -> Zone:
    """The zone that a field of its own names: `UTC-12`, `Europe/Paris`, `AoE (UTC-12)`; unknown words are a finding.

    What stands behind 500 characters is not read.
    """
    words = " ".join(words[:SHORT_MAX].replace("–", "-").replace("−", "-").split())
    if not words:
        return anywhere()
    if zone := _named(words):
        return zone
    found, rest = find_zones(words)
    if found is None:
        return _unknown(words)
    unread = " ".join(_SILENT.sub(" ", rest).split())[:60]
    return replace(
        found, finding="; ".join(filter(None, (found.finding, f'not understood: "{unread}"' * bool(unread))))
    )


def iana_name(words: str) -> str | None:
    """The zone of the IANA database of that name, whatever its case, as the database spells it; None if it has none."""
    return _iana().get(words.strip().casefold())


def find_zones(text: str) -> tuple[Zone | None, str]:
    """The zone within a text, None if there is none, and the text without it. Dashes in it must be plain.

    `CST (UTC+8)` is what both names allow; of names that contradict each other each remains possible.
    """
    found: list[Zone] = []

    def take(match: re.Match[str]) -> str:
        zone = _named(match[0])
        if zone is None:
            return match[0]
        found.append(zone)
        return " "

    rest = _IN_TEXT.sub(take, text)
    return (_together(found) if found else None), rest


def _together(zones: list[Zone]) -> Zone:
    finding = "; ".join(dict.fromkeys(zone.finding for zone in zones if zone.finding))
    first, *others = zones
    if all(zone.rules == first.rules for zone in others):
        return Zone(first.rules, first.reason, finding, first.season)
    common = tuple(rule for rule in first.rules if all(rule in zone.rules for zone in others))
    if common:
        return Zone(common, "" if len(common) == 1 else first.reason, finding)
    every = tuple(dict.fromkeys(rule for zone in zones for rule in zone.rules))
    return Zone(every, "several zones are given", finding)


def _named(words: str) -> Zone | None:
    name = words.strip(" .,;()[]").casefold()
    if offset := _OFFSET.fullmatch(name):
        return _offset(words.strip(), *offset.groups())
    if name in _MEANINGS:
        meaning = _MEANINGS[name]
        if isinstance(meaning, tuple):
            rules = tuple(_fixed(hours) for hours in meaning)
            return Zone(rules, f"{words.strip()} has several meanings: {', '.join(map(_label, meaning))}")
        rule = ZoneInfo(meaning) if isinstance(meaning, str) else _fixed(meaning)
        return Zone((rule,), season=_SEASONS.get(name))
    if meant := _MISNAMED.get(name):
        return Zone((ZoneInfo(meant),), finding=f"{words.strip()} is no zone; read as {meant}")
    key = _iana().get(name)
    if key is None:
        return None
    inverted = key.startswith("Etc/GMT-") and not key.endswith("-0")
    return Zone((ZoneInfo(key),), finding=f"the sign of {key} is inverted: it is east of Greenwich" * inverted)


def _offset(words: str, sign: str, hours: str, minutes: str | None) -> Zone:
    value = int(hours) + int(minutes or 0) / 60
    value = -value if sign == "-" else value
    if not WESTMOST <= value <= EASTMOST or value * 4 % 1:  # there are whole, half and quarter hours
        return _unknown(words)
    return Zone((_fixed(value),))


def _unknown(words: str) -> Zone:
    return anywhere("no known zone is given", f'zone not known: "{words[:60]}"')


def _fixed(hours: float) -> timezone:
    return timezone(timedelta(hours=hours))


def _label(hours: float) -> str:
    whole, minutes = divmod(round(abs(hours) * 60), 60)
    return f"UTC{'-' if hours < 0 else '+'}{whole}" + f":{minutes:02}" * bool(minutes)


@lru_cache(maxsize=1)
def _iana() -> Mapping[str, str]:
    # "localtime" is the zone of this machine, "Factory" that of none.
    return {key.casefold(): key for key in available_timezones() - {"localtime", "Factory"}}
