"""How long one written date takes to read, an ordinary one and the worst of many hard ones."""

import time

import pytest

from confradar.deadlines.dates import Edition, resolve
from confradar.deadlines.listing import Kind
from tests.truth.texts import longest_texts

from .measuring import show

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]
MOST = 50  # milliseconds


def milliseconds(text: str) -> float:
    """Of processor, for one text."""
    begun = time.process_time()
    resolve(text, None, kind=Kind.SUBMISSION, edition=Edition(2026))
    return (time.process_time() - begun) * 1000


def test_reading_dates() -> None:
    """The mean of an ordinary date, and the worst of 5,000 texts of up to 10,000 characters."""
    ordinary = [milliseconds("15 May 2026, 23:59 AoE") for _ in range(1000)]
    worst = max((milliseconds(text), text) for text in longest_texts(5000))
    show(
        "Reading written dates, milliseconds of processor",
        ("an ordinary one", f"{sum(ordinary) / len(ordinary):.2f}"),
        (
            "the worst of 5,000 hard texts",
            f"{worst[0]:.1f} (at most {MOST}): {worst[1][:30]!r}, {len(worst[1]):,} long",
        ),
    )
