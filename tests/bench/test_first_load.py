"""A first load far above an ordinary night: five thousand events at each site, with limits set for it."""

from collections.abc import Callable

import pytest

from confradar.storage import answers, database

from .conftest import House
from .measuring import MEGABYTE, Memory, costs, show

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1200)]
EVENTS = 5000


def test_a_first_load_goes_through(house: Callable[..., House]) -> None:
    """The run is ok and every listing is in the store; the table says what that took."""
    home = house(EVENTS, warm=False)
    with Memory(home.worker) as memory, costs(worker=home.worker, **home.services) as cost:
        figures = home.run(seconds=1000)
    with database.reading(home.night.settings.database) as connection:
        stored = answers.counts(connection)
    assert figures["created"] == figures["total"] == stored["mentions"] == 5 * EVENTS
    show(
        f"A first load of five sites with {EVENTS:,} events each ({home.stage.asked()['requests']:,} requests)",
        ("stored", " · ".join(f"{number:,} {name}" for name, number in stored.items())),
        ("wall, the worker's start included", f"{cost.wall:.1f} s"),
        *((f"CPU, {name}", f"{seconds:.1f} s") for name, seconds in cost.cpu.items()),
        ("PSS, worker and crawls, peak", f"{memory.peak / MEGABYTE:.0f} MB in {memory.processes} processes"),
    )
