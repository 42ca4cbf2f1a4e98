"""Which mentions are one conference: of a file, and in the store, where an operator's word counts most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from confradar.deadlines import mentions
from confradar.errors import FieldError


def identify(lines: Iterable[str]) -> tuple[Iterator[dict[str, Any]], tuple[FieldError, ...]]:
    """The conferences among mentions that are given as JSON lines, and what is wrong with lines that were left out."""
    found = mentions.read(lines)
    return mentions.clusters(found), found.errors
