"""What people are told of moves, spans and numbers, in the same words on a terminal and on a page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from confradar.deadlines.conference import ALONE, Direction

# Earlier first: it is the one that costs a paper.
ORDER = [
    Direction.EARLIER,
    Direction.WITHDRAWN,
    Direction.ZONE,
    Direction.NARROWED,
    Direction.ANNOUNCED,
    Direction.LATER,
    Direction.WIDENED,
    Direction.NEW,
]

KEY_SHOWN = 8  # letters of the random part of a run's key
ZONE_FAULT = 5  # dates: so many that one source moves between two zones in one run, by one amount, are told in one row


def once(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each gate, direction and run, in the order of the first: the most exact words, and who else says so.

    Words with an hour and a zone are the longer ones. What a source reads in another zone all at once is one row.
    """
    gates: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in _zone_faults(rows):
        gate = tuple(row.get(name) for name in ("slug", "kind", "round", "track", "direction", "run_id"))
        gates.setdefault(gate, []).append(row)
    told = []
    for same in gates.values():
        exact = max(same, key=lambda row: len(row["after"] or row["before"] or ""))
        who = exact["source"] or "several"
        others = sorted({row["source"] or "several" for row in same} - {who})
        told.append({**exact, "source": ", ".join([who, *others])})
    return told


def _zone_faults(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, those of one zone fault replaced by a single one that says how many dates it moved, and how far."""
    told = list(rows)
    faults: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in told:
        if row["direction"] == Direction.ZONE and row.get("before_at") and row.get("after_at"):
            hours = round((row["after_at"] - row["before_at"]) / timedelta(minutes=15)) / 4
            faults.setdefault((row["source"], row.get("run_id"), hours), []).append(row)
    for (source, _, hours), same in faults.items():
        if len(same) >= ZONE_FAULT:
            words = {
                "before": same[0]["before"],
                "after": f"{same[0]['after']}, and all others by {hours:+g} hours too",
            }
            name = {"acronym": None, "title": f"{len(same)} dates of {source}", "year": "", "kind": None}
            told[told.index(same[0])] = {**same[0], **words, **name, "round": 0, "track": ""}
            told = [row for row in told if row not in same[1:]]
    return told


def moved(row: dict[str, Any]) -> str:
    """ "23 hours EARLIER", "7 days later", "new"."""
    direction = str(row["direction"])
    if direction not in ("earlier", "later") or not (row["before_at"] and row["after_at"]):
        return direction
    span = span_of(abs(row["after_at"] - row["before_at"]))
    return f"{span} {'EARLIER' if direction == 'earlier' else 'later'}"


def late(row: dict[str, Any]) -> str:
    """ ", added later" for a line of history that was not told in its own night."""
    return ", added later" if row.get("added_at") else ""


def edition(name: str, year: int | str | None) -> str:
    """ "ICML 2026", also of a name that has its year already."""
    return name if str(year or "") in name else f"{name} {year}"


def what(row: dict[str, Any]) -> str:
    """ "ICML 2026 · submission, round 2"."""
    name = edition(row.get("acronym") or row["title"], row.get("year"))
    gate = str(row["kind"] or "").replace("_", " ")
    extra = [f"round {row['round']}"] if row.get("round") else []
    extra += [row["track"]] if row.get("track") else []
    return " · ".join([name, ", ".join([gate, *extra])]) if gate else name


def linked(evidence: str, sure: int) -> str:
    """By what a mention came to its conference: "same title and year (sure 90 of 100)"."""
    if evidence == ALONE:
        return "the first mention of this conference"
    return f"{evidence} (sure {sure} of 100)" if sure else f"{evidence} (a rule of an earlier version)"


def span_of(span: timedelta) -> str:
    """A span in its largest sensible unit."""
    minutes = round(span.total_seconds() / 60)
    for name, size in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * size or (name == "hour" and minutes >= size):
            count = minutes // size
            return f"{count} {name}{'s' if count != 1 else ''}"
    return f"{minutes} min"


def once_zoned(words: str) -> str:
    """ "2026-03-05T22:00:00Z UTC" as "2026-03-05T22:00:00Z": its last letter has said it."""
    return words.removesuffix(" UTC") if words.endswith("Z UTC") else words


def number(value: int) -> str:
    """1840 as "1 840"."""
    return f"{value:,}".replace(",", " ")


def short_key(key: str) -> str:
    """A run's key cut to what tells it from others, and finds the run as well: "manual:1c0ffee1"."""
    trigger, _, name = key.partition(":")
    return f"{trigger}:{name[:KEY_SHOWN]}" if len(name) > 2 * KEY_SHOWN else key


def counted(value: int, noun: str) -> str:
    """ "1 listing", "1 840 listings"."""
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"


def seconds(value: float) -> str:
    """A duration: "0.4 s", "8 m 04 s"."""
    return f"{value:.1f} s" if value < 60 else f"{int(value) // 60} m {int(value) % 60:02} s"
