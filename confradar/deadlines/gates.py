"""The gates of the conferences that a night touches: claims, verdicts, and where the dates went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from confradar.deadlines import changes, verdict
from confradar.deadlines.conference import Claim, Deadline, Direction, Known, Mention, Merged
from confradar.deadlines.dates import WITHDRAWN, is_state
from confradar.deadlines.listing import Listing
from confradar.deadlines.movement import typing_error
from confradar.deadlines.verdict import CREDIBLE_FOR, Gate, Said


@dataclass(frozen=True, slots=True)
class Move:
    """What a mention said of a gate, if anything, and what it says tonight.

    `guessed` says that its list had only estimates for the whole edition before.
    """

    before: Claim | None
    after: Claim
    guessed: bool

    @property
    def direction(self) -> Direction | None:
        """Where the date went; a first date is announced if the edition was guessed at."""
        where = changes.direction(self.before, self.after)
        return Direction.ANNOUNCED if where is Direction.NEW and self.guessed else where


def judge(
    known: Known,
    merged: Merged,
    members: Mapping[int, Sequence[Mention]],
    given: Mapping[int, Listing],
    claims_of: Mapping[int, Sequence[Claim]],
) -> None:
    """Add claims, deadlines and the changes of dates to what the night changes.

    `members` are tonight's mentions of each touched conference, `given` the new and changed listings by
    mention id, `claims_of` the known claims by mention id.
    """
    ids = count(known.next_deadline)
    gates_of: defaultdict[int, set[Gate]] = defaultdict(set)
    for conference_id, kind, round_number, track in known.deadlines if members else ():
        gates_of[conference_id].add((kind, round_number, track))
    for conference_id, mentions in sorted(members.items()):
        said: defaultdict[Gate, list[Claim]] = defaultdict(list)
        moves: defaultdict[Gate, list[Move]] = defaultdict(list)
        for mention in mentions:
            before = {claim.gate: claim for claim in claims_of.get(mention.id, ())}
            guessed = bool(before) and all(claim.estimated for claim in before.values())
            listing = given.get(mention.id)
            after = _claims(known, merged, mention, before, listing) if listing else before
            for gate, claim in after.items():
                said[gate].append(claim)
                if claim is not before.get(gate):
                    moves[gate].append(Move(before.get(gate), claim, guessed))
        by_id = {mention.id: mention for mention in mentions}
        for gate in sorted(said.keys() | gates_of[conference_id]):
            found = verdict.decide(said[gate], by_id, merged.at)
            _deadline(known, merged, (conference_id, *gate), found, moves[gate], ids)


def _claims(
    known: Known, merged: Merged, mention: Mention, before: Mapping[Gate, Claim], listing: Listing
) -> dict[Gate, Claim]:
    """Tonight's claims of a mention: what the listing says, and what it said until its last reading.

    Words that are doubted do not take back the date that stood there: it stays, unconfirmed.
    """
    after: dict[Gate, Claim] = {}
    for gate, said in verdict.claims(mention.id, listing, merged.at).items():
        old = before.get(gate)
        if old and mention.source != verdict.EDITOR and doubted(old, said, merged.at):
            seen_at = known.mentions[mention.key].last_seen_at
            said = replace(old, last_confirmed_at=old.last_confirmed_at or seen_at)
        claim = said
        if old and not changes.moved(old, said):  # the same instant in other words is as old as it was
            claim = replace(said, first_confirmed_at=old.first_confirmed_at)
        if old is None:
            merged.new_claims.append(claim)
        elif claim == old:
            claim = old
        else:
            merged.changed_claims.append(claim)
        after[gate] = claim
    for gate in before.keys() - after.keys():
        claim = before[gate]
        if claim.last_confirmed_at is None:
            claim = replace(claim, last_confirmed_at=known.mentions[mention.key].last_seen_at)
            merged.changed_claims.append(claim)
        after[gate] = claim
    return after


def doubted(old: Claim, said: Claim, now: datetime) -> bool:
    """Whether what a source says now is more likely a slip than a move of its date.

    Words that can be no date (31 February) always are. A date ahead with just the year one off, or with day and
    month exchanged, is so for a week: a source that insists is believed.
    """
    if old.earliest is None or said.earliest is None:
        return old.earliest is not None and not is_state(said.text)
    if old.estimated or said.estimated or old.latest is None or old.latest <= now:
        return False
    insists = old.last_confirmed_at is not None and old.last_confirmed_at < now - CREDIBLE_FOR
    return not insists and bool(typing_error(old, said))


def _deadline(
    known: Known, merged: Merged, key: tuple[int, *Gate], found: Said, moves: Sequence[Move], ids: Iterator[int]
) -> None:
    """Write the deadline if it is new or differs, and its changes."""
    old = known.deadlines.get(key)
    row = Deadline(old.id if old else next(ids), *key, found.verdict, found.earliest, found.latest, found.safe_at)
    if old is None:
        merged.new_deadlines.append(row)
    elif row != old:
        merged.changed_deadlines.append(row)
    if key[0] not in known.conferences:
        return
    told = False
    for move in moves:
        before, after, where = move.before, move.after, move.direction
        safe_at = old.safe_at if old is not None else None
        if where is None or (where is Direction.NEW and (told or safe_at)):
            continue
        if where is Direction.WITHDRAWN and not safe_at:  # there was nothing to withdraw
            continue
        told = True
        changes.record(
            known,
            merged,
            key[0],
            "date",
            changes.words(before) if before else f"{safe_at:%Y-%m-%d %H:%M} UTC" if safe_at else None,
            changes.words(after),
            deadline_id=row.id,
            mention_id=after.mention_id,
            before_at=before.earliest if before else safe_at,
            after_at=after.earliest,
            direction=where,
            reverted=changes.reverted(after, known.former.get(after.key, ())),
        )
    came_back = old is not None and not old.safe_at and row.safe_at is not None
    if came_back and not told and any(move.before and move.before.withdrawn for move in moves):
        changes.record(  # what withdrew it is no longer said
            known, merged, key[0], "date", WITHDRAWN, f"{row.safe_at:%Y-%m-%d %H:%M} UTC",
            deadline_id=row.id, after_at=row.safe_at, direction=Direction.NEW, reverted=True,
        )  # fmt: skip
    elif old is not None and not told and not changes.same_instant(old.safe_at, row.safe_at):
        changes.record(
            known, merged, key[0], "verdict", old.verdict, row.verdict,
            deadline_id=row.id, before_at=old.safe_at, after_at=row.safe_at,
        )  # fmt: skip
