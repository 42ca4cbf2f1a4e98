"""What a night changes in what we believe: conferences, mentions, slugs."""

from copy import deepcopy
from datetime import date

import pytest

from confradar.deadlines.conference import Direction, Merged, Pin, Verdict
from confradar.deadlines.listing import DATES_MAX, Kind

from .nights import DAY, FIRST, MAY, due, instant, listing, output


def test_a_first_listing_makes_a_conference(nights):
    """Conference, mention, claim and deadline appear, and one line of history for all of it."""
    merged = nights.run(listing("ICML 2026", due(MAY), acronym="ICML", place="Seoul"))

    [conference], [mention] = merged.new_conferences, merged.new_mentions
    assert (conference.slug, conference.title, conference.year, conference.place) == (
        "icml-2026", "ICML 2026", 2026, "Seoul",
    )  # fmt: skip
    assert (mention.conference_id, mention.first_seen_at, mention.evidence) == (conference.id, FIRST, "alone")
    assert (nights.deadline.verdict, nights.deadline.safe_at) == (Verdict.SINGLE, instant(MAY))
    [change] = merged.changes
    assert (change.field, change.after, change.direction) == ("conference", "ICML 2026", Direction.NEW)
    assert merged.figures == {
        "total": 1, "created": 1, "updated": 0, "unchanged": 0, "rejected": 0, "new_conferences": 1,
        "updated_conferences": 0, "absent": 0, "moves": {}, "unseen": {},
        "per_source": {"elra": {"total": 1, "created": 1, "updated": 0, "unchanged": 0, "rejected": 0}},
    }  # fmt: skip


def test_an_unchanged_night_confirms_and_writes_nothing_else(nights):
    """The same words again give no row and no change."""
    nights.run(listing("ICML", due(MAY)))
    merged = nights.run(listing("ICML", due(MAY)))

    assert merged.confirmed_mentions == [1]
    assert rows(merged) == []
    assert merged.figures["unchanged"] == 1
    [mention] = nights.known.mentions.values()
    assert (mention.first_seen_at, mention.last_seen_at, mention.last_run_id) == (FIRST, FIRST + DAY, 2)


def rows(merged: Merged) -> list:
    """All rows that a night writes, confirmations apart."""
    return [
        *merged.new_series, *merged.new_series_names, *merged.new_conferences, *merged.changed_conferences,
        *merged.new_mentions, *merged.changed_mentions, *merged.new_claims, *merged.changed_claims,
        *merged.new_deadlines, *merged.changed_deadlines, *merged.changes,
    ]  # fmt: skip


@pytest.mark.fault("E3", "a record that is gone is not seen since, and never deleted")
def test_a_mention_missing_from_a_whole_feed_is_not_seen(nights):
    """Absence is shown, nothing is deleted, and the mention may come back."""
    both = listing("ICML", due(MAY)), listing("COLT", due(MAY), ref="2")
    nights.run(*both, whole=True)
    merged = nights.run(both[1], whole=True)

    assert merged.figures["absent"] == 1
    icml = nights.known.mentions["elra", "", "1", 2026]
    assert icml.not_seen_since == FIRST + DAY
    assert rows(nights.run(both[1], whole=True)) == []
    assert len(nights.known.deadlines) == 2
    assert nights.run(*both, whole=True).figures["updated"] == 1
    assert nights.known.mentions["elra", "", "1", 2026].not_seen_since is None
    assert [change.field for change in nights.changes] == ["conference"] * 2


def test_a_partial_feed_makes_nothing_absent(nights):
    """A window of recent rows or a page limit says nothing of what it does not show."""
    nights.run(listing("ICML", due(MAY)), listing("COLT", due(MAY), ref="2"))

    assert rows(nights.run(listing("COLT", due(MAY), ref="2"))) == []


def test_an_edition_whose_last_gate_has_passed_is_not_missed(nights):
    """Lists drop what is over."""
    nights.run(listing("ICML", due(MAY)), listing("COLT", due(MAY), ref="2"), whole=True)

    assert rows(nights.run(listing("COLT", due(MAY), ref="2"), whole=True, after=200 * DAY)) == []


def test_an_older_run_overwrites_nothing_newer(nights):
    """A run that finishes late leaves what a newer one has said, and adds what is still unknown."""
    nights.run(listing("ICML", due(MAY)))
    merged = nights.store(
        [output(listing("ICML", due("2026-04-01 12:00")), listing("COLT", ref="2"), whole=True)], FIRST - DAY
    )

    assert nights.deadline.safe_at == instant(MAY)
    assert (merged.figures["unchanged"], merged.figures["created"]) == (1, 1)
    assert nights.slugs == {"icml-2026", "colt-2026"}


def test_an_older_run_makes_nothing_absent(nights):
    """What a newer run has seen cannot be missing from an older one."""
    nights.run(listing("ICML", due(MAY)), listing("COLT", ref="2"))
    merged = nights.store([output(listing("COLT", ref="2"), whole=True)], FIRST - DAY)

    assert rows(merged) == []


@pytest.mark.parametrize("reverse", [False, True])
def test_the_same_key_twice_is_merged_first(nights, reverse):
    """What one copy does not say the other may; the order of arrival is immaterial."""
    copies = [listing("ICML", due(MAY)), listing("ICML", due("2026-05-01 12:00", kind=Kind.ABSTRACT), place="Seoul")]
    nights.run(*(reversed(copies) if reverse else copies))

    [conference] = nights.known.conferences.values()
    assert conference.place == "Seoul"
    assert {key[1] for key in nights.known.deadlines} == {Kind.ABSTRACT, Kind.SUBMISSION}


def test_of_two_dates_for_one_gate_the_earlier_counts(nights):
    """A listing that contradicts itself is read on the safe side, and a guess beside a date is no date."""
    nights.run(listing("ICML", due(MAY), due("2026-05-03 12:00"), due("2026-04-01 12:00", estimated=True)))

    assert nights.deadline.safe_at == instant("2026-05-03 12:00")


def test_two_conferences_that_turn_out_to_be_one(nights):
    """The older keeps its slug, the other points to it."""
    nights.run(listing("ICML", due(MAY)), listing("Machine Learning Congress", due(MAY), source="wikicfp"))
    assert nights.slugs == {"icml-2026", "machine-learning-congress-2026"}
    nights.run(listing("ICML", due(MAY)), listing("ICML 2026", due(MAY), source="wikicfp"))

    assert nights.slugs == {"icml-2026"}
    assert {one.slug: one.merged_into for one in nights.known.conferences.values()} == {
        "icml-2026": None, "machine-learning-congress-2026": 1,
    }  # fmt: skip
    assert {mention.conference_id for mention in nights.known.mentions.values()} == {1}
    assert nights.changes[-1].field == "merged_into"


def test_a_split_leaves_the_slug_with_the_oldest_mention(nights):
    """An operator's pin takes two mentions apart and survives the next night."""
    nights.run(listing("ICML", due(MAY)))
    nights.run(listing("ICML", due(MAY)), listing("ICML", due(MAY), source="wikicfp"))
    first, second = sorted(nights.known.mentions)
    nights.known.pins.append(Pin(first, second, together=False))
    nights.run(listing("ICML", due(MAY)), listing("ICML", due(MAY), source="wikicfp", place="Seoul"))

    assert nights.known.mentions[first].conference_id == 1
    assert nights.known.conferences[1].slug == "icml-2026"
    assert nights.known.conferences[2].slug == "icml-2026-2"
    assert rows(nights.run(listing("ICML", due(MAY)), listing("ICML", due(MAY), source="wikicfp", place="Seoul"))) == []


def test_a_conference_that_loses_a_mention_is_judged_again(nights):
    """When a listing turns out to be another event, its claim leaves the verdict."""
    nights.run(listing("ICML", due(MAY)), listing("ICML", due("2026-05-01 12:00"), source="wikicfp"))
    assert nights.deadline.verdict is Verdict.DISPUTED
    nights.run(listing("ICML", due(MAY)), listing("Alpine Skiing", due("2026-05-01 12:00"), source="wikicfp"))

    icml = nights.known.deadlines[1, Kind.SUBMISSION, 0, ""]
    assert (icml.verdict, icml.safe_at) == (Verdict.SINGLE, instant(MAY))


def test_namesakes_have_slugs_of_their_own(nights):
    """A slug is unique, also against those of earlier nights."""
    nights.run(listing("SEC", full_name="Information Security Conference", starts_on=date(2026, 6, 10)))
    edge = "Symposium on Edge Computing"
    nights.run(listing("SEC", source="wikicfp", full_name=edge, starts_on=date(2026, 12, 1)))

    assert nights.slugs == {"sec-2026", "sec-2026-2"}


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("UbiComp / ISWC", "ubicomp-iswc-2026"),
        ("Müller-Tagung 2026", "muller-tagung-2026"),
        ("全国会议", "conference-2026"),
    ],
)
def test_a_slug_is_lower_case_ascii(nights, title, slug):
    """Any title gives a slug that fits an address."""
    nights.run(listing(title))

    assert nights.slugs == {slug}


def test_a_changed_place_is_history(nights):
    """What is not a date is told without a direction."""
    nights.run(listing("ICML", place="Seoul"))
    merged = nights.run(listing("ICML", place="Vienna"))

    [change] = merged.changes
    assert (change.field, change.before, change.after, change.direction) == ("place", "Seoul", "Vienna", None)
    assert merged.figures["updated_conferences"] == 1


def test_merging_alters_nothing_that_is_known(nights):
    """`merge` and `apply` are pure."""
    nights.run(listing("ICML", due(MAY)), listing("COLT", ref="2"), whole=True)
    before = deepcopy(nights.known)
    known = nights.known
    nights.run(listing("ICML", due("2026-05-17 12:00:00")), whole=True)

    assert known == before


def test_an_entry_given_twice_has_no_more_dates_than_one_may_have(nights):
    """A hostile list says an entry again with other gates: the night is stored, with as many as are allowed."""
    one, other = (listing("ICML", *(due(MAY, track=f"{name}{n}") for n in range(150))) for name in "ab")

    assert len(nights.run(one, other).new_claims) == DATES_MAX


def test_a_mention_that_moves_after_a_week_of_silence_is_judged_once(nights):
    """Its old conference lapses in the night in which it is found to be another: each claim is written once."""
    nights.run(listing("COLT", due(MAY)), listing("ICML", due(MAY), source="wikicfp"))
    said = listing("COLT", due(MAY), due(MAY, kind=Kind.ABSTRACT), source="wikicfp")

    merged = nights.run(said, after=9 * DAY)

    assert [claim.kind for claim in merged.new_claims] == [Kind.ABSTRACT]
    assert [mention.conference_id for mention in nights.known.mentions.values()] == [1, 1]
    assert nights.known.deadlines[2, Kind.SUBMISSION, 0, ""].safe_at == instant(MAY)


def test_two_dates_of_one_gate_are_no_news_the_second_time(nights):
    """A row of a list completes what its page said: both dates stay, and the earlier one counts."""
    said = listing("ICML", due(MAY), due("2026-06-10 12:00:00"), partial=True)
    nights.run(said)

    assert rows(nights.run(said)) == []
    assert nights.deadline.safe_at == instant(MAY)
