"""What a store means to those who follow: put into the outbox in the storing transaction, so that it is said once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from confradar.deadlines import gates, movement, verdict
from confradar.deadlines.changes import SAME, ZONES_APART, same_instant, words
from confradar.deadlines.conference import Direction, Merged
from confradar.deadlines.listing import EntryType
from confradar.deadlines.movement import Move
from confradar.deadlines.parameters import LIMIT_MAX, Status
from confradar.deadlines.selection import Selection
from confradar.deadlines.words import ORDER
from confradar.publish import messages, rows
from confradar.publish.messages import Reader, Text
from confradar.settings import Settings
from confradar.steps.followers import Follower, followers
from confradar.storage import conferences, follows, ledger, outbox, outputs, selecting
from confradar.storage.outbox import Message
from confradar.storage.run_tables import AGAIN

URGENT = (Direction.EARLIER, Direction.WITHDRAWN, Direction.ZONE)
MORNING = time(8)  # on the reader's clock
MANY = 10  # conferences of which one message each is sent after one store; more of them are told in one
NOTED = 500  # changes of one digest
SLIP = "it is the old date with just the year one off, or with day and month exchanged"

Line = dict[str, Any]
Doubt = tuple[Move, str]


def announce(
    connection: Connection, run: ledger.Run, settings: Settings, *, after: int, doubts: Sequence[Doubt] = ()
) -> int:
    """Tell all that follow what changed after that number of a change, and what is doubted; returns how many messages.

    What cannot wait is due at once, one message for each conference; the rest goes into the digest of the reader's
    next morning, after the logical instant of the run. One that replays what was tells nothing.
    """
    if run.trigger in AGAIN:
        return 0
    put = 0
    for one in followers(connection, settings):
        lines = _news(connection, one.asked, now=run.logical_instant, after=after)
        put += _tell(connection, one, lines, now=run.logical_instant)
        put += _warn(connection, one, doubts, now=run.logical_instant, run_id=run.id) if doubts else 0
    return put


def slips(merged: Merged) -> Iterator[Doubt]:
    """The earlier dates of a night that are not believed yet, each of one record."""
    mentions = {mention.id: mention for mention in merged.changed_mentions}
    for kept in merged.changed_claims:
        mention = mentions.get(kept.mention_id)
        if mention is None or kept.last_confirmed_at is None:
            continue
        said = verdict.claims(mention.id, mention.listing, merged.at).get(kept.gate)
        if said and gates.doubted(kept, said, merged.at):
            yield Move(mention.key, kept, said), SLIP


def held(connection: Connection, run: ledger.Run) -> list[Doubt]:
    """The dates that moved in what a check holds of a run, against what their sources said before."""
    found: list[Doubt] = []
    for reference in (one for step in run.steps for one in outputs.held(connection, run.id, step)):
        output = outputs.kept(connection, reference)
        before = conferences.said_by(connection, output.source)
        said = {one.key: verdict.claims(0, one, run.logical_instant) for one in output.listings}
        why = f"a check holds what {output.source} gave, because too much of it is unlike before"
        found += [(move, why) for move in movement.compare(before, said).moves]
    return found


def _news(connection: Connection, asked: Selection, *, now: datetime, after: int) -> list[Line]:
    """The changes of a selection that a reader has not heard of and can still heed: of dates, and new conferences."""
    every = replace(asked, kind=(), begin=None, end=None, within=None, status=Status.ALL, limit=LIMIT_MAX)
    begin, end = asked.bounds(now)
    found: list[Line] = []
    last, whole = after, True
    while whole:
        page = selecting.changes(connection, every, now=now, after=last).rows
        found += [line for line in page if line["field"] == "conference" or _counts(line, now, begin, end)]
        whole, last = len(page) == LIMIT_MAX, page[-1]["id"] if page else last
    dated = [line for line in found if line["field"] != "conference" and (not asked.kind or line["kind"] in asked.kind)]
    told = follows.told(connection, {line["deadline_id"] for line in dated}, until=after)
    new = [line for line in found if line["field"] == "conference"][:NOTED]
    ahead = _conferences(connection, replace(asked, status=Status.OPEN), {line["slug"] for line in new}, now)
    return [
        *(line for line in dated if not _echo(line, told.get(line["deadline_id"]))),
        *(line for line in new if line["slug"] in ahead),
    ]


def _counts(line: Line, now: datetime, begin: datetime | None, end: datetime | None) -> bool:
    """Whether a change is of a date that is, or was, ahead and within those bounds."""
    edges = [at for at in (line["before_at"], line["after_at"]) if at]
    ahead = any(at >= now - ZONES_APART for at in edges)
    within = any((begin is None or at >= begin) and (end is None or at < end) for at in edges)
    if line["field"] == "verdict":  # a safe date that another claim has brought forward; later is calm
        return ahead and within and len(edges) == 2 and line["after_at"] < line["before_at"] - SAME
    return ahead and within and line["field"] == "date" and line["direction"] is not None


def _echo(line: Line, before: Line | None) -> bool:
    """Whether another source has told the same move already."""
    return (
        before is not None
        and before["mention_id"] != line["mention_id"]
        and before["direction"] == line["direction"]
        and same_instant(before["after_at"], line["after_at"])
    )


def _tell(connection: Connection, one: Follower, lines: Sequence[Line], *, now: datetime) -> int:
    morning = next_morning(one.reader, now)
    by_conference: defaultdict[str, list[Line]] = defaultdict(list)
    calm: list[Line] = []
    for line in messages.changed(
        {**line, "direction": Direction.EARLIER} if line["field"] == "verdict" else line for line in lines
    ):
        if line["direction"] in URGENT or _presses(line, now, morning):
            by_conference[line["slug"]].append(line)
        else:
            calm.append(line)
    put = 0
    shown = _gates(connection, list(by_conference)[: MANY + 1], now)
    said = [
        (found[0]["id"], messages.urgent(found, shown, one.reader, now))
        for found in (sorted(some, key=_rank) for some in by_conference.values())
    ]
    if len(said) > MANY:
        told = messages.several([text for _, text in said], one.reader, _changes_page(one))
        said = [(said[0][0], told)]
    for number, text in said:
        put += outbox.put(connection, _message(one, f"change/{number}", "change", text, now), now=now)
    if calm:
        put += _digest(connection, one, sorted(calm, key=_rank), now=now, morning=morning)
    return put


def _presses(line: Line, now: datetime, morning: datetime) -> bool:
    """Whether a date is so near that the morning would be late for it."""
    return line["after_at"] is not None and now <= line["after_at"] < morning + timedelta(days=1)


def _rank(line: Line) -> tuple[int, int]:
    return ORDER.index(line["direction"]), line["id"]


def _gates(connection: Connection, slugs: Sequence[str], now: datetime) -> dict[int, Line]:
    """The dated gates of some conferences as they are now, by their ids."""
    if not slugs:
        return {}
    asked = Selection(conference=tuple(slugs), status=Status.ALL, type=tuple(EntryType), limit=LIMIT_MAX)
    return {row["id"]: row for row in selecting.gates(connection, asked, now=now).rows}


def _digest(connection: Connection, one: Follower, lines: Sequence[Line], *, now: datetime, morning: datetime) -> int:
    """Add to the digest of the next morning that nobody has begun to send; returns how many messages are new."""
    first = lines[: messages.SHOWN]
    shown = _gates(connection, [line["slug"] for line in first], now)
    gates_of: defaultdict[str, list[Line]] = defaultdict(list)
    for gate in shown.values():
        gates_of[gate["slug"]].append(gate)
    new = [
        messages.part(line, shown.get(line["deadline_id"]), one.reader, now, [*gates_of[line["slug"]]])
        for line in first
    ]
    new += [{"subject": messages.headline(line), "said": ""} for line in lines[len(first) : NOTED]]
    while True:
        key = f"digest/{morning:%Y-%m-%d}"
        text = messages.digest(new, one.reader, _changes_page(one))
        message = replace(_message(one, key, "digest", text, morning), parts=new)
        if outbox.put(connection, message, now=now):
            return 1
        if (known := outbox.parts(connection, message.key)) is not None:
            text = messages.digest([*known, *new], one.reader, _changes_page(one))
            grown = replace(message, subject=text.subject, body=text.body, parts=[*known, *new][:NOTED])
            outbox.rewrite(connection, grown)
            return 0
        morning = next_morning(one.reader, morning + timedelta(hours=1))


def _warn(connection: Connection, one: Follower, doubts: Sequence[Doubt], *, now: datetime, run_id: int) -> int:
    """Tell of earlier dates ahead that are not believed yet; each is told once, however often it is seen again."""
    ahead = [
        (move, why)
        for move, why in doubts
        if move.earlier and move.after.earliest and move.after.earliest > now and _asks(one.asked, move)
    ]
    speakers = follows.speakers(connection, {move.before.mention_id for move, _ in ahead})
    any_gate = replace(one.asked, kind=(), verdict=(), source=(), begin=None, end=None, within=None, status=Status.ALL)
    known = _conferences(connection, any_gate, {found["slug"] for found in speakers.values()}, now)
    said: list[tuple[str, Text]] = []
    for move, why in ahead:
        spoken = speakers.get(move.before.mention_id)
        if spoken is None or spoken["slug"] not in known:
            continue
        line = _line(move, {**known[spoken["slug"]], **spoken}, now, run_id)
        what = f"{rows.gate_id(line)} {line['after_at']:%Y-%m-%d %H:%M}"
        key = f"doubt/{hashlib.sha256(what.encode()).hexdigest()[:24]}"
        said.append((key, messages.unconfirmed(line, why, one.reader)))
    fresh = [(key, text) for key, text in said if not outbox.known(connection, _key(one, key))]
    if len(fresh) > MANY:
        told = messages.several([text for _, text in fresh], one.reader, _changes_page(one))
        fresh = [(f"doubt/run/{run_id}", told)]
    return sum(outbox.put(connection, _message(one, key, "doubt", text, now), now=now) for key, text in fresh)


def _asks(asked: Selection, move: Move) -> bool:
    """Whether a selection asks for that gate, and for what that source says."""
    return (not asked.kind or move.after.kind in asked.kind) and (not asked.source or move.key[0] in asked.source)


def _conferences(connection: Connection, asked: Selection, slugs: Iterable[str], now: datetime) -> dict[str, Line]:
    """Those of some conferences that a selection has, by slug."""
    wanted = sorted({*slugs} & {*asked.conference} if asked.conference else {*slugs})[:LIMIT_MAX]
    whole = replace(asked, conference=tuple(wanted), limit=LIMIT_MAX)
    return {row["slug"]: row for row in selecting.conferences(connection, whole, now=now).rows} if wanted else {}


def _line(move: Move, known: Mapping[str, Any], now: datetime, run_id: int) -> Line:
    """A move that is not stored in the form of one that is."""
    before, after = move.before, move.after
    gate = {"kind": after.kind, "round": after.round, "track": after.track, "deadline_id": None, "run_id": run_id}
    where = {"before": words(before), "after": words(after), "before_at": before.earliest, "after_at": after.earliest}
    told = {"direction": Direction.EARLIER, "field": "date", "reverted": False, "at": now, "urls": [known["url"]]}
    return {**known, **gate, **where, **told}


def next_morning(reader: Reader, now: datetime) -> datetime:
    """The next eight o'clock on a reader's clock, from that moment on."""
    today: date = reader.zone.day(now)
    mornings = (datetime.combine(today + timedelta(days=days), MORNING, tzinfo=reader.zone.rule) for days in (0, 1, 2))
    return next(morning for morning in mornings if morning >= now)


def _changes_page(one: Follower) -> str:
    return f"{one.reader.site}/changes{'?' if one.follow.selection else ''}{one.follow.selection}"


def _key(one: Follower, key: str) -> str:
    return f"follow/{one.follow.id}/{key}"


def _message(one: Follower, key: str, kind: str, text: Text, due_at: datetime) -> Message:
    return Message(_key(one, key), kind, one.follow.address, text.subject, text.body, due_at, follow_id=one.follow.id)
