"""The moves that a replay of the deadline lists must report, against those that were worked out from the files."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from confradar.deadlines import words
from confradar.deadlines.checks import blocking
from confradar.deadlines.conference import Change, Direction

from .replay import LISTS, Night, nights
from .table import Row

REAL = {Direction.EARLIER, Direction.LATER, Direction.ZONE}
ALL = {"moves": 172, "zone": 194, "announced": 47, "ids": 2}
# What the notes of the expected moves say of those that are none.
ZONE_FAULT, SECONDS, SLIP = "by 12 hours", "under a minute", "more than 200 days"
Line = dict[str, str]


class _Night:
    """One night of one list: the changes that it made of dates, and the lines that are expected of it."""

    def __init__(self, night: Night, lines: list[Line]) -> None:
        self.night, self.lines = night, lines
        self.refs = {mention.id: mention.ref for mention in night.after.mentions.values()}
        self.gates = {deadline.id: deadline for deadline in night.after.deadlines.values()}
        self.changes = [change for change in night.merged.changes if change.field == "date"]

    def take(self, line: Line) -> Change | None:
        """The change that a line expects, which is then no longer there; None if there is none."""
        for change in self.changes:
            if self.refs[change.mention_id or 0] == line["edition"] and self._fits(change, line):
                self.changes.remove(change)
                return change
        return None

    def _fits(self, change: Change, line: Line) -> bool:
        if not _same(change.after_at, line["new_utc"]):
            return False
        if line["direction"] == "announced":  # the guess may have stood at another gate, or been impossible
            return change.direction is Direction.ANNOUNCED and self._kind(change) == line["gate"]
        said = line["old_text"] in (change.before or "-") if not line["old_utc"] else False
        return said or _same(change.before_at, line["old_utc"])

    def _kind(self, change: Change) -> str:
        return str(self.gates[change.deadline_id or 0].kind)

    def impossible(self, line: Line) -> bool:
        """Whether the list's words for a gate tonight are a date that its own event makes impossible."""
        return any(
            self.refs[claim.mention_id] == line["edition"]
            and claim.kind == line["gate"]
            and claim.last_confirmed_at is not None
            for claim in self.night.after.claims.values()
        )

    def unclear(self, change: Change) -> bool:
        """Whether a report is neither required nor wrong."""
        odd = {(line["edition"], line["gate"]) for line in self.lines if line["direction"] == "unclear"}
        return (self.refs[change.mention_id or 0], self._kind(change)) in odd

    def back(self, change: Change) -> bool:
        """Whether the list had ceased to give that date, so that it is held against what it last said."""
        mention = next(m for m in self.night.before.mentions.values() if m.id == change.mention_id)
        deadline = self.gates[change.deadline_id or 0]
        claim = self.night.before.claims[(mention.id, *deadline.key[1:])]
        last_read = max(each.last_seen_at for each in self.night.before.mentions.values())
        return claim.last_confirmed_at is not None or mention.last_seen_at < last_read

    def told(self, changes: list[Change]) -> list[dict[str, Any]]:
        """The rows in which people are told of these changes."""
        return words.once(
            {
                "slug": self.night.after.conferences[change.conference_id].slug,
                "title": self.night.after.conferences[change.conference_id].title,
                "source": "ai_deadlines",
                "kind": self._kind(change),
                "round": self.gates[change.deadline_id or 0].round,
                "track": self.gates[change.deadline_id or 0].track,
                **{name: getattr(change, name) for name in
                   ("run_id", "direction", "before", "after", "before_at", "after_at")},
            }
            for change in changes
        )  # fmt: skip


def rows(corpus: Path) -> Iterator[Row]:
    """What the replay reports, row by row."""
    expected = _expected(corpus)
    every = [
        _Night(night, [line for line in expected if line["source"] == list_ and line["to"] == night.name])
        for list_ in LISTS
        for night in nights(corpus, list_)
    ]
    on = "ai_deadlines/data, replayed"
    yield from _moves(every, on)
    yield from _faults(corpus, every, on)


def _moves(every: list[_Night], on: str) -> Iterator[Row]:
    real, missing, impossible, announced, unannounced = 0, [], [], 0, []
    for night in every:
        for line in night.lines:
            if line["direction"] == "announced":
                announced += 1
                if night.take(line) is None and not night.impossible(line):
                    unannounced.append(_named(line))
            elif line["direction"] in REAL and not any(note in line["note"] for note in (ZONE_FAULT, SECONDS, SLIP)):
                real += 1
                found = night.take(line)
                if found is None and night.impossible(line):
                    impossible.append(line["edition"])
                elif found is None or found.direction != line["direction"]:
                    missing.append(f"{_named(line)}, found {found and found.direction}")
    note = f"; between impossible dates, and so named: {', '.join(impossible)}" if impossible else ""
    yield Row(
        "moves", on, "each real one in its night, with its direction",
        f"{real - len(missing)} of {real}{note}", tuple(missing), ALL["moves"] - real,
    )  # fmt: skip
    yield Row(
        "estimates that became dates", on, "announced, no move",
        f"{announced - len(unannounced)} of {announced}", tuple(unannounced), ALL["announced"] - announced,
    )  # fmt: skip


def _faults(corpus: Path, every: list[_Night], on: str) -> Iterator[Row]:
    zone, told, wrong, seconds, slips, extra, back = 0, 0, [], [], [], [], 0
    for night in every:
        fault = []
        for line in night.lines:
            if ZONE_FAULT in line["note"]:
                zone += 1
                found = night.take(line)
                fault += [found] if found else []
                if found is None or found.direction is not Direction.ZONE:
                    wrong.append(f"{_named(line)}, found {found and found.direction}")
            elif SECONDS in line["note"] and night.take(line):
                seconds.append(_named(line))
            elif SLIP in line["note"] and (night.take(line) or not night.impossible(line)):
                slips.append(_named(line))
        told += len(night.told(fault))
        if len(fault) > 100 and len(night.told(fault)) != 1:
            wrong.append(f"{night.night.name}: told {len(night.told(fault))} times")
        for change in night.changes:
            if change.direction in REAL and not night.unclear(change):
                back += night.back(change)
                if not night.back(change):
                    extra.append(f"{night.night.name}: {night.refs[change.mention_id or 0]} {change}")
    yield Row(
        "zone faults", on, "194 named as such, the 182 of one night told once",
        f"{zone - len(wrong)} of {zone}, told in {told} rows", tuple(wrong), ALL["zone"] - zone,
    )  # fmt: skip
    yield Row("a year's slip", on, "named as impossible, no move", f"{len(slips)} moves", tuple(slips))
    yield Row("seconds written or dropped", on, "no move", f"{len(seconds)} moves", tuple(seconds))
    yield Row(
        "anything else", on, "not reported as a move",
        f"{len(extra)} moves; {back} dates that were gone and are back differ from what was last said", tuple(extra),
    )  # fmt: skip
    yield _held(every, on)
    yield _broken(every, on)
    yield _spreadsheet(corpus, on)
    yield _ids(corpus, every)


def _held(every: list[_Night], on: str) -> Row:
    held = [f"{night.night.name}: {found}" for night in every if (found := blocking(night.night.results))]
    faults = [
        night.night.name
        for night in every
        for result in night.night.results
        if result.name == "no_zone_fault" and not result.passed
    ]
    return Row("nights", on, "a replay holds nothing", f"{len(held)} held; a zone fault seen in {faults}", tuple(held))


def _broken(every: list[_Night], on: str) -> Row:
    """A revision that is no YAML is named with its line, and changes nothing."""
    broken = [night.night for night in every if night.night.troubles]
    wrong = [
        f"{night.name}: {night.merged.figures}"
        for night in broken
        if night.merged.changes or night.merged.changed_mentions or "line " not in night.troubles[0].detail
    ]
    named = ", ".join(f"{night.name} ({night.troubles[0].detail.split(': ')[1]})" for night in broken)
    return Row("broken revisions", on, "named, nothing lost", f"{len(broken)}: {named}", tuple(wrong))


def _spreadsheet(corpus: Path, on: str) -> Row:
    """The revision that a spreadsheet saved lost its seconds: no gate moved but those of two editions."""
    found: Counter[str] = Counter()
    for night in nights(corpus, LISTS[0], spreadsheet=True):
        if night.name.startswith("2022"):
            each = _Night(night, [])
            found.update(each.refs[c.mention_id or 0] for c in each.changes if c.direction in REAL)
    moved = {"ijcai22": 2, "mm22": 1} if found else {}
    wrong = [f"{ref}: {count} moves" for ref, count in found.items() if moved.get(ref) != count]
    return Row(
        "seconds lost by a spreadsheet", on, "no move but ijcai22's two and mm22's", f"{dict(found)}", tuple(wrong)
    )


def _ids(corpus: Path, every: list[_Night]) -> Row:
    """An edition whose id the list changed stays one conference."""
    wrong, count = [], 0
    with (corpus / "ai_deadlines" / "EDITIONS_IN_OUT.tsv").open(encoding="utf-8") as file:
        changed = [line for line in csv.DictReader(file, delimiter="\t") if line["same_title_and_year_as"]]
    for line in changed:
        if line["in_or_out"] != "in":
            continue
        for night in every:
            if night.night.name != line["to"] or line["edition"] not in night.refs.values():
                continue
            count += 1
            homes = {
                mention.conference_id
                for mention in night.night.after.mentions.values()
                if mention.ref in (line["edition"], line["same_title_and_year_as"])
                and mention.year == int(line["year"])
            }
            if len(homes) != 1:
                wrong.append(f"{line['edition']} and {line['same_title_and_year_as']}: {len(homes)} conferences")
    return Row(
        "changed ids", "EDITIONS_IN_OUT.tsv", "no new edition",
        f"{count - len(wrong)} of {count} stay one", tuple(wrong), ALL["ids"] - count,
    )  # fmt: skip


@cache
def _expected(corpus: Path) -> tuple[Line, ...]:
    with (corpus / "ai_deadlines" / "MOVES_EXPECTED.tsv").open(encoding="utf-8") as file:
        return tuple(csv.DictReader(file, delimiter="\t"))


def _same(found: datetime | None, expected: str) -> bool:
    if found is None or not expected:
        return found is None and not expected
    return abs(found - datetime.fromisoformat(expected)) <= timedelta(seconds=1)


def _named(line: Line) -> str:
    before, after = (" ".join((line[f"{side}_text"], line[f"{side}_zone"])) for side in ("old", "new"))
    return f"{line['to']}: {line['edition']} {line['gate']} {before} → {after}, {line['direction']}"
