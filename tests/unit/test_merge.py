"""What a night changes in what we believe."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta

import pytest

from confradar.deadlines.conference import Change, Deadline, Direction, Known, Merged, Pin, SourceOutput, Verdict
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.merge import apply, merge

FIRST = datetime(2026, 1, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def listing(
    title: str = "ICML", *dates: WrittenDate, source: str = "elra", ref: str = "1", year: int = 2026, **fields
) -> Listing:
    return Listing(
        source=source, ref=ref, url=f"https://{source}.example/{ref}", title=title, year=year, dates=dates, **fields
    )


def due(text: str, zone: str | None = "UTC", kind: Kind = Kind.SUBMISSION, **fields) -> WrittenDate:
    return WrittenDate(kind, text, zone, **fields)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def output(*listings: Listing, whole: bool = False) -> SourceOutput:
    return SourceOutput(listings[0].source, listings, frozenset({""}) if whole else frozenset())


class Nights:
    """A store in memory that lives through several nights."""

    def __init__(self) -> None:
        self.known = Known()
        self.merged = Merged(run_id=0, at=FIRST)
        self.changes: list[Change] = []
        self.night = 0

    def run(self, *listings: Listing, after: timedelta = DAY, whole: bool = False) -> Merged:
        """Store a night with these listings, each source by itself, so long after the night before."""
        now = (self.merged.at + after) if self.night else FIRST
        self.night += 1
        sources = dict.fromkeys(one.source for one in listings)
        outputs = [output(*(one for one in listings if one.source == source), whole=whole) for source in sources]
        return self.store(outputs, now)

    def store(self, outputs: list[SourceOutput], now: datetime) -> Merged:
        self.merged = merge(self.known, outputs, run_id=self.night, now=now)
        self.known = apply(self.known, self.merged)
        self.changes += self.merged.changes
        return self.merged

    @property
    def deadline(self) -> Deadline:
        [deadline] = self.known.deadlines.values()
        return deadline

    @property
    def slugs(self) -> set[str]:
        return {one.slug for one in self.known.conferences.values() if one.merged_into is None}

    @property
    def dates(self) -> list[Change]:
        return [change for change in self.changes if change.field == "date"]


@pytest.fixture
def nights() -> Nights:
    return Nights()


MAY = "2026-05-10 12:00:00"


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


def test_an_estimate_never_counts_and_is_announced(nights):
    """A guess has no verdict; the date that replaces it is announced, not moved."""
    nights.run(listing("ICML", due("2026-05-01 12:00", estimated=True)))
    assert (nights.deadline.verdict, nights.deadline.safe_at) == (Verdict.NONE, None)
    nights.run(listing("ICML", due(MAY)))

    assert [change.direction for change in nights.dates] == [Direction.ANNOUNCED]
    assert nights.deadline.safe_at == instant(MAY)


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
    nights.run(listing("ICML", due("2026-05-05 12:00"), source="editor"))
    nights.run(listing("ICML", due(MAY)), listing("ICML", due(MAY), source="wikicfp"), after=40 * DAY)

    assert (nights.deadline.verdict, nights.deadline.safe_at) == (Verdict.SINGLE, instant("2026-05-05 12:00"))


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
