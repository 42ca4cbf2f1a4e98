"""Of what an edition is a part, of which series, and which entries are its rounds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from confradar.deadlines.applying import apply
from confradar.deadlines.conference import Conference, Known, SourceOutput
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.merge import merge

NOW = datetime(2026, 1, 1, 2, tzinfo=UTC)


def listing(title: str, name: str | None = None, year: int = 2026, source: str = "elra") -> Listing:
    return Listing(
        source=source, ref=f"{title} {name}", url="https://a.example/", title=title, full_name=name, year=year
    )


def nights(*several: Listing | tuple[Listing, ...]) -> Known:
    """What is known after nights of one listing, or of some."""
    known = Known()
    for number, one in enumerate(several):
        given = one if isinstance(one, tuple) else (one,)
        outputs = [SourceOutput(some.source, (some,)) for some in given]
        known = apply(known, merge(known, outputs, run_id=number, now=NOW + number * timedelta(days=1)))
    return known


def edition(known: Known, title: str) -> Conference:
    return next(one for one in known.conferences.values() if one.title == title)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("SuRE @ IJCAI 2026", "1st Workshop on Sustainability of Artificial Intelligence @ IJCAI 2026"),
        ("LACATODA 2026", "Linguistic and Cognitive Approaches to Dialog Agents (IJCAI Workshop)"),
        ("DSHCM 2026", "Workshop on Data Science (collocated with IEEE IJCAI'26)"),
        ("IJCAI (Industry Track)", "International Joint Conference on Artificial Intelligence (Industry Track)"),
        ("WAAE", "IJCAI-26 Workshop on AI Applications in E-Commerce"),
    ],
)
def test_a_part_names_its_conference_whichever_came_first(title: str, name: str) -> None:
    """Workshops, tracks and co-located events are conferences of their own, with their parent."""
    part = listing(title, name)
    main = listing("IJCAI 2026", "International Joint Conference on Artificial Intelligence")

    for order in permutations((part, main)):
        for known in (nights(*order), nights(order)):
            assert edition(known, title).parent_id == edition(known, "IJCAI 2026").id
            assert edition(known, "IJCAI 2026").parent_id is None


@pytest.mark.parametrize("other", ["KDD 2025", "Fashion-ML-KDD 2026"])
def test_a_part_of_what_nobody_lists_has_no_parent(other: str) -> None:
    """Another year, or another part, is not the conference."""
    year = 2025 if "2025" in other else 2026

    assert edition(nights(listing("KDD Cup 2026"), listing(other, year=year)), "KDD Cup 2026").parent_id is None


def test_namesakes_have_series_of_their_own_over_the_years() -> None:
    """Two series called SEC, in whatever order their editions come."""
    security, edge = "IFIP Information Security Conference", "Symposium on Edge Computing"
    for order in permutations([(security, 2026), (edge, 2026), (security, 2027), (edge, 2027)]):
        known = nights(*(listing("SEC", name, year) for name, year in order))

        series = {(one.full_name, one.year): one.series_id for one in known.conferences.values()}
        assert series[security, 2026] == series[security, 2027]
        assert series[edge, 2026] == series[edge, 2027]
        assert len(set(series.values())) == len(known.series) == 2


def test_the_names_of_a_series_are_learned_and_former_ones_marked() -> None:
    """What lists write of its editions, without year and number; each name once."""
    name = "Conference on Neural Information Processing Systems"
    first = Listing(source="elra", ref="1", url="https://a.example/", title="NIPS 2017", acronym="NIPS", year=2017)
    later = Listing(
        source="elra", ref="2", url="https://a.example/", title="NeurIPS 2026", acronym="NeurIPS'26", year=2026,
        full_name=f"Fortieth {name}",
    )  # fmt: skip
    known = nights(first)
    merged = merge(known, [SourceOutput("elra", (later,))], run_id=2, now=NOW + timedelta(days=2))

    assert {(one.name, one.former) for one in merged.new_series_names} == {("NeurIPS", False), (name, False)}
    assert merged.new_series == []
    [start] = merge(Known(), [SourceOutput("elra", (first,))], run_id=1, now=NOW).new_series_names
    assert (start.name, start.former) == ("NIPS", True)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("OOPSLA (Round 1)", "OOPSLA (Round 2)"),
        ("CCS (First Review Cycle)", "CCS (Second Review Cycle)"),
        ("S&P (First Deadline)", "S&P (Second Deadline)"),
    ],
)
def test_entries_that_count_rounds_are_the_rounds_of_one_conference(first: str, second: str) -> None:
    """Each has its own deadline, and none is disputed."""
    entries = [
        Listing(
            source="elra", ref=title, url="https://a.example/", title=title, year=2026,
            dates=(WrittenDate(Kind.SUBMISSION, text),),
        )
        for title, text in ((first, "2026-02-01 12:00 UTC"), (second, "2026-06-01 12:00 UTC"))
    ]  # fmt: skip
    known = nights(tuple(entries))

    [conference] = known.conferences.values()
    assert conference.title == first.partition(" (")[0]
    assert {(one.round, one.verdict, one.safe_at.month) for one in known.deadlines.values()} == {
        (1, "single", 2),
        (2, "single", 6),
    }


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("EuroSys (Spring Submission Deadline)", "EuroSys (Fall Submission Deadline)"),
        ("ISS Winter round", "ISS Summer round"),
        ("MobiCom (Winter Deadlines)", "MobiCom (Summer Deadlines)"),
    ],
)
def test_entries_of_two_seasons_are_two_tracks_of_one_conference(first: str, second: str, order: list[int]) -> None:
    """Whichever comes first: none is disputed, and no number is invented for what no list counts."""
    entries = [
        Listing(
            source="elra", ref=title, url="https://a.example/", title=title, year=2026,
            dates=(WrittenDate(Kind.SUBMISSION, text),),
        )
        for title, text in ((first, "2026-02-01 12:00 UTC"), (second, "2026-06-01 12:00 UTC"))
    ]  # fmt: skip
    known = nights(*(entries[number] for number in order))

    [conference] = known.conferences.values()
    assert conference.title == first.split()[0]
    seasons = [title.split()[1].strip("(") for title in (first, second)]
    assert {(one.round, one.track, one.verdict, one.safe_at.month) for one in known.deadlines.values()} == {
        (0, seasons[0], "single", 2),
        (0, seasons[1], "single", 6),
    }


@pytest.mark.parametrize(
    "said",
    [
        [listing("SEC", "Information Security Privacy"), listing("SEC: Edge Computing", year=2025),
         listing("SEC", "Signals and Event Clouds", 2024), listing("SEC: Edge Computing", year=2023)],
        [replace(listing(f": {year}", year=year), acronym=":") for year in (2025, 2026)],
    ],
    ids=["a name that only titles say", "no letter at all"],
)  # fmt: skip
def test_every_series_has_a_key_of_its_own(said: list[Listing]) -> None:
    """A second one of the same key would end the night's store step."""
    known = nights(*said)

    assert {one.series_id for one in known.conferences.values()} == {one.id for one in known.series.values()}
