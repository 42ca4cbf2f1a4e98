"""How long the pages take, over 1 000 runs and a step with 10 000 log lines."""

import statistics
import time
from pathlib import Path

import pytest

from confradar import settings
from confradar.storage import database
from confradar.web import serving
from tests.bench.measuring import show
from tests.web.conftest import running
from tests.web.history import LAST, seed

RUN = f"/ops/runs/{LAST}"
STEP = f"{RUN}/steps/wikicfp_conferences"
PAGES = ["/ops", "/ops/runs", "/ops/runs?status=failed", RUN, STEP, f"{STEP}?level=WARNING"]
MORE = [f"{STEP}/log", "/ops/sources", "/ops/checks", "/ops/schedule", "/ops/run?target=elra%2B", "/metrics"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_pages(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The median and the slowest of twenty answers of each page, in milliseconds."""
    sqlite = f"sqlite:///{tmp_path / 'confradar.sqlite'}"
    url = request.getfixturevalue("postgres_database") if kind == "postgresql" else sqlite
    chosen = settings.load(data_dir=tmp_path, CONFRADAR_DATABASE_URL=url, web_requests_per_second=1000)
    database.upgrade(chosen.database)
    seed(chosen.database, nights=1000, lines=10_000)
    rows = []
    with running(serving.server(chosen), chosen) as ask:
        for path in [*PAGES, *MORE]:
            taken = []
            for _ in range(21):
                began = time.perf_counter()
                answer = ask.get(path)
                taken.append(1000 * (time.perf_counter() - began))
                assert answer.status == 200
            middle, most = statistics.median(taken[1:]), max(taken[1:])
            rows.append((path, f"{middle:.1f} ms, at most {most:.1f} ms, {len(answer.body):,} bytes"))
    show(f"pages over 1 000 nights on {kind}", *rows)
