"""WikiCFP: calls for papers that anybody may post, in lists by category and on a page for each event."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from operator import itemgetter
from urllib.parse import parse_qs, quote

from parsel import Selector

from confradar.deadlines.listing import EntryType, Kind, Listing, WrittenDate, clean
from confradar.errors import FieldError
from confradar.sources.base import (
    Feed,
    Follow,
    Found,
    Page,
    Politeness,
    Rejected,
    Source,
    Trouble,
    each,
    is_web,
    split_address,
    whole,
)
from confradar.sources.days import single_day
from confradar.sources.markdown import words
from confradar.sources.wording import entry_type, without_extension

CATEGORIES = (
    "computer science",
    "artificial intelligence",
    "machine learning",
    "natural language processing",
    "computational linguistics",
    "computer vision",
    "data mining",
    "information retrieval",
    "human computer interaction",
    "software engineering",
)
EVENT = "/cfp/servlet/event.showcfp?eventid="
LAST_PAGE = 20  # from there on the site answers with the same page, whatever its pager promises
NEAR = 45  # days to the deadline, within which an event's page is read each night
MOST_ROWS = 50  # of the table of an event
# Priorities: a row holds the deadline already, its page only completes it. The nearer it is, the sooner that matters.
LISTS, NEAREST, EVENTS, JOURNALS = 20, 10, 0, -1

SOURCE = Source(
    name="wikicfp",
    home="http://www.wikicfp.com/cfp/",
    base="http://www.wikicfp.com/",
    feeds=tuple(
        Feed(
            category.replace(" ", "_"),
            f"/cfp/call?conference={quote(category)}&page=1",
            "the open calls of a category, the next deadline first; the front page shows a few only",
        )
        for category in CATEGORIES
    ),
    expected_listings=range(250, 4000),
    floor=50,
    politeness=Politeness(seconds_between_requests=5, max_pages=500, max_depth=LAST_PAGE + 5, budget_seconds=45 * 60),
    hosts=("wikicfp.com",),
    own_pages=True,
)

_EVENT_LINK = f"a[contains(@href, '{EVENT.rpartition('/')[2]}')]"
_EVENT = "//span[@typeof='v:Event'][span[@property='v:summary']]"
_CALLED = re.compile(r"(?P<acronym>.*\S)\s+(?P<year>[0-9]{4})")
_GATES = {
    "Abstract Registration Due": Kind.ABSTRACT,
    "Submission Deadline": Kind.SUBMISSION,
    "Notification Due": Kind.NOTIFICATION,
    "Final Version Due": Kind.CAMERA_READY,
}
_TWO_DATES = re.compile(r"(?P<paper>[^()]{1,40}) \((?P<abstract>[^()]{1,40})\)")
_NOTHING = {"", "n/a"}


def parse(page: Page) -> Iterator[Found]:
    """Read a category's, a search's or a series' rows, or an event's page. Event ids are one for all feeds."""
    headings = [event for event in page.html.xpath(_EVENT)[:MOST_ROWS] if event.xpath("ancestor::h2")]
    if headings:
        yield from each(
            headings[:1], lambda event: _event(page, event), source=SOURCE.name, ref=lambda _: _id(page.url)
        )
    elif rows := [*_content(page.html)]:
        yield from _rows(page, rows)
    elif "has been deleted" in (said := " ".join(words(node) for node in page.html.xpath("//h3")[:MOST_ROWS])):
        yield Rejected(SOURCE.name, _id(page.url), "page", said[:80], "an event that is still there")
    elif not _says_that_nothing_fits(page):
        yield Trouble("broken", f"{page.url} has neither events nor the words of a page without any")


def _says_that_nothing_fits(page: Page) -> bool:
    """A search without a result, or a category that counts no calls: the site's own frame around nothing."""
    frame = bool(page.html.xpath("//div[contains(@class, 'contsec')]"))
    return frame and ("Matched Call For Papers for" in page.text or "Total of 0 CFPs" in page.text)


def _content(html: Selector) -> Iterator[Selector]:
    """The rows of events, and those that say where the expired ones begin, within the frame of the content.

    Walks the page once: in a hostile one everything lies within everything else.
    """
    rest = [(html.root, False)]
    while rest:
        node, within = rest.pop()
        if within and node.tag == "tr":
            row = Selector(root=node)
            if row.xpath(f"td[@rowspan='2']/{_EVENT_LINK} | td[@colspan='5']"):
                yield row
        within = within or (node.tag == "div" and "contsec" in node.get("class", ""))
        rest += ((child, within) for child in reversed(node))


def _rows(page: Page, rows: list[Selector]) -> Iterator[Found]:
    """All rows as listings; on a list or a search also the way to each open event, and to the next page."""
    category = bool(page.html.xpath("//form[@name='myform']"))
    series = "All CFPs on WikiCFP" in page.html.xpath("//h3/span[@class='theme']/text()").getall()
    rows = rows[: SOURCE.politeness.max_items]
    refs = [_ref(row) for row in rows]
    events = [(ref, row) for ref, row in zip(refs, rows, strict=True) if ref]
    if not events:
        yield Trouble("broken", f"{page.url} has rows, but none of an event")
    marker = next((place for place, row in enumerate(rows) if "Expired" in words(row)), None)
    yield from each(events, lambda event: _row(page, *event), source=SOURCE.name, ref=itemgetter(0))
    if not series:
        for ref, row in zip(refs[:marker], rows, strict=False):
            if ref.isdecimal() and _wants_its_page(page, ref, cells := _second_row(row)):
                yield Follow(page.join(EVENT + ref), feed=page.feed, priority=_priority(page, cells))
    pager = page.html.xpath("//a[contains(@href, 'call?conference=')][contains(., 'next')]")
    following = next((link.xpath("@href").get() for link in pager if words(link) == "next"), None)
    number = page.query("page") or "1"
    counted = number.isascii() and number.isdigit() and int(number[:6]) < LAST_PAGE
    if category and following and marker is None and counted:
        yield Follow(page.join(following.replace(" ", "%20")), feed=page.feed, priority=LISTS)


def _wants_its_page(page: Page, ref: str, cells: list[str]) -> bool:
    """Whether an event is new, near, or not as it was when its page was read: others keep what that page said."""
    due = single_day(cells[-1]) if cells else None
    near = due is None or page.retrieved_at is None or (due - page.retrieved_at.date()).days <= NEAR
    row = {text for _, text in _deadlines(cells[-1]) if text.casefold() not in _NOTHING} if cells else set()
    return near or not row < set(page.known.get(ref, ()))  # a page says more than its row


def _priority(page: Page, cells: list[str]) -> int:
    """How soon an event's page is read: those due within a month first, then month by month; journals last."""
    if cells[:1] == ["N/A"]:
        return JOURNALS
    due = single_day(cells[-1]) if cells else None
    if due is None or page.retrieved_at is None:
        return EVENTS
    ahead = (due - page.retrieved_at.date()).days
    return max(NEAREST - ahead // 30, EVENTS) if ahead >= 0 else EVENTS


def _row(page: Page, ref: str, row: Selector) -> list[Found]:
    """The two rows of one event: its name, then when, where and the deadline."""
    cells = _second_row(row)
    if len(cells) != 3:
        raise FieldError("row", f"{len(cells)} cells", "when, where and deadline", source=SOURCE.name, ref=ref)
    when, where, deadline = cells
    called = words(*row.xpath(f"td[@rowspan='2']/{_EVENT_LINK}")[:1])
    name = words(*row.xpath("td[@colspan='3']")[:1])
    return _listing(page, ref, called, name, when=when, where=where, dates=_deadlines(deadline), partial=True)


def _deadlines(cell: str) -> list[tuple[Kind, str]]:
    """The date in brackets is that of the abstract; an extension leaves no trace of the old date."""
    both = _TWO_DATES.fullmatch(cell)
    return [(Kind.ABSTRACT, both["abstract"] if both else ""), (Kind.SUBMISSION, both["paper"] if both else cell)]


def _event(page: Page, event: Selector) -> list[Found]:
    """An event's own page; rows without a value are not there, so that each is found by its heading."""
    ref = _id(page.url) or _id(event.xpath("span[@rel='v:url']/@resource").get() or "")
    called = clean(event.xpath("span[@property='v:summary']/@content").get()) or ""
    heading = words(*event.xpath("span[@property='v:description']")[:1])
    name = heading.removeprefix(f"{called} :") if heading.startswith(f"{called} :") else heading.partition(" : ")[2]
    rows = page.html.xpath("//table[@class='gglu']/tr[th] | //table[@class='gglu']/tbody/tr[th]")[:MOST_ROWS]
    labels = [words(*row.xpath("th")[:1]) for row in rows]
    table = {label: words(*row.xpath("td")[:1]) for label, row in zip(labels, rows, strict=True)}
    links = page.html.xpath("//td/a[@target='_newtab']")[:MOST_ROWS]
    link = next((link.xpath("@href").get() for link in links if words(*link.xpath("..")).startswith("Link:")), None)
    categories = page.html.xpath("//h5/a[contains(@href, 'call?conference=')]/text()").getall()
    found = _listing(
        page,
        ref,
        called,
        name,
        when=table.get("When", ""),
        where=table.get("Where", ""),
        dates=[(kind, table.get(label, "")) for label, kind in _GATES.items()],
        website=clean(link),
        topics=tuple(dict.fromkeys(topic for category in categories if (topic := clean(category)))),
    )
    return [*found, *_doubts(ref, zip(labels, rows, strict=True), table)]


def _doubts(ref: str, rows: Iterable[tuple[str, Selector]], table: dict[str, str]) -> Iterator[Rejected]:
    """What the table has beside its known headings, and days that its marks for machines contradict."""
    for label, row in rows:
        stamp = row.xpath("td//span[@property='v:startDate']/@content").get() or ""
        if label not in (*_GATES, "When", "Where"):
            yield Rejected(SOURCE.name, ref, "heading", label, "a known heading")
        elif label in _GATES and single_day(stamp[:10]) not in (None, single_day(table[label])):
            yield Rejected(SOURCE.name, ref, label, f"{table[label]} and {stamp}", "one day")


def _listing(
    page: Page,
    ref: str,
    called: str | None,
    name: str | None,
    *,
    when: str,
    where: str,
    dates: list[tuple[Kind, str]],
    website: str | None = None,
    topics: tuple[str, ...] = (),
    partial: bool = False,
) -> list[Found]:
    title = without_extension(clean(called) or "")
    full_name = without_extension(clean(name) or "") or None
    undated, nowhere = when.casefold() in _NOTHING, where.casefold() in _NOTHING
    # The site writes both days, also for one: Nov 20, 2026 - Nov 22, 2026.
    first, _, last = when[:80].partition(" - ")
    starts_on, ends_on = single_day(first), single_day(last)
    problems: list[Found] = []
    if not undated and (starts_on is None or ends_on is None or ends_on < starts_on):
        problems.append(Rejected(SOURCE.name, ref, "when", when[:80], "a first and a last day"))
        ends_on = None
    if website and not is_web(website):
        problems.append(Rejected(SOURCE.name, ref, "website", website[:80], "an http or https address"))
        website = None
    split = _CALLED.fullmatch(title)
    if split is None and starts_on is None:
        raise FieldError("title", title[:80], "an acronym and a year", source=SOURCE.name, ref=ref)
    listing = Listing(
        source=SOURCE.name,
        ref=str(whole(ref, "eventid")),
        url=page.join(EVENT + ref),
        title=title,
        year=int(split["year"]) if split else starts_on.year if starts_on else 0,
        # Only journals, special issues and books have no days.
        type=EntryType.JOURNAL if undated else entry_type(full_name),
        acronym=split["acronym"] if split else title,
        full_name=full_name,
        website=website,
        place=None if nowhere else where,
        online=True if where.casefold() in ("online", "virtual") else None,
        starts_on=starts_on,
        ends_on=ends_on,
        topics=topics,
        dates=tuple(WrittenDate(kind, text) for kind, text in dates if text.casefold() not in _NOTHING),
        retrieved_at=page.retrieved_at,
        partial=partial,
    )
    return [listing, *problems]


def _second_row(row: Selector) -> list[str]:
    """The cells of the row below: when, where and the deadline."""
    below = row.root.getnext()
    return [words(cell) for cell in Selector(root=below).xpath("td")[:10]] if below is not None else []


def _ref(row: Selector) -> str:
    return _id(row.xpath(f"td[@rowspan='2']/{_EVENT_LINK}/@href").get() or "")


def _id(address: str) -> str:
    """The event's number in an address; empty if it has none."""
    return parse_qs(split_address(address).query).get("eventid", [""])[0]
