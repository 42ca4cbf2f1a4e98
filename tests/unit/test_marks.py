"""What is told of a gate beside its date."""

from typing import Any

import pytest

from confradar.deadlines.marks import said_by


def claim(source: str, site: str, text: str) -> dict[str, Any]:
    """What an entry says."""
    return {"source": source, "url": f"https://{site}/entry", "text": text}


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ([("elra", "a", "1 May"), ("wikicfp", "b", "2 May")], ["elra says 1 May", "wikicfp says 2 May"]),
        ([("elra", "a", "1 May"), ("elra", "a", "1 May")], ["elra says 1 May"]),
        ([("elra", "a", "1 May"), ("elra", "a", "2 May")], ["elra says 1 May and 2 May"]),
        ([("elra", "a", "1 May"), ("elra", "b", "1 May")], ["elra says 1 May"]),
        ([("elra", "a", "1 May"), ("elra", "b", "2 May")], ["elra (a) says 1 May", "elra (b) says 2 May"]),
    ],
)
def test_who_says_what_is_told_once(claims: list[tuple[str, str, str]], told: list[str]) -> None:
    """A source that contradicts itself is told apart by its sites, where it has several."""
    assert said_by([claim(*one) for one in claims], lambda one: one["text"]) == told
