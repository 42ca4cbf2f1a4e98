"""Invented conferences in any number, for benches and load tests, named so that nobody believes them."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from confradar.demo.facts import Edition, Gate

SOURCES = ("acl_web", "ai_deadlines", "chairing_tool", "elra", "wikicfp")
MANNERS = (
    "Quiet",
    "Patient",
    "Honest",
    "Distant",
    "Woven",
    "Frugal",
    "Tidal",
    "Nocturnal",
    "Wooden",
    "Brisk",
    "Formal",
)
OBJECTS = (
    "Lattices",
    "Networks",
    "Robots",
    "Corpora",
    "Databases",
    "Proofs",
    "Compilers",
    "Markets",
    "Sensors",
    "Maps",
)
FIELDS = ("Agriculture", "Medicine", "Music", "Law", "Astronomy", "Sailing", "Cities", "Forestry", "Sport", "Theatre")
TOWNS = (("Lisbon", "Portugal"), ("Kyoto", "Japan"), ("Denver", "USA"), ("Nairobi", "Kenya"), ("Perth", "Australia"))
TOPICS = (
    *("artificial-intelligence", "computational-linguistics", "computer-science", "computer-vision", "data-mining"),
    *("human-computer-interaction", "information-retrieval", "machine-learning", "natural-language-processing"),
    "software-engineering",
)
SHARED = 0.3
FIRST_DAY = date(2026, 3, 1)


@lru_cache(maxsize=8)
def editions(source: str, events: int, night: int) -> tuple[Edition, ...]:
    """`events` invented conferences of one source on night 1, 2 or 3, the same in each process.

    Some 30 % are the same in every source; the others are a source's own. On the second night one in
    twenty moves a week later, on the third one in fifty moves a day earlier.
    """
    shared = int(events * SHARED)
    own = (1 + SOURCES.index(source)) * 100_000
    numbers = [*range(shared), *range(own, own + events - shared)]
    return tuple(_edition(number, position, night) for position, number in enumerate(numbers))


def _edition(number: int, position: int, night: int) -> Edition:
    planned = FIRST_DAY + timedelta(days=number * 7 % 280)
    later = 7 if night >= 2 and number % 20 == 7 else 0
    earlier = 1 if night >= 3 and number % 50 == 3 else 0
    due = planned + timedelta(days=later - earlier)
    starts, ends = planned + timedelta(days=150), planned + timedelta(days=153)
    manner = MANNERS[number % len(MANNERS)]
    thing = OBJECTS[number // len(MANNERS) % len(OBJECTS)]
    area = FIELDS[number // (len(MANNERS) * len(OBJECTS)) % len(FIELDS)]
    city, country = TOWNS[number % len(TOWNS)]
    return Edition(
        id=f"sc{number:04}-{starts.year}",
        acronym=f"SC{number:04}",
        year=starts.year,
        full_name=f"Synthetic Conference on {manner} {thing} in {area} {number:04}",
        sites=frozenset(
            {
                "huggingface" if position % 2 else "cards",
                "portal" if position else "rolling_review",
                *("wikicfp", "elra", "chairing_tool"),
            }
        ),
        gates=(
            Gate(
                "abstract", f"{due - timedelta(days=7)} 23:59:59", "AoE", type="abstract", label="Abstract submission"
            ),
            Gate("submission", f"{due} 23:59:59", "AoE", type="paper", label="Paper submission"),
        ),
        website=f"https://synthetic.example/{number:04}/{starts.year}/",
        city=city,
        country=country,
        days=f"{starts:%B} {starts.day} - {ends:%B} {ends.day}, {starts.year}",
        starts_on=starts,
        ends_on=ends,
        topics=(TOPICS[number % len(TOPICS)],),
        path=f"src/data/conferences/synthetic_{position // 100:03}.yml",
        event=number + 1,
    )
