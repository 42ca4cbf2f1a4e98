"""The heart of the store: what one night changes in what we believe. Pure; nothing known is altered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from itertools import count

from confradar.deadlines import changes, gates, identity, linking, verdict
from confradar.deadlines.conference import (
    Claim,
    Conference,
    Direction,
    Known,
    Mention,
    Merged,
    SourceOutput,
)
from confradar.deadlines.identity import Cluster, MentionKey
from confradar.deadlines.lineage import Lineages
from confradar.deadlines.listing import Listing
from confradar.deadlines.portrait import TOLD, completed, free_slug, joined, portrait
from confradar.deadlines.verdict import CREDIBLE_FOR


def merge(
    known: Known, outputs: Sequence[SourceOutput], *, run_id: int, now: datetime, touched: Collection[MentionKey] = ()
) -> Merged:
    """What the listings of a run change in what is known (DATA, "The store step", 2 to 6). `now` is aware.

    A listing of a mention that was seen after `now` changes nothing: an older run never overwrites a newer one.
    The mentions `touched` are grouped anew whatever is said.
    Figures, counts of listings: `total` given, of which `created` are new mentions, `updated` say something
    else than before or are back, and `unchanged` wrote nothing but a confirmation (with those given twice or
    older than what is stored); `rejected` is the caller's, 0 here. The same five by source under `per_source`.
    Beside them `new_conferences`, `updated_conferences`, `absent` mentions, `moves` of gates by direction, and
    `unseen` (see `changes.unseen`).
    """
    night = _Night(known, run_id, now)
    night.read(outputs)
    night.link(touched)
    night.judge()
    night.count()
    return night.merged


class _Night:
    """The working state of one merge."""

    def __init__(self, known: Known, run_id: int, now: datetime) -> None:
        self.known, self.run_id, self.now = known, run_id, now
        self.merged = Merged(run_id=run_id, at=now)
        self.figures: dict[str, Counter[str]] = {}
        self.given: dict[MentionKey, Listing] = {}  # new or changed tonight
        self.raw: dict[MentionKey, str] = {}
        self.absent: set[MentionKey] = set()
        self.members: dict[int, list[Mention]] = {}  # of each conference that the night touches
        self.lineages = Lineages(known, self.merged)

    @cached_property
    def claims_of(self) -> dict[int, list[Claim]]:
        """The known claims by mention."""
        found: defaultdict[int, list[Claim]] = defaultdict(list)
        for claim in self.known.claims.values():
            found[claim.mention_id].append(claim)
        return found

    @cached_property
    def unconfirmed(self) -> dict[int, list[Claim]]:
        """The known claims that their sources have ceased to make, by mention."""
        found = {number: [one for one in some if one.last_confirmed_at] for number, some in self.claims_of.items()}
        return {number: some for number, some in found.items() if some}

    def read(self, outputs: Sequence[SourceOutput]) -> None:
        """Sort the listings into new, changed and confirmed ones, and find the absent mentions."""
        listings: dict[MentionKey, Listing] = {}
        repeated: defaultdict[MentionKey, list[Listing]] = defaultdict(list)
        for output in outputs:
            self.figures.setdefault(output.source, Counter())["total"] += len(output.listings)
            for listing in output.listings:
                if listings.setdefault(key := listing.key, listing) is not listing:
                    repeated[key].append(listing)
        for key, others in repeated.items():
            listings[key] = joined([listings[key], *others])
        for key, listing in listings.items():
            mention = self.known.mentions.get(key)
            if mention and mention.last_seen_at > self.now:
                continue
            if mention and listing.partial:
                listing = replace(completed(mention.listing, listing), archived=mention.archived or listing.archived)
            raw = listing.raw()
            same = mention and mention.raw == raw and mention.not_seen_since is None
            if mention and same and not self._insists(mention, listing):
                self.merged.confirmed_mentions.append(mention.id)
                if listing.archived and listing.archived != mention.archived:
                    self.merged.archived[mention.id] = listing.archived
            else:
                self.given[key], self.raw[key] = listing, raw
                self.figures.setdefault(listing.source, Counter())["updated" if mention else "created"] += 1
        if complete := {(output.source, feed) for output in outputs for feed in output.complete_feeds}:
            unread = {(output.source, ref) for output in outputs for ref in output.rejected}
            missing = self.known.mentions.keys() - listings.keys()
            self.absent = {
                key
                for key in missing
                if key[:2] in complete and key[0:3:2] not in unread and self._absent(self.known.mentions[key])
            }

    def _insists(self, mention: Mention, listing: Listing) -> bool:
        """Whether a listing that did not change has said long enough what was doubted at first."""
        old = {claim.gate: claim for claim in self.unconfirmed.get(mention.id, ())}
        said = verdict.claims(mention.id, listing, self.now) if old else {}
        return any(
            said[gate].earliest and not gates.doubted(old[gate], said[gate], self.now)
            for gate in old.keys() & said.keys()
        )

    def _absent(self, mention: Mention) -> bool:
        """Whether a mention that was not read should have been: nobody misses an edition whose last gate has passed."""
        if mention.not_seen_since is not None or mention.last_seen_at > self.now:
            return False
        if latest := [claim.latest for claim in self.claims_of.get(mention.id, ()) if claim.latest]:
            return max(latest) > self.now
        last_day = mention.listing.ends_on or mention.listing.starts_on
        return last_day is None or last_day >= self.now.date()

    def link(self, asked: Collection[MentionKey]) -> None:
        """Cluster anew whatever the night touches, and write the mentions and conferences that differ."""
        traits = identity.traits_of(self.given)
        blocks = {key: one.keys for key, one in traits.items()}
        touched = linking.component(self.known, blocks, [*self.given, *self.absent, *asked])
        if not touched:
            return
        listings = {key: self.given.get(key) or self.known.mentions[key].listing for key in touched}
        clusters = identity.cluster(listings, self.known.pins, traits=traits)
        ids, new_conference = count(self.known.next_mention), count(self.known.next_conference)
        homes = [next(new_conference) if home is None else home for home in linking.homes(self.known, clusters)]
        owner = {key: home for found, home in zip(clusters, homes, strict=True) for key in found.members}
        left = {
            known.conference_id: owner[known.key]
            for known in sorted(filter(None, map(self.known.mentions.get, touched)), key=lambda one: -one.id)
            if known.conference_id != owner[known.key]
        }  # for each conference that loses mentions, where the oldest of these goes
        parents = linking.parents(clusters, homes)
        slugs = {conference.slug for conference in self.known.conferences.values()}
        for found, home in zip(clusters, homes, strict=True):
            rows = [self._mention(key, home, found.evidence[key], blocks.get(key), ids) for key in found.members]
            before = self.known.conferences.get(home)
            same = before is not None and before.parent_id == parents.get(home)
            if same and home not in left and all(row is self.known.mentions.get(row.key) for row in rows):
                continue
            self.members[home] = rows
            said = [row for row in rows if row.not_seen_since is None and row.source != verdict.EDITOR]
            self._conference(home, found, [listings[row.key] for row in said or rows], slugs, parents.get(home))
        self._redirect({old: new for old, new in left.items() if old not in self.members})

    def _mention(
        self, key: MentionKey, conference_id: int, evidence: str, blocks: frozenset[str] | None, ids: Iterator[int]
    ) -> Mention:
        """Tonight's row of a mention; the known row itself if nothing differs. `blocks` is None if it was not given."""
        known = self.known.mentions.get(key)
        if known is None:
            row = Mention(
                next(ids), *key, self.given[key].url, conference_id, evidence, blocks or frozenset(), self.raw[key],
                first_seen_at=self.now, last_seen_at=self.now, first_run_id=self.run_id, last_run_id=self.run_id,
                archived=self.given[key].archived or None,
            )  # fmt: skip
            self.merged.new_mentions.append(row)
            return row
        row = known
        if (known.conference_id, known.evidence) != (conference_id, evidence):
            row = replace(row, conference_id=conference_id, evidence=evidence)
        if blocks is not None:
            row = replace(
                row, url=self.given[key].url, identity_keys=blocks, raw=self.raw[key],
                last_seen_at=self.now, last_run_id=self.run_id, not_seen_since=None,
                archived=self.given[key].archived or row.archived,
            )  # fmt: skip
        elif key in self.absent:
            row = replace(row, not_seen_since=self.now)
        if row is not known:
            self.merged.changed_mentions.append(row)
        return row

    def _conference(
        self, conference_id: int, found: Cluster, listings: Sequence[Listing], slugs: set[str], parent: int | None
    ) -> None:
        """Write a conference's row if it is new or differs, and its history."""
        before = self.known.conferences.get(conference_id)
        told = portrait(listings)
        told |= {"series_id": self.lineages.of(found, listings, before), "parent_id": parent}
        if before is None:
            slug = free_slug(told["acronym"] or told["title"], told["year"], slugs)
            row = Conference(id=conference_id, slug=slug, created_at=self.now, updated_at=self.now, **told)
            self.merged.new_conferences.append(row)
            changes.record(
                self.known, self.merged, conference_id, "conference", None, row.title, direction=Direction.NEW
            )
            return
        row = replace(before, **told)
        if row != before:
            self.merged.changed_conferences.append(replace(row, updated_at=self.now))
            for name in TOLD:
                old, new = getattr(before, name), getattr(row, name)
                if old != new:
                    changes.record(self.known, self.merged, conference_id, name, _text(old), _text(new))

    def _redirect(self, emptied: dict[int, int]) -> None:
        """Point each conference that lost all its mentions, and those that point to it, to the one they are in now."""
        if not emptied:
            return
        for conference in self.known.conferences.values():
            goal = emptied.get(conference.id) or emptied.get(conference.merged_into or 0)
            if goal:
                self.merged.changed_conferences.append(replace(conference, merged_into=goal, updated_at=self.now))
                named = self.known.conferences[goal].slug
                changes.record(self.known, self.merged, conference.id, "merged_into", None, named)

    def judge(self) -> None:
        """Decide the gates of all touched conferences, and of those where a claim has just lost its credit."""
        confirmed = set(self.merged.confirmed_mentions)
        given = {row.id: self.given[row.key] for rows in self.members.values() for row in rows if row.key in self.given}
        placed = {row.id for rows in self.members.values() for row in rows}  # some have left a conference that lapses
        if lapsed := self._lapsed() - self.members.keys():
            for mention in self.known.mentions.values():
                if mention.conference_id in lapsed and mention.id not in placed:
                    self.members.setdefault(mention.conference_id, []).append(mention)
        for rows in self.members.values():
            rows[:] = [replace(row, last_seen_at=self.now) if row.id in confirmed else row for row in rows]
        gates.judge(self.known, self.merged, self.members, given, self.claims_of)

    def _lapsed(self) -> set[int]:
        """Conferences with a gate ahead of which a mention was last seen more than seven days ago."""
        confirmed = set(self.merged.confirmed_mentions)
        stale = {
            mention.conference_id
            for mention in self.known.mentions.values()
            if mention.last_seen_at < self.now - CREDIBLE_FOR and mention.id not in confirmed
        }
        return {
            deadline.conference_id
            for deadline in (self.known.deadlines.values() if stale else ())
            if deadline.conference_id in stale and deadline.latest and deadline.latest > self.now
        }

    def count(self) -> None:
        """Fill in the figures."""
        for figures in self.figures.values():
            figures["unchanged"] = figures["total"] - figures["created"] - figures["updated"]
        names = ("total", "created", "updated", "unchanged", "rejected")
        per_source = {source: {name: figures[name] for name in names} for source, figures in self.figures.items()}
        # A gate that moves counts once, however many sources say so.
        dated = [change for change in self.merged.changes if change.direction and change.field != "conference"]
        moves = Counter(str(direction) for _, direction in {(change.deadline_id, change.direction) for change in dated})
        self.merged.figures = {
            **{name: sum(figures[name] for figures in per_source.values()) for name in names},
            "new_conferences": len(self.merged.new_conferences),
            "updated_conferences": len(self.merged.changed_conferences),
            "absent": len(self.absent),
            "moves": dict(sorted(moves.items())),
            "unseen": changes.unseen(self.known, self.merged),
            "per_source": per_source,
        }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
