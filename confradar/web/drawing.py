"""Pictures as numbers: where the boxes and lines of an SVG go. Templates draw them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from confradar.deadlines.conference import Direction, Verdict
from confradar.deadlines.moments import ReaderZone
from confradar.deadlines.words import counted, number

BOX_WIDTH, BOX_HEIGHT = 250, 44
ACROSS, DOWN, MARGIN = 420, 56, 12
SPARK_WIDTH, SPARK_HEIGHT = 120, 20
GOOD = ("ok", "degraded")
RIBBON_WEEKS, RIBBON_LEFT, RIBBON_WIDTH = 10, 10, 980
RIBBON_BASE, DOT, STACK = 74, 10, 5  # where the axis lies, how wide a dot stands, how many upon each other


@dataclass(frozen=True, slots=True)
class Box:
    """A step's box: its corner, and what is written into it."""

    name: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Graph:
    """Boxes and the curves between them, from left to right."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    edges: tuple[str, ...]


def graph(inputs: Mapping[str, Iterable[str]]) -> Graph:
    """The picture of steps, each with its inputs; of those, only the ones that are steps here themselves."""
    needs = {name: [one for one in given if one in inputs] for name, given in inputs.items()}
    columns: dict[int, list[str]] = {}
    for name in needs:
        columns.setdefault(_depth(name, needs), []).append(name)
    rows = max(map(len, columns.values()), default=0)
    boxes = {
        name: Box(name, MARGIN + depth * ACROSS, MARGIN + DOWN * (rows - len(names)) // 2 + DOWN * row)
        for depth, names in columns.items()
        for row, name in enumerate(names)
    }
    edges = [_edge(boxes[one], boxes[name]) for name, given in needs.items() for one in given]
    width = 2 * MARGIN + ACROSS * (len(columns) - 1) + BOX_WIDTH
    return Graph(width, 2 * MARGIN + DOWN * rows - (DOWN - BOX_HEIGHT), tuple(boxes.values()), tuple(edges))


def _depth(name: str, needs: Mapping[str, Sequence[str]]) -> int:
    return max((_depth(one, needs) + 1 for one in needs[name]), default=0)


def _edge(start: Box, end: Box) -> str:
    x, y, to_x, to_y = start.x + BOX_WIDTH, start.y + BOX_HEIGHT // 2, end.x, end.y + BOX_HEIGHT // 2
    middle = (x + to_x) // 2
    return f"M{x} {y} C {middle} {y} {middle} {to_y} {to_x} {to_y}"


@dataclass(frozen=True, slots=True)
class Spark:
    """A line of counts, the places of those that did not end well, and the same in words."""

    points: str
    troubles: tuple[tuple[float, float], ...]
    words: str


def spark(trend: Sequence[Mapping[str, Any]]) -> Spark:
    """The counts of a step's last attempts, oldest first."""
    counts = [row["count"] or 0 for row in trend]
    top = max([*counts, 1])
    across = SPARK_WIDTH / max(len(counts) - 1, 1)
    places = [(round(n * across, 1), round(SPARK_HEIGHT * (1 - count / top), 1)) for n, count in enumerate(counts)]
    bad = [row["status"] not in GOOD for row in trend]
    words = "no crawl yet"
    if counts:
        least = f"{number(min(counts))} to " if min(counts) < max(counts) else ""
        words = least + counted(max(counts), "listing")
    if any(bad):
        words += f", {sum(bad)} not well"
    points = " ".join(f"{x},{y}" for x, y in places)
    return Spark(points, tuple(place for place, wrong in zip(places, bad, strict=True) if wrong), words)


@dataclass(frozen=True, slots=True)
class Ribbon:
    """The coming weeks: dots (x, y, kind), arcs of moves (path, direction), ticks (x, day), and the same in words."""

    dots: tuple[tuple[float, float, str], ...]
    arcs: tuple[tuple[str, str], ...]
    ticks: tuple[tuple[float, str], ...]
    words: str


def ribbon(rows: Iterable[Mapping[str, Any]], zone: ReaderZone, now: datetime) -> Ribbon:
    """The gates of the next ten weeks, as `selecting.gates` gives them; what lies outside is left out."""
    end = now + timedelta(weeks=RIBBON_WEEKS)

    def across(at: datetime) -> float:
        return RIBBON_LEFT + RIBBON_WIDTH * max((at - now) / (end - now), 0)

    dots, arcs, heights = [], [], dict[int, int]()
    for row in rows:
        if row["safe_at"] is None or not now <= row["safe_at"] < end:
            continue
        x = round(across(row["safe_at"]), 1)
        place = int(x // DOT)
        level = heights[place] = heights.get(place, -1) + 1
        y = RIBBON_BASE - DOT - DOT * min(level, STACK)
        dots.append((x, y, "doubt" if row["verdict"] == Verdict.DISPUTED else row["kind"]))
        line = next((one for one in reversed(row["changes"]) if one["direction"] in _ARCS and one["before_at"]), None)
        if line is not None and line["before_at"] < end:
            start = round(across(line["before_at"]), 1)
            arcs.append((f"M{start} {y - 7} Q{round((start + x) / 2, 1)} {y - 34} {x} {y - 7}", line["direction"]))
    today = now.astimezone(zone.rule)
    monday = (today + timedelta(days=7 - today.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    weeks = [monday + timedelta(weeks=number) for number in range(RIBBON_WEEKS)]
    ticks = [(round(across(week), 1), f"{week.day} {week:%b}") for week in weeks if week < end]
    words = f"{counted(len(dots), 'deadline')}, {len(arcs)} of them moved; the list below has the same content."
    return Ribbon(tuple(dots), tuple(arcs), tuple(ticks), words)


_ARCS = (Direction.EARLIER, Direction.LATER)
