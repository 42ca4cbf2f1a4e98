"""Clocks that jump or differ, and zones whose clocks change: one night a day, and no time that runs backwards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers.conftest import Stored, until

from .stack import FIRST, Stack

NIGHT = FIRST.isoformat()
fault = pytest.mark.fault

# Every ten minutes of a year, as beat asks; prints what of it was due.
A_YEAR = """
from datetime import UTC, datetime, timedelta
from confradar import celery
schedule = celery.conf.beat_schedule["daily_crawl_schedule"]["schedule"]
now = last = datetime(2026, 1, 1, tzinfo=UTC)
schedule.nowfun = lambda: now
while now < datetime(2027, 1, 1, tzinfo=UTC):
    now += timedelta(minutes=10)
    if schedule.is_due(last)[0]:
        print(now.isoformat())
        last = now
"""


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe"])
@fault("C4", "host zone with clock changes: one run a day at 02:00 UTC")
def test_c4_the_clocks_of_the_host_change(zone: str) -> None:
    """Where a machine stands does not matter."""
    asked = [sys.executable, "-c", A_YEAR]
    found = subprocess.run(asked, env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True)

    due = found.stdout.split()
    assert {instant[10:] for instant in due} == {"T02:00:00+00:00"}
    assert len(due) == len(set(due)) == 365


@pytest.fixture
def faketime() -> Path:
    """The library that lets a process see another time; required in CI."""
    if found := next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None):
        return found
    if os.environ.get("CI"):
        pytest.fail("libfaketime is not there")
    pytest.skip("libfaketime is not there (Debian: apt install libfaketime)")


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize("ahead", ["+3m", "+26h"])
@fault("C3", "a worker's clock is ahead: no early kill, no double, no negative duration")
def test_c3_the_clock_of_one_worker_is_ahead(stack: Stack, healthy: Stored, faketime: Path, ahead: str) -> None:
    """One of two nodes lives minutes or a day in the future."""
    old = stack.named["worker2"]
    old.process.terminate()
    old.process.wait(30)
    begun = old.log.read_text().count(" ready.")
    stack.environment |= {"LD_PRELOAD": str(faketime), "FAKETIME": ahead, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    try:
        stack.start("worker2")
    finally:
        for name in ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC"):
            del stack.environment[name]
    node = stack.named["worker2"]
    until(lambda: node.log.read_text().count(" ready.") > begun, 30)
    assert "libfaketime" in Path(f"/proc/{node.process.pid}/maps").read_text()
    key = stack.submit(logical_date=NIGHT)
    run = stack.finished(key, 60)

    assert run.status == "ok"
    rows = stack.steps(key).values()
    assert {row["attempt"] for row in rows} == {1}
    assert all(row["queued_at"] <= row["started_at"] <= row["finished_at"] for row in rows if row["queued_at"])
    assert all(value >= 0 for row in rows for value in (row["metadata"] or {}).get("seconds", {}).values())
    stack.sound(healthy)
    node.process.terminate()
    node.process.wait(30)
