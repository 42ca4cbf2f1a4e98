"""The few marks of Markdown that dates are written in: headings, table rows, links, struck-out words.

An HTML page is turned into the same lines, so that one reader serves both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsel import Selector

from confradar.deadlines.listing import clean

TEXT_MAX = 10_000  # characters; more than any field may have
HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "b",
        "cite",
        "code",
        "em",
        "font",
        "i",
        "mark",
        "q",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "time",
        "u",
    }
)
_STRUCK_TAGS = frozenset({"s", "del", "strike"})
_UNSEEN = frozenset({"head", "iframe", "noscript", "script", "style", "svg", "template"})

_LINK = re.compile(r"\[([^\[\]]{0,500})\]\(([^()\s]{0,2083})\)")
_STRUCK = re.compile(r"~~([^~]{1,200})~~")
_RULER = re.compile(r"[\s|:-]+")


def from_html(node: Selector, *, leave_out: frozenset[str] = frozenset()) -> list[str]:
    """The visible lines of a piece of HTML: `## heading`, `| cell | cell |`, `[text](address)`, `~~struck~~`.

    `leave_out` names further elements that are not read (`nav`, `footer`, …).
    """
    lines = (clean(line.replace("~~~~", "")) for line in "".join(_marks(node.root, leave_out)).split("\n"))
    return [line for line in lines if line and line.strip(" |")]


def words(*nodes: Selector) -> str:
    """The text of the first of the nodes as one line; empty if there is none. Cut at a length that no field has.

    A hostile page has rows within rows within rows, and the text of each holds that of all those in it.
    """
    parts, length = [], 0
    for part in nodes[0].root.itertext() if nodes else ():
        parts.append(part)
        length += len(part)
        if length > TEXT_MAX:
            break
    return clean("".join(parts)[:TEXT_MAX]) or ""


def _marks(root: Any, leave_out: frozenset[str]) -> Iterator[str]:
    # A stack of our own: hostile pages nest deeper than Python recurses. Within a cell all is one line.
    rest: list[tuple[Any, bool]] = [(root, False)]
    while rest:
        node, in_cell = rest.pop()
        if isinstance(node, str):
            yield node.replace("\n", " ") if in_cell else node
        elif isinstance(node.tag, str) and node.tag not in _UNSEEN and node.tag not in leave_out:
            before, after = _around(node)
            parts: list[Any] = [before, _one_line(node.text)]
            for child in node:
                parts += (child, _one_line(child.tail))
            inner = in_cell or node.tag in ("td", "th")
            rest.append((after, in_cell))
            rest += ((part, inner) for part in reversed(parts))


def _around(node: Any) -> tuple[str, str]:
    if node.tag in HEADINGS:
        return f"\n{HEADINGS[node.tag]} ", "\n"
    if node.tag == "tr":
        return "\n| ", "\n"
    if node.tag in ("td", "th"):
        return "", " | "
    if node.tag in _STRUCK_TAGS:
        return " ~~", "~~ "
    if node.tag == "a" and node.get("href"):
        return "[", f"]({node.get('href').strip()})"
    return ("", "") if node.tag in _INLINE else ("\n", "\n")


def _one_line(text: str | None) -> str:
    return " ".join(f"|{text or ''}|".split())[1:-1]


def without_comments(text: str) -> str:
    """Markdown without its HTML comments; they hold the dates of other years."""
    first, *rest = text.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in rest)


def cells(line: str) -> list[str]:
    """The cells of a table row; none for a line that is no row and for the ruler below a head."""
    if "|" not in line or _RULER.fullmatch(line):
        return []
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def links(text: str) -> list[tuple[str, str]]:
    """The links in a text, as (words, address)."""
    return [(match[1], match[2]) for match in _LINK.finditer(text)]


def plain(text: str) -> str:
    """The text with links as their words."""
    return " ".join(_LINK.sub(r"\1", text).split())


def unstrike(text: str) -> tuple[str, str | None]:
    """What stands now, and what stood before words were struck out.

    The struck words stood in place of as many words after them: `June ~~15th~~ 19th, 2023` gives
    `June 19th, 2023` and `June 15th, 2023`.
    """
    struck = _STRUCK.search(text)
    if struck is None:
        return text, None
    now = " ".join(_STRUCK.sub(" ", text).split())
    old, after = struck[1].split(), _STRUCK.sub(" ", text[struck.end() :]).split()
    if not old or not any(word[:1].isalnum() for word in after):
        return now, struck[1].strip() or None
    replaced = after[: len(old)]
    if replaced[-1].endswith(",") and not old[-1].endswith(","):
        old[-1] += ","
    return now, " ".join([*text[: struck.start()].split(), *old, *after[len(old) :]])
