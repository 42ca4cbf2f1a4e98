"""A gate as the pages show it: how long is left, what and how sure, when as published and for the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import quote

from confradar.deadlines.listing import Kind
from confradar.deadlines.marks import Mark, confirmed_at, left, marks
from confradar.deadlines.moments import IN_AOE, IN_UTC, ReaderZone, day, published
from confradar.deadlines.parameters import Order
from confradar.deadlines.words import edition, what
from confradar.publish import rows

Row = Mapping[str, Any]
NEAR = timedelta(hours=72)
NAME_SHOWN = 120  # letters of a title, in a list


@dataclass(frozen=True, slots=True)
class Shown:
    """One gate, ready to be written: `left` with its unit, `name` and `gate`, `when` with `own`, and the marks."""

    id: str
    slug: str
    name: str
    kind: str
    gate: str
    facts: str
    left: str
    left_note: str
    near: bool
    passed: bool
    at: str
    when: str
    own: str
    reach: str
    reason: str
    marks: tuple[Mark, ...]
    sources: str
    confirmed: str
    report: str


def shown(row: Row, zone: ReaderZone, now: datetime, report: str = "") -> Shown:
    """The gate of a row as `selecting.gates` gives it; `report` is the template of addresses to tell an error."""
    safe, latest = row["safe_at"], row["latest"]
    claim = rows.published(row)
    when, rule = published(claim) if claim else ("not known", None)
    span, note = left(row, now)
    confirmed = confirmed_at(row)
    ranged = safe is not None and latest is not None and safe != latest
    return Shown(
        id=rows.gate_id(row),
        slug=row["slug"],
        name=short(name(row)),
        kind=row["kind"],
        gate=gate(row),
        facts=" · ".join(filter(None, (short(_about(row)), short(row["place"] or ""), days(row)))),
        left=span,
        left_note=note,
        near=safe is not None and now <= (latest or safe) and safe - now < NEAR,
        passed=safe is not None and now > (latest or safe),
        at=safe.isoformat() if safe else "",
        when=when,
        own=_beside(zone, rule, safe).moment(safe) if safe else "",
        reach=zone.moment(latest) if ranged else "",
        reason=_reason(row, claim) if ranged else "",
        marks=tuple(marks(row, zone, now)),
        sources=", ".join(rows.sources(row)),
        confirmed=zone.moment(confirmed) if confirmed else "",
        report=_reported(report, row) if report else "",
    )


def name(row: Row) -> str:
    """ "ICML 2026"."""
    return edition(row["acronym"] or row["title"], row["year"])


def gate(row: Row) -> str:
    """ "submission, round 2", and of a gate of no kind of ours, its track: "tutorial proposals"."""
    if row["kind"] == Kind.OTHER and row["track"]:
        return str(row["track"])
    return what({**row, "acronym": None, "title": "", "year": ""}).removeprefix(" · ")


def short(text: str) -> str:
    """A text cut to what a list has room for."""
    return text if len(text) <= NAME_SHOWN else text[: NAME_SHOWN - 1] + "…"


def days(row: Row) -> str:
    """The days of a conference: "8–13 Sep 2026", "30 Aug – 2 Sep 2026", "8 Sep 2026"; empty if they are not known."""
    start, end = row["starts_on"], row["ends_on"] or row["starts_on"]
    if not start:
        return ""
    if start == end:
        return f"{start.day} {start:%b %Y}"
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{end.day} {end:%b %Y}"
    return f"{start.day} {start:%b}{f' {start.year}' * (start.year != end.year)} – {end.day} {end:%b %Y}"


def grouped(found: Sequence[Row], order: Order, zone: ReaderZone, now: datetime) -> list[tuple[str, list[Row]]]:
    """Rows in groups of the reader's days, each with its heading, in the order in which they come."""
    if order is Order.NAME:
        return [("By name", list(found))] if found else []
    today = zone.day(now)
    sunday = today + timedelta(days=6 - today.weekday())
    month = f"This month, {today:%B %Y}"

    def heading(row: Row) -> str:
        safe = row["safe_at"]
        of = zone.day(safe)
        if safe <= now <= (row["latest"] or safe):
            return "Still open somewhere on Earth"
        if of < today or safe < now:
            return f"Passed, {of:%B %Y}"
        if of == today:
            return f"Today, {day(today)}"
        if of <= sunday:
            return f"This week, until {day(sunday)}"
        return month if (of.year, of.month) == (today.year, today.month) else f"{of:%B %Y}"

    return [(words, list(rows_)) for words, rows_ in groupby(found, heading)]


def _about(row: Row) -> str:
    full = row["full_name"] or ""
    return "" if full.casefold() == name(row).casefold() else full


def _beside(zone: ReaderZone, rule: Any, at: datetime | None) -> ReaderZone:
    """The reader's zone, or where the date was published in it already, the one that shows it from another side."""
    if at is None or rule is None or at.astimezone(rule).utcoffset() != at.astimezone(zone.rule).utcoffset():
        return zone
    return IN_AOE if zone.rule is UTC else IN_UTC if zone is IN_AOE else zone


def _reason(row: Row, claim: Row | None) -> str:
    """Why a date is a range."""
    if claim and claim["earliest"] != claim["latest"]:
        return str(claim["reason"])
    return "the sources do not agree" if row["verdict"] == "disputed" else ""


def _reported(template: str, row: Row) -> str:
    """The address at which an error of a gate is told."""
    said = {"what": what(dict(row)), "id": rows.gate_id(row)}
    for key, value in said.items():
        template = template.replace(f"{{{key}}}", quote(short(value), safe=""))
    return template
