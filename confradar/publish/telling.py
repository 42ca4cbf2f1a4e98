"""A gate in the words of a feed: they hold until something changes, so they say nothing of now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from confradar.deadlines.conference import Direction, Verdict
from confradar.deadlines.marks import said_by
from confradar.deadlines.moments import IN_UTC
from confradar.deadlines.words import edition, moved, once_zoned, what
from confradar.publish import rows
from confradar.sources.base import readers

Row = Mapping[str, Any]
WIDE = timedelta(hours=1)  # a window up to this is an instant to a person
WITHDRAWN_FOR = timedelta(days=60)  # that a gate is still told of, as cancelled
NAME_MAX = 80  # letters of a title in a line
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def name(row: Row) -> str:
    """ "ICML 2026 · submission, round 2", its name cut where it is no name any more."""
    title = row["acronym"] or row["title"]
    short = title if len(title) <= NAME_MAX else title[: NAME_MAX - 1] + "…"
    return clean(what({**row, "acronym": short}))


def gate(row: Row) -> str:
    """ "submission, round 2"."""
    return clean(what({**row, "acronym": "", "title": "", "year": ""}).removeprefix(" · "))


def conference_name(row: Row) -> str:
    """ "ICML 2026"."""
    return clean(edition(row["acronym"] or row["title"], row["year"]))


def is_withdrawn(row: Row) -> bool:
    """Whether the newest that is told of a gate's date is that there is none any more."""
    dated = [one for one in row["changes"] if one["field"] == "date"]
    return bool(dated) and dated[-1]["direction"] == Direction.WITHDRAWN


def is_day(row: Row, said: Row | None) -> bool:
    """Whether a gate is told by its day: no source says the hour, or what they say lies apart. `said` is published."""
    exact = said is None or said["precision"] in ("minute", "second")
    return not exact or row["latest"] - row["earliest"] > WIDE


def sentences(row: Row) -> list[str]:
    """What is so, line by line: the date and its range, in whose words, who agrees, how it last moved, where it is."""
    told, said = [], rows.published(row)
    if row["safe_at"]:
        told.append(f"Until {instant(row['safe_at'])}" + ("" if row["safe_at"] == row["latest"] else " to be safe"))
        if row["safe_at"] != row["latest"]:
            why = f" ({said['reason']})" if said and said["reason"] else ""
            told.append(f"between {instant(row['earliest'])} and {instant(row['latest'])}{why}")
    if said:
        told.append(f"as published: “{said['text']}”{' ' + said['zone_text'] if said['zone_text'] else ''}")
    told.append(_agreement(row))
    if (line := rows.last_move(row)) is not None:
        told.append(f"moved {moved(dict(line))}, was {once_zoned(line['before'] or 'not known')}")
    if is_withdrawn(row):
        told.append("withdrawn: there is no such deadline any more")
    told += [row[key] for key in ("full_name", "place", "website") if row[key]]
    return [clean(line) for line in told if line]


def rights(licence: str) -> str:
    """Whose terms hold for what is told; `licence` is what who runs this offers the collection under, or empty."""
    names = ", ".join(reader.source.name for reader in readers().values())
    own = f" Who runs this site offers the collection under {clean(licence)}." if licence else ""
    return f"Each date remains what its source makes of it, under that source's terms ({names}).{own}"


def instant(at: datetime) -> str:
    """ "Fri 6 Mar 2026 11:59 UTC"."""
    return IN_UTC.moment(at)


def clean(text: str) -> str:
    """A text without the characters that no feed may have."""
    return text if text.isprintable() else _CONTROL.sub("", text)


def _agreement(row: Row) -> str:
    names = rows.sources(row)
    if row["verdict"] == Verdict.DISPUTED:
        dated = [one for one in row["claims"] if one["earliest"]]
        return f"disputed: {'; '.join(said_by(dated, lambda claim: '“{}”'.format(claim['text'])))}"
    if row["verdict"] == Verdict.AGREED and len(names) > 1:
        return f"{len(names)} sources agree: {', '.join(names)}"
    return f"source: {', '.join(names)}" if names else ""
