"""JSON and YAML from strangers: bounded, without types, every scalar exactly as it was written."""

from __future__ import annotations

import json
from typing import Any

import yaml

NODES_MAX = 200_000
DEPTH_MAX = 30


class BrokenData(ValueError):
    """The text is not JSON or YAML, or it is more than the bounds allow. The message names the line if one is known."""


def read_json(text: str) -> Any:
    """The value of a JSON text; numbers stay text, as they were written. Raises BrokenData."""
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise BrokenData(f"line {error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise BrokenData("nested too deeply") from error


def read_yaml(text: str) -> Any:
    """The value of a YAML text, made of lists, mappings and text only. Raises BrokenData.

    Nothing is converted: `2022-5-13 23:59` and `23:59` stay words, where a typed loader makes a datetime
    of the first and the number 1439 of the second. Tags are ignored, merge keys stay keys.
    """
    try:
        _check_bounds(text)
        return yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 - this loader builds no objects
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BrokenData(f"line {mark.line + 1 if mark else '?'}: {error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BrokenData(str(error).splitlines()[0][:200]) from error


def _check_bounds(text: str) -> None:
    """Count the nodes that the text stands for with each alias written out. Raises BrokenData.

    Aliases of aliases grow exponentially, so the loaded value must not be walked before it was counted.
    """
    sizes: dict[str, int] = {}
    opened: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(text, Loader=yaml.CBaseLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise BrokenData(f"line {line}: an alias to nothing that is complete before it")
            total += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor:
                sizes[anchor] = total - before
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor:
                sizes[event.anchor] = 1
        if total > NODES_MAX:
            raise BrokenData(f"line {line}: more than {NODES_MAX:,} values")
        if len(opened) > DEPTH_MAX:
            raise BrokenData(f"line {line}: nested more than {DEPTH_MAX} deep")
