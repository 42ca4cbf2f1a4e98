"""What every kind of test may use."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real pages and data; skipped where it is absent, required in CI."""
    place = Path(os.environ.get("CONFRADAR_CORPUS", ROOT.parent / "shared" / "corpus"))
    if place.is_dir():
        return place
    message = f"the corpus of real pages is not at {place}; CONFRADAR_CORPUS may name its place"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
