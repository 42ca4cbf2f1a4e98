"""What a night changes reaches the store, and comes back for the next night and for readers."""

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event

from confradar.deadlines.applying import apply
from confradar.deadlines.conference import (
    Change,
    Claim,
    Conference,
    Deadline,
    Direction,
    Known,
    Mention,
    Merged,
    Pin,
    Series,
    SourceOutput,
    Verdict,
)
from confradar.deadlines.dates import Precision
from confradar.deadlines.listing import EntryType, Kind, Listing, WrittenDate
from confradar.deadlines.merge import merge
from confradar.deadlines.selection import Selection
from confradar.errors import UnknownName
from confradar.storage import answers, bulk, columns, conferences, database, finding, selecting, tables

NIGHT = datetime(2026, 11, 23, 2, tzinfo=UTC)
DAY = timedelta(days=1)
EMPTY = Merged(run_id=2, at=NIGHT + DAY)


def conference(number, **fields):
    wanted = {"slug": f"conf-{number}-2027", "title_key": f"conf {number}", "series_id": None, "year": 2027}
    wanted |= {"type": EntryType.CONFERENCE, "title": f"Conference {number}", "created_at": NIGHT, "updated_at": NIGHT}
    return Conference(**{"id": number, **wanted, **fields})


def mention(number, conference_id, **fields):
    wanted = {
        "source": "elra",
        "feed": "",
        "ref": f"ref {number}",
        "year": 2027,
        "url": f"https://example.org/{number}",
    }
    wanted |= {"evidence": "new", "identity_keys": frozenset({"a b", "ü\n2027"}), "raw": "{}"}
    wanted |= {"first_seen_at": NIGHT, "last_seen_at": NIGHT, "first_run_id": 1, "last_run_id": 1}
    return Mention(**{"id": number, "conference_id": conference_id, **wanted, **fields})


def claim(mention_id, at, **fields):
    wanted = {"kind": Kind.SUBMISSION, "round": 0, "track": "", "text": "1 May 2027", "zone_text": None, "reason": ""}
    wanted |= {"earliest": at, "latest": at, "precision": Precision.MINUTE, "estimated": False, "extended_from": None}
    return Claim(**{"mention_id": mention_id, "first_confirmed_at": NIGHT, **wanted, **fields})


def deadline(number, conference_id, at, **fields):
    wanted = {"kind": Kind.SUBMISSION, "round": 0, "track": "", "verdict": Verdict.SINGLE}
    wanted |= {"earliest": at, "latest": at, "safe_at": at}
    return Deadline(**{"id": number, "conference_id": conference_id, **wanted, **fields})


def change(number, **fields):
    wanted = {"run_id": 1, "at": NIGHT, "conference_id": 1, "deadline_id": None, "mention_id": None, "field": "place"}
    return Change(**{"id": number, **wanted, "before": None, "after": None, **fields})


def first_night():
    """Two conferences, of which one has said everything and is disputed."""
    may = datetime(2027, 5, 1, 11, 59, tzinfo=UTC)
    told = {"acronym": "ICML", "full_name": "International Conference", "place": "Kyōto, Japan", "city": "Kyōto"}
    told |= {"country": "JP", "online": False, "starts_on": date(2027, 7, 1), "ends_on": date(2027, 7, 5)}
    told |= {"website": "https://icml.cc", "topics": ("ml", "nlp"), "ranks": (("core", "A*"), ("ccf", "A"))}
    of_date = {"deadline_id": 1, "mention_id": 2, "field": "date"}
    return Merged(
        run_id=1,
        at=NIGHT,
        new_series=[Series(1, "icml", "ICML", "Machine Learning")],
        new_conferences=[
            conference(2, type=EntryType.WORKSHOP, parent_id=1),
            conference(1, slug="icml-2027", series_id=1, **told),
        ],
        new_mentions=[mention(1, 1), mention(2, 1, source="wikicfp"), mention(3, 2, raw='{"title":"%s\\\\N"}')],
        new_claims=[
            claim(2, may + DAY, zone_text="AoE", extended_from="24 April"),
            claim(1, may),
            claim(3, None, latest=None, kind=Kind.ABSTRACT, round=2, track="short", precision=Precision.NONE),
        ],
        new_deadlines=[
            deadline(1, 1, may, latest=may + DAY, verdict=Verdict.DISPUTED),
            deadline(2, 2, None, kind=Kind.ABSTRACT, round=2, track="short", verdict=Verdict.NONE),
        ],
        changes=[
            change(1, **of_date, direction=Direction.LATER, before="24 April", before_at=may - 7 * DAY, after_at=may),
            change(2, **of_date, direction=Direction.EARLIER, before_at=may, after_at=may - DAY, reverted=True),
            change(3, before="Osaka", after="Kyōto, Japan", at=NIGHT + timedelta(seconds=1), run_id=2),
        ],
    )


def store(url, merged):
    with database.transaction(url) as connection:
        conferences.write(connection, merged, now=merged.at)


def known(url):
    with database.reading(url) as connection:
        return conferences.known(connection)


@pytest.fixture
def stored(url):
    store(url, first_night())
    return url


def test_records_and_tables_have_the_same_columns_in_the_same_order():
    """Rows become records by position; what is derived is in no record."""
    pairs = {"series": Series, "conference": Conference, "mention": Mention, "claim": Claim, "deadline": Deadline}
    for name, record in {**pairs, "change": Change}.items():
        own = [column.name for column in columns.metadata.tables[name].columns]
        assert [column for column in own if column not in finding.DERIVED] == [one.name for one in fields(record)]


def test_what_was_written_is_known(stored):
    """Every field of every record survives, enums, tuples and instants included."""
    found = known(stored)

    assert found == apply(Known(), first_night())
    [series_] = found.series.values()
    assert series_ == Series(1, "icml", "ICML", "Machine Learning")
    assert found.conferences[1].ranks == (("core", "A*"), ("ccf", "A"))
    assert found.mentions["elra", "", "ref 1", 2027].identity_keys == {"a b", "ü\n2027"}
    assert type(found.claims[1, Kind.SUBMISSION, 0, ""].kind) is Kind
    assert len(found.former[2, Kind.SUBMISSION, 0, ""]) == 2
    assert (found.next_series, found.next_conference, found.next_mention, found.next_change) == (2, 3, 4, 4)


def test_an_empty_store_is_known_as_empty(url):
    """The first night finds nothing, and the ids begin at 1."""
    assert known(url) == Known()


def test_a_quiet_night_writes_no_row(stored):
    """Nothing changed: no statement touches a table."""
    statements = []
    with database.transaction(stored) as connection:
        event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
        conferences.write(connection, EMPTY, now=NIGHT + DAY)

    assert statements == []


def test_confirmed_mentions_get_the_nights_moment_and_nothing_else(stored):
    """Yesterday's words, seen again."""
    merged = replace(EMPTY, confirmed_mentions=[3, 1])
    expected = apply(known(stored), merged)

    store(stored, merged)

    assert known(stored) == expected
    assert {m.id: (m.last_seen_at, m.last_run_id) for m in expected.mentions.values()} == {
        1: (NIGHT + DAY, 2), 2: (NIGHT, 1), 3: (NIGHT + DAY, 2)
    }  # fmt: skip


def test_changed_records_replace_the_old_ones(stored):
    """Each kind of record by its own key, the neighbours untouched."""
    before = known(stored)
    june = datetime(2027, 6, 1, tzinfo=UTC)
    merged = replace(
        EMPTY,
        changed_conferences=[replace(before.conferences[2], merged_into=1, topics=("x",), online=True)],
        changed_mentions=[replace(before.mentions["elra", "", "ref 3", 2027], conference_id=1, not_seen_since=june)],
        changed_claims=[replace(before.claims[2, Kind.SUBMISSION, 0, ""], text="1 June", earliest=june)],
        changed_deadlines=[replace(before.deadlines[1, Kind.SUBMISSION, 0, ""], verdict=Verdict.AGREED, safe_at=june)],
    )

    store(stored, merged)

    assert known(stored) == apply(before, merged)


def test_a_conference_may_point_to_one_that_is_written_after_it(url):
    """600 workshops come before the conference that they belong to, in another batch."""
    workshops = [conference(number, parent_id=601, merged_into=602) for number in range(1, 601)]
    store(url, Merged(run_id=1, at=NIGHT, new_conferences=[*workshops, conference(601), conference(602)]))

    assert {one.parent_id for one in known(url).conferences.values()} == {601, None}


def test_an_operators_decisions_are_known_in_their_order(url):
    """The last one about two mentions counts."""
    first, second = ("elra", "", "a", 2027), ("wikicfp", "", "b", 2027)
    with database.transaction(url) as connection:
        for together in (True, False):
            row = {"first": first, "second": second, "together": together, "by": "ada", "why": "x", "at": NIGHT}
            bulk.insert(connection, tables.identity_pin, [row])

    assert known(url).pins == [Pin(first, second, together=True), Pin(first, second, together=False)]


def test_nights_that_are_merged_and_stored_leave_what_a_store_in_memory_has(url):
    """The store adds and loses nothing, night after night, with dates that move and come back."""
    memory = Known()
    for night, texts in enumerate([("1 May 2027", "8 May 2027"), ("24 April 2027", "8 May 2027"), ("1 May 2027",)], 1):
        at = NIGHT + night * DAY
        outputs = [
            SourceOutput(source, (listing(source, text, at),), frozenset({""}))
            for source, text in zip(("elra", "wikicfp"), texts, strict=False)
        ]
        merged = merge(known(url), outputs, run_id=night, now=at)
        memory = apply(memory, merged)
        store(url, merged)
        assert known(url) == memory

    assert len(memory.claims) == 4  # two sources, two gates
    assert memory.former


def listing(source, text, at):
    dates = (WrittenDate(Kind.SUBMISSION, text, "AoE"), WrittenDate(Kind.ABSTRACT, "TBA"))
    return Listing(
        source=source, ref="icml27", url="https://icml.cc/cfp", title="ICML 2027", acronym="ICML", year=2027,
        website="https://icml.cc", place="Kyōto", starts_on=date(2027, 7, 1), dates=dates, retrieved_at=at,
    )  # fmt: skip


def test_a_store_that_breaks_off_leaves_nothing(stored):
    """One transaction: the rows before the broken one are gone as well."""
    before = known(stored)
    merged = replace(EMPTY, new_conferences=[conference(3)], new_mentions=[mention(4, 3), mention(5, 99)])

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        store(stored, merged)

    assert known(stored) == before


def test_coming_deadlines_are_the_soonest_first_with_all_that_is_said(stored):
    """Who says so, in which words, since when, and when last."""
    with database.reading(stored) as connection:
        [found] = selecting.gates(connection, Selection(limit=10), now=NIGHT).rows

    may = datetime(2027, 5, 1, 11, 59, tzinfo=UTC)
    assert (found["slug"], found["verdict"], found["safe_at"], found["latest"]) == (
        "icml-2027",
        "disputed",
        may,
        may + DAY,
    )
    elra, wikicfp = found["claims"]
    assert (elra["source"], elra["text"], elra["zone_text"], elra["url"]) == (
        "elra", "1 May 2027", None, "https://example.org/1"
    )  # fmt: skip
    assert (wikicfp["source"], wikicfp["zone_text"], wikicfp["extended_from"]) == ("wikicfp", "AoE", "24 April")
    assert elra["first_confirmed_at"] == elra["last_confirmed_at"] == NIGHT


def test_a_deadline_is_coming_until_the_latest_instant_that_its_words_allow(stored):
    """At that very instant it may still be met; a microsecond later it is past."""
    latest = datetime(2027, 5, 2, 11, 59, tzinfo=UTC)
    with database.reading(stored) as connection:
        assert len(selecting.gates(connection, Selection(limit=10), now=latest).rows) == 1
        assert selecting.gates(connection, Selection(limit=10), now=latest + timedelta(microseconds=1)).rows == []


def test_coming_deadlines_can_be_narrowed(url):
    """By kind, by type, up to an instant, to a number; what was merged into another is not shown twice."""
    types = {1: EntryType.CONFERENCE, 2: EntryType.SCHOOL, 3: EntryType.WORKSHOP, 4: EntryType.CONFERENCE}
    merged = Merged(
        run_id=1,
        at=NIGHT,
        new_conferences=[conference(n, type=types[n], merged_into=1 if n == 4 else None) for n in types],
        new_deadlines=[deadline(n, n, NIGHT + (9 - n) * DAY) for n in types]
        + [deadline(9, 1, NIGHT + DAY, kind=Kind.ABSTRACT)],
    )
    store(url, merged)

    with database.reading(url) as connection:

        def ids(**asked):
            return [one["id"] for one in selecting.gates(connection, Selection(**asked), now=NIGHT).rows]

        assert ids() == [9, 3, 1]
        assert ids(limit=2) == [9, 3]
        assert ids(within=6 * 24 + 1) == [9, 3]
        assert ids(kind=(Kind.SUBMISSION,)) == [3, 1]
        assert ids(type=(EntryType.SCHOOL,)) == [2]


def test_a_conference_is_shown_with_its_gates_mentions_and_history(stored):
    """Everything that the store holds of it, the newest change first."""
    with database.reading(stored) as connection:
        found = answers.conference(connection, "icml-2027")

    assert (found["title"], found["topics"], found["ranks"]) == (
        "Conference 1",
        ["ml", "nlp"],
        [["core", "A*"], ["ccf", "A"]],
    )
    assert [(gate["kind"], len(gate["claims"])) for gate in found["deadlines"]] == [("submission", 2)]
    assert [(one["source"], one["ref"]) for one in found["mentions"]] == [("elra", "ref 1"), ("wikicfp", "ref 2")]
    assert [one["id"] for one in found["changes"]] == [3, 2, 1]


def test_the_slug_of_a_merged_conference_leads_to_the_one_that_took_it_in(stored):
    """Addresses are permanent."""
    moved = replace(known(stored).conferences[2], merged_into=1)
    store(stored, replace(EMPTY, changed_conferences=[moved]))

    with database.reading(stored) as connection:
        assert answers.conference(connection, moved.slug)["slug"] == "icml-2027"
        assert answers.counts(connection)["conferences"] == 1


def test_an_unknown_slug_names_near_ones(stored):
    """A misspelt name is half found."""
    with database.reading(stored) as connection, pytest.raises(UnknownName, match=r"'icm-2027'.*Near: icml-2027"):
        answers.conference(connection, "icm-2027")


def test_recent_changes_are_the_newest_first_or_the_urgent_ones(stored):
    """A date that moved earlier can be put before everything else."""
    with database.reading(stored) as connection:

        def ids(since=NIGHT, limit=10, **narrowed):
            found = answers.recent_changes(connection, since=since, limit=limit, **narrowed)
            return [one["id"] for one in found]

        assert ids() == [3, 2, 1]
        assert ids(urgent_first=True) == [2, 3, 1]
        assert ids(limit=1, urgent_first=True) == [2]
        assert ids(run_id=1) == [2, 1]
        assert ids(since=NIGHT + DAY) == []
        _, earlier, _ = answers.recent_changes(connection, since=NIGHT, limit=10)

    assert (earlier["slug"], earlier["kind"], earlier["source"]) == ("icml-2027", "submission", "wikicfp")
    assert (earlier["direction"], earlier["reverted"]) == ("earlier", True)


def test_the_store_counts_what_it_holds(stored):
    """For the status line."""
    with database.reading(stored) as connection:
        found = answers.counts(connection)

    assert found == {"conferences": 2, "mentions": 3, "claims": 3, "deadlines": 2, "disputed": 1, "changes": 3}


def test_every_answer_is_fit_for_json(stored):
    """Instants and days become ISO 8601 text with their zone."""
    with database.reading(stored) as connection:
        given = [
            selecting.gates(connection, Selection(limit=9), now=NIGHT).rows,
            answers.conference(connection, "icml-2027"),
            answers.recent_changes(connection, since=NIGHT, limit=9),
            answers.counts(connection),
        ]

    [gates, shown, *_] = json.loads(json.dumps([answers.to_json(answer) for answer in given]))
    assert gates[0]["safe_at"] == "2027-05-01T11:59:00+00:00"
    assert (shown["starts_on"], shown["created_at"]) == ("2027-07-01", "2026-11-23T02:00:00+00:00")
