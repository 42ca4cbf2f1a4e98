"""What tests of the pure parts share."""

import pytest

from .nights import Nights


@pytest.fixture
def nights() -> Nights:
    return Nights()
