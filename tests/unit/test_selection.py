"""What a reader asks for, as an address says it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from confradar.deadlines.conference import Verdict
from confradar.deadlines.listing import EntryType, Kind
from confradar.deadlines.parameters import LIMIT_MAX, PARAMETERS, Order, Position, Status
from confradar.deadlines.places import REGIONS
from confradar.deadlines.selection import SHOWN_TYPES, Selection
from confradar.deadlines.topics import TOPICS
from confradar.errors import SelectionError

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)
instants = st.datetimes(timezones=st.just(UTC))
texts = st.text(max_size=40).filter(lambda text: "\0" not in text and text.isprintable())
selections = st.builds(
    Selection,
    q=st.sampled_from(["", "icml", "  Séoul  2026 ", "C++ & friends", "图像", "a=b&c"]),
    topic=st.lists(st.sampled_from(TOPICS)).map(tuple),
    source=st.lists(st.sampled_from(["elra", "wikicfp"])).map(tuple),
    kind=st.lists(st.sampled_from(Kind)).map(tuple),
    type=st.lists(st.sampled_from(EntryType), min_size=1).map(tuple),
    country=st.lists(st.sampled_from(["DE", "FI"])).map(tuple),
    region=st.lists(st.sampled_from(REGIONS)).map(tuple),
    online=st.sampled_from([None, True, False]),
    rank=st.lists(st.sampled_from(["core:a*", "ccf:b"])).map(tuple),
    verdict=st.lists(st.sampled_from(list(Verdict)[:3])).map(tuple),
    status=st.sampled_from(Status),
    begin=st.none() | st.dates(),
    end=st.none() | st.dates(),
    within=st.none() | st.integers(1, 3650 * 24),
    series=st.lists(st.sampled_from(["icml", "sec: information security", "café|x"])).map(tuple),
    conference=st.lists(st.sampled_from(["icml-2026", "sec-2026-2"])).map(tuple),
    order=st.sampled_from(Order),
    limit=st.integers(1, LIMIT_MAX),
    cursor=st.none() | st.builds(Position, st.none() | instants, texts, texts, st.integers(0, 99), texts),
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no finding
@given(selections)
def test_a_selection_comes_back_from_its_address(selection: Selection) -> None:
    """And all that mean the same have one address, whose parameters are sorted."""
    assert Selection.parse(str(selection)) == selection
    names = [name for name, _ in selection.pairs()]
    assert names == sorted(names)
    assert str(Selection.parse(reversed(selection.pairs()))) == str(selection)


def test_what_is_left_out_is_the_default() -> None:
    """Open gates of conferences, tracks and workshops, fifty of them; empty fields of a form are none."""
    assert str(Selection()) == ""
    assert Selection.parse("q=&topic=&limit=50&status=open&type=workshop&type=track&type=conference") == Selection()
    assert Selection().type == SHOWN_TYPES


def test_values_are_understood_as_people_write_them() -> None:
    """A country by any name, a rank in any case, a truth in three spellings."""
    asked = Selection.parse("country=the+Netherlands&country=UK&rank=CORE:A*&online=yes&within=2w&conference=ICML-2026")

    assert str(asked) == "conference=icml-2026&country=GB&country=NL&online=true&rank=core%3Aa%2A&within=14d"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("tpoic=vision", "tpoic: is no parameter; wanted topic"),
        ("topic=visoin", "topic: found 'visoin', wanted one of artificial-intelligence"),
        ("kind=paper", "kind: found 'paper', wanted one of abstract, submission"),
        ("country=Atlantis", "country: found 'Atlantis', wanted a country such as Germany or DE"),
        ("limit=0", "limit: found '0', wanted a number from 1 to 500"),
        ("limit=5&limit=6", "limit: found 2 values, wanted one"),
        ("from=2026-02-30", "from: found '2026-02-30', wanted a day such as 2026-01-31"),
        ("within=99999d", "within: found '99999d', wanted a span such as 30d"),
        ("q=!!!", "q: found '!!!', wanted words"),
        ("q=" + "x" * 201, "q: found"),
        ("cursor=abc", "cursor: found 'abc', wanted the cursor of an earlier answer"),
        ("cursor=WzEsMiwzLDQsNV0", "cursor: found"),
        ("series=%00", r"series: found '\x00'"),
        ("source=dblp", "source: found 'dblp', wanted one of elra, wikicfp"),
        ("&".join(["topic=vision"] * 101), "topic: found 101 values, wanted 100 at most"),
    ],
)
def test_what_cannot_be_read_is_named(query: str, told: str) -> None:
    """With the parameter, what stood there, and what is allowed."""
    with pytest.raises(SelectionError) as raised:
        Selection.parse(query, sources=("elra", "wikicfp"))

    assert str(raised.value).startswith(told)


def test_all_that_is_wrong_is_told_at_once() -> None:
    """So that nobody mends one parameter after the other."""
    with pytest.raises(SelectionError) as raised:
        Selection.parse("limit=x&order=best&q=icml")

    assert [name for name, _ in raised.value.wrong] == ["limit", "order"]


@given(st.sampled_from(sorted(PARAMETERS)), st.text(max_size=300) | st.sampled_from(["9" * 10_000, "' OR 1=1 --"]))
def test_no_value_breaks_the_reading(name: str, value: str) -> None:
    """It is read, or refused with its name."""
    wrong: set[str] = set()
    try:
        Selection.parse([(name, value)])
    except SelectionError as error:
        wrong = {parameter for parameter, _ in error.wrong}
    assert wrong <= {name}


def test_days_bound_half_open_and_a_span_counts_from_now() -> None:
    """The nearer end counts."""
    asked = Selection(begin=date(2026, 2, 1), end=date(2026, 3, 1), within=48)

    assert asked.bounds(NOON) == (datetime(2026, 2, 1, tzinfo=UTC), NOON + timedelta(days=2))
    assert Selection(end=date(2026, 3, 1)).bounds(NOON) == (None, datetime(2026, 3, 1, tzinfo=UTC))
