"""A store with a few conferences that readers ask for, one of them hostile."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from confradar.deadlines.conference import (
    ALONE,
    Change,
    Claim,
    Conference,
    Deadline,
    Direction,
    Mention,
    Merged,
    Series,
    Verdict,
)
from confradar.deadlines.dates import Precision
from confradar.deadlines.listing import EntryType, Kind
from confradar.storage import conferences, database

NIGHT = datetime(2026, 2, 3, 2, tzinfo=UTC)
NOW = NIGHT + timedelta(hours=1)
DAY = timedelta(days=1)
HOSTILE = "=cmd|'/c calc'!A1 <script>alert(1)</script> & \u202egpj.exe\u2066 ; , \\n \"" + "ü" * 230


def conference(number: int, slug: str, **fields: Any) -> Conference:
    """A conference; its title is its slug."""
    wanted = {"title_key": slug, "series_id": None, "type": EntryType.CONFERENCE, "title": slug, "year": 2026}
    return Conference(number, slug, **{**wanted, "created_at": NIGHT, "updated_at": NIGHT, **fields})


def deadline(number: int, conference_id: int, at: datetime, **fields: Any) -> Deadline:
    """A gate at that instant."""
    wanted = {"kind": Kind.SUBMISSION, "round": 0, "track": "", "verdict": Verdict.SINGLE, "earliest": at, "latest": at}
    return Deadline(number, conference_id, **{**wanted, "safe_at": at, **fields})


def mention(number: int, conference_id: int, source: str = "wikicfp") -> Mention:
    """An entry of a source."""
    return Mention(
        number, source, "list", f"ref{number}", 2026, f"https://{source}.example/{number}", conference_id, ALONE,
        frozenset(), "{}", first_seen_at=NIGHT, last_seen_at=NIGHT, first_run_id=1, last_run_id=1,
    )  # fmt: skip


def claim(gate: Deadline, mention_id: int, text: str, zone: str | None = None, **fields: Any) -> Claim:
    """What a mention says of a gate."""
    exact = Precision.MINUTE if gate.earliest == gate.latest else Precision.DAY
    wanted = {"precision": exact, "reason": "", "estimated": False, "extended_from": None}
    said = {"earliest": gate.earliest, "latest": gate.latest, "first_confirmed_at": NIGHT, **wanted, **fields}
    return Claim(mention_id, gate.kind, gate.round, gate.track, text, zone, **said)


def change(number: int, gate: Deadline, **fields: Any) -> Change:
    """A line of a gate's history; that it is new, if nothing else is said."""
    wanted = {"mention_id": gate.conference_id, "field": "date", "before": None, "after": "then"}
    told = {"after_at": gate.safe_at, "direction": Direction.NEW, **wanted, **fields}
    at = told.pop("at", NIGHT)
    return Change(number, 1, at, gate.conference_id, gate.id, **told)


EXACT = deadline(1, 1, datetime(2026, 3, 6, 11, 59, tzinfo=UTC), verdict=Verdict.AGREED)
ABSTRACT = deadline(2, 1, datetime(2026, 2, 27, 11, 59, tzinfo=UTC), kind=Kind.ABSTRACT)
WIDE = deadline(
    3, 2, datetime(2026, 3, 5, 9, 59, 59, tzinfo=UTC), latest=datetime(2026, 3, 6, 11, 59, 59, tzinfo=UTC), round=2
)
DISPUTED = deadline(4, 3, datetime(2026, 4, 1, 12, tzinfo=UTC), verdict=Verdict.DISPUTED, track="industry")
PASSED = deadline(5, 2, NIGHT - DAY, round=1)
GATES = [EXACT, ABSTRACT, WIDE, DISPUTED, PASSED]
STORED = Merged(
    run_id=1,
    at=NIGHT,
    new_series=[Series(1, "icml", "ICML", "International Conference on Machine Learning")],
    new_conferences=[
        conference(
            1, "icml-2026", title="ICML 2026", acronym="ICML", series_id=1, topics=("ML",), ranks=(("core", "A*"),),
            starts_on=date(2026, 7, 6), ends_on=date(2026, 7, 11), place="Seoul, South Korea", country="South Korea",
        ),
        conference(2, "rounds-2026", title="Rounds", website="https://rounds.example/2026"),
        conference(3, "hostile-2026", title=HOSTILE, place="<b>Nowhere</b>"),
        conference(4, "old-2026", merged_into=1),
    ],
    new_mentions=[mention(1, 1), mention(2, 2), mention(3, 3), mention(4, 1, "ai_deadlines")],
    new_claims=[
        claim(EXACT, 1, "5 March 2026, 23:59", "AoE"),
        claim(EXACT, 4, "2026-03-06 11:59", "UTC"),
        claim(ABSTRACT, 1, "26 February 2026, 23:59", "AoE"),
        claim(WIDE, 2, "5 March 2026", reason="no zone given"),
        claim(PASSED, 2, "2 February 2026, 02:00", "UTC"),
        claim(DISPUTED, 3, HOSTILE[:200]),
    ],
    new_deadlines=GATES,
    changes=[change(number, gate) for number, gate in enumerate(GATES, 1)],
)  # fmt: skip
LATER = Merged(  # a night later the first date has moved towards the reader
    run_id=2,
    at=NIGHT + DAY,
    changed_deadlines=[replace(EXACT, **dict.fromkeys(("earliest", "latest", "safe_at"), EXACT.safe_at - DAY))],  # type: ignore[arg-type,operator]
    changes=[
        change(
            6, EXACT, at=NIGHT + DAY, before="5 March 2026, 23:59 AoE", after="4 March 2026, 23:59 AoE",
            before_at=EXACT.safe_at, after_at=EXACT.safe_at - DAY, direction=Direction.EARLIER,  # type: ignore[operator]
        )
    ],
)  # fmt: skip


def fill(url: str, *nights: Merged) -> None:
    """Store those nights, or the first one."""
    with database.transaction(url) as connection:
        for night in nights or (STORED,):
            conferences.write(connection, night, now=night.at)
