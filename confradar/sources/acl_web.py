"""The portal of the Association for Computational Linguistics, and the dates of ACL Rolling Review."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsel import Selector

from confradar.deadlines.listing import clean
from confradar.sources import acl_rolling_review
from confradar.sources.acl_posts import EVENT_PATH, Post, last_calls, listing
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
    split_address,
)
from confradar.sources.days import single_day
from confradar.sources.markdown import from_html, plain, words

# The hosting company's gate answers 409 without this cookie. The number is theirs and may change.
GATE = {"humans_21909": "1"}

SOURCE = Source(
    name="acl_web",
    home="https://aclweb.org/",
    base="https://www.aclweb.org",
    hosts=("raw.githubusercontent.com",),
    feeds=(
        Feed("sponsored", "/portal/acl_sponsored_events", "the list of sponsored events", cookies=GATE),
        Feed(
            "events",
            "/portal/events",
            "all posts: those of the sponsored list once more, jobs and other societies' calls besides",
            enabled=False,
            cookies=GATE,
        ),
        Feed(
            "arr",
            "https://raw.githubusercontent.com/acl-org/aclrollingreview/main/dates.md",
            "papers of the ACL conferences are due at ACL Rolling Review; its page aclrollingreview.org/dates is made "
            "from this file, whose tables kept their form for years while the looks of the page changed",
        ),
    ),
    expected_listings=range(5, 500),
    floor=3,
    politeness=Politeness(seconds_between_requests=2, max_pages=60, max_depth=25),
    accepted_statuses=(409,),
)

FEWEST_ROWS = 3  # a shorter list was never seen
MOST_FOLLOWED = 20  # event pages from one list page
MOST_PAGES = 20
MOST_LABELS = 50
LISTS_FIRST = 10

COLUMNS = {
    "title": "title", "location": "location", "venue": "location", "city": "city", "country": "country",
    "submission deadline": "deadline", "event dates": "days", "event date": "days",
}  # fmt: skip
IGNORED = {"posted date", "post date", "posted", "state"}
LABELS = {
    "event notification type": "call", "abbreviated title": "acronym", "submission deadline": "deadline",
    "location": "location", "city": "city", "country": "country", "website": "website",
    "event dates": "days", "event date": "days", "dates": "days",
    "state": "", "contact email": "", "contact": "", "submitted by": "",
}  # fmt: skip

_GATE_COOKIE = re.compile(r"(humans_\d{1,12})=1")


def parse(page: Page) -> Iterator[Found]:
    """Read a list of the portal, an event page, or the dates of ACL Rolling Review."""
    if page.status == 409:
        yield _gate(page)
    elif page.feed == "arr":
        yield from acl_rolling_review.read(page, SOURCE.name)
    elif EVENT_PATH.match(split_address(page.url).path):
        yield from each([page], _event, source=SOURCE.name, ref=lambda page: page.url)
    else:
        yield from _list(page)


def _gate(page: Page) -> Follow | Trouble:
    wanted = _GATE_COOKIE.search(page.text)
    if wanted is None or wanted[1] in {**GATE, **page.cookies}:
        return Trouble("blocked", "the portal answers 409, also to its own cookie", fatal=True)
    return Follow(page.url, page.feed, LISTS_FIRST, {wanted[1]: "1"}, again=True)


def _list(page: Page) -> Iterator[Found]:
    head, rows = _table(page.html)
    if not {"title", "deadline"} <= {COLUMNS.get(name) for name in head}:
        shown = clean(page.html.css("title::text").get()) or "no title"
        yield Trouble("broken", f"no table of titles and submission deadlines on the page ({shown[:80]})", fatal=True)
        return
    asked = page.query("page") or ""
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 0
    if len(rows) < FEWEST_ROWS and number == 0:
        yield Trouble("broken", f"the list has {len(rows)} rows, at least {FEWEST_ROWS} are usual", fatal=True)
        return
    if not rows:
        yield Trouble("broken", f"page {number + 1} of the list has no rows")
    for name in head:
        if name and name not in COLUMNS and name not in IGNORED:
            yield Rejected(SOURCE.name, page.feed, "column", name[:80], "a known column")
    posts: dict[str, Post] = {}
    for post in (_post(head, row) for row in rows):
        # A post with several dates has a row for each.
        known = posts.setdefault(post.ref, post)
        known.deadlines += [text for text in post.deadlines if text not in known.deadlines]
    posts = {post.ref: post for post in last_calls(posts.values())}
    thin = [post.ref for post in posts.values() if _wants_its_page(post, page)][:MOST_FOLLOWED]
    yield from each(
        posts.values(), lambda post: _from_row(post, page, post.ref in thin), source=SOURCE.name,
        ref=lambda post: post.ref,
    )  # fmt: skip
    if page.html.css(f'a[href$="page={number + 1}"]') and number + 1 < MOST_PAGES:
        yield Follow(page.join(f"?page={number + 1}"), page.feed, LISTS_FIRST, {**GATE, **page.cookies})


def _table(html: Selector) -> tuple[list[str], list[Selector]]:
    """The head texts and the rows of the first table that has a title column."""
    for table in html.css("table"):
        rows = list(table.xpath("./tr | ./*/tr"))
        head = [(words(cell)).casefold() for row in rows[:1] for cell in row.xpath("./th | ./td")]
        if "title" in head:
            return head, rows[1:]
    return [], []


def _post(head: list[str], row: Selector) -> Post:
    post = Post(title="")
    for name, cell in zip((COLUMNS.get(name) for name in head), row.xpath("./td | ./th"), strict=False):
        text = words(cell)
        stamped = [day for stamp in cell.xpath(".//@content").getall() if (day := single_day(stamp[:10]))]
        if name is None or not text:
            continue
        if name == "title":
            post.title = text
            found = EVENT_PATH.match(split_address(cell.css("a::attr(href)").get() or "").path)
            post.path = found[0] if found else ""
        elif name == "deadline":
            # The stamp's day is sure, its hour and zone are the server's; the printed words are kept if they agree.
            agree = not stamped or single_day(text) == stamped[0]
            post.deadlines.append(text if agree else stamped[0].isoformat())
        else:
            post.words[name], post.on[name] = text, stamped
    return post


def _wants_its_page(post: Post, page: Page) -> bool:
    """Whether the list lacks what matters, of an event that may still come."""
    over = max((day for day in (post.due, post.days[1]) if day), default=None)
    past = over and page.retrieved_at and over < page.retrieved_at.date()
    return bool(post.path) and not past and (not post.deadlines or post.year is None)


def _from_row(post: Post, page: Page, follow: bool) -> Iterator[Found]:
    # A year that can only be guessed waits for the event page: a wrong one would be another edition for ever.
    if post.year or not follow:
        yield from listing(post, page, SOURCE.name, url=page.join(post.path) if post.path else page.url)
    if follow:
        yield Follow(page.join(post.path), page.feed, cookies={**GATE, **page.cookies})


def _event(page: Page) -> Iterator[Found]:
    lines = [plain(line).lstrip("# ") for line in from_html(page.html)]
    values = _labelled(lines)
    title = words(*page.html.css("#page-title, h1:not(#site-name)"))
    if not title or not {"call", "deadline"} & set(values):
        yield Trouble("broken", f"the event page {page.url[:200]} has no title or none of the labels")
        return
    post = Post(title, split_address(page.url).path, values)
    if values.get("deadline"):
        post.deadlines.append(values["deadline"])
    yield from listing(post, page, SOURCE.name, url=page.url)
    for label in page.html.css(".field-label")[:MOST_LABELS]:
        if (said := words(label).rstrip(":").strip()) and said.casefold() not in LABELS:
            yield Rejected(SOURCE.name, post.ref, "label", said, "a known label")


def _labelled(lines: list[str]) -> dict[str, str]:
    """The values of the label lines, `Label: value` or the value on the next line; the first of a label counts.

    The body below them is prose that may hold the dates of other conferences.
    """
    values: dict[str, str] = {}
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        label, colon, value = line.partition(":")
        name = LABELS.get(label.strip().casefold()) if colon else None
        if name and name not in values:
            next_is_label = following.partition(":")[0].strip().casefold() in LABELS
            values[name] = value.strip() or ("" if next_is_label else following)
    return {name: value for name, value in values.items() if value}
