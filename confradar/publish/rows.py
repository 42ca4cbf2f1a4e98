"""Gates, conferences and changes as records for JSON: the names of their fields are the same in every outlet.

Instants are ISO 8601 in UTC with their offset, days ISO 8601; what does not apply is null, never left out.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from csv import writer
from datetime import date, datetime, timedelta
from typing import Any

from confradar.deadlines.conference import MOVES
from confradar.deadlines.words import once
from confradar.sources.base import Source

Row = Mapping[str, Any]
Record = dict[str, Any]
OF_DEADLINE = (
    "id", "conference.title", "conference.acronym", "conference.year", "kind", "round", "track", "safe_at", "earliest",
    "latest", "precision", "published.text", "published.zone", "uncertain_because", "verdict", "sources",
    "moved.direction", "moved.at", "moved.hours", "moved.before", "moved.before_at", "moved.reverted", "updated_at",
    "last_confirmed_at", "conference.id", "conference.full_name", "conference.type", "conference.series",
    "conference.place", "conference.country", "conference.online", "conference.starts_on", "conference.ends_on",
    "conference.website", "conference.topics", "conference.ranks",
)  # fmt: skip
OF_CHANGE = (
    "id", "at", "conference", "title", "deadline", "field", "direction", "reverted", "before", "after", "before_at",
    "after_at", "source", "url", "added_at",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def gate_id(row: Row) -> str:
    """The permanent identity of a gate: its conference's slug, its kind, round and track; never its date.

    `icml-2026/submission`, `oopsla-2026/submission/2`, `emnlp-2026/submission/0/industry`.
    """
    more = [str(row["round"]), row["track"]] if row["track"] else [str(row["round"])] if row["round"] else []
    return "/".join([row["slug"], row["kind"], *more])


def deadline(row: Row) -> Record:
    """A gate as `selecting.gates` gives it, with its conference."""
    return {**gate(row), "conference": conference(row)}


def gate(row: Row) -> Record:
    """A gate as `selecting.gates` gives it, without its conference."""
    said = published(row)
    return {
        "id": gate_id(row),
        "kind": row["kind"],
        "round": row["round"],
        "track": row["track"],
        "safe_at": written(row["safe_at"]),
        "earliest": written(row["earliest"]),
        "latest": written(row["latest"]),
        "precision": said["precision"] if said else None,
        "published": {"text": said["text"], "zone": said["zone_text"]} if said else None,
        "uncertain_because": said["reason"] or None if said else None,
        "verdict": row["verdict"],
        "sources": sources(row),
        "moved": _moved(last_move(row)),
        "updated_at": written(updated_at(row)),
        "last_confirmed_at": written(max((one["last_confirmed_at"] for one in row["claims"]), default=None)),
        "claims": [claim(one) for one in row["claims"]],
    }


def whole(row: Row) -> Record:
    """All about a conference, as `answers.conference` gives it."""
    names = ("source", "url", "first_seen_at", "last_seen_at", "not_seen_since")
    return {
        **conference(row),
        "deadlines": [gate(one) for one in gates_of(row)],
        "mentions": [
            {name: written(one[name]) if name.endswith(("_at", "_since")) else one[name] for name in names}
            for one in row["mentions"]
        ],
    }


def gates_of(row: Row) -> list[Record]:
    """The gates of a conference as `answers.conference` gives it, each as `selecting.gates` would."""
    edition = {name: value for name, value in row.items() if name not in ("deadlines", "mentions", "changes")}
    lines: defaultdict[int | None, list[Row]] = defaultdict(list)
    for line in sorted(row["changes"], key=lambda line: line["id"]):
        lines[line["deadline_id"]].append(line)
    return [{**edition, **one, "changes": lines[one["id"]]} for one in row["deadlines"]]


def source(declared: Source, last: Row | None, good: Row | None) -> Record:
    """A source, how it was last read (`history.last_states`), and its last good crawl (`listings`, `kept_at`)."""
    return {
        "name": declared.name,
        "home": declared.home,
        "cadence": declared.cadence,
        "feeds": [{"name": feed.name, "path": feed.path, "why": feed.why} for feed in declared.feeds],
        "last": last
        and {
            "status": last["status"],
            "reason": last["reason"],
            "listings": last["count"],
            "at": written(last["finished_at"]),
        },
        "last_good": good and {"listings": good["listings"], "at": written(good["kept_at"])},
    }


def conference(row: Row) -> Record:
    """The conference of a gate, or one as `selecting.conferences` gives it."""
    names = ("title", "acronym", "full_name", "year", "type", "series", "place", "country", "online")
    return {
        "id": row["slug"],
        **{name: row[name] for name in names},
        "starts_on": written(row["starts_on"]),
        "ends_on": written(row["ends_on"]),
        "website": row["website"],
        "topics": list(row["topics"]),
        "ranks": [{"list": name, "value": value} for name, value in row["ranks"]],
    }


def claim(row: Row) -> Record:
    """What one source says of a gate, in its own words and as they were understood."""
    return {
        "source": row["source"],
        "url": row["url"],
        "text": row["text"],
        "zone": row["zone_text"],
        "earliest": written(row["earliest"]),
        "latest": written(row["latest"]),
        "precision": row["precision"],
        "reason": row["reason"] or None,
        "estimated": row["estimated"],
        "extended_from": row["extended_from"],
        "first_seen_at": written(row["first_confirmed_at"]),
        "last_confirmed_at": written(row["last_confirmed_at"]),
        "not_seen_since": written(row["not_seen_since"]),
    }


def change(row: Row) -> Record:
    """A change as `answers.recent_changes` gives it."""
    dated = row["deadline_id"] is not None
    return {
        "id": row["id"],
        "at": written(row["at"]),
        "conference": row["slug"],
        "title": row["title"],
        "deadline": gate_id(row) if dated else None,
        "field": row["field"],
        "direction": row["direction"],
        "reverted": row["reverted"],
        "before": row["before"],
        "after": row["after"],
        "before_at": written(row["before_at"]),
        "after_at": written(row["after_at"]),
        "source": row["source"],
        "url": row["url"],
        "added_at": written(row["added_at"]),
    }


def why(row: Row) -> Record:
    """Why the gates of a conference stand where they do, as `steps.why` gives it."""
    return {
        **conference(row),
        "gates": [
            {
                **gate(one),
                "claims": [
                    {**claim(said), "linked_by": said["evidence"], "sure": said["sure"], "archived": said["archived"]}
                    for said in one["claims"]
                ],
                "changes": [
                    {**change(line), "run": line["run"], "by": line["by"], "added_at": written(line["added_at"])}
                    for line in one["changes"]
                ],
            }
            for one in row["gates"]
        ],
        "decisions": [{name: value for name, value in one.items() if name != "id"} for one in row["decisions"]],
    }


def csv(records: Iterable[Record], columns: Iterable[str]) -> str:
    """Records as CSV (RFC 4180) with a head: `published.text` is a field of a field, a list is one cell.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    names, written_ = list(columns), io.StringIO()
    write = writer(written_).writerow
    write(name.replace(".", "_") for name in names)
    for record in records:
        write(_cell(_inner(record, name.split("."))) for name in names)
    return written_.getvalue()


def _inner(record: Any, path: list[str]) -> Any:
    for name in path:
        record = record and record[name]
    return record


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = "; ".join(":".join(one.values()) if isinstance(one, dict) else one for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def published(row: Row) -> Row | None:
    """The claim of a gate whose words say most exactly when it is, that no guess; None if none names an instant."""
    dated = [one for one in row["claims"] if one["earliest"] and not one["estimated"]]
    agreeing = [one for one in dated if one["earliest"] <= row["safe_at"] <= one["latest"]] if row["safe_at"] else []
    return min(agreeing or dated, key=lambda one: (one["latest"] - one["earliest"], one["earliest"]), default=None)


def sources(row: Row) -> list[str]:
    """Who speaks of a gate, each once."""
    return sorted({one["source"] for one in row["claims"]})


def last_move(row: Row) -> Row | None:
    """The newest change by which a gate's date moved; None if it stands where it was first told.

    Of several sources that tell a move in one run, the one with the most exact words.
    """
    moves = [one for one in row["changes"] if one["field"] == "date" and one["direction"] in MOVES]
    newest = [
        one for one in moves if (one["run_id"], one["direction"]) == (moves[-1]["run_id"], moves[-1]["direction"])
    ]
    return once(dict(one) for one in newest)[0] if newest else None


def updated_at(row: Row) -> datetime:
    """When anything that is told of a gate last changed."""
    instants: list[datetime] = [row["updated_at"], *(one["at"] for one in row["changes"])]
    return max(instants)


def _moved(line: Row | None) -> Record | None:
    if line is None:
        return None
    by = line["after_at"] - line["before_at"] if line["after_at"] and line["before_at"] else None
    return {
        "direction": line["direction"],
        "at": written(line["at"]),
        "hours": by and round(by / timedelta(hours=1), 2),
        "before": line["before"],
        "before_at": written(line["before_at"]),
        "reverted": line["reverted"],
    }


def written(value: date | datetime | None) -> str | None:
    """An instant or a day as ISO 8601."""
    return value.isoformat() if value is not None else None
