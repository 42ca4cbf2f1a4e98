"""What is told of a gate beside its date, in short sentences: where it went, who agrees, what is in doubt. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from confradar.deadlines.conference import MOVES, Direction, Verdict
from confradar.deadlines.dates import withdraws
from confradar.deadlines.moments import ReaderZone, published
from confradar.deadlines.verdict import EDITOR
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
        told = said_by(others, lambda claim: published(claim)[0])
        yield Mark("doubt", f"disputed: {'; '.join(told)}" if told else "disputed")
    elif len(agreeing) > 1:
        yield Mark("agreed", f"{len(agreeing)} sources agree")
    elif withdrawn(row):
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


def withdrawn(row: Row) -> bool:
    """Whether a gate has no date because it is no more: a source says so, or an editor who has not been cleared."""
    says = (one for one in row["claims"] if withdraws(one["reason"]))
    return row["safe_at"] is None and any(one["stands"] or one["source"] != EDITOR for one in says)


def said_by(claims: Iterable[Row], words: Callable[[Row], str]) -> list[str]:
    """ "wikicfp says …", once for each; of a source whose lists contradict each other, each by its site."""
    of_source: dict[str, dict[str, dict[str, None]]] = {}  # dictionaries as sets that keep their order
    for one in claims:
        site = urlsplit(one["url"]).hostname or ""
        of_source.setdefault(one["source"], {}).setdefault(site, {})[words(one)] = None
    told = []
    for source, sites in of_source.items():
        every = {what: None for said in sites.values() for what in said}
        apart = len(sites) > 1 and len(every) > 1
        speakers = {f"{source} ({site})": said for site, said in sites.items()} if apart else {source: every}
        told += [f"{who} says {' and '.join(said)}" for who, said in speakers.items()]
    return told


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
