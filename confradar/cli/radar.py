"""The radar on a terminal: deadlines, conferences and changes, in the reader's zone and as they were published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from rich.text import Text

from confradar.cli.tables import messages, output, plain, show
from confradar.deadlines import marks, moments
from confradar.deadlines.conference import Direction, Verdict
from confradar.deadlines.moments import IN_UTC, ReaderZone
from confradar.deadlines.selection import Selection
from confradar.deadlines.words import ORDER, edition, late, moved, once, once_zoned, what
from confradar.publish import rows
from confradar.settings import Settings
from confradar.storage import answers, database, selecting
from confradar.storage.answers import Answer

STYLES = {
    "earlier": "bold red", "withdrawn": "bold red", "later": "green", "zone": "yellow", "disputed": "yellow",
}  # fmt: skip
WIDE = 150  # from so many columns on a deadline, or a move, has one line
GATE_WIDTH = 26


def coming(settings: Settings, asked: Selection, *, now: datetime, zone: ReaderZone = IN_UTC) -> None:
    """Print the deadlines of a selection: how long is left · what and how sure · when, as published."""
    with database.reading(settings.database, as_of=asked.as_of) as connection:
        page = selecting.gates(connection, asked, now=now)
        newest = answers.last_deadline(connection)
    console = output()
    if not page.rows:
        console.print(_nothing(asked, now, newest, zone), soft_wrap=True)
        return
    wide = console.width >= WIDE
    columns = ("left", "what", f"safe date ({zone.name})", "as published", "verdict", "sources")
    table = plain(*(columns if wide else columns[:3]))
    for row in page.rows:
        sure, who = _sure(row), ", ".join(rows.sources(row))
        cells = [Text(left(row, now)), Text(what(row)), when(row, zone), Text(published(row)), sure, Text(who)]
        if not wide:
            doubts = Text("\n").append_text(sure).append(f" · {who}", "dim")
            cells = [cells[0], cells[1] + doubts, cells[2] + Text(f"\n{cells[3]}", "dim")]
        table.add_row(*cells)
    show(console, table)
    if page.next and console.is_terminal:
        messages().print("[dim]There are more: --limit shows more at once.[/dim]")


def _nothing(asked: Selection, now: datetime, newest: datetime | None, zone: ReaderZone) -> str:
    """Why there is nothing to show, and what to do."""
    if filters := [name for name, _ in asked.pairs() if name not in ("limit", "order", "cursor")]:
        given = ", ".join(f"--{name}" for name in dict.fromkeys(filters))
        return f"No deadline fits {given}. Leave one out, or see those that have passed: `--status all`."
    hint = "`confradar crawl` reads the sources."
    if newest and newest < now:
        before = newest - timedelta(days=30)
        hint = f"The last one was on {newest:%d %b %Y}: `confradar list --now {before:%Y-%m-%d}` counts from there."
    return f"No deadline is known that comes after {zone.moment(now)}. {hint}"


def show_conference(found: Answer, now: datetime, zone: ReaderZone) -> None:
    """Print a conference as `answers.conference` gives it: its gates, what each source says of them, its history."""
    console = output()
    console.print(Text(found["title"], style="bold"), f"[dim]{found['slug']}[/dim]")
    days = " to ".join(moments.day(each) for each in (found["starts_on"], found["ends_on"]) if each)
    for line in (found["full_name"], " · ".join(filter(None, (found["place"], days))), found["website"]):
        if line and line != found["title"]:
            console.print(Text(line), soft_wrap=True)
    table = plain("gate", f"safe date ({zone.name}), and who says what")
    table.columns[0].max_width, table.columns[0].no_wrap = GATE_WIDTH, False
    between = " · " if console.width >= WIDE else "\n"
    for gate in rows.gates_of(found):
        told = when(gate, zone) + Text(f"{between}{left(gate, now)} · ") + _sure(gate)
        table.add_row(Text(_gate(gate), "bold"), told)
        for claim in gate["claims"]:
            table.add_row(Text(f"  {claim['source']}", "dim"), _claim(claim, gate, zone, between))
    show(console, table)
    for mention in found["mentions"]:
        console.print(Text(f"{mention['source']}: {mention['url']}", style="dim"), soft_wrap=True)
    edition_of = {"year": found["year"], "acronym": found["acronym"]}
    if history := moves([{**row, **edition_of} for row in found["changes"]]):
        console.print("\nhistory")
        show_changes(history, zone)


def _gate(row: Answer) -> str:
    """ "submission, round 2"."""
    return what({**row, "acronym": None, "title": "", "year": ""}).removeprefix(" · ")


def _claim(claim: Answer, gate: Answer, zone: ReaderZone, between: str) -> Text:
    """What one source says of a gate: its words, what they mean where others say otherwise, when it was confirmed."""
    said = Text(f"“{claim['text']}” {claim['zone_text'] or ''}".rstrip())
    if claim["reason"]:
        said.append(f" ({claim['reason']})")
    if claim["estimated"]:
        said.append(" (a guess)", "yellow")
    if gate["verdict"] == Verdict.DISPUTED and claim["earliest"]:
        said.append(f" = {span(claim['earliest'], claim['latest'], zone)}")
    seen = f"{'confirmed' if claim['stands'] else 'said until'} {moments.day(zone.day(claim['last_confirmed_at']))}"
    if claim["not_seen_since"]:
        seen = f"not seen since {moments.day(zone.day(claim['not_seen_since']))}"
    return said.append(f"{between}{seen}", "dim")


def show_found(found: Sequence[Answer], gates: Sequence[Answer], now: datetime, zone: ReaderZone) -> None:
    """Print conferences, each with the next of its gates; of one without, when the last was (`first_at`)."""
    first: dict[str, Answer] = {}
    for one in gates:
        first.setdefault(one["slug"], one)
    console = output()
    between = " · " if console.width >= WIDE else "\n"
    table = plain("slug", "conference", "next gate")
    for row in found:
        days = " to ".join(moments.day(each) for each in (row["starts_on"], row["ends_on"]) if each)
        where = " · ".join(filter(None, (row["place"], days)))
        title = Text(edition(row["full_name"] or row["title"], row["year"]))
        title.append(where and f"{between}{where}", "dim")
        ahead = Text("none known", "dim")
        if row["first_at"] != selecting.NEVER:
            ahead = Text(f"none: the last was on {moments.day(zone.day(row['first_at']))}", "dim")
        if gate := first.get(row["slug"]):
            ahead = Text(f"{_gate(gate)}, {left(gate, now)}{between}") + when(gate, zone)
        table.add_row(Text(row["slug"]), title, ahead)
    show(console, table)


def moves(found: Iterable[Answer]) -> list[Answer]:
    """The changes of dates among changes, each once: those that went earlier first, then the newest."""
    dated = [row for row in found if row["direction"] and row["field"] != "conference"]
    dated.sort(key=lambda row: ORDER.index(row["direction"]))
    dated.sort(key=lambda row: row["at"], reverse=True)
    return sorted(once(dated), key=lambda row: row["direction"] != Direction.EARLIER)


def changes(settings: Settings, *, limit: int, run_id: int) -> None:
    """Print what moved in a run."""
    with database.reading(settings.database) as connection:
        found = answers.recent_changes(connection, since=datetime.min.replace(tzinfo=UTC), limit=500, run_id=run_id)
    show_changes(moves(found)[:limit], IN_UTC)


def show_changes(found: Sequence[Answer], zone: ReaderZone = IN_UTC) -> None:
    """Print changes of dates (see `moves`): the direction · what · what was · what is · who says so, and since when."""
    console = output()
    if not found:
        console.print("No date has moved.")
        return
    wide = console.width >= WIDE
    columns = ("moved", "what", f"was ({zone.name})", f"is now ({zone.name})", "source", "seen")
    table = plain(*(columns if wide else (*columns[:2], f"was, and is now ({zone.name})")))
    for row in found:
        was, now = (_edge(row[side], row[f"{side}_at"], zone) for side in ("before", "after"))
        who, seen = row["source"] or "several", moments.day(zone.day(row["at"])) + late(row)
        cells = [Text(moved(row), STYLES.get(row["direction"], "")), Text(what(row)), was, now, Text(who), Text(seen)]
        if not wide:
            cells = [cells[0], cells[1].append(f"\n{who}, {seen}", "dim"), was + Text("\n") + now]
        table.add_row(*cells)
    show(console, table)


def _edge(words: str | None, at: datetime | None, zone: ReaderZone) -> Text:
    """One side of a change: the instant in the reader's zone if the words name an hour, and the words as published."""
    told = once_zoned(words or "–")
    return Text(f"{zone.moment(at)} ").append(f"“{told}”", "dim") if at and ":" in told else Text(told)


def left(row: Answer, now: datetime) -> str:
    """ "8 days", "still open somewhere" for a range whose early edge has passed, "3 days ago"."""
    told, note = marks.left(row, now)
    return {"left": told, "ago": f"{told} ago", "no date": told}.get(note, "still open somewhere")


def when(row: Answer, zone: ReaderZone) -> Text:
    """The safe date of a gate; of a range how far it reaches."""
    if row["safe_at"] is None:
        return Text("withdrawn", STYLES["withdrawn"]) if marks.withdrawn(row) else Text("not known", "dim")
    return Text(span(row["safe_at"], row["latest"], zone))


def span(earliest: datetime, latest: datetime | None, zone: ReaderZone) -> str:
    """ "Thu 5 Mar 2026 11:00 UTC", of a range "Thu 5 Mar 2026 11:00 … Fri 6 Mar 2026 13:00 UTC"."""
    if latest is None or earliest == latest:
        return zone.moment(earliest)
    return f"{moments.written(earliest.astimezone(zone.rule))} … {zone.moment(latest)}"


def published(row: Answer) -> str:
    """The words that say most exactly when a gate is, in the zone that they name; of a range also why it is one."""
    claim = rows.published(row)
    if claim is None:
        return ""
    told = once_zoned(moments.published(claim)[0])
    reason = claim["reason"] if claim["earliest"] != claim["latest"] else ""
    if not reason and row["earliest"] != row["latest"]:
        reason = "the sources do not agree"
    return f"{told} ({reason})" if reason else told


def _sure(row: Answer) -> Text:
    """The verdict, and where the date went last."""
    sure = Text(row["verdict"], style=STYLES.get(row["verdict"], ""))
    if line := rows.last_move(row):
        sure.append(", moved ", "").append(moved(dict(line)), STYLES.get(line["direction"], ""))
    return sure
