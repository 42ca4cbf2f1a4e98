"""The AI deadline lists: three living descendants of one idea, told apart by what a page holds, never by its host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from confradar.sources import ai_cards, ai_jekyll, ai_records
from confradar.sources.base import Feed, Follow, Found, Page, Politeness, Rejected, Source, Trouble, each
from confradar.sources.data import BrokenData, read_json, read_yaml

CARDS = "data/conferences.json"
SERIES = "repos/huggingface/ai-deadlines/contents/src/data/conferences"

SOURCE = Source(
    name="ai_deadlines",
    home="https://ai-deadlines.com/",
    base="https://aideadlines.org/",
    feeds=(
        Feed("cards", CARDS, "a script draws the page; this is the list of coming deadlines that it loads", whole=True),
        Feed("past_cards", "data/conferences_archive.json", "the deadlines that have passed", enabled=False),
        Feed(
            "huggingface",
            f"https://api.github.com/{SERIES}",
            "the Hugging Face page is a program without content; these files, one for each series, are what it shows",
            whole=True,
        ),
        Feed("paperswithcode", "https://aideadlin.es/", "the first of the lists, frozen in March 2024", enabled=False),
    ),
    expected_listings=range(150, 900),
    floor=11,
    politeness=Politeness(seconds_between_requests=2, max_pages=300),  # acl_web asks one of the hosts as well
    hosts=("api.github.com", "raw.githubusercontent.com", "aideadlin.es"),
    own_pages=True,
)


def parse(page: Page) -> Iterator[Found]:
    """Read the cards' data, a repository's listing, a series' records, or one of the two sites' own pages."""
    text = page.text.strip()
    if text.startswith("<"):
        yield from _site(page)
        return
    try:
        value = read_json(text) if text.startswith(("[", "{")) else read_yaml(text)
    except BrokenData as error:
        yield Trouble("broken", f"{page.url}: {error}")
        return
    records = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    mappings = [record for record in records if isinstance(record, dict)]
    names = {str(name) for record in mappings for name in record}
    if "download_url" in names:
        yield from each(mappings, lambda entry: _file(page, entry), source=SOURCE.name, ref=_name)
    elif "shortname" in names:
        yield from each(
            ai_cards.editions(mappings),
            lambda edition: ai_cards.conference(page, *edition),
            source=SOURCE.name,
            ref=lambda edition: edition[0],
        )
    elif names & {"title", "year"}:
        yield from each(mappings, lambda record: ai_records.conference(page, record), source=SOURCE.name, ref=_name)
    else:
        said = f"; it says: {value['message']}"[:200] if isinstance(value, dict) and "message" in value else ""
        yield Trouble("broken", f"{page.url} holds no list of conferences{said}")
        return
    for record in records:
        if not isinstance(record, dict):
            yield Rejected(SOURCE.name, "", "record", type(record).__name__, "a mapping of fields")


def _site(page: Page) -> Iterator[Found]:
    if page.html.css("div.ConfItem"):
        yield from ai_jekyll.conferences(page)
    elif page.html.css("#conferenceGrid") and not page.url.endswith(CARDS):
        yield Follow(page.join(CARDS), feed=page.feed, priority=1)
    else:
        yield Trouble("broken", f"{page.url} is neither the list of conferences nor the page of cards")


def _file(page: Page, entry: Mapping[str, Any]) -> list[Found]:
    """The way to one file of a repository's listing, if it is one of data."""
    if not str(entry.get("name", "")).endswith((".yml", ".yaml")):
        return []
    return [Follow(page.join(str(entry["download_url"])), feed=page.feed)]


def _name(record: Mapping[str, Any]) -> str:
    return str(record.get("id") or record.get("name") or "")[:80]
