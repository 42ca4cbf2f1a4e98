"""What a crawl gave, beside what is known of its source: all that the checks look at. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from statistics import median

from confradar.deadlines import movement
from confradar.deadlines.conference import Claim
from confradar.deadlines.identity import MentionKey
from confradar.deadlines.listing import Listing
from confradar.deadlines.movement import Movement
from confradar.deadlines.verdict import Gate

LAST_NIGHTS = 7


@dataclass(frozen=True)
class Evidence:
    """What a source's crawl gave, with what is known of that source. Instants are aware.

    `claims` are the listings' dates, resolved, and `before` those that its mentions which were not absent have in the
    store. `floor` is the fewest listings that are credible, `expected` the fewest and most of an ordinary night,
    `counts` the listings of the last good nights that no limit ended, newest first; without `counts` and `before`
    it is a first load. `complete_feeds` are the feeds of which every entry was read; `cut` says that a limit, the
    budget or Ctrl-C ended the crawl, so that its count says nothing. `replay` says that an archived or a past night is
    read again: months may lie between two of them, and what moved then has moved. `part` says that only a part of the
    source was read: nothing follows from how many listings that gave.
    """

    source: str
    listings: tuple[Listing, ...]
    claims: Mapping[MentionKey, Mapping[Gate, Claim]]
    rejected: int
    floor: int
    expected: tuple[int, int]
    counts: tuple[int, ...]
    before: Mapping[MentionKey, Mapping[Gate, Claim]]
    complete_feeds: frozenset[str]
    cut: bool
    now: datetime
    replay: bool = False
    part: bool = False

    @cached_property
    def first_load(self) -> bool:
        """Whether nothing is known of the source yet."""
        return not self.counts and not self.before

    @cached_property
    def usual(self) -> float:
        """The median of the last seven good nights' listings; 0 if there was none."""
        return median(self.counts[:LAST_NIGHTS]) if self.counts else 0

    @cached_property
    def empty_as_ever(self) -> bool:
        """Whether nothing came from a source that gave nothing on its last good nights either."""
        return not self.listings and not any(self.counts[:LAST_NIGHTS]) and not self.before

    @cached_property
    def movement(self) -> Movement:
        """What became of the dates that were known."""
        return movement.compare(self.before, self.claims)

    @cached_property
    def titles(self) -> Mapping[MentionKey, str]:
        """The titles of the listings, by their keys."""
        return {listing.key: listing.title for listing in self.listings}
