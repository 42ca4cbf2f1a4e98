"""What an event and the other gates say of a gate, and an event's days of themselves. Real slips of WikiCFP."""

from datetime import UTC, date, datetime

import pytest

from confradar.deadlines import chain
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.reach import Edition, doubtful, event_doubt, impossible
from confradar.deadlines.verdict import claims


def edition(year: int, start: str, end: str) -> Edition:
    return Edition(year, date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (edition(2026, "2024-02-20", "2024-02-27"), "not in 2026"),  # AAAI
        (edition(2027, "2026-09-27", "2026-09-29"), "not in 2027"),  # IISWC
        (edition(2026, "2027-03-08", "2027-03-12"), "not in 2026"),  # ICSA
        (edition(2026, "2026-08-26", "2020-08-28"), "before it starts"),  # PST
        (edition(2026, "2026-03-10", "2026-06-12"), "takes 94 days"),  # MobiSPC: from the first deadline to the last
        (edition(2026, "2026-09-29", "2026-10-30"), "takes 31 days"),  # SVR
    ],
)
def test_an_odd_event_is_doubted(event: Edition, told: str) -> None:
    """Another year, an end before the start, months."""
    assert told in event_doubt(event)


@pytest.mark.parametrize(
    "event",
    [
        edition(2026, "2026-07-06", "2026-07-17"),  # BIOMED, the longest of 594
        edition(2020, "2021-01-10", "2021-01-15"),  # ICPR 2020
        Edition(2026),
        edition(2026, "2026-12-28", "2027-01-02"),
    ],
)
def test_an_ordinary_event_is_not(event: Edition) -> None:
    """Nothing is said of what may be."""
    assert event_doubt(event) == ""


@pytest.mark.parametrize(
    ("event", "gate", "told"),
    [
        (edition(2026, "2026-02-20", "2026-02-27"), "2023-08-15", "more than 24 months before"),  # AAAI
        (edition(2026, "2026-10-26", "2026-10-28"), "2027-06-26", "after the event's end"),  # CoopIS
        (edition(2026, "2026-03-10", "2026-06-12"), "2026-03-24", "after the event's end"),  # MobiSPC
        (edition(2026, "2025-10-12", "2026-02-01"), "2025-11-12", "after the event's end"),  # ANT
    ],
)
def test_a_submission_that_cannot_be_is_none(event: Edition, gate: str, told: str) -> None:
    """Of an event that takes months only the start is believed."""
    days = (date.fromisoformat(gate),)
    assert told in impossible(days, Kind.SUBMISSION, event)
    assert impossible(days, Kind.CAMERA_READY, event) == ""


@pytest.mark.parametrize(
    ("event", "gate", "told"),
    [
        (edition(2026, "2026-10-10", "2026-10-14"), "2025-05-13", "more than 14 months before"),  # CSCW
        (edition(2026, "2026-05-18", "2026-05-21"), "2025-02-10", "more than 14 months before"),  # CCGrid
        (edition(2026, "2026-03-26", "2026-03-27"), "2026-03-27", "after the event's start"),  # EnergyTech
        (edition(2026, "2026-11-23", "2026-11-25"), "2026-11-28", "after the event's end"),  # MEDES
        (edition(2026, "2026-04-12", "2026-04-18"), "2025-03-07", ""),  # ICSE: 13 months, and right
    ],
)
def test_an_unlikely_gate_is_doubted(event: Edition, gate: str, told: str) -> None:
    """It stays a date, with a warning."""
    found = doubtful((date.fromisoformat(gate),), event)
    assert told in found
    assert bool(told) == bool(found)


def said(*dates: WrittenDate) -> dict[tuple[Kind, int, str], str]:
    listing = Listing("cards", "1", "https://list.example/", "ESANN 2026", 2026, dates=dates)
    found = claims(1, listing, datetime(2026, 1, 1, tzinfo=UTC))
    doubts = chain.doubts(found)
    assert all(doubt in found[gate].reason for gate, doubt in doubts.items())
    return doubts


def test_a_submission_before_its_abstract_is_flagged() -> None:
    """ESANN 2026 as one list has it; both gates say so."""
    doubts = said(
        WrittenDate(Kind.ABSTRACT, "2026-02-14T11:59:59Z"), WrittenDate(Kind.SUBMISSION, "2025-11-27T11:59:59Z")
    )
    assert doubts == {
        (Kind.ABSTRACT, 0, ""): "it comes after the submission, 2025-11-27T11:59:59Z",
        (Kind.SUBMISSION, 0, ""): "it comes before the abstract, 2026-02-14T11:59:59Z",
    }


def test_each_round_and_each_track_is_a_chain_of_its_own() -> None:
    """The abstracts of a second round come after the papers of the first, those of another track where they like."""
    assert not said(
        WrittenDate(Kind.ABSTRACT, "1 May 2025 AoE", round=1),
        WrittenDate(Kind.SUBMISSION, "8 May 2025 AoE", round=1),
        WrittenDate(Kind.ABSTRACT, "1 October 2025 AoE", round=2),
        WrittenDate(Kind.SUBMISSION, "8 October 2025 AoE", round=2),
        WrittenDate(Kind.SUBMISSION, "1 April 2025 AoE", track="Tutorial"),
    )


def test_gates_that_may_be_in_order_are_left_alone() -> None:
    """Windows that overlap, states, and a gate in between that is missing."""
    assert not said(WrittenDate(Kind.ABSTRACT, "8 May 2025"), WrittenDate(Kind.SUBMISSION, "8 May 2025 12:00 UTC"))
    assert not said(WrittenDate(Kind.ABSTRACT, "8 May 2026 AoE"), WrittenDate(Kind.SUBMISSION, "TBA"))
    assert said(WrittenDate(Kind.SUBMISSION, "17 March 2026"), WrittenDate(Kind.CAMERA_READY, "3 March 2026"))
