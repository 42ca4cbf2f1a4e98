"""History that was missed: what a night of the past said in between, when only the nights around it were stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from confradar.deadlines import changes, verdict
from confradar.deadlines.conference import Change, Direction, Known, Merged, SourceOutput
from confradar.deadlines.verdict import Gate


def add(
    known: Known,
    merged: Merged,
    outputs: Sequence[SourceOutput],
    lines: Mapping[tuple[int, Gate], Sequence[Change]],
) -> None:
    """Append what these listings say of gates whose date was another before that night and yet another after it.

    The night is that of `merged`, older than what is known. `lines` are the changes of dates by mention and gate, the
    oldest first. A date that the night before or the next one stored says as well is no news. Claims stay as they are.
    """
    for listing in {listing.key: listing for output in outputs for listing in output.listings}.values():
        mention = known.mentions.get(listing.key)
        if mention is None or not mention.first_seen_at <= merged.at < mention.last_seen_at:
            continue
        for gate, claim in verdict.claims(mention.id, listing, merged.at).items():
            told = lines.get((mention.id, gate), ())
            after = next((line for line in told if line.at > merged.at), None)
            if after is None or claim.earliest is None or claim.estimated or any(line.at == merged.at for line in told):
                continue
            if any(changes.same_instant(claim.earliest, at) for at in (after.before_at, after.after_at)):
                continue
            later = after.before_at is not None and claim.earliest > after.before_at
            way = Direction.NEW if after.before_at is None else Direction.LATER if later else Direction.EARLIER
            changes.record(
                known, merged, after.conference_id, "date", after.before, changes.words(claim),
                deadline_id=after.deadline_id, mention_id=mention.id, before_at=after.before_at,
                after_at=claim.earliest, direction=way,
            )  # fmt: skip
