"""What the result of a crawl must meet before it is stored. Pure.

A check is one function: it looks at the evidence and returns whether it passed and what it observed. Its docstring
describes it to an operator. A failed blocking check holds back that source's result of that run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import islice

from confradar.deadlines import movement
from confradar.deadlines.checking import Result, Seen, Severity, blocking, check, run
from confradar.deadlines.conference import Claim
from confradar.deadlines.dates import is_state
from confradar.deadlines.evidence import Evidence
from confradar.deadlines.identity import MentionKey
from confradar.deadlines.listing import EntryType, Listing
from confradar.deadlines.movement import Move
from confradar.deadlines.names import title_key
from confradar.deadlines.reach import BEFORE_THE_EVENT, Edition, event_doubt
from confradar.deadlines.verdict import Gate

__all__ = ["Evidence", "Result", "Severity", "blocking", "check", "run"]

LEAST_OF_MEDIAN, MOST_OF_MEDIAN = 0.5, 3
MANY_SHARE, MANY = 0.2, 10
EARLIER_SHARE = 0.05
SHIFTED = 5
TOGETHER = 3  # conferences: one moves all its gates in one night, and so does its twin in the source's other list
SILENT_FOR = timedelta(days=90)
SHOWN = 3
LOOKED_AT = 1000  # moves that are searched for typing errors; more at once are a matter of the other checks


@check(severity=Severity.ERROR, blocking=True, counts=True)
def listings_found(evidence: Evidence) -> Seen:
    """A source that had listings on its last good nights still has some."""
    count = len(evidence.listings)
    return bool(count) or evidence.empty_as_ever, f"{count:,} listings"


@check(severity=Severity.ERROR, blocking=True, counts=True)
def count_above_floor(evidence: Evidence) -> Seen:
    """There are as many listings as the source must have at the very least."""
    count = len(evidence.listings)
    return count >= evidence.floor or evidence.empty_as_ever, f"{count:,} listings; at least {evidence.floor:,}"


@check(severity=Severity.ERROR, blocking=True, counts=True)
def count_in_range(evidence: Evidence) -> Seen:
    """The number of listings is within the range that is declared, or set, for an ordinary night."""
    count, (low, high) = len(evidence.listings), evidence.expected
    return low <= count <= high or evidence.empty_as_ever, f"{count:,} listings; expected {low:,} to {high:,}"


@check(severity=Severity.ERROR, blocking=True, counts=True)
def count_like_last_nights(evidence: Evidence) -> Seen:
    """The number of listings is between half and three times the median of the last seven good nights."""
    count, usual = len(evidence.listings), evidence.usual
    if not usual:
        return True, f"{count:,} listings; no good night to compare with"
    passed = LEAST_OF_MEDIAN * usual <= count <= MOST_OF_MEDIAN * usual
    return passed, f"{count:,} listings, {count / usual:.0%} of the median {usual:,.5g}"


@check(severity=Severity.ERROR, blocking=True)
def open_conferences_kept(evidence: Evidence) -> Seen:
    """Conferences with a deadline ahead do not vanish together from lists that were read to their end."""
    here = {key[:3] for key in evidence.claims} | {listing.key[:3] for listing in evidence.listings}
    due = [
        key for key, claims in evidence.before.items() if key[1] in evidence.complete_feeds and _open(evidence, claims)
    ]
    gone = sorted(key for key in due if key[:3] not in here)
    vanished = max(len(gone) - evidence.rejected, 0)  # what is rejected was there
    return not _many(vanished, len(due)), f"{vanished:,} of {len(due):,} vanished{_named(gone)}"


@check(severity=Severity.ERROR, blocking=True)
def dates_kept(evidence: Evidence) -> Seen:
    """Deadlines ahead do not lose their dates together while their conferences are still listed."""
    rows = {listing.key for listing in evidence.listings if listing.partial}
    known, lost = 0, []
    for key in (evidence.before.keys() & evidence.claims.keys()) - rows:
        for gate, claim in movement.standing(evidence.before[key]):
            if claim.latest and claim.latest > evidence.now:
                known += 1
                new = evidence.claims[key].get(gate)
                if new is None or new.earliest is None:
                    lost.append(key)
    return not _many(len(lost), known), f"{len(lost):,} of {known:,} dates ahead are gone{_named(sorted(set(lost)))}"


@check(severity=Severity.ERROR, blocking=True)
def dates_stay(evidence: Evidence) -> Seen:
    """Not more than a fifth of the dates, where these are ten or more, move in one night."""
    moves, compared = evidence.movement.moves, evidence.movement.compared
    held = len(moves) >= MANY and len(moves) > MANY_SHARE * compared and _together(evidence, moves)
    return not held, f"{len(moves):,} of {compared:,} dates moved{_moved(moves)}"


@check(severity=Severity.ERROR, blocking=True)
def dates_not_earlier(evidence: Evidence) -> Seen:
    """Not more than a twentieth of the dates, where these are ten or more, move earlier in one night."""
    moves, compared = [move for move in evidence.movement.moves if move.earlier], evidence.movement.compared
    held = len(moves) >= MANY and len(moves) > EARLIER_SHARE * compared and _together(evidence, moves)
    return not held, f"{len(moves):,} of {compared:,} dates moved earlier{_moved(moves)}"


@check(severity=Severity.ERROR, blocking=True)
def no_common_shift(evidence: Evidence) -> Seen:
    """Five dates or more of several conferences do not move by one amount while no other moves: a zone misread."""
    moves = evidence.movement.moves
    shift, count = movement.common_shift(moves) or (timedelta(), 0)
    held = count == len(moves) >= SHIFTED and _together(evidence, moves)
    by = f"all {count:,} by {_amount(shift)}" if held else "no amount in common"
    return not held, f"{len(moves):,} dates moved, {by}{_moved(moves)}"


@check(severity=Severity.WARNING)
def no_zone_fault(evidence: Evidence) -> Seen:
    """Five dates or more, most of those that move, do not move by one amount that two zones lie apart."""
    moves = evidence.movement.moves
    shift, count = movement.common_shift(moves) or (timedelta(), 0)
    fault = count >= SHIFTED and 2 * count > len(moves) and movement.between_zones(shift) and _together(evidence, moves)
    return not fault, f"{count:,} of {len(moves):,} moves go by {_amount(shift)}" if count else "no date moved"


@check(severity=Severity.WARNING)
def no_typing_errors(evidence: Evidence) -> Seen:
    """No date is the old one with just the year one off, or with day and month exchanged."""
    looked_at = islice(movement.differing(evidence.before, evidence.claims), LOOKED_AT)
    moves = [move for move in looked_at if movement.typing_error(move.before, move.after)]
    return not moves, f"{len(moves):,} dates look mistyped{_moved(moves)}"


@check(severity=Severity.WARNING)
def required_fields(evidence: Evidence) -> Seen:
    """A listing has a title with letters and, unless it is a journal, a date of any sort."""
    bare = sorted(listing.key for listing in evidence.listings if _bare(listing))
    return not _many(len(bare), len(evidence.listings)), f"{len(bare):,} listings lack them{_named(bare)}"


@check(severity=Severity.WARNING)
def few_rejected(evidence: Evidence) -> Seen:
    """Few records or fields are rejected because they break a rule."""
    rejected, count = evidence.rejected, len(evidence.listings)
    return not _many(rejected, count + rejected), f"{rejected:,} rejected beside {count:,} listings"


@check(severity=Severity.WARNING)
def dates_possible(evidence: Evidence) -> Seen:
    """Few abstract and submission dates, though written with digits, name a day that cannot be or cannot be read, and
    few events take months, end before they begin or lie in another year than their edition.
    """
    gates, impossible = 0, []
    for key, claims in evidence.claims.items():
        for claim in claims.values():
            if claim.kind in BEFORE_THE_EVENT and any(map(str.isdigit, claim.text)):
                gates += 1
                if claim.earliest is None and not is_state(claim.text):
                    impossible.append(key)
    odd = sorted(f"{listing.ref[:80]}, {doubt}" for listing in evidence.listings if (doubt := _event_doubt(listing)))
    told = f"{len(impossible):,} of {gates:,} dates cannot be{_named(sorted(set(impossible)))}"
    told += f"; {len(odd):,} events are odd{_few(odd[: SHOWN + 1])}" * bool(odd)
    return not _many(len(impossible), gates) and not _many(len(odd), len(evidence.listings)), told


@check(severity=Severity.WARNING)
def refs_unique(evidence: Evidence) -> Seen:
    """A reference names one entry of its list."""
    counted = Counter(listing.key[:3] for listing in evidence.listings)
    repeated = sorted({listing.key for listing in evidence.listings if counted[listing.key[:3]] > 1})
    return not repeated, f"{len(repeated):,} listings share theirs with another{_named(repeated)}"


@check(severity=Severity.WARNING, counts=True)
def dates_ahead(evidence: Evidence) -> Seen:
    """A source with dates has one that is still ahead."""
    dates = [claim for claims in evidence.claims.values() for claim in claims.values() if movement.is_date(claim)]
    ahead = sum(claim.latest is not None and claim.latest > evidence.now for claim in dates)
    return bool(ahead) or not dates, f"{ahead:,} of {len(dates):,} dates are ahead"


@check(severity=Severity.WARNING)
def something_new(evidence: Evidence) -> Seen:
    """A source says something new once in ninety days: a date that is new or has moved."""
    known = [claim.first_confirmed_at for claims in evidence.before.values() for claim in claims.values()]
    if evidence.movement.moves or any(
        evidence.claims[key].keys() - evidence.before.get(key, {}).keys() for key in evidence.claims
    ):
        return True, "new or moved dates"
    days = (evidence.now - max(known)).days if known else 0
    return days <= SILENT_FOR.days, f"{days:,} days since its dates last changed"


def _many(part: int, whole: int) -> bool:
    """Whether a part is too great to be chance: over a fifth and ten or more, or of a few all."""
    return (part >= MANY and part > MANY_SHARE * whole) or (part >= TOGETHER and part >= whole)


def _open(evidence: Evidence, claims: Mapping[Gate, Claim]) -> bool:
    return any(claim.latest and claim.latest > evidence.now for _, claim in movement.standing(claims))


def _bare(listing: Listing) -> bool:
    if not any(map(str.isalpha, listing.title)):
        return True
    return listing.type is not EntryType.JOURNAL and not (listing.dates or listing.starts_on or listing.ends_on)


def _event_doubt(listing: Listing) -> str:
    return event_doubt(Edition(listing.year, listing.starts_on, listing.ends_on))


def _together(evidence: Evidence, moves: Iterable[Move]) -> bool:
    """Whether enough conferences moved; those that two lists of the source show are one."""
    found = set()
    for key in dict.fromkeys(move.key for move in moves):
        found.add((title_key(evidence.titles.get(key, key[2])), key[3]))
        if len(found) >= TOGETHER:
            return True
    return False


def _named(keys: Sequence[MentionKey]) -> str:
    """The first few, by their refs."""
    return _few([key[2][:80] for key in keys[: SHOWN + 1]])


def _moved(moves: Sequence[Move]) -> str:
    """The first few moves."""
    return _few([
        f"{move.key[2][:80]} {move.before.kind} {'to no date' if move.shift is None else 'by ' + _amount(move.shift)}"
        for move in moves[: SHOWN + 1]
    ])  # fmt: skip


def _few(told: Sequence[str]) -> str:
    return f": {', '.join(told[:SHOWN])}{', …' * (len(told) > SHOWN)}" if told else ""


def _amount(shift: timedelta) -> str:
    """A signed amount of time, in hours below two days, else in days."""
    hours = shift / timedelta(hours=1)
    return f"{hours:+.4g} h" if abs(shift) < timedelta(days=2) else f"{hours / 24:+.4g} days"
