"""How long one written date takes to read, an ordinary one and the worst of many hard ones."""

import time

import pytest

from tests.truth.texts import READERS, longest_texts

from .measuring import show

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]
MOST = 50  # milliseconds


def milliseconds(text: str, reader: str = "date") -> float:
    """Of processor, for one text."""
    begun = time.process_time()
    READERS[reader](text)
    return (time.process_time() - begun) * 1000


def test_reading_dates() -> None:
    """The mean of an ordinary date, and the worst of hard texts of up to 10,000 characters, for each reader."""
    ordinary = [milliseconds("15 May 2026, 23:59 AoE") for _ in range(1000)]
    worst = {
        reader: max((milliseconds(text, reader), text) for text in longest_texts(5000 if reader == "date" else 1000))
        for reader in READERS
    }
    show(
        "Reading written dates, milliseconds of processor",
        ("an ordinary one", f"{sum(ordinary) / len(ordinary):.2f}"),
        *(
            (f"{reader}: the worst hard text", f"{most:.1f} (at most {MOST}): {text[:30]!r}, {len(text):,} long")
            for reader, (most, text) in worst.items()
        ),
    )
