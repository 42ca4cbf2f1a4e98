"""Where dates go: moves, first dates, withdrawals, and slips of the hand."""

import pytest

from confradar.deadlines.conference import Direction, Verdict
from confradar.deadlines.listing import Kind

from .nights import FIRST, MAY, due, instant, listing


def test_a_moved_date_is_told_with_the_words_before_and_after(nights):
    """History keeps what was, what is, who says so, in which run, and where the date went."""
    nights.run(listing("ICML", due(MAY)))
    merged = nights.run(listing("ICML", due("2026-05-17 12:00:00")))

    [change] = merged.changes
    assert (change.field, change.direction, change.before, change.after) == (
        "date", Direction.LATER, f"{MAY} UTC", "2026-05-17 12:00:00 UTC",
    )  # fmt: skip
    assert (change.before_at, change.after_at) == (instant(MAY), instant("2026-05-17 12:00:00"))
    assert (change.run_id, change.mention_id, change.deadline_id) == (2, 1, 1)
    assert nights.deadline.safe_at == instant("2026-05-17 12:00:00")
    assert merged.figures["moves"] == {"later": 1}
    assert merged.figures["unseen"] == {"elra": {"86400": 1}}
    assert merged.figures["updated"] == 1


def test_a_gate_that_two_sources_move_counts_once(nights):
    """The figures count what moved, as the table of changes does; who says so is another matter."""
    later = due("2026-05-17 12:00:00")
    nights.run(listing("ICML", due(MAY)), listing("ICML", due(MAY), source="wikicfp"))
    merged = nights.run(listing("ICML", later), listing("ICML", later, source="wikicfp"))

    assert {change.direction for change in merged.changes if change.field == "date"} == {Direction.LATER}
    assert len([change for change in merged.changes if change.field == "date"]) == 2
    assert merged.figures["moves"] == {"later": 1}


def test_other_words_for_the_same_instant_are_no_move(nights):
    """The claim takes the new words and keeps its age."""
    nights.run(listing("ICML", due("2026-05-10 12:00", "UTC")))
    merged = nights.run(listing("ICML", due("2026-05-10 00:00", "AoE")))

    [claim] = merged.changed_claims
    assert (claim.text, claim.first_confirmed_at) == ("2026-05-10 00:00", FIRST)
    assert merged.changes == []


def test_a_date_that_returns_is_marked(nights):
    """Out and back again: the second move is a reversal."""
    for text in (MAY, "2026-05-17 12:00:00", MAY):
        nights.run(listing("ICML", due(text)))

    assert [(change.direction, change.reverted) for change in nights.dates] == [
        (Direction.LATER, False), (Direction.EARLIER, True),
    ]  # fmt: skip


def test_a_gate_that_its_list_had_no_guess_of_is_announced_with_the_others(nights):
    """The first real dates of an edition that was guessed at are announced, whichever gates they are of."""
    guess = due("2026-05-11 12:00", estimated=True)
    nights.run(listing("ICML", guess))
    nights.run(listing("ICML", due(MAY), due("2026-05-03 12:00:00", kind=Kind.ABSTRACT)))

    assert [change.direction for change in nights.dates] == [Direction.ANNOUNCED] * 2


def test_a_gate_that_appears_later_is_new(nights):
    """A new gate of a known conference is told once, whoever says it first."""
    abstract = due("2026-05-03 12:00:00", kind=Kind.ABSTRACT)
    nights.run(listing("ICML", due(MAY)), listing("ICML", due(MAY), source="wikicfp"))
    nights.run(listing("ICML", due(MAY), abstract), listing("ICML", due(MAY), abstract, source="wikicfp"))

    assert [(change.direction, change.before) for change in nights.dates] == [(Direction.NEW, None)]


def test_a_date_after_tba_is_new(nights):
    """TBA is a state, not a date."""
    nights.run(listing("ICML", due("TBA", None)))
    assert nights.deadline.verdict is Verdict.NONE
    nights.run(listing("ICML", due(MAY)))

    assert [(change.direction, change.before, change.before_at) for change in nights.dates] == [
        (Direction.NEW, "TBA", None)
    ]


def test_an_estimate_never_counts_and_is_announced(nights):
    """A guess has no verdict; the date that replaces it is announced, not moved."""
    nights.run(listing("ICML", due("2026-05-01 12:00", estimated=True)))
    assert (nights.deadline.verdict, nights.deadline.safe_at) == (Verdict.NONE, None)
    nights.run(listing("ICML", due(MAY)))

    assert [change.direction for change in nights.dates] == [Direction.ANNOUNCED]
    assert nights.deadline.safe_at == instant(MAY)


def test_a_source_withdraws_its_date_and_gives_it_again(nights):
    """The gate stays without a date; the history tells the way there once, and the way back."""
    nights.run(listing("ICML", due(MAY)))
    nights.run(listing("ICML", due("cancelled")))
    assert (nights.deadline.verdict, nights.deadline.safe_at) == (Verdict.NONE, None)
    nights.run(listing("ICML", due("Withdrawn", None)))
    nights.run(listing("ICML", due(MAY)))

    assert [(change.direction, change.before_at, change.after_at) for change in nights.dates] == [
        (Direction.WITHDRAWN, instant(MAY), None),
        (Direction.NEW, None, instant(MAY)),
    ]


def test_a_gate_that_one_source_withdraws_follows_the_others(nights):
    """Their date stands; that one of them took it back is told."""
    nights.run(listing("ICML", due("2026-05-09 12:00")), listing("ICML", due(MAY), source="wikicfp"))
    merged = nights.run(listing("ICML", due("cancelled")), listing("ICML", due(MAY), source="wikicfp"))

    assert (nights.deadline.verdict, nights.deadline.safe_at) == (Verdict.SINGLE, instant(MAY))
    [change] = merged.changes
    assert (change.field, change.direction, change.after) == ("date", Direction.WITHDRAWN, "cancelled UTC")


def test_a_source_that_comes_with_a_withdrawal_tells_it_of_a_dated_gate_alone(nights):
    """Of a gate that nobody has dated there is nothing to withdraw; else what stood there is told."""
    nights.run(listing("ICML", due("cancelled", kind=Kind.ABSTRACT), due(MAY)))
    assert nights.dates == []
    nights.run(listing("ICML", due("cancelled"), source="wikicfp"))

    assert [(change.direction, change.before, change.before_at) for change in nights.dates] == [
        (Direction.WITHDRAWN, "2026-05-10 12:00 UTC", instant(MAY))
    ]


def test_a_gate_that_a_source_no_longer_says_is_not_withdrawn(nights):
    """The claim stays with the moment at which it was last said."""
    nights.run(listing("ICML", due(MAY)))
    merged = nights.run(listing("ICML", place="Seoul"))

    [claim] = merged.changed_claims
    assert claim.last_confirmed_at == FIRST
    assert nights.deadline.safe_at == instant(MAY)
    assert nights.dates == []


@pytest.mark.parametrize("slip", ["2025-05-10 12:00:00", "2026-10-05 12:00:00"])
def test_a_date_that_looks_mistyped_is_believed_after_a_week(nights, slip):
    """One year off, or day and month exchanged: the old date stays, unconfirmed, in the meantime."""
    nights.run(listing("ICML", due(MAY)))
    nights.run(listing("ICML", due(slip)))
    for _ in range(6):
        nights.run(listing("ICML", due(slip)))
        [claim] = nights.known.claims.values()
        assert (claim.text, claim.last_confirmed_at, nights.deadline.safe_at) == (MAY, FIRST, instant(MAY))
    assert nights.dates == []

    nights.run(listing("ICML", due(slip)))

    assert nights.deadline.safe_at == instant(slip)
    assert len(nights.dates) == 1
    assert nights.run(listing("ICML", due(slip))).changed_claims == []


def test_a_mistyped_date_that_is_corrected_leaves_no_trace(nights):
    """The date is confirmed again, and nothing has moved."""
    for text in (MAY, "2026-10-05 12:00:00", MAY):
        nights.run(listing("ICML", due(text)))

    [claim] = nights.known.claims.values()
    assert (claim.text, claim.last_confirmed_at, claim.first_confirmed_at) == (MAY, None, FIRST)
    assert nights.dates == []


def test_a_date_that_has_passed_may_be_corrected_at_once(nights):
    """What was mistyped when the source first wrote it is not defended."""
    nights.run(listing("ICML", due("2025-05-10 12:00:00")))
    nights.run(listing("ICML", due(MAY)))

    assert nights.deadline.safe_at == instant(MAY)
