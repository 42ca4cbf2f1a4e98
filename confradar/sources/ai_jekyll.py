"""The first of the AI deadline lists, drawn by Jekyll: a block for each edition, its deadline in a script."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsel import Selector

from confradar.deadlines.listing import Kind, WrittenDate, clean
from confradar.errors import FieldError
from confradar.sources.ai_fields import NAME, Fields, listing
from confradar.sources.base import Found, Page, Rejected, Trouble, each
from confradar.sources.markdown import words

_STEP = re.compile(
    r"""var timezone\s*=\s*"(?P<zone>[^"\n]{0,80})"|moment\.tz\("(?P<text>[^"\n]{0,80})\""""
    r"""|\$\('\#(?P<id>[^\s'"]{1,80}) \.timer'\)"""
)
_YEAR = re.compile(r"\b(?:19|20)\d\d$")


def conferences(page: Page) -> Iterator[Found]:
    """Each block of the page with the deadline that the script sets for it."""
    deadlines = _deadlines(" ".join(page.html.css("script::text").getall()))
    if not deadlines:
        yield Trouble("broken", f"{page.url} has conferences, but the script with their deadlines is not there")
        return
    blocks, nested = _blocks(page)
    yield from each(blocks, lambda block: _conference(page, block, deadlines), source=NAME, ref=_ref)
    for block in nested:
        yield Rejected(NAME, _ref(block), "block", "one inside another edition's", "a block of its own")


def _blocks(page: Page) -> tuple[list[Selector], list[Selector]]:
    """The blocks of editions, and those inside another one's: whose words are whose cannot be told there.

    A hostile page nests them without end; each is looked at once.
    """
    inside: set[object] = set()
    blocks: list[Selector] = []
    nested: list[Selector] = []
    for block in page.html.css("div.ConfItem[id]"):
        if block.root in inside:
            nested.append(block)
        else:
            blocks.append(block)
            inside.update(block.root.iterdescendants("div"))
    return blocks, nested


def _ref(block: Selector) -> str:
    return block.xpath("@id").get("")[:80]


def _deadlines(script: str) -> dict[str, WrittenDate]:
    """The deadline of each edition's id. A timer without a date before it is one that says TBA."""
    found: dict[str, WrittenDate] = {}
    zone: str | None = None
    text: str | None = None
    for step in _STEP.finditer(script):
        if step["zone"] is not None:
            zone = clean(step["zone"])
        elif step["text"] is not None:
            text = clean(step["text"])
        else:
            written = WrittenDate(Kind.SUBMISSION, text, zone) if text else WrittenDate(Kind.SUBMISSION, "TBA")
            found.setdefault(step["id"], written)
            text = None
    return found


def _conference(page: Page, block: Selector, deadlines: dict[str, WrittenDate]) -> list[Found]:
    ref = block.xpath("@id").get("")
    link = block.css("span.conf-title > a")
    full_name = (clean(link.xpath("@title").get()) or "").removesuffix(" Details")
    fields = Fields(
        {
            "title": words(*link),
            "full_name": full_name if full_name != "Deadline" else None,
            "website": block.css('span.conf-title-icon a[title="Conference Website"]::attr(href)').get(),
            "date": words(*block.css("span.conf-date")),
            "place": words(*block.css("span.conf-place a")),
            "sub": block.css("span.conf-sub::attr(data-sub)").getall(),
        },
        ref,
    )
    name = fields.needed("title")
    year = _YEAR.search(name)
    if year is None:
        raise FieldError("title", name[:80], "a name that ends with its year", source=NAME, ref=ref)
    starts_on, ends_on = fields.span("", "", "date")
    if ref not in deadlines:
        fields.report("deadline", "nothing in the script", "a deadline or TBA")
    return listing(
        page,
        fields,
        name,
        int(year[0]),
        url=page.join(link.xpath("@href").get("")),
        full_name=fields.text("full_name"),
        website=fields.address("website"),
        place=fields.text("place"),
        starts_on=starts_on,
        ends_on=ends_on,
        topics=fields.tags("sub"),
        dates=(deadlines[ref],) if ref in deadlines else (),
    )
