"""What holds for any listings in any order."""

from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from confradar.deadlines import identity
from confradar.deadlines.applying import apply
from confradar.deadlines.conference import Known, Mention, Pin, SourceOutput, Verdict
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.merge import merge

NOW = datetime(2026, 1, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)

written = st.builds(
    WrittenDate,
    kind=st.sampled_from([Kind.ABSTRACT, Kind.SUBMISSION]),
    text=st.builds("2026-0{}-1{} 12:00".format, st.integers(1, 4), st.integers(0, 3)) | st.just("TBA"),
    zone_text=st.sampled_from(["UTC", "AoE", None]),
    round=st.integers(0, 1),
    estimated=st.booleans(),
)
NAMES = {
    "ICML": "International Conference on Machine Learning",
    "SEC": "Information Security Conference",
    "SEC 2026": "Symposium on Edge Computing",
    "IJCNLP-AACL": "Joint Conference on Natural Language Processing",
    "AACL 2026": None,
}


@st.composite
def listings(draw: st.DrawFn) -> Listing:
    """A listing from a small world, so that friends, namesakes and repeated keys are frequent."""
    title = draw(st.sampled_from(sorted(NAMES)))
    source, ref = draw(st.sampled_from(["elra", "wikicfp", "acl_web"])), draw(st.sampled_from("1234"))
    return Listing(
        source=source,
        ref=ref,
        url=f"https://{source}.example/{ref}",
        title=title,
        year=draw(st.sampled_from([2026, 2026, 2027])),
        full_name=draw(st.sampled_from([NAMES[title], None])),
        website=draw(st.sampled_from([None, "https://one.example/2026", "https://two.example"])),
        place=draw(st.sampled_from([None, "Seoul, Korea", "Oslo"])),
        starts_on=draw(st.sampled_from([None, date(2026, 6, 10), date(2026, 6, 12), date(2026, 12, 1)])),
        dates=tuple(draw(st.lists(written, max_size=3))),
    )


worlds = st.lists(listings(), min_size=1, max_size=9, unique_by=lambda one: one.key)
repeated_worlds = st.lists(listings(), min_size=1, max_size=9)


def outputs(listings_: list[Listing]) -> list[SourceOutput]:
    """One output for each run of neighbours from one source, in the given order."""
    return [SourceOutput(source, tuple(some)) for source, some in groupby(listings_, lambda one: one.source)]


def night(known: Known, listings_: list[Listing], number: int = 0) -> Known:
    return apply(known, merge(known, outputs(listings_), run_id=number, now=NOW + number * DAY))


def parts(known: Known) -> set[frozenset[tuple[str, str, str, int]]]:
    """The conferences as sets of mentions."""
    by_conference = sorted(known.mentions.values(), key=lambda mention: mention.conference_id)
    return {
        frozenset(mention.key for mention in some)
        for _, some in groupby(by_conference, lambda mention: mention.conference_id)
    }


def content(known: Known) -> object:
    """All that does not hang on ids and times."""
    mentions: dict[int, Mention] = {mention.id: mention for mention in known.mentions.values()}
    slugs = {one.id: one.slug for one in known.conferences.values()}
    return (
        {(mention.key, mention.raw, mention.evidence, slugs[mention.conference_id]) for mention in mentions.values()},
        {(mentions[claim.mention_id].key, claim.gate, claim.earliest, claim.latest) for claim in known.claims.values()},
        {
            (slugs[one.conference_id], one.key[1:], one.verdict, one.earliest, one.latest, one.safe_at)
            for one in known.deadlines.values()
        },
        {(one.slug, one.title, one.year, one.place, one.starts_on) for one in known.conferences.values()},
    )


@given(worlds, st.randoms())
def test_clusters_do_not_hang_on_order(world, random):
    """The same mentions in any order give the same conferences with the same evidence."""
    shuffled = random.sample(world, len(world))

    one = identity.cluster({listing.key: listing for listing in world}, [])
    other = identity.cluster({listing.key: listing for listing in shuffled}, [])

    assert one == other


@given(repeated_worlds, st.randoms())
def test_a_night_does_not_hang_on_the_order_of_arrival(world, random):
    """Whatever came first, and however often a key was given: the same rows."""
    assert content(night(Known(), world)) == content(night(Known(), random.sample(world, len(world))))


@given(worlds, st.randoms(), st.integers(0, 9))
def test_one_night_or_several_end_in_the_same_conferences(world, random, cut):
    """Listings that come night by night are grouped as if they had come at once."""
    shuffled = random.sample(world, len(world))
    known = night(night(Known(), shuffled[:cut]), shuffled[cut:], 1)

    assert parts(known) == parts(night(Known(), world))


@given(worlds, worlds)
def test_a_changed_night_is_grouped_as_if_it_were_the_first(world, later):
    """What was grouped before leaves no trace in the grouping: only the mentions and what they say now count."""
    known = night(night(Known(), world), later, 1)
    now_said = {**{one.key: one for one in world}, **{one.key: one for one in later}}

    assert parts(known) == parts(night(Known(), list(now_said.values())))


@given(worlds, st.data())
def test_pins_are_kept(world, data):
    """No two mentions that an operator took apart are in one conference."""
    keys = [one.key for one in world]
    pair = st.tuples(st.sampled_from(keys), st.sampled_from(keys)).filter(lambda two: two[0] != two[1])
    split = data.draw(st.lists(pair, max_size=3)) if len(keys) > 1 else []
    known = night(Known(pins=[Pin(first, second, together=False) for first, second in split]), world)

    assert not any({first, second} <= part for first, second in split for part in parts(known))


@given(repeated_worlds)
def test_the_same_night_again_confirms_and_writes_nothing(world):
    """A second delivery, or a quiet night, gives confirmations alone."""
    known = night(Known(), world)
    again = merge(known, outputs(world), run_id=1, now=NOW + DAY)

    assert sorted(again.confirmed_mentions) == sorted(mention.id for mention in known.mentions.values())
    again.confirmed_mentions.clear()
    figures = again.figures
    again.figures = {}
    assert again == type(again)(run_id=1, at=NOW + DAY)
    assert figures["total"] == figures["unchanged"] == len(world)


@settings(max_examples=60)
@given(st.lists(worlds, min_size=2, max_size=4))
def test_nights_keep_the_books_in_order(several):
    """Ids and slugs are unique, slugs and history stay, safe dates lie in their windows, figures add up."""
    known, slugs, change_ids = Known(), dict[int, str](), list[int]()
    for number, world in enumerate(several):
        merged = merge(known, outputs(world), run_id=number, now=NOW + number * DAY)
        known = apply(known, merged)

        for rows in (known.conferences, known.mentions, known.deadlines, known.series):
            ids = [row.id for row in rows.values()]
            assert len(ids) == len(set(ids))
        assert {id_: one.slug for id_, one in known.conferences.items() if id_ in slugs} == slugs
        slugs = {id_: one.slug for id_, one in known.conferences.items()}
        assert len(set(slugs.values())) == len(slugs)
        change_ids += [change.id for change in merged.changes]
        figures = merged.figures
        assert figures["total"] == len(world) == figures["created"] + figures["updated"] + figures["unchanged"]
        owners = {mention.conference_id for mention in known.mentions.values()}
        assert all((one.id in owners) == (one.merged_into is None) for one in known.conferences.values())
        assert all(one.merged_into in owners for one in known.conferences.values() if one.merged_into)
        for deadline in known.deadlines.values():
            assert (deadline.safe_at is None) == (deadline.verdict is Verdict.NONE)
            if deadline.safe_at:
                assert deadline.earliest <= deadline.safe_at <= deadline.latest
    assert change_ids == list(range(1, len(change_ids) + 1))


@given(worlds)
def test_the_safe_date_is_never_later_than_a_disputed_claim_begins(world):
    """Who keeps the safe date keeps every date that anyone says, if they disagree; else one that all accept."""
    known = night(Known(), world)
    conference_of = {mention.id: mention.conference_id for mention in known.mentions.values()}
    for deadline in known.deadlines.values():
        windows = [
            (claim.earliest, claim.latest)
            for claim in known.claims.values()
            if (conference_of[claim.mention_id], *claim.gate) == deadline.key and claim.earliest and not claim.estimated
        ]
        if deadline.verdict is Verdict.DISPUTED:
            assert deadline.safe_at == min(earliest for earliest, _ in windows)
        elif windows:
            slack = timedelta(seconds=60)
            assert all(earliest - slack <= deadline.safe_at <= latest + slack for earliest, latest in windows)
