"""Mentions as JSON lines."""

import json

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from confradar.cli import cli
from confradar.deadlines import mentions


def identify(*lines: str) -> Result:
    return CliRunner().invoke(cli, ["identify", "-"], input="".join(f"{line}\n" for line in lines))


def mention(**fields: object) -> str:
    return json.dumps(fields)


def test_an_acronym_and_a_year_are_enough() -> None:
    """Three lists that say nothing else speak of one conference; the year after is another."""
    said = identify(
        mention(id="a", acronym="ICML", year=2026),
        mention(id="b", source="elra", acronym="ICML", year=2026),
        mention(acronym="ICML'26", year=2026, title=None, link=None),
        mention(id="c", acronym="ICML", year=2027),
    )

    assert said.exit_code == 0
    found = [json.loads(line) for line in said.stdout.splitlines()]
    assert {one["cluster"]: set(one["mentions"]) for one in found} == {
        "icml-2026": {"a", "b", "line 3"},
        "icml-2027": {"c"},
    }
    assert set(found[0]["evidence"]) == set(found[0]["mentions"])


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2, record: found"),
        ("[]", "line 2, record: found []"),
        ("[" * 5000, "line 2, record: found"),
        (mention(id="x", acronym="X"), "line 2, year: found None"),
        (mention(id="x", acronym="X", year="2026"), "line 2, year: found '2026'"),
        (mention(id="x", acronym="X", year=True), "line 2, year: found True"),
        (mention(id="x", year=2026), "line 2, title: found nothing"),
        (mention(id="x", acronym="X", year=2026, start="2026-02-30"), "line 2, start: found '2026-02-30'"),
        (mention(id="x", acronym="X", year=2026, link="http://[x"), "line 2, link: found"),
        (mention(id="x", acronym="X", year=2026, place=7), "line 2, place: found 7"),
        (mention(id="x", acronym="X", year=2026, source="editor"), "line 2, source: found editor"),
        (mention(id="x", title="X" * 301, year=2026), "line 2, title: found 301 characters"),
        (mention(id="x", title="X", year=2026, round=-1), "line 2, round: found -1"),
        (mention(id="x", title="X", year=2026, place="\ud800"), "line 2, place: found control characters"),
        (mention(id=["x"], title="X", year=2026), "line 2, id: found"),
        (mention(id="good", title="X", year=2026), "line 2, id: found 'good'"),
        (mention(id="x", title="X", year=2026, note="n" * 70_000), "line 2, record: found"),
    ],
)
def test_a_bad_line_is_named_and_takes_no_neighbour_with_it(line: str, complaint: str) -> None:
    """Number and field on stderr, exit code 3, the others grouped."""
    said = identify(mention(id="good", acronym="ICML", year=2026), line, mention(id="too", acronym="ICML", year=2026))

    assert said.exit_code == 3
    assert said.stderr.startswith(complaint), said.stderr
    assert said.stderr.count("\n") == 1
    [found] = map(json.loads, said.stdout.splitlines())
    assert found["mentions"] == ["good", "too"]


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2)
FIELDS = ("id", "source", "title", "acronym", "full_name", "year", "link", "start", "end", "deadline", "round")


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), values), max_size=4))
def test_whatever_lines_say_each_is_grouped_or_named(records: list[dict[str, object]]) -> None:
    """No line is lost, and none raises."""
    found = mentions.read(map(json.dumps, records))
    grouped = [name for cluster in mentions.clusters(found) for name in cluster["mentions"]]

    assert len(grouped) + len(found.errors) == len(records)
