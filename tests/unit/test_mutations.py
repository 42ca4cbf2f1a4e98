"""Every source outlives pages that were broken on purpose; `tests/truth/mutations.py` says how they are broken."""

import pytest

from confradar.sources.base import readers
from tests.truth import mutations

PAGES = 300  # of the 10 000 that `make truth` reads


@pytest.mark.parametrize("name", readers())
def test_a_broken_page_ends_in_findings_that_can_be_kept(name: str) -> None:
    """Listings, links, named rejects or troubles: nothing raises, and no page takes more than its bounds."""
    broken = mutations.survive(name, PAGES)
    assert broken.failures == []
    assert broken.pages == PAGES
    assert {"listing", "trouble"} <= broken.ended.keys()
