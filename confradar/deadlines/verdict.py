"""What the claims of one gate say together: the verdict and the safe date."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from confradar.deadlines import chain
from confradar.deadlines.changes import SAME
from confradar.deadlines.conference import Claim, Mention, Verdict
from confradar.deadlines.dates import Edition, Precision, Window, resolve
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.names import named_round

CREDIBLE_FOR = timedelta(days=7)
EDITOR = "editor"  # the source of an operator's own claims

Gate = tuple[Kind, int, str]


@dataclass(frozen=True, slots=True)
class Said:
    """What all credible claims of a gate come to; instants in UTC, None if there are none."""

    verdict: Verdict
    earliest: datetime | None = None
    latest: datetime | None = None
    safe_at: datetime | None = None


def claims(mention_id: int, listing: Listing, now: datetime) -> dict[Gate, Claim]:
    """What a listing says of each gate, resolved. Of two dates for one gate the earlier counts, before any estimate.

    The listing's own year and event dates are the edition: what one source says depends on no other. An entry whose
    title counts a round ("OOPSLA (Round 2)") speaks of that round; one of a season ("EuroSys Fall Deadline") of a track
    of that name, since no order is said. A gate that stands out of the order of the others says so among its reasons.
    """
    edition = Edition(listing.year, listing.starts_on, listing.ends_on)
    _, number, season = ("", 0, "") if listing.source == EDITOR else named_round(listing.title)
    found: dict[Gate, Claim] = {}
    for dated in listing.dates:
        written = dated
        if number or season:
            written = replace(dated, round=dated.round or number, track=dated.track or season)
        window = resolve(
            written.text, written.zone_text, kind=written.kind, edition=edition, day_first=written.day_first
        )
        claim = _claim(mention_id, written, window, now)
        if written.gate not in found or _sooner(claim, found[written.gate]):
            found[written.gate] = claim
    for gate, doubt in chain.doubts(found).items():
        found[gate] = replace(found[gate], reason="; ".join(filter(None, (found[gate].reason, doubt))))
    return found


def _claim(mention_id: int, written: WrittenDate, window: Window, now: datetime) -> Claim:
    return Claim(
        mention_id=mention_id,
        kind=written.kind,
        round=written.round,
        track=written.track,
        text=written.text,
        zone_text=written.zone_text,
        earliest=window.earliest,
        latest=window.latest,
        precision=window.precision,
        reason="; ".join(filter(None, (window.reason, window.finding))),
        estimated=written.estimated,
        extended_from=written.extended_from,
        first_confirmed_at=now,
    )


def _sooner(one: Claim, other: Claim) -> bool:
    if one.earliest is None or other.earliest is None:
        return one.earliest is not None
    return (one.estimated, one.earliest) < (other.estimated, other.earliest)


def decide(said: Collection[Claim], mentions: Mapping[int, Mention], now: datetime) -> Said:
    """The verdict over all claims of one gate at the aware instant `now`; `mentions` by id.

    An editor's claim decides alone until it is cleared, also one that withdraws the gate. Otherwise those that were
    confirmed in the last seven days count, else the newest; estimates and words without an instant never do. The safe
    date is the earliest instant that all agree on, else the earliest of any.
    """
    dated = [
        claim
        for claim in said
        if claim.earliest
        and claim.precision is not Precision.NONE
        and not claim.estimated
        and not _edited(claim, mentions)
    ]
    confirmed = {
        claim.mention_id: claim.last_confirmed_at or mentions[claim.mention_id].last_seen_at for claim in dated
    }
    edited = [claim for claim in said if claim.last_confirmed_at is None and _edited(claim, mentions)]
    fresh = [claim for claim in dated if confirmed[claim.mention_id] >= now - CREDIBLE_FOR]
    newest = [claim for claim in dated if confirmed[claim.mention_id] == max(confirmed.values())]
    credible = edited or fresh or newest
    return _together(credible, {mentions[claim.mention_id].source for claim in credible})


def _edited(claim: Claim, mentions: Mapping[int, Mention]) -> bool:
    return mentions[claim.mention_id].source == EDITOR


def _together(credible: Sequence[Claim], sources: Collection[str]) -> Said:
    windows = [(claim.earliest, claim.latest) for claim in credible if claim.earliest and claim.latest]
    if not windows:
        return Said(Verdict.NONE)
    if len(windows) == 1:
        earliest, latest = windows[0]
        return Said(Verdict.SINGLE, earliest, latest, earliest)
    begin, end = max(earliest for earliest, _ in windows), min(latest for _, latest in windows)
    if begin <= end + SAME:
        # Two lists of one source repeat each other; that confirms nothing.
        verdict = Verdict.AGREED if len(sources) > 1 else Verdict.SINGLE
        return Said(verdict, min(begin, end), max(begin, end), min(begin, end))
    begin, end = min(earliest for earliest, _ in windows), max(latest for _, latest in windows)
    return Said(Verdict.DISPUTED, begin, end, begin)
