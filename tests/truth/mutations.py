"""Pages broken on purpose: seeded mutations of each source's captured pages and written cases.

`python -m tests.truth.mutations` (`make fuzz`) reads 10 000 of each source; the tests read a few hundred.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from confradar.deadlines.listing import Listing
from confradar.sources.base import Follow, Page, Reader, Rejected, Trouble, readers

from . import acl_web, ai_deadlines, cases, wikicfp

SECONDS = 5.0  # of the processor, for one page of at most SIZE bytes
MEMORY = 256 * 1024 * 1024  # bytes that all the pages of a source may add to the process
SIZE = 400_000
FINDINGS_SHOWN = 5

TOKENS: tuple[bytes, ...] = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "\u202e".encode(),
    "\u2028".encode(),
    b"&#0;",
    b"&#xD800;",
    b"&amp;" * 50,
    b"<",
    b">",
    b"</td>",
    b"</table>",
    b"<!--",
    b"-->",
    b"<script>",
    b"<div>" * 3000,
    b"<table><tr><td>" * 400,
    b"[" * 2000,
    b"{" * 2000,
    b'"',
    b"'",
    b"\\",
    b"|",
    b"~~",
    b"~~" * 200,
    b"](",
    b"*x",
    b"&a",
    b"- ",
    b": ",
    b"\n",
    b"\r\n",
    b"9" * 5000,
    b"0",
    b"-1",
    b"1e999",
    b"NaN",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"31 February 2027",
    b"2027-02-31",
    b"0026-03-15",
    b"9999-12-31",
    b"99999-01-01",
    b"Jan 0, 2027",
    b"25:61",
    b"2027-13-01",
    b"TBD",
    b"N/A",
    b"AoE",
    b"A" * 20_000,
    b" " * 20_000,
    b"a " * 5000,
    b"1-1-" * 3000,
    b"Jan 1 to " * 2000,
    "\u0660\u0661\u0662\u0663".encode(),
    "\U0001d7d8\U0001d7d9".encode(),
    b"javascript:alert(1)",
    b"//[::1",
    b"http://[",
    b"http://a:b:c/",
    b"?eventid=\x00",
    b"/cfp/servlet/event.showcfp?eventid=",
    b"humans_1=1",
    b"/conferences/x/main-track",
    b"LREC 2026",
)


@dataclass
class Broken:
    """What mutations did: how many pages ended in what, and each page that did what no page may."""

    pages: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0
    memory: int = 0


def pages(name: str, corpus: Path | None = None) -> list[Page]:
    """The pages of a source to start from: its written cases and, with the corpus, its captured pages."""
    source = readers()[name]
    found = [cases.load(case, source) for case in cases.of(name)]
    if corpus is None:
        return found
    captured = {
        "wikicfp": lambda: [wikicfp.page(corpus, each) for each in wikicfp.PAGES],
        "acl_web": lambda: acl_web.arr_pages(corpus),
        "ai_deadlines": lambda: [ai_deadlines.page(path) for path in ai_deadlines.latest(corpus)[::12]],
    }
    return found + captured.get(name, list)()


def mutate(page: Page, others: Sequence[Page], choose: random.Random) -> Page:
    """The page with one to four faults: bytes turned, cut, doubled, moved, replaced; sometimes its address as well."""
    body = page.body
    for _ in range(choose.randint(1, 4)):
        body = choose.choice(FAULTS)(body, choose, others)[:SIZE]
    broken = replace(page, body=body)
    if choose.random() < 0.1:
        broken = replace(broken, url=choose.choice(others).url, content_type=choose.choice(others).content_type)
    if choose.random() < 0.1:
        broken = replace(
            broken, url=page.url + choose.choice(["?page=99999999999", "?page=²", "&eventid=", "#", "/", "%00"])
        )
    if choose.random() < 0.05:
        broken = replace(broken, status=choose.choice([200, 204, 401, 404, 409, 500]))
    if choose.random() < 0.05:
        broken = replace(broken, encoding=choose.choice(["latin-1", "utf-16", "cp1252", "utf-7"]))
    return broken


def _span(body: bytes, choose: random.Random, longest: int = 400) -> tuple[int, int]:
    start = choose.randrange(len(body) + 1)
    return start, min(len(body), start + choose.randint(1, longest))


def _turn(body: bytes, choose: random.Random, _: Sequence[Page]) -> bytes:
    turned = bytearray(body)
    for _n in range(choose.randint(1, 30) if turned else 0):
        turned[choose.randrange(len(turned))] = choose.randrange(256)
    return bytes(turned)


def _cut(body: bytes, choose: random.Random, _: Sequence[Page]) -> bytes:
    start, end = _span(body, choose, 4000)
    return body[:start] + body[end:]


def _end(body: bytes, choose: random.Random, _: Sequence[Page]) -> bytes:
    return body[: choose.randrange(len(body) + 1)]


def _double(body: bytes, choose: random.Random, _: Sequence[Page]) -> bytes:
    start, end = _span(body, choose, 2000)
    return body[:start] + body[start:end] * choose.choice([2, 2, 3, 200]) + body[end:]


def _move(body: bytes, choose: random.Random, others: Sequence[Page]) -> bytes:
    other = choose.choice(others).body
    start, end = _span(other, choose, 2000)
    place = choose.randrange(len(body) + 1)
    return body[:place] + other[start:end] + body[place:]


def _insert(body: bytes, choose: random.Random, _: Sequence[Page]) -> bytes:
    start, end = _span(body, choose, 12)
    return body[:start] + choose.choice(TOKENS) + body[choose.choice([start, end]) :]


def _number(body: bytes, choose: random.Random, _: Sequence[Page]) -> bytes:
    """Another number, date or word in place of one that is there: what stays is a page."""
    parts = [place for place, letter in enumerate(body) if 48 <= letter < 58] if body else []
    if not parts:
        return body
    start = choose.choice(parts)
    end = start
    while end < len(body) and 48 <= body[end] < 58:
        end += 1
    return body[:start] + choose.choice(TOKENS) + body[end:]


def _value(body: bytes, choose: random.Random, _: Sequence[Page]) -> bytes:
    """Another value between two marks: the text of an element, a quoted text, the rest of a line."""
    mark, closing = choose.choice([(b">", b"<"), (b'"', b'"'), (b": ", b"\n"), (b"'", b"'"), (b"| ", b" |")])
    places = body.count(mark)
    if not places:
        return body
    start = -1
    for _n in range(choose.randint(1, min(places, 400))):
        start = body.find(mark, start + 1)
    end = body.find(closing, start + len(mark))
    return body[: start + len(mark)] + choose.choice(TOKENS) + (body[end:] if end >= 0 else b"")


FAULTS: tuple[Callable[[bytes, random.Random, Sequence[Page]], bytes], ...] = (
    _turn, _cut, _end, _double, _move, _insert, _insert, _number, _value, _value,
)  # fmt: skip


def survive(name: str, count: int, *, corpus: Path | None = None, first: int = 0) -> Broken:
    """Read so many mutations of a source's pages, the same ones each time.

    Each has to end in listings, links, rejects or troubles that can be kept; none may raise, take longer than
    SECONDS of the processor or let the process grow by more than MEMORY.
    """
    source, started = readers()[name], pages(name, corpus)
    result, before = Broken(), _peak()
    for number in range(first, first + count):
        choose = random.Random(f"{name} {number}")
        page = mutate(choose.choice(started), started, choose)
        begun = time.process_time()
        try:
            result.ended[_read(source, page)] += 1
        except Exception as error:  # noqa: BLE001 - each of them is a failure of the reading
            result.failures.append(f"mutation {number}: {type(error).__name__}: {error}"[:300])
        took = time.process_time() - begun
        result.pages, result.slowest = result.pages + 1, max(result.slowest, took)
        if took > SECONDS:
            result.failures.append(f"mutation {number}: took {took:.1f} s for {len(page.body)} bytes")
    result.memory = max(0, _peak() - before)
    if result.memory > MEMORY:
        result.failures.append(f"the process grew by {result.memory / 2**20:.0f} MB")
    return result


def _read(source: Reader, page: Page) -> str:
    """What a page ends in. Raises whatever the reading raises, and for a finding that could not be kept."""
    found = list(source.parse(page))
    for each in found:
        match each:
            case Listing():
                if Listing.from_json(each.to_json()) != each:
                    raise ValueError(f"a listing changes when it is kept: {each.ref!r}")
            case Rejected():
                if len(each.found) > 80 or len(str(each)) > 500 or not each.field or not each.wanted:
                    raise ValueError(f"a reject that says too much or too little: {str(each)[:100]!r}")
            case Trouble():
                if not each.reason or not each.detail or len(each.detail) > 500:
                    raise ValueError(f"a trouble that says too much or too little: {each.detail[:100]!r}")
            case Follow():
                if len(each.url) > SIZE:
                    raise ValueError("a link without end")
    for kind in (Listing, Rejected, Trouble, Follow):
        if any(isinstance(each, kind) for each in found):
            return kind.__name__.lower()
    return "nothing"


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    """Break so many pages of each source (10 000 if not said), and print how they ended; 1 if any did what none may."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    place = Path(os.environ.get("CONFRADAR_CORPUS", cases.PAGES.parent.parent.parent / "shared" / "corpus"))
    failed = 0
    for name in readers():
        broken = survive(name, count, corpus=place if place.is_dir() else None)
        ended = ", ".join(f"{number} {what}" for what, number in broken.ended.most_common())
        sys.stdout.write(
            f"{name}: {broken.pages} pages, {len(broken.failures)} failures; {ended}\n"
            f"  slowest {broken.slowest:.2f} s of the processor, {broken.memory / 2**20:.0f} MB more\n"
            + "".join(f"  {failure}\n" for failure in broken.failures[:FINDINGS_SHOWN])
        )
        failed += len(broken.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
