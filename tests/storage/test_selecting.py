"""What a selection finds, in which order, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from confradar.deadlines.conference import Change, Conference, Deadline, Direction, Merged, Series, SeriesName, Verdict
from confradar.deadlines.listing import EntryType, Kind
from confradar.deadlines.parameters import Order, Status
from confradar.deadlines.selection import Selection
from confradar.storage import conferences, database, finding, freshness, selecting, tables

NIGHT = datetime(2026, 2, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def conference(number: int, slug: str, **fields: object) -> Conference:
    """A conference; its title is its slug."""
    wanted = {"title_key": slug, "series_id": None, "type": EntryType.CONFERENCE, "title": slug, "year": 2026}
    return Conference(number, slug, **{**wanted, "created_at": NIGHT, "updated_at": NIGHT, **fields})  # type: ignore[arg-type]


def deadline(number: int, conference_id: int, days: float, **fields: object) -> Deadline:
    """A gate so many days after the night."""
    at = NIGHT + days * DAY
    wanted = {"kind": Kind.SUBMISSION, "round": 0, "track": "", "verdict": Verdict.SINGLE, "earliest": at, "latest": at}
    return Deadline(number, conference_id, **{**wanted, "safe_at": at, **fields})  # type: ignore[arg-type]


def moved(number: int, deadline_id: int, conference_id: int) -> Change:
    """A date that went earlier."""
    gone = {"before": "then", "after": "now", "direction": Direction.EARLIER}
    return Change(number, 1, NIGHT, conference_id, deadline_id, None, "date", **gone)  # type: ignore[arg-type]


STORED = Merged(
    run_id=1,
    at=NIGHT,
    new_series=[Series(1, "neurips", "NeurIPS", "Neural Information Processing Systems")],
    new_series_names=[SeriesName(1, "NIPS", former=True)],
    new_conferences=[
        conference(1, "neurips-2026", series_id=1, acronym="NeurIPS", topics=("ML",), ranks=(("core", "A*"),)),
        conference(2, "malmo-2026", title="Réseaux of Malmö", place="Malmö, Sweden", topics=("CV",)),
        conference(3, "online-2026", online=True, place="Lyon, France"),
        conference(4, "school-2026", type=EntryType.SCHOOL),
        conference(5, "old-2026", merged_into=1),
        conference(6, "undated-2026"),
    ],
    new_deadlines=[
        deadline(1, 1, 20),
        deadline(2, 1, 10, kind=Kind.ABSTRACT, verdict=Verdict.AGREED),
        deadline(3, 2, 10, round=1),
        deadline(4, 2, 10, round=2),
        deadline(5, 2, -1, kind=Kind.ABSTRACT),
        deadline(6, 3, -0.2, latest=NIGHT + DAY, verdict=Verdict.DISPUTED),
        deadline(7, 4, 5),
        deadline(8, 6, 0, earliest=None, latest=None, safe_at=None, verdict=Verdict.NONE),
    ],
    changes=[moved(1, 4, 2), moved(2, 5, 2)],
)


@pytest.fixture
def stored(url: str) -> str:
    """A store with six conferences."""
    with database.transaction(url) as connection:
        conferences.write(connection, STORED, now=NIGHT)
    return url


def found(url: str, query: str = "") -> list[int]:
    """The ids of the gates that a query string asks for."""
    with database.reading(url) as connection:
        return [row["id"] for row in selecting.gates(connection, Selection.parse(query), now=NIGHT).rows]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [6, 3, 4, 2, 1]),
        ("order=latest", [1, 2, 4, 3, 6]),
        ("order=name", [3, 4, 2, 1, 6]),
        ("limit=2", [6, 3]),
        ("status=closed", [5]),
        ("status=moved", [4]),
        ("status=all", [5, 6, 3, 4, 2, 1]),
        ("q=nips", [2, 1]),
        ("q=RESEAUX+malmo", [3, 4]),
        ("q=malmo+nips", []),
        ("q=eurips", []),
        ("q=%25", None),
        ("topic=vision", [3, 4]),
        ("topic=vision&topic=machine-learning", [3, 4, 2, 1]),
        ("country=Sweden", [3, 4]),
        ("region=europe", [6, 3, 4]),
        ("online=true", [6]),
        ("online=false&kind=submission", [3, 4, 1]),
        ("rank=core:A*", [2, 1]),
        ("verdict=disputed&verdict=agreed", [6, 2]),
        ("kind=abstract", [2]),
        ("from=2026-02-13&to=2026-02-14", [3, 4, 2]),
        ("from=2026-02-14", [1]),
        ("within=10d", [6]),
        ("within=241h", [6, 3, 4, 2]),
        ("series=neurips", [2, 1]),
        ("conference=old-2026", [2, 1]),
        ("conference=old-2026&conference=online-2026", [6, 2, 1]),
        ("conference=nowhere-2026", []),
        ("type=school", [7]),
        ("source=wikicfp", []),
    ],
)
def test_a_selection_finds_its_gates(stored: str, query: str, ids: list[int] | None) -> None:
    """Each parameter narrows, in one order; those of dates that nobody has named never appear."""
    if ids is not None:
        assert found(stored, query) == ids


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("status", [Status.OPEN, Status.ALL])
def test_pages_together_are_the_whole(stored: str, order: Order, status: Status) -> None:
    """Each row once, of gates and of conferences, whatever the size of a page."""
    for read in (selecting.gates, selecting.conferences):
        whole = Selection(order=order, status=status)
        with database.reading(stored) as connection:
            rows = read(connection, whole, now=NIGHT).rows
            paged, asked = [], replace(whole, limit=1)
            while asked:
                page = read(connection, Selection.parse(str(asked)), now=NIGHT)
                paged += page.rows
                asked = page.next
        assert len(rows) > 2
        assert paged == rows


def test_conferences_come_in_the_order_of_their_gates(stored: str) -> None:
    """Those without a date last, and only if nothing is asked of gates."""

    def slugs(query: str) -> list[str]:
        with database.reading(stored) as connection:
            page = selecting.conferences(connection, Selection.parse(query), now=NIGHT)
        return [row["slug"] for row in page.rows]

    assert slugs("") == ["online-2026", "malmo-2026", "neurips-2026"]
    assert slugs("status=all") == ["malmo-2026", "online-2026", "neurips-2026", "undated-2026"]
    assert slugs("status=all&kind=abstract") == ["malmo-2026", "neurips-2026"]
    assert slugs("status=all&q=undated") == ["undated-2026"]


def test_a_gate_comes_with_its_history(stored: str) -> None:
    """And with the key of its series."""
    with database.reading(stored) as connection:
        rows = {row["id"]: row for row in selecting.gates(connection, Selection(), now=NIGHT).rows}
        assert selecting.count(connection, Selection(limit=1), now=NIGHT) == 5

    assert [line["direction"] for line in rows[4]["changes"]] == ["earlier"]
    assert (rows[3]["changes"], rows[1]["series"], rows[3]["series"]) == ([], "neurips", None)


def test_the_version_changes_with_what_is_stored(stored: str) -> None:
    """And what is open does at the moment that a gate closes."""
    with database.transaction(stored) as connection:
        before = freshness.version(connection)
        conferences.write(connection, Merged(run_id=2, at=NIGHT, changes=[moved(3, 1, 1)]), now=NIGHT)
        assert freshness.version(connection) != before
        assert freshness.closed_until(connection, now=NIGHT) == NIGHT - DAY
        assert freshness.closed_until(connection, now=NIGHT + 1.5 * DAY) == NIGHT + DAY


def test_queries_do_not_grow_with_the_rows(stored: str) -> None:
    """Two gates or six: as many statements."""
    statements: list[str] = []
    engine = database.engine(stored)

    def count(*given: object) -> None:
        statements.append(str(given[2]))

    event.listen(engine, "before_cursor_execute", count)
    try:
        for limit in (2, 6):
            found(stored, f"status=all&limit={limit}")
            numbers = len([one for one in statements if one.startswith("SELECT")])
            statements.clear()
            assert numbers == 3
    finally:
        event.remove(engine, "before_cursor_execute", count)


def test_a_new_name_of_a_series_finds_its_editions(stored: str) -> None:
    """Also those that did not change themselves; and rows of an earlier version are described by themselves."""
    with database.transaction(stored) as connection:
        named = Merged(run_id=2, at=NIGHT, new_series_names=[SeriesName(1, "Snowbird", former=True)])
        conferences.write(connection, named, now=NIGHT)
    assert found(stored, "q=snowbird") == [2, 1]

    with database.transaction(stored) as connection:
        connection.execute(tables.conference.update().values(search_text="", facets=""))
    assert found(stored, "q=snowbird") == []
    with database.transaction(stored) as connection:
        finding.describe(connection, now=NIGHT)
    assert found(stored, "q=snowbird&topic=machine-learning") == [2, 1]


def test_a_word_of_any_length_is_stored_and_found(url: str) -> None:
    """Cut to what an index holds, as the words of a search are; quotation marks and backslashes mean nothing."""
    long = "㍿" * 499
    found_by = {"acronym": long, "ranks": (("core", f"it's\\{long}"),)}
    night = Merged(run_id=1, at=NIGHT, new_conferences=[conference(1, "long-2026", **found_by)])
    with database.transaction(url) as connection:
        conferences.write(connection, replace(night, new_deadlines=[deadline(1, 1, 3)]), now=NIGHT)

    assert found(url, f"q={long[:150]}") == [1]
    assert found(url, f"q={long[:40]}") == [1]
    assert found(url, "rank=core:it's") == found(url, "rank=core:\\") == []
