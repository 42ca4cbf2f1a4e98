"""What is told of a gate beside its date, in short sentences: where it went, who agrees, what is in doubt. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from confradar.deadlines.conference import MOVES, Direction, Verdict
from confradar.deadlines.dates import withdraws
from confradar.deadlines.moments import ReaderZone, published
from confradar.deadlines.words import counted, moved, once, once_zoned, span_of

Row = Mapping[str, Any]
CONFIRMED_WITHIN = timedelta(days=2)  # while the nights go well
NEWS = timedelta(days=14)  # that a gate is called new


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence with its sense: `earlier`, `later`, `doubt` or `agreed`; `gone` is the date that no more holds."""

    sense: str
    words: str
    gone: str = ""


def marks(row: Row, zone: ReaderZone, now: datetime) -> list[Mark]:
    """The marks of a gate with its `claims` and `changes`, the most urgent first; instants in the reader's zone."""
    return [*_moves(row, zone, now), *_verdict(row), *_confirmations(row, now)]


def _moves(row: Row, zone: ReaderZone, now: datetime) -> Iterator[Mark]:
    dated = [one for one in row["changes"] if one["field"] == "date" and one["direction"]]
    if not dated:
        return
    newest = (dated[-1]["run_id"], dated[-1]["direction"])
    for line in once(one for one in dated if (one["run_id"], one["direction"]) == newest):
        if line["direction"] in MOVES:
            again = ", back where it was before" if line["reverted"] else ""
            name = "read in another zone" if line["direction"] == Direction.ZONE else f"moved {moved(dict(line))}"
            sense = line["direction"] if line["direction"] != Direction.ZONE else "doubt"
            yield Mark(sense, f"{name}{again} · was", before(line, zone))
        elif line["direction"] in (Direction.NEW, Direction.ANNOUNCED) and now - line["at"] < NEWS:
            seen = zone.day(line["at"])
            yield Mark("agreed", f"new since {seen:%a} {seen.day} {seen:%b}")


def before(line: Row, zone: ReaderZone) -> str:
    """The date that a change has left, for the reader."""
    return told(line["before"] or "", line["before_at"], zone)


def told(words: str, at: datetime | None, zone: ReaderZone) -> str:
    """A date of history: in the reader's zone if its words name an hour, else in its own words, as a quotation."""
    if at is not None and ":" in words:
        return zone.moment(at)
    return f"“{once_zoned(words)}”" if words else ""


def _verdict(row: Row) -> Iterator[Mark]:
    counting = [one for one in row["claims"] if one["earliest"] and not one["estimated"]]
    agreeing = _names(one for one in counting if row["safe_at"] and _holds(one, row["safe_at"]))
    if row["verdict"] == Verdict.DISPUTED:
        others = [one for one in counting if not _holds(one, row["safe_at"])]
        said = dict.fromkeys(f"{one['source']} says {published(one)[0]}" for one in others)
        yield Mark("doubt", f"disputed: {'; '.join(said)}" if said else "disputed")
    elif len(agreeing) > 1:
        yield Mark("agreed", f"{len(agreeing)} sources agree")
    elif row["safe_at"] is None and any(withdraws(one["reason"]) for one in row["claims"]):
        yield Mark("doubt", "withdrawn")
    elif row["safe_at"] is None:
        guesses = _names(one for one in row["claims"] if one["estimated"])
        yield Mark("doubt", f"only a guess of {', '.join(guesses)}" if guesses else "no date yet")
    else:
        yield Mark("agreed", "1 source")


def _confirmations(row: Row, now: datetime) -> Iterator[Mark]:
    last = confirmed_at(row)
    if row["claims"] and all(one["not_seen_since"] for one in row["claims"]):
        yield Mark("doubt", f"not listed any more since {min(one['not_seen_since'] for one in row['claims']):%-d %b}")
    elif last and now - last >= CONFIRMED_WITHIN:
        yield Mark("doubt", f"not confirmed for {counted((now - last).days, 'day')}")


def confirmed_at(row: Row) -> datetime | None:
    """When a source was last seen to say anything of a gate."""
    return max((one["last_confirmed_at"] for one in row["claims"]), default=None)


def left(row: Row, now: datetime) -> tuple[str, str]:
    """How long is left until the safe date, and what that is: "17 days", "left"."""
    safe, latest = row["safe_at"], row["latest"]
    if safe is None:
        return "–", "no date"
    if now < safe:
        return span_of(safe - now), "left"
    if latest and now <= latest:
        return "open", "still, somewhere on Earth"
    return span_of(now - (latest or safe)), "ago"


def _holds(claim: Row, instant: datetime) -> bool:
    """Whether a claim allows that instant, within a minute."""
    minute = timedelta(seconds=60)
    return bool(claim["earliest"] - minute <= instant <= claim["latest"] + minute)


def _names(claims: Iterable[Row]) -> list[str]:
    return sorted({one["source"] for one in claims})
