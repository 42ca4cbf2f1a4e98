"""What a reader is told in a message: plain text, the most urgent first, in their zone and as published. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote_plus

from confradar.deadlines import marks, moments
from confradar.deadlines.changes import same_instant
from confradar.deadlines.conference import Direction
from confradar.deadlines.moments import ReaderZone
from confradar.deadlines.words import counted, moved, once, once_zoned, span_of
from confradar.publish import rows, telling

Row = Mapping[str, Any]
SUBJECT_MAX = 180  # letters
SHOWN = 40  # paragraphs of one message
PROMPT = timedelta(minutes=5)  # in which a reminder is sent: "7 days" are meant then
_VERBS = {
    Direction.ZONE: "now read in another zone",
    Direction.WITHDRAWN: "is withdrawn",
    Direction.NEW: "is new",
    Direction.ANNOUNCED: "is announced",
    Direction.NARROWED: "is told more exactly",
    Direction.WIDENED: "is told less exactly",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A message: one line, and what is under it."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a message is: their zone, the address of the pages, what they follow, and the link that ends it."""

    zone: ReaderZone
    site: str
    follows: str
    ending: str

    def message(self, subject: str, paragraphs: Iterable[str]) -> Text:
        """A message of those paragraphs, with why it came and how to end that below."""
        said = [paragraph for paragraph in paragraphs if paragraph]
        what = unquote_plus(self.follows) or "all conferences"
        foot = f"--\nYou follow {what}; times are {self.zone.label}.\nTo stop these messages: {self.ending}"
        cut = subject if len(subject) <= SUBJECT_MAX else subject[: SUBJECT_MAX - 1] + "…"
        return Text(telling.clean(" ".join(cut.split())), telling.clean("\n\n".join([*said, foot])) + "\n")

    def link(self, slug: str) -> str:
        """The address of a conference's page."""
        return f"{self.site}/conferences/{quote(slug)}"


def headline(line: Row) -> str:
    """ "ECCV 2026 · submission moved 23 hours EARLIER"."""
    if line["field"] == "verdict":
        return f"{telling.name(line)}: the safe date is {moved(dict(line))}"
    verb = _VERBS.get(line["direction"]) or f"moved {moved(dict(line))}"
    if line["direction"] == Direction.ZONE and line["before_at"] and line["after_at"]:
        where = Direction.EARLIER if line["after_at"] < line["before_at"] else Direction.LATER
        verb += f", {moved({**line, 'direction': where})}"
    return f"{telling.name(line)} {verb}{', back where it was' if line['reverted'] else ''}"


def paragraph(line: Row, gate: Row | None, reader: Reader, now: datetime) -> str:
    """A change in some lines: what it is, where the date is and was, who says so, what is in doubt.

    `line` is one of `changed`, `gate` what is so of its gate now, None if it has no date any more.
    """
    told = [headline(line)]
    told += _edge("now", line["after"], line["after_at"], reader.zone, line["field"])
    told += _edge("was", line["before"], line["before_at"], reader.zone, line["field"])
    if line["field"] == "date" and line["source"]:
        told.append(f"according to {line['source']}")
    if gate is not None:
        if line["field"] == "date" and not same_instant(gate["safe_at"], line["after_at"]):
            told.append(f"to be safe, take {reader.zone.moment(gate['safe_at'])}")
        told += _doubts(gate, reader.zone, now)
    told += line.get("urls", ())
    return "\n".join(told)


def _edge(name: str, words: str | None, at: datetime | None, zone: ReaderZone, field: str) -> Iterator[str]:
    """One side of a change: the instant for the reader, and the words as published."""
    quoted = f"“{once_zoned(words)}”" if words and field == "date" else ""
    if at is None:
        if quoted and name == "now":
            yield f"{name} {quoted}"
        return
    published = f" · published as {quoted}" if quoted else ""
    early = "" if ":" in (words or ":") or field != "date" else "at the earliest "
    yield f"{name} {early}{zone.moment(at)}{published}"


def _doubts(gate: Row, zone: ReaderZone, now: datetime) -> list[str]:
    """What is in doubt of a gate: who contradicts, and whether it was confirmed lately."""
    return [
        mark.words
        for mark in marks.marks(gate, zone, now)
        if mark.sense == "doubt" and mark.words.startswith(("disputed", "not "))
    ]


def changed(lines: Iterable[Row]) -> list[dict[str, Any]]:
    """Changes, each gate's once for each direction, with all `urls` that say so."""
    every = [dict(line) for line in lines]
    urls: dict[tuple[Any, ...], dict[str, None]] = {}
    for line in every:
        if line["url"]:
            urls.setdefault((line["deadline_id"], line["direction"]), {})[line["url"]] = None
    return [{**line, "urls": list(urls.get((line["deadline_id"], line["direction"]), ()))} for line in once(every)]


def urgent(lines: Sequence[Row], gates: Mapping[int, Row], reader: Reader, now: datetime) -> Text:
    """What one conference's changes (see `changed`) say that cannot wait."""
    more = f", and {counted(len(lines) - 1, 'more change')}" if len(lines) > 1 else ""
    date = lines[0]["after_at"]
    when = f", to {reader.zone.moment(date)}" if date and lines[0]["direction"] == Direction.EARLIER else ""
    said = [paragraph(line, gates.get(line["deadline_id"]), reader, now) for line in lines[:SHOWN]]
    return reader.message(f"{headline(lines[0])}{when}{more}", [*said, reader.link(lines[0]["slug"])])


def unconfirmed(line: Row, why: str, reader: Reader) -> Text:
    """An earlier date that a source gives and that is not believed yet; `why` says what holds it."""
    told = paragraph(line, None, reader, line["at"])
    caution = f"Not confirmed: {why}. Until that is settled the radar shows the older date; look at the source."
    return reader.message(f"Unconfirmed: {headline(line)}", [caution, told, reader.link(line["slug"])])


def several(said: Sequence[Text | Mapping[str, str]], reader: Reader, rest: str) -> Text:
    """Many changes in one message: of each its subject, with where the others are found."""
    subjects = [one.subject if isinstance(one, Text) else one["subject"] for one in said]
    more = f"and {counted(len(subjects) - SHOWN, 'more change')}: {rest}" if len(subjects) > SHOWN else rest
    subject = f"{subjects[0]}, and {counted(len(subjects) - 1, 'more change')}"
    return reader.message(subject, ["\n".join(subjects[:SHOWN]), more])


def digest(parts: Sequence[Mapping[str, str]], reader: Reader, rest: str) -> Text:
    """What can wait until the morning; `parts` are of `part`, `rest` is where all of it is found."""
    subject = parts[0]["subject"]
    if len(parts) > 1:
        subject += f", and {counted(len(parts) - 1, 'more change')}"
    said = [part["said"] for part in parts[:SHOWN]]
    more = f"and {counted(len(parts) - SHOWN, 'more change')}: {rest}" if len(parts) > SHOWN else ""
    return reader.message(subject, [*said, more])


def part(line: Row, gate: Row | None, reader: Reader, now: datetime, gates: Iterable[Row] = ()) -> dict[str, str]:
    """A part of a digest. Of a new conference, `gates` are those that are known."""
    said = [paragraph(line, gate, reader, now)]
    if line["field"] == "conference":
        ahead = sorted((one for one in gates if one["latest"] >= now), key=lambda one: one["safe_at"])
        said = [headline(line), *(_due(one, reader.zone) for one in ahead)]
    return {"subject": headline(line), "said": "\n".join([*said, reader.link(line["slug"])])}


def _due(gate: Row, zone: ReaderZone) -> str:
    """A gate in one line: what, until when, as published."""
    said = rows.published(gate)
    quoted = f" · published as {once_zoned(moments.published(said)[0])}" if said else ""
    safe = " to be safe" if gate["safe_at"] != gate["latest"] else ""
    return f"{telling.gate(gate)} until {zone.moment(gate['safe_at'])}{safe}{quoted}"


def reminder(gate: Row, reader: Reader, now: datetime) -> Text:
    """How long is left until the safe date of a gate, as `selecting.gates` gives it."""
    left = span_of(gate["safe_at"] - now + PROMPT)
    told = [f"{telling.name(gate)}: {left} left"]
    safe, latest = reader.zone.moment(gate["safe_at"]), gate["latest"]
    if latest != gate["safe_at"]:
        told.append(f"until {safe} to be safe, {reader.zone.moment(latest)} at the very latest")
    else:
        told.append(f"until {safe}")
    if (said := rows.published(gate)) is not None:
        reason = f" ({said['reason']})" if said["reason"] else ""
        told.append(f"published as {once_zoned(moments.published(said)[0])}{reason}")
    told += _doubts(gate, reader.zone, now)
    told.append(f"according to {', '.join(rows.sources(gate))}")
    told += dict.fromkeys(one["url"] for one in gate["claims"])
    doubt = " (disputed)" if any(line.startswith("disputed") for line in _doubts(gate, reader.zone, now)) else ""
    subject = f"{telling.name(gate)}{doubt}: {left} left, until {safe}"
    return reader.message(subject, ["\n".join(told), reader.link(gate["slug"])])
