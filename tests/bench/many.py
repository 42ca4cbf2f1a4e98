"""A store as it may be after years: 20 000 conferences with 60 000 deadlines, half of them still to come."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import create_engine

from confradar.deadlines.conference import (
    ALONE,
    Change,
    Claim,
    Conference,
    Deadline,
    Direction,
    Mention,
    Merged,
    Verdict,
)
from confradar.deadlines.conference import Series as Lineage
from confradar.deadlines.dates import Precision
from confradar.deadlines.listing import EntryType, Kind
from confradar.storage import conferences, database

NOW = datetime(2026, 2, 3, 3, tzinfo=UTC)
CONFERENCES, GATES, SERIES = 20_000, 3, 4000
KINDS = (Kind.ABSTRACT, Kind.SUBMISSION, Kind.NOTIFICATION)
SOURCES = ("wikicfp", "ai_deadlines", "acl_web", "elra", "chairing_tool")
TOPICS = ("machine-learning", "NLP", "CV", "SE", "databases", "security", "networking", "HCI", "robotics", "theory")
PLACES = (("Seoul", "South Korea"), ("Vienna", "Austria"), ("Malmö", "Sweden"), ("Austin", "USA"), ("Lima", "Peru"))
WORDS = (
    "learning", "systems", "language", "vision", "security", "software", "data", "networks", "theory", "robotics",
    "graphics", "human", "knowledge", "web", "signal", "speech", "logic", "quantum", "health", "energy",
)  # fmt: skip
DAY = timedelta(days=1)


def store(url: str) -> None:
    """Make the tables and fill them, the same each time; PostgreSQL's statistics are brought up to date."""
    database.upgrade(url)
    with database.transaction(url) as connection:
        conferences.write(connection, (first := night()), now=first.at)
    with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def night() -> Merged:
    """All of it as the differences of one night: a quarter of the gates disputed or of several sources, a fifth moved.

    Half of the gates have passed, half of the dates name no hour, and many close at the same instant.
    """
    random = Random(6)
    at = NOW - timedelta(hours=1)
    found = Merged(run_id=1, at=at)
    found.new_series = [Lineage(n, f"series{n}", f"S{n}", f"Series {n}") for n in range(1, SERIES + 1)]
    for number in range(1, CONFERENCES + 1):
        found.new_conferences.append(_conference(random, number, at))
        said = random.sample(SOURCES, 2 if random.random() < 0.25 else 1)
        mentions = [_mention(2 * number + n, number, source, at) for n, source in enumerate(said)]
        found.new_mentions += mentions
        start = NOW.replace(hour=0) + random.randrange(-400, 400) * DAY
        for step, kind in enumerate(KINDS):
            _gate(random, found, number, kind, start + step * 30 * DAY, mentions)
    return found


def _conference(random: Random, number: int, at: datetime) -> Conference:
    words = " ".join(random.sample(WORDS, 4)).title()
    city, country = random.choice(PLACES)
    year = 2025 + number % 3
    days = datetime(year, random.randrange(1, 13), random.randrange(1, 28), tzinfo=UTC).date()
    fields: dict[str, Any] = {
        "acronym": f"C{number}", "full_name": f"International Conference on {words}", "place": f"{city}, {country}",
        "city": city, "country": country, "starts_on": days, "ends_on": days + 4 * DAY,
        "website": f"https://c{number}.example/{year}", "topics": tuple(random.sample(TOPICS, 2)),
        "ranks": (("core", random.choice(("A*", "A", "B", "C"))),), "created_at": at, "updated_at": at,
    }  # fmt: skip
    slug, series = f"c{number}-{year}", random.randrange(1, SERIES + 1)
    return Conference(number, slug, f"c{number}", series, EntryType.CONFERENCE, f"C{number} {year}", year, **fields)


def _mention(number: int, conference: int, source: str, at: datetime) -> Mention:
    return Mention(
        number, source, "list", str(number), 2026, f"https://{source}.example/{number}", conference, ALONE,
        frozenset(), "{}", first_seen_at=at - 90 * DAY, last_seen_at=at, first_run_id=1, last_run_id=1,
    )  # fmt: skip


def _gate(random: Random, found: Merged, conference: int, kind: Kind, day: datetime, mentions: list[Mention]) -> None:
    number = len(found.new_deadlines) + 1
    exact, disputed = random.random() < 0.5, len(mentions) > 1 and random.random() < 0.3
    earliest = day + timedelta(hours=35, minutes=59) if exact else day + timedelta(hours=10)
    latest = earliest if exact else day + timedelta(hours=36)
    last = latest + 7 * DAY if disputed else latest
    verdict = Verdict.DISPUTED if disputed else Verdict.AGREED if len(mentions) > 1 else Verdict.SINGLE
    found.new_deadlines.append(Deadline(number, conference, kind, 0, "", verdict, earliest, last, earliest))
    text, zone = (f"{day:%-d %B %Y}, 23:59", "AoE") if exact else (f"{day:%-d %B %Y}", None)
    precision, reason = (Precision.MINUTE, "") if exact else (Precision.DAY, "no hour and no zone published")
    for place, mention in enumerate(mentions):
        moved = 7 * DAY if disputed and place else 0 * DAY
        window = (earliest + moved, latest + moved)
        said = (mention.id, kind, 0, "", text, zone, *window, precision, reason, False, None, found.at - 90 * DAY)
        found.new_claims.append(Claim(*said))
    told = (conference, number, mentions[0].id, "date")
    changes = [Change(0, 1, found.at - 90 * DAY, *told, None, text, None, earliest, Direction.NEW)]
    if random.random() < 0.2:
        direction, by = (Direction.EARLIER, 3 * DAY) if random.random() < 0.1 else (Direction.LATER, -7 * DAY)
        at = found.at - random.randrange(80) * DAY
        changes.append(Change(0, 1, at, *told, "before", text, earliest + by, earliest, direction))
    for change in changes:
        found.changes.append(Change(len(found.changes) + 1, *[getattr(change, n) for n in _REST]))


_REST = tuple(name for name in Change.__slots__ if name != "id")
