"""Names of conferences in one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confradar.deadlines import names


@pytest.mark.parametrize(
    "text",
    [
        "International Conference on Machine Learning",
        "41st International Conference on Machine Learning",
        "Forty-First International Conference on Machine Learning",
        "Proceedings of the 41st International Conference on Machine Learning, 2024",
        "ACM/IEEE International Conference on Machine-Learning (2024)",
        "The International Cönference on Machine Learning '24",
    ],
)
def test_spellings_of_a_title_have_one_key(text):
    """Accents, case, ordinals, years, "proceedings of", sponsors and punctuation are not part of a title."""
    assert names.title_key(text) == "international conference on machine learning"


@pytest.mark.parametrize("text", ["2026", "ACM", "!!!", "第二十届全国会议", "1st"])
def test_a_title_key_is_never_empty(text):
    """A title that is nothing but what the key leaves out keeps something of itself."""
    assert names.title_key(text).strip()


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_has_a_title_key(text):
    """No text breaks the key or leaves it empty."""
    assert names.title_key(text)
