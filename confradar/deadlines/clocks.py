"""The times of day that a text names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

END_OF_DAY = timedelta(hours=23, minutes=59, seconds=59)  # since the day began
WHOLE_DAY = frozenset({timedelta(), END_OF_DAY})

CLOCK = re.compile(
    r"(?:(?<=[0-9])T|(?<![A-Za-z0-9.+])(?<![0-9]:))"
    r"(?:(?P<hour>[0-9]{1,2})(?:[:h](?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?| ?(?P<only_half>[ap])\.?m\.?)"
    r"(?: ?(?P<said>noon|midnight|h|hrs|hours))?(?![A-Za-z0-9:])"
    # The 12 of "12 noon", unless it is a day: "May 12 noon".
    r"|(?:(?:^|(?<=, )|(?<=[(])|(?<=[0-9]{4} )|(?<=at ))12 )?(?P<word>noon|midday|midnight)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The times of day in a text, as time since the day began; and the text without them.

    Without any it is the end of the day. An hour that no day has (`25:61`) leaves the whole day open. `exact` says
    that a time is given; `seconds` that its seconds are.
    """

    since_start: frozenset[timedelta]
    exact: bool
    seconds: bool
    reason: str
    rest: str


def read_clocks(text: str) -> Clocks:
    """The times of day in a text whose zones are taken out already."""
    found: set[timedelta] = set()
    reasons: set[str] = set()
    impossible: list[str] = []
    seconds = False

    def take(match: re.Match[str]) -> str:
        nonlocal seconds
        times = _times(match)
        found.update(times)
        seconds = seconds or bool(match["second"])
        if not times:
            impossible.append(match[0].lstrip("Tt"))
        if len(times) > 1:
            reasons.add("midnight is the day's start or its end")
        return " "

    rest = CLOCK.sub(take, text)
    if impossible:
        return Clocks(WHOLE_DAY, False, False, f"the hour is not understood: there is no {impossible[0].strip()}", rest)
    if not found:
        return Clocks(frozenset({END_OF_DAY}), False, False, "no hour is given: the end of the day", rest)
    if len(found) > 1 and not reasons:
        reasons.add("several hours are given")
    return Clocks(frozenset(found), True, seconds, "; ".join(reasons), rest)


def _times(match: re.Match[str]) -> tuple[timedelta, ...]:
    """The times of day that a clock's words mean: two for midnight, none for an hour that does not exist."""
    word, said = (match["word"] or "").casefold(), (match["said"] or "").casefold()
    if word in ("noon", "midday"):
        return (timedelta(hours=12),)
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    if word or (said == "midnight" and hour % 12 == 0 and not minute):
        return timedelta(), timedelta(hours=24)
    if minute > 59 or second > 59:
        return ()
    half = (match["half"] or match["only_half"] or "").casefold()
    if half and hour <= 12:
        hour = hour % 12 + 12 * (half == "p") if hour else 99
    elif half == "a":
        hour = 99
    since_start = timedelta(hours=hour, minutes=minute, seconds=second)
    return (since_start,) if since_start <= timedelta(hours=24) else ()
