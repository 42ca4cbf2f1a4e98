"""What is known after a night: what was known before, and what the night changed. Pure."""

from __future__ import annotations

from dataclasses import replace

from confradar.deadlines.conference import Known, Merged


def apply(known: Known, merged: Merged) -> Known:
    """What is known after a night; `known` stays as it was."""
    after = replace(
        known,
        series={**known.series, **{row.key: row for row in merged.new_series}},
        series_names=known.series_names | {(row.series_id, row.name) for row in merged.new_series_names},
        conferences={**known.conferences, **{c.id: c for c in (*merged.new_conferences, *merged.changed_conferences)}},
        mentions={**known.mentions, **{m.key: m for m in (*merged.new_mentions, *merged.changed_mentions)}},
        claims={**known.claims, **{c.key: c for c in (*merged.new_claims, *merged.changed_claims)}},
        deadlines={**known.deadlines, **{d.key: d for d in (*merged.new_deadlines, *merged.changed_deadlines)}},
        former=dict(known.former),
        next_series=known.next_series + len(merged.new_series),
        next_conference=known.next_conference + len(merged.new_conferences),
        next_mention=known.next_mention + len(merged.new_mentions),
        next_deadline=known.next_deadline + len(merged.new_deadlines),
        next_change=known.next_change + len(merged.changes),
    )
    confirmed, seen = set(merged.confirmed_mentions), {"last_seen_at": merged.at, "last_run_id": merged.run_id}
    for mention in known.mentions.values():
        if mention.id in confirmed:
            page = merged.archived.get(mention.id, mention.archived)
            after.mentions[mention.key] = replace(after.mentions[mention.key], **seen, archived=page)  # type: ignore[arg-type]
    gate_of = {deadline.id: deadline.key[1:] for deadline in after.deadlines.values()}
    for change in merged.changes:
        if change.field == "date" and change.before_at and change.mention_id and change.deadline_id:
            key = (change.mention_id, *gate_of[change.deadline_id])
            after.former[key] = after.former.get(key, frozenset()) | {change.before_at}
    return after
