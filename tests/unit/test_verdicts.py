"""What all claims of a gate say together, and which of them count."""

from datetime import timedelta

from confradar.deadlines.conference import Pin, Verdict

from .nights import DAY, MAY, due, instant, listing


def test_sources_that_agree(nights):
    """Two windows that share an instant agree on it, and nothing has moved."""
    nights.run(listing("ICML", due(MAY)))
    nights.run(listing("ICML", due(MAY)), listing("ICML", due("2026-05-10 12:00", "UTC"), source="wikicfp"))

    assert len(nights.known.conferences) == 1
    assert (nights.deadline.verdict, nights.deadline.safe_at) == (Verdict.AGREED, instant(MAY))
    assert [change.field for change in nights.changes] == ["conference"]


def test_sources_that_disagree(nights):
    """The safe date is the earliest that anyone says; a claim that came is a change of verdict, not a move."""
    nights.run(listing("ICML", due(MAY)))
    merged = nights.run(listing("ICML", due(MAY)), listing("ICML", due("2026-05-01 12:00"), source="wikicfp"))

    assert (nights.deadline.verdict, nights.deadline.safe_at) == (Verdict.DISPUTED, instant("2026-05-01 12:00"))
    [change] = merged.changes
    assert (change.field, change.direction, change.before, change.after) == ("verdict", None, "single", "disputed")
    assert (change.before_at, change.after_at) == (instant(MAY), instant("2026-05-01 12:00"))


def test_a_minute_is_no_dispute(nights):
    """23:59 and 23:59:59 are one instant."""
    nights.run(listing("ICML", due("2026-05-10 23:59")), listing("ICML", due("2026-05-10 23:59:59"), source="wikicfp"))

    assert (nights.deadline.verdict, nights.deadline.safe_at) == (Verdict.AGREED, instant("2026-05-10 23:59"))


def test_a_wide_window_agrees_with_an_exact_date_inside_it(nights):
    """A source that gives no zone does not contradict one that does."""
    nights.run(
        listing("ICML", due("2026-05-10 23:59", None)), listing("ICML", due("2026-05-10 23:59"), source="wikicfp")
    )

    assert (nights.deadline.verdict, nights.deadline.safe_at) == (Verdict.AGREED, instant("2026-05-10 23:59"))


def test_an_old_claim_loses_its_credit(nights):
    """A source that was silent for more than seven days no longer disputes; nobody needs to say anything new."""
    nights.run(listing("ICML", due(MAY)), listing("ICML", due("2026-05-01 12:00"), source="wikicfp"))
    nights.run(listing("ICML", due(MAY)), after=7 * DAY)
    assert nights.deadline.verdict is Verdict.DISPUTED
    nights.run(listing("ICML", due(MAY)), after=timedelta(minutes=1))

    assert (nights.deadline.verdict, nights.deadline.safe_at) == (Verdict.SINGLE, instant(MAY))
    assert nights.changes[-1].field == "verdict"


def test_without_a_fresh_claim_the_newest_counts(nights):
    """Yesterday's good data stays, however old."""
    nights.run(listing("ICML", due("2026-05-01 12:00"), source="wikicfp"))
    nights.run(listing("ICML", due(MAY)))
    nights.run(listing("COLT", ref="2"), after=30 * DAY)

    [icml] = nights.known.deadlines.values()
    assert icml.safe_at == instant(MAY)


def test_an_editors_claim_decides_alone(nights):
    """What an editor wrote counts against any number of sources, at any age."""
    nights.run(listing("ICML", due(MAY)))
    said = listing("ICML", due("2026-05-05 12:00"), source="editor")
    [about] = nights.known.mentions
    nights.known.pins.append(Pin(about, said.key, together=True))
    nights.run(said)
    nights.run(listing("ICML", due(MAY)), listing("ICML", due(MAY), source="wikicfp"), after=40 * DAY)

    assert (nights.deadline.verdict, nights.deadline.safe_at) == (Verdict.SINGLE, instant("2026-05-05 12:00"))
