"""E14 and E15: pages made to be read for ever, or to read more than themselves."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from confradar.deadlines.dates import Edition, resolve
from confradar.deadlines.listing import SHORT_MAX, Kind, clean
from confradar.sources.base import Page, reader, readers
from confradar.sources.wording import entry_type, gate_meant, round_and_track

# Of each the most that a short field may have.
KILLERS = [
    part * (SHORT_MAX // len(part))
    for part in (
        "a", " ", "1", "(", "-", "/", ":", ".", ",", "AoE ", "UTC+", "Jan ", "1st ", "2026-", "12:00 ", "extended to ",
        "\u00a0", "\u202e", "Mon, ", "1 May 2026 ", "(1 May) ", "May 1-", "GMT+1:", "11:59pm ", "EST/EDT ", "was -> ",
    )
]  # fmt: skip
READERS: dict[str, Callable[[str], object]] = {
    "clean": clean,
    "entry_type": entry_type,
    "gate_meant": lambda text: gate_meant(Kind.SUBMISSION, text, text),
    "round_and_track": lambda text: round_and_track(text, text),
    "resolve": lambda text: resolve(text, text, kind=Kind.SUBMISSION, edition=Edition(2026)),
}


@pytest.mark.fault("E15", "no text takes more than 100 ms of processor to read")
@pytest.mark.parametrize("name", READERS)
def test_e15_no_text_takes_long_to_read(name: str) -> None:
    """Whatever is repeated in it."""
    for text in (*KILLERS, *(text + "!" for text in KILLERS), *(f"2026 {text} May" for text in KILLERS)):
        before = time.process_time()
        READERS[name](text[:SHORT_MAX])
        assert time.process_time() - before < 0.1, text[:40]


@pytest.mark.fault("E14", "entities, bombs and YAML objects stay unread, within bounds")
@pytest.mark.parametrize("source", sorted(readers()))
def test_e14_an_entity_is_not_expanded(source: str) -> None:
    """Neither one of a file of this machine, nor one that grows tenfold nine times."""
    names = "abcdefghij"
    bombs = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(names))
    body = (
        f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a "bomb"><!ENTITY file SYSTEM "file:///etc/passwd">{bombs}]>'
        "<html><body><h1>&file;</h1><p>&j;</p></body></html>"
    ).encode()
    page = Page(
        url=reader(source).source.home, body=body, feed=reader(source).source.feeds[0].name, status=200,
        content_type="text/html", encoding="utf-8", retrieved_at=datetime(2026, 1, 13, tzinfo=UTC),
        base=reader(source).source.base,
    )  # fmt: skip

    found = list(reader(source).parse(page))

    assert "root:" not in repr(found)
    assert len(page.html.get()) < 10_000
