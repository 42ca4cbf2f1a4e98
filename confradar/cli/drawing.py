"""The command `graph`: the steps as a tree, as JSON, or as Graphviz text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, zip_longest
from typing import Any

import click
from rich.text import Text
from rich.tree import Tree

from confradar import steps
from confradar.cli import tables
from confradar.cli.following import COLOURS
from confradar.cli.reading import json_option, opened, print_json
from confradar.cli.records import moment, why
from confradar.deadlines.words import counted, short_key
from confradar.graph import JOB, overview
from confradar.storage import database

Node = Mapping[str, Any]
WIDE = 100  # columns that the keys of runs need


@click.command()
@json_option
@click.option("--dot", is_flag=True, help="Print Graphviz text: `confradar graph --dot | dot -Tsvg > graph.svg`.")
def graph(as_json: bool, dot: bool) -> None:
    """Show the steps by group, the last state of each, and where the last store took its inputs from."""
    settings = opened()
    with database.reading(settings.database) as connection:
        found = overview(connection)
    if as_json:
        print_json({"job": JOB, "schedule": steps.SCHEDULE, "steps": found})
    elif dot:
        click.echo(_dot(found))
    else:
        console = tables.output()
        console.print(_tree(found, with_runs=console.width >= WIDE))


def _tree(nodes: Sequence[Node], *, with_runs: bool) -> Tree:
    """The groups with their steps; below a step why it is not well, and what its last attempt took or it needs."""
    tree = Tree(f"{JOB}, {steps.SCHEDULE} at {steps.NIGHT:%H:%M} UTC", guide_style="dim")
    columns = [[node["name"], *_state(node["last"], with_run=with_runs)] for node in nodes]
    widths = [max(map(len, column)) for column in zip_longest(*columns, fillvalue="")]
    for group, members in groupby(zip(nodes, columns, strict=True), key=lambda member: member[0]["group"]):
        branch = tree.add(Text(group, style="bold"))
        for node, cells in members:
            last = node["last"] or {}
            line = Text("  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False)).rstrip())
            line.highlight_words([last.get("status", cells[1])], COLOURS.get(last.get("status", ""), "dim"))
            leaf = branch.add(Text(style="not bold").append_text(line))
            if last.get("reason") or last.get("error"):
                leaf.add(Text(why(last).partition(": ")[2], style="dim"))
            for name, origin in (node["took"] or dict.fromkeys(node["inputs"])).items():
                leaf.add(Text(_origin(name, origin), style="dim"))
    return tree


def _state(last: Node | None, *, with_run: bool) -> list[str]:
    """Status, count, when, and of which run."""
    if last is None:
        return ["has not run yet"]
    count = "" if last["count"] is None else counted(last["count"], "listing")
    when = moment(last["finished_at"] or last["started_at"])
    return [last["status"], count, when, *([short_key(last["run"])] if with_run else [])]


def _origin(name: str, origin: Node | None) -> str:
    if origin is None:
        return f"needs {name}"
    count, run = counted(origin["count"], "listing"), short_key(origin["run"])
    return f"took {count} of {name} from {run}, attempt {origin['attempt']}"


def _dot(nodes: Sequence[Node]) -> str:
    """Graphviz text: a box for each step, in its group, with its last state; an arrow to each step that needs it."""
    lines = [f"digraph {JOB} {{", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    for group, members in groupby(nodes, key=lambda node: node["group"]):
        lines += [f"  subgraph {_quoted('cluster_' + group)} {{", f"    label={_quoted(group)};"]
        for node in members:
            state = node["last"]["status"] if node["last"] else "has not run yet"
            colour = {"green": "darkgreen", "yellow": "darkorange", "red": "red"}.get(COLOURS.get(state, ""), "black")
            label = _quoted(f"{node['name']}\n{state}")
            lines.append(f"    {_quoted(node['name'])} [label={label}, color={colour}];")
        lines.append("  }")
    lines += [f"  {_quoted(name)} -> {_quoted(node['name'])};" for node in nodes for name in node["inputs"]]
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    """A text as Graphviz reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
