"""What `make truth` measures is reached; on the corpus where it is there, else on the committed cases."""

from pathlib import Path

import pytest

from . import instants, mistakes, moves
from .__main__ import COMMITTED
from .table import Row


def reached(rows: list[Row]) -> dict[str, str]:
    for row in rows:
        assert not row.missing, "\n".join((f"{row.what}: {row.reached}; must be: {row.must}", *row.missing[:20]))
    return {row.what: row.reached for row in rows}


def test_every_written_date_with_an_instant_is_read_to_the_second(corpus: Path) -> None:
    """All spellings of zones, all odd values; what names no instant says why."""
    figures = reached(list(instants.rows(corpus)))
    assert figures == {"instants": "398 of 398, 0 wrong", "no instant": "11 of 11"}


def test_real_mistakes_of_dates_are_seen_for_what_they_are(corpus: Path) -> None:
    """Impossible, odd, unlikely, or none."""
    figures = list(reached(list(mistakes.rows(corpus))).values())
    assert [figure.split(";")[0] for figure in figures] == ["12 of 12", "17 of 17", "16 of 16", "3 of 3"]


def test_a_replay_of_real_revisions_reports_each_real_move_and_no_other(corpus: Path) -> None:
    """In the night that it appears, in its direction; faults of zones, years and spreadsheets by their names."""
    figures = reached(list(moves.rows(corpus)))
    assert figures["moves"].startswith("172 of 172")
    assert figures["estimates that became dates"] == "47 of 47"
    assert figures["zone faults"].startswith("194 of 194")
    assert figures["nights"] == "0 held; a zone fault seen in ['2026-04-15.all.jsonl']"
    assert figures["changed ids"] == "2 of 2 stay one"


@pytest.mark.parametrize("part", [instants, mistakes, moves])
def test_the_committed_cases_are_measured_without_the_corpus(part) -> None:
    """They are a part of it, in its layout."""
    rows = list(part.rows(COMMITTED))
    reached(rows)
    assert all(row.left_out >= 0 for row in rows)
