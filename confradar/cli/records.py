"""The record of what ran, for a terminal: many runs in a table, one with all that is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from confradar.cli import radar, tables
from confradar.cli.following import COLOURS
from confradar.deadlines.words import counted, number, seconds, short_key
from confradar.steps import STORE, now_utc
from confradar.storage import ledger
from confradar.storage.run_tables import AGAIN

DOUBTS_SHOWN, CHANGES_SHOWN, ERROR_SHOWN = 5, 20, 300
SUFFIX = "_conferences"

Record = Mapping[str, Any]


def show_runs(found: Sequence[tuple[ledger.Run, Sequence[Record]]]) -> None:
    """Print runs: key · status · when it began · how long it took · what its steps came to."""
    console = tables.output()
    parts = any(run.target != "*" for run, _ in found)
    table = tables.plain("run", "status", "began (UTC)", "took", "steps", *(["target"] if parts else []))
    for column in table.columns[:4]:
        column.no_wrap = True
    for run, rows in found:
        table.add_row(
            key_on(console, run.key),
            status(run.status),
            moment(run.started_at),
            took(run.started_at, run.finished_at),
            Text(_outcome(rows)),
            *([Text(run.target.replace(SUFFIX, ""))] if parts else []),
        )
    tables.show(console, table)


def key_on(console: Console, key: str) -> str:
    """A key as a terminal has room for it; in a pipe the whole."""
    return short_key(key) if console.is_terminal else key


def status(word: str) -> Text:
    """A status in its colour."""
    return Text(word, style=COLOURS.get(word, ""))


def moment(instant: datetime | None) -> str:
    """ "Wed 25 Nov 02:00", with the year if it is not this one."""
    if instant is None:
        return ""
    year = "" if instant.year == now_utc().year else f" {instant.year}"
    return f"{instant:%a %d %b}{year} {instant:%H:%M}"


def took(began: datetime | None, ended: datetime | None) -> str:
    """How long it took: "8 m 04 s"; nothing if it has not ended."""
    return seconds(max((ended - began).total_seconds(), 0)) if began and ended else ""


def _outcome(rows: Sequence[Record]) -> str:
    """ "6 ok", "5 ok, elra failed": what came to what was expected is ok."""
    well = sum(_well(row) for row in rows)
    others = [f"{name_of(row['step'])} {row['status']}" for row in rows if not _well(row)]
    if rows and {row["status"] for row in rows} == {"queued"}:
        return "all queued"
    return ", ".join([*([f"{well} ok"] if well else []), *others])


def _well(row: Record) -> bool:
    expected = (row["metadata"] or {}).get("expected")
    return bool(row["status"] == "ok" or (row["status"] == "degraded" and expected))


def name_of(step: str) -> str:
    """ "wikicfp", "store"."""
    return step.removesuffix(SUFFIX)


def show_run(found: Record) -> None:
    """Print all that is known of a run (`history.details`)."""
    console = tables.output()
    _head(console, found)
    attempts = found["attempts"]
    _steps(console, attempts)
    _taken(console, found)
    _previews(console, attempts)
    _doubts(console, attempts)
    _checks(console, attempts)
    if moved := [row for row in found["changes"] if row["direction"] and row["field"] != "conference"]:
        told = f"\nchanges: {number(len(found['changes']))} in all, {number(len(moved))} of dates"
        console.print(Text(told, style="bold"))
        radar.show_changes(radar.moves(moved)[:CHANGES_SHOWN])
        if len(moved) > CHANGES_SHOWN:
            console.print(Text(f"and {number(len(moved) - CHANGES_SHOWN)} more, with --json", style="dim"))
    _verbs(console, found)


def _head(console: Console, found: Record) -> None:
    title = Text(found["key"], style="bold").append("  ").append_text(status(found["status"]))
    console.print(title, soft_wrap=True)
    asked = f", by {found['by']}" if found["by"] else ""
    again = f", repeats {found['retry_of']}" if found["retry_of"] else ""
    console.print(Text(f"target {found['target']} · {found['trigger']}{asked}{again}"), soft_wrap=True)
    lasted = took(found["started_at"], found["finished_at"])
    when = [f"began {moment(found['started_at'])} UTC"]
    when.append(f"took {lasted}" if lasted else f"ends by {found['deadline_at']:%H:%M} UTC")
    if abs((found["logical_instant"] - found["started_at"]).total_seconds()) > 3600:
        when.append(f"stands for {moment(found['logical_instant'])} UTC")
    if found["stopping_at"]:
        when.append(f"asked to stop at {found['stopping_at']:%H:%M:%S}")
    console.print(Text(" · ".join(when)), soft_wrap=True)
    if found["message"]:
        console.print(Text(found["message"]), soft_wrap=True)
    for entry in found["audit"]:
        what = f"{entry['action']} {entry['subject'].removeprefix(found['key']).strip()}".strip()
        why = f": {entry['why']}" if entry["why"] else ""
        console.print(Text(f"{entry['at']:%H:%M:%S} {what} by {entry['by']}{why}", style="yellow"), soft_wrap=True)


def _steps(console: Console, attempts: Sequence[Record]) -> None:
    several = Counter(row["step"] for row in attempts)
    console.print()
    table = tables.plain("step", "state", "began", "took", "listings", "pages", "worker")
    for row in attempts:
        data = row["metadata"] or row["progress"] or {}
        again = f" ({row['attempt']} of {several[row['step']]})" if several[row["step"]] > 1 else ""
        table.add_row(
            Text(name_of(row["step"]) + again),
            status(row["status"]),
            f"{row['started_at']:%H:%M:%S}" if row["started_at"] else "",
            took(row["started_at"], row["finished_at"]),
            number(row["count"]) if row["count"] is not None else "",
            number(data["pages"]) if "pages" in data else "",
            Text(f"{row['worker']} {row['pid']}" if row["worker"] else ""),
        )
    tables.show(console, table)
    for told, count in Counter(why(row) for row in attempts if row["reason"] or row["error"]).items():
        console.print(Text(told + (f" ({count} times)" if count > 1 else "")), soft_wrap=True)


def why(row: Record) -> str:
    """ "elra: refused: 127.0.0.1: connection refused"."""
    parts = (name_of(row["step"]), (row["reason"] or "").replace("_", " "), row["error"])
    return ": ".join(part for part in parts if part)[:ERROR_SHOWN]


def _previews(console: Console, attempts: Sequence[Record]) -> None:
    previews = {source: data.get("preview") for row in attempts for source, data in sources_of(row).items()}
    if any(previews.values()):
        console.print(Text("\nsome of what came", style="bold"))
        table = tables.plain("source", "titles")
        table.show_header = False
        for source, items in previews.items():
            if items:
                table.add_row(source, Text(" · ".join(item["title"] for item in items)))
        tables.show(console, table)


def sources_of(row: Record) -> dict[str, Record]:
    """What an attempt of a crawl says of each of its sources."""
    data = row["metadata"] or {}
    if row["step"] == STORE:
        return {}
    return dict(data["outputs"]) if "outputs" in data else {name_of(row["step"]): data}


def _taken(console: Console, found: Record) -> None:
    """Where the store had inputs from that this run did not crawl."""
    for row in found["attempts"]:
        for source, origin in ((row["metadata"] or {}).get("inputs") or {}).items():
            if origin["run"] != found["key"]:
                origin_key = key_on(console, origin["run"])
                told = f"store took {counted(origin['count'], 'listing')} of {source} from {origin_key}"
                console.print(Text(told, style="dim"), soft_wrap=True)


def _doubts(console: Console, attempts: Sequence[Record]) -> None:
    """Records that were rejected, written dates that are none, and topics of which nothing is known."""
    said = [(source, data) for row in attempts for source, data in sources_of(row).items()]
    told = [line for _, data in said for name in ("rejects", "undated") for line in data.get(name) or ()]
    for source, data in said:
        if codes := data.get("unknown_topics"):
            told.append(f"{source}, topics that are in no list of ours: {', '.join(codes)}")
    if told:
        console.print(Text(f"\nnot understood: {len(told)}", style="bold"))
        for line in told[:DOUBTS_SHOWN]:
            console.print(Text(line), soft_wrap=True)
        if len(told) > DOUBTS_SHOWN:
            console.print(Text(f"and {len(told) - DOUBTS_SHOWN} more, with --json", style="dim"))


def _checks(console: Console, attempts: Sequence[Record]) -> None:
    results = [(row, result) for row in attempts for result in row["checks"]]
    if not results:
        return
    failed = [(row, result) for row, result in results if not result["passed"]]
    console.print(Text(f"\nchecks: {len(results) - len(failed)} passed, {len(failed)} failed", style="bold"))
    if failed:
        table = tables.plain("source", "check", "wanted", "observed", "")
        for row, result in failed:
            held = any(output["held"] and output["source"] == result["output"] for output in row["outputs"])
            told = "holds it" if result["blocking"] and held else ""
            style = COLOURS["failed"] if result["blocking"] else COLOURS["degraded"]
            described = [Text(result[part]) for part in ("description", "observed")]
            table.add_row(Text(result["output"]), Text(result["name"], style=style), *described, told)
        tables.show(console, table)


def _verbs(console: Console, found: Record) -> None:
    """What can be done with it now."""
    key = key_on(console, found["key"])
    newest = {row["step"]: row for row in found["attempts"]}
    console.print()
    verbs = [
        f"to store what is held: confradar runs release {key} {step} --why …"
        for step, row in newest.items()
        if any(output["held"] for output in row["outputs"])
    ]
    if found["status"] not in ledger.FINAL_RUN:
        verbs.append(f"to end it: confradar runs cancel {key}")
    elif any(row["status"] in ("failed", "lost", "cancelled") for row in newest.values()):
        again = f"{found['trigger']}, with the same words" if found["trigger"] in AGAIN else f"runs retry {key}"
        verbs.append(f"to repeat what failed: confradar {again}")
    for verb in verbs:
        console.print(Text(verb, style="dim"), soft_wrap=True)
