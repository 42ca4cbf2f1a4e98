"""What we believe: the records of the store as plain data. Instants are aware and in UTC."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from confradar.deadlines.dates import Precision, withdraws
from confradar.deadlines.listing import EntryType, Kind, Listing


class Verdict(StrEnum):
    """What all credible claims of one gate say together."""

    AGREED = "agreed"
    DISPUTED = "disputed"
    SINGLE = "single"
    NONE = "none"  # no claim of this gate names an instant


class Direction(StrEnum):
    """Where a date went."""

    EARLIER = "earlier"
    LATER = "later"
    ZONE = "zone"
    NARROWED = "narrowed"
    WIDENED = "widened"
    NEW = "new"
    WITHDRAWN = "withdrawn"
    ANNOUNCED = "announced"


ALONE = "alone"  # the evidence of a mention that no link brought to its conference
MOVES = (Direction.EARLIER, Direction.LATER, Direction.ZONE)  # what a reader calls moved


@dataclass(frozen=True, slots=True)
class Series:
    """The lineage of editions. `key` is what identity made of its name; unique."""

    id: int
    key: str
    acronym: str | None
    name: str


@dataclass(frozen=True, slots=True)
class SeriesName:
    """A name that lists use for a series, without year; `former` if the series has given it up."""

    series_id: int
    name: str
    former: bool


@dataclass(frozen=True, slots=True)
class Conference:
    """One edition. `slug` is given once and never changed; `merged_into` names the older conference that took it in."""

    id: int
    slug: str
    title_key: str
    series_id: int | None
    type: EntryType
    title: str
    year: int
    acronym: str | None = None
    full_name: str | None = None
    place: str | None = None
    city: str | None = None
    country: str | None = None
    online: bool | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    website: str | None = None
    topics: tuple[str, ...] = ()
    ranks: tuple[tuple[str, str], ...] = ()  # (list, value)
    parent_id: int | None = None
    merged_into: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Mention:
    """The lasting trace of a listing. `raw` is `Listing.raw()`; `identity_keys` are the blocks that identity gave it.

    While `not_seen_since` is None, the source's last good crawl still said all its claims. `archived` names the page
    with its words, as it was when the mention was last seen.
    """

    id: int
    source: str
    feed: str
    ref: str
    year: int
    url: str
    conference_id: int
    evidence: str
    identity_keys: frozenset[str]
    raw: str
    first_seen_at: datetime
    last_seen_at: datetime
    first_run_id: int
    last_run_id: int
    not_seen_since: datetime | None = None
    archived: str | None = None

    @property
    def key(self) -> tuple[str, str, str, int]:
        """(source, feed, ref, year), unique."""
        return self.source, self.feed, self.ref, self.year

    @cached_property
    def listing(self) -> Listing:
        """What the source last said."""
        return Listing.from_json(json.loads(self.raw))


@dataclass(frozen=True, slots=True)
class Claim:
    """What one mention says about one gate: the words as written, and the window that they mean.

    `last_confirmed_at` is None while the mention still says so: then the mention's `last_seen_at` counts.
    It is set when the source's listing no longer has the gate.
    """

    mention_id: int
    kind: Kind
    round: int
    track: str
    text: str
    zone_text: str | None
    earliest: datetime | None
    latest: datetime | None
    precision: Precision
    reason: str
    estimated: bool
    extended_from: str | None
    first_confirmed_at: datetime
    last_confirmed_at: datetime | None = None

    @property
    def key(self) -> tuple[int, Kind, int, str]:
        """(mention, kind, round, track), unique."""
        return self.mention_id, self.kind, self.round, self.track

    @property
    def withdrawn(self) -> bool:
        """Whether it says that the gate is no more."""
        return withdraws(self.reason)

    @property
    def gate(self) -> tuple[Kind, int, str]:
        """The gate within its conference: (kind, round, track)."""
        return self.kind, self.round, self.track


@dataclass(frozen=True, slots=True)
class Deadline:
    """One gate of a conference, with the verdict over all credible claims."""

    id: int
    conference_id: int
    kind: Kind
    round: int
    track: str
    verdict: Verdict
    earliest: datetime | None
    latest: datetime | None
    safe_at: datetime | None

    @property
    def key(self) -> tuple[int, Kind, int, str]:
        """(conference, kind, round, track), unique."""
        return self.conference_id, self.kind, self.round, self.track


@dataclass(frozen=True, slots=True)
class Change:
    """One append-only line of history. `before` and `after` are the words, `…_at` the early edges of their windows.

    `field` is `date` for a claim's window, `verdict` for a safe date that moved because a claim came or
    went, else the name of the conference's field. `direction` is None for what is not a date. `added_at` is when it was
    added, if not in its own night.
    """

    id: int
    run_id: int
    at: datetime
    conference_id: int
    deadline_id: int | None
    mention_id: int | None
    field: str
    before: str | None
    after: str | None
    before_at: datetime | None = None
    after_at: datetime | None = None
    direction: Direction | None = None
    reverted: bool = False
    added_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """An operator's decision that two mentions belong together, or must not."""

    first: tuple[str, str, str, int]
    second: tuple[str, str, str, int]
    together: bool


@dataclass(frozen=True, slots=True)
class SourceOutput:
    """What one source gave in a run, ready to be stored.

    `complete_feeds` are the feeds that show all their entries and whose every list page was read: only
    in those can a mention be absent. `rejected` are the refs of records that were there and could not be read.
    """

    source: str
    listings: tuple[Listing, ...]
    complete_feeds: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()


@dataclass
class Known:
    """All that the store holds, as `merge` needs it. The `next_*` ids are free from there on.

    `former` are the early edges that a claim has left, by the claim's key: the `before_at` of its `date` changes.
    """

    series: dict[str, Series] = field(default_factory=dict)  # by key
    series_names: set[tuple[int, str]] = field(default_factory=set)  # (series, name)
    conferences: dict[int, Conference] = field(default_factory=dict)
    mentions: dict[tuple[str, str, str, int], Mention] = field(default_factory=dict)
    claims: dict[tuple[int, Kind, int, str], Claim] = field(default_factory=dict)
    deadlines: dict[tuple[int, Kind, int, str], Deadline] = field(default_factory=dict)
    pins: list[Pin] = field(default_factory=list)
    former: dict[tuple[int, Kind, int, str], frozenset[datetime]] = field(default_factory=dict)
    next_series: int = 1
    next_conference: int = 1
    next_mention: int = 1
    next_deadline: int = 1
    next_change: int = 1


@dataclass
class Merged:
    """What one night changes: rows to insert and to update, the changes to append, and the figures.

    The confirmed mentions were last seen at `at`, by the run `run_id`; some of them on a page that is `archived` anew.
    """

    run_id: int
    at: datetime
    new_series: list[Series] = field(default_factory=list)
    new_series_names: list[SeriesName] = field(default_factory=list)
    new_conferences: list[Conference] = field(default_factory=list)
    changed_conferences: list[Conference] = field(default_factory=list)
    new_mentions: list[Mention] = field(default_factory=list)
    changed_mentions: list[Mention] = field(default_factory=list)
    confirmed_mentions: list[int] = field(default_factory=list)  # ids: seen again, word for word the same
    archived: dict[int, str] = field(default_factory=dict)  # by mention's id
    new_claims: list[Claim] = field(default_factory=list)
    changed_claims: list[Claim] = field(default_factory=list)
    new_deadlines: list[Deadline] = field(default_factory=list)
    changed_deadlines: list[Deadline] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)
