"""Targets: which steps of the graph a run executes, and what is told of words that select none."""

import pytest

from confradar import graph
from confradar.errors import UnknownName

ELRA = "elra_conferences"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("*", 6),
        ("crawl_job", 6),
        ("elra", 1),
        ("elra+", 2),
        ("+store_conferences", 6),
        ("+store_conferences+", 6),
        ("+elra", 1),
        ("elra,wikicfp_conferences", 2),
        ("elra or wikicfp", 2),
        ("* and not elra", 5),
        ("group:scrapers", 5),
        ("group:storage", 1),
        ("group:scrapers and not (elra, wikicfp)", 3),
        ("not group:scrapers", 1),
    ],
)
def test_a_target_selects_steps(target: str, expected: int) -> None:
    """The same syntax on the command line, in a message, in the API and on the page."""
    assert len(graph.plan(target).names) == expected


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("", "cannot be read at its end"),
        ("elra wikicfp", "cannot be read before 'wikicfp'"),
        ("(elra", "cannot be read at its end"),
        ("elra and", "cannot be read at its end"),
        ("elra)", "cannot be read before '\\)'"),
        (",", "cannot be read before ','"),
        ("elar", "Did you mean elra"),
        ("group:none", "Groups: group:scrapers, group:storage"),
        ("elra and wikicfp", "selects no step"),
        ("x" * 501, "501 characters"),
        ("(" * 21, "20 parentheses"),
        ("(" * 20, "cannot be read"),
    ],
)
def test_a_target_that_cannot_be_read_is_told_where(target: str, told: str) -> None:
    """Never a traceback, always what was read and what is meant."""
    with pytest.raises(UnknownName, match=told):
        graph.plan(target)


def test_the_plan_names_the_inputs_that_it_takes() -> None:
    """What is needed and not selected comes from the last good run."""
    assert graph.plan("elra+").taken == tuple(name for name in graph.plan("group:scrapers").names if name != ELRA)
    assert graph.plan("*").taken == ()
    assert graph.plan("elra").taken == ()
