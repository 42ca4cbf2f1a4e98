"""Texts that are made to take long: the work that they cause grows no faster than they do."""

import pytest

from tests.truth.texts import READERS

# Each took time with the square of its length: marks that a normal form has to sort, blanks before a round that does
# not come, words that might begin a longer phrase, dates and zones that go on and on.
GROWING = (
    "\u0323\u0307", " ", "\u2003", "\ufdfa", "rebuttal ", "IST ", "1, ", "31&", "before ", "extended to ", "[a]",
    "~~a ",
)  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.timeout(60)
def test_work_grows_no_faster_than_the_text(reader: str) -> None:
    """What took 0.2 s at 10,000 characters and grew with their square would take a minute and more here."""
    for piece in GROWING:
        READERS[reader](("1 May 2026: " + piece * 200_000)[:200_000])
