"""Pictures as numbers: where the boxes and lines of an SVG go. Templates draw them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confradar.deadlines.words import counted, number

BOX_WIDTH, BOX_HEIGHT = 250, 44
ACROSS, DOWN, MARGIN = 420, 56, 12
SPARK_WIDTH, SPARK_HEIGHT = 120, 20
GOOD = ("ok", "degraded")


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
