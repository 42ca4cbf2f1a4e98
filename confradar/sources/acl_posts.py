"""What a post on the ACL portal says of an event: posts are calls, not conferences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from confradar.deadlines.listing import EntryType, Kind, Listing, WrittenDate, clean
from confradar.errors import FieldError
from confradar.sources.base import Found, Page, Rejected, is_web
from confradar.sources.days import YEAR, day_range, single_day
from confradar.sources.wording import place_of

EVENT_PATH = re.compile(r"/portal/(content|node)/([^/?#]+)")

_ORDER = r"(?:(?:1st|2nd|3rd|4th|first|second|third|fourth|final|last|joint|extended)\s+){0,3}"
_CALL = re.compile(
    rf"\b{_ORDER}(?:call\s+for\s+(?:main\s+conference\s+)?"
    r"(?:papers?|participation|participants|submissions?|contributions?|abstracts?)|cfp)\b(?:\s*:|\s+for\b(?:\s+the\b)?)?",
    re.IGNORECASE,
)
_EXTENDED = re.compile(r"\b(?:submission\s+)?deadline\s+(?:extended|extension)\b\s*:?", re.IGNORECASE)

# The first that fits decides: a call for workshop proposals is no workshop.
_TYPES = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), kind)
    for words, kind in (
        ("proposals?|bids?|jobs?|vacanc(?:y|ies)|fellowships?|awards?", EntryType.OTHER),
        ("special issue|journal", EntryType.JOURNAL),
        ("school", EntryType.SCHOOL),
        ("shared tasks?|semeval[ -]?\\d{4} task", EntryType.SHARED_TASK),
        ("workshops?|ws", EntryType.WORKSHOP),
        ("sessions?|tracks?|tutorials?", EntryType.TRACK),
    )
)
# What is said to be "at" another event is a part of it.
_PART = re.compile(rf"(?:@|\bat)\s+[A-Z]\w+[ -]?{YEAR}\b")

_NO_PAPERS = re.compile(r"\b(?:proposals?|bids?|participation|participants|jobs?|vacanc(?:y|ies))\b", re.IGNORECASE)
_ACRONYM = r"[A-Z][\w+&/]*(?:-[A-Z]\w*)*"
_BRACKETED = re.compile(rf"\((?P<acronym>{_ACRONYM})(?:[ -]?{YEAR})?\)")
_LEADING = re.compile(rf"(?P<acronym>{_ACRONYM})[ -]?{YEAR}(?:\s*[-–—:]\s.*)?")
_YEAR = re.compile(rf"(?<!\d){YEAR}(?!\d)")


@dataclass
class Post:
    """What the portal says of one event, in words. `on` has the day of the server's own stamps, by field."""

    title: str
    path: str = ""
    words: dict[str, str] = field(default_factory=dict)
    on: dict[str, list[date]] = field(default_factory=dict)
    deadlines: list[str] = field(default_factory=list)
    before: str | None = None  # what an earlier call of the same event gave as the deadline

    @property
    def ref(self) -> str:
        """The portal's own name of the post: `nllp-2026`, `node/14303`. Made from the title if it has no link."""
        match = EVENT_PATH.match(self.path)
        if match:
            return match[2] if match[1] == "content" else f"node/{match[2]}"
        return "-".join(re.findall(r"\w+", self.title.casefold()))

    @property
    def days(self) -> tuple[date | None, date | None]:
        """First and last day of the event."""
        if stamped := self.on.get("days"):
            return min(stamped), max(stamped)
        text = self.words.get("days", "")
        first = single_day(text)
        return day_range(text) or (first, first)

    @property
    def year(self) -> int | None:
        """The year of the edition, if the post says it.

        That is the year of the event's days; but a label of the year before them is the edition's own (an
        edition may be held late).
        """
        label, first = year_of(self.title), self.days[0]
        if first is None or (label and first.year - label == 1):
            return label
        return first.year

    @property
    def due(self) -> date | None:
        """The day of the last deadline."""
        return max((day for text in self.deadlines if (day := single_day(text))), default=None)


def event_name(post: str) -> str:
    """The name of the event that a post is about: `[EMNLP 2025] First Call for Papers` is about EMNLP 2025.

    A post that is nothing but a call keeps its words.
    """
    words = _EXTENDED.sub(" ", _CALL.sub(" ", post.replace("[", " ").replace("]", " ")))
    return (clean(words) or "").strip(" :;,-–—") or clean(post) or ""


def entry_type(post: str) -> EntryType:
    """What kind of entry a post is, from its words."""
    found = next((kind for pattern, kind in _TYPES if pattern.search(post)), None)
    return found or (EntryType.TRACK if _PART.search(post) else EntryType.CONFERENCE)


def wanted_instead(call: str) -> str:
    """What a call wants if not papers: `proposals`, `participation`; empty for a call for papers."""
    found = _NO_PAPERS.search(call)
    return found[0].casefold() if found else ""


def acronym(name: str) -> str | None:
    """`… (NLLP) 2025`, `DISRPT 2025 - …`, `EMNLP 2025`; capitals elsewhere prove nothing."""
    found = _BRACKETED.search(name)
    if found and sum(letter.isupper() for letter in found["acronym"]) >= 2:
        return found["acronym"]
    leading = _LEADING.fullmatch(name)
    return leading["acronym"] if leading else None


def without_year(short: str) -> str | None:
    """An abbreviated title as an acronym: `NLLP 2026` is NLLP."""
    return _YEAR.sub("", short).strip(" -") or None


def year_of(name: str) -> int | None:
    """The year that a name carries."""
    found = _YEAR.search(name)
    return int(found[0]) if found else None


def last_calls(posts: Iterable[Post]) -> Iterator[Post]:
    """The posts without those that a further call of the same event has put out of date: the later deadline counts."""
    events: dict[tuple[object, ...], list[Post]] = {}
    for post in posts:
        called = (entry_type(post.title), wanted_instead(post.title))
        name = event_name(post.title).casefold()
        # Without a year two editions cannot be told apart.
        events.setdefault((name, post.year, called) if post.year else (post.ref,), []).append(post)
    for same in events.values():
        *earlier, last = sorted(same, key=lambda post: post.due or date.min)
        passed = [text for post in earlier for text in post.deadlines if text not in last.deadlines]
        last.before = passed[-1] if passed else None
        yield last


def listing(post: Post, page: Page, source: str, *, url: str) -> list[Found]:
    """A post's event, and what of it was not understood.

    Raises FieldError if neither days nor title nor deadline say a year.
    """
    said, (starts_on, ends_on) = post.words, post.days
    year = post.year or (post.due.year if post.due else None)
    if year is None:
        raise FieldError("year", repr(post.title)[:80], "a year in the title or in a date", ref=post.ref[:80])
    name, call = event_name(post.title), said.get("call", post.title)
    place = place_of(*(said.get(part) for part in ("location", "city", "country")))
    problems: list[Found] = []
    website: str | None = said.get("website")
    if website and not is_web(website):
        problems.append(Rejected(source, post.ref, "website", website, "an http or https address"))
        website = None
    if said.get("days") and starts_on is None:
        problems.append(Rejected(source, post.ref, "event dates", said["days"], "the days of an event"))
    event = Listing(
        source=source, feed=page.feed, ref=post.ref, url=url, title=name, year=year,
        type=entry_type(f"{post.title} {said.get('call', '')}"),
        acronym=without_year(said.get("acronym", "")) or acronym(name), website=website,
        place=place, city=said.get("city"), country=said.get("country"),
        online=True if re.search(r"\b(?:online|virtual)\b", place or "", re.IGNORECASE) else None,
        starts_on=starts_on, ends_on=ends_on, dates=tuple(_dates(post, call)),
        retrieved_at=page.retrieved_at,
    )  # fmt: skip
    return [event, *problems]


def _dates(post: Post, call: str) -> Iterator[WrittenDate]:
    """The deadlines in order of their days; several of one post are its rounds. The portal names no zone."""
    texts = post.deadlines
    track = wanted_instead(call)
    kind = Kind.OTHER if track else Kind.SUBMISSION
    in_order = sorted(texts, key=lambda text: single_day(text) or date.max)
    for number, text in enumerate(in_order, start=1):
        yield WrittenDate(kind, text, round=number if len(texts) > 1 else 0, track=track,
                          extended_from=post.before if len(texts) == 1 else None)  # fmt: skip
