"""How the nights of the schedule stand: which was due, whether it came, and who holds it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from confradar.settings import Settings
from confradar.steps.runs import NIGHT, SCHEDULE
from confradar.storage import audit, database, history, lease, ledger
from confradar.storage.ledger import Run

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NightState:
    """The schedule at one moment.

    `due` is when the night began that is judged here, the newest one that has come or should have come by now; `run`
    is its run, `missing` says that it never began, `late` that it began too late. `next` is when the next one begins,
    unless the schedule is paused: then `pause` says `by` whom, `at` which instant and `why`. `nights` are the newest
    that ran, whenever that was. `trouble` is what is wrong in one sentence, empty if nothing is; `message` is
    how it stands.
    """

    due: datetime
    next: datetime
    run: Run | None
    nights: tuple[Run, ...]
    missing: bool
    late: bool
    pause: Mapping[str, Any] | None
    trouble: str
    message: str

    @property
    def last(self) -> Run | None:
        """The newest night that ran."""
        return next(iter(self.nights), None)

    @property
    def key(self) -> str:
        """The key of the night that is judged."""
        return night_key(self.due)


def night_state(
    connection: Connection, settings: Settings, *, now: datetime, since: datetime | None = None, nights: int = 1
) -> NightState:
    """How the nights stand. One is missing `missing_after_seconds` after it was due, and late from then on.

    One that waits by then for another run to end is late as well.

    A night that was due before anybody expected one is not missing: none ever ran before it, and whoever asks has
    not watched `since` then. So many of the last `nights` are told.
    """
    grace = timedelta(seconds=settings.missing_after_seconds)
    newest = datetime.combine(now.date(), NIGHT)
    newest = newest if newest <= now else newest - DAY
    coming = newest + DAY
    run = ledger.get(connection, night_key(newest))
    due = newest if run or now >= newest + grace else newest - DAY
    if due != newest:
        run = ledger.get(connection, night_key(due))
    expected = (since is not None and since <= due) or history.had_night_before(connection, due)
    missing = run is None and expected and audit.pause(connection, SCHEDULE, due) is None
    waits = run is not None and run.status == "queued" and now >= due + grace
    late = waits or (run is not None and run.started_at > due + grace)
    trouble = ""
    if missing:
        trouble = f"no run {night_key(due)} was begun by {due + grace:%H:%M} UTC; is `celery beat` alive?"
    elif run and waits:
        trouble = f"run {run.key} was due at {due:%H:%M} UTC and {run.message or 'waits'}"
    elif run and late:
        trouble = f"run {run.key} began at {run.started_at:%H:%M} UTC, not {due:%H:%M}"
    ran = tuple(history.last_nights(connection, limit=nights))
    last = next(iter(ran), None)
    pause = audit.pause(connection, SCHEDULE, now)
    told = f"last {last.key}, {last.status}" if last else "no night has run yet"
    ahead = f"the next is due {coming:%a %d %b %H:%M} UTC"
    if pause:
        ahead = f"paused since {pause['at']:%a %d %b %H:%M} UTC by {pause['by']}: {pause['why']}"
    return NightState(due, coming, run, ran, missing, late, pause, trouble, f"{told}; {ahead}")


def night_key(due: datetime) -> str:
    """The key of the night that is due then."""
    return f"nightly:{due.date()}"


def hear_beat(settings: Settings) -> None:
    """Note that beat was heard of: what it sends each minute has come. Raises DatabaseUnavailable, DatabaseBusy."""
    with database.transaction(settings.database) as connection:
        now = database.clock(connection)
        lease.hear_beat(connection, now + timedelta(seconds=settings.missing_after_seconds))


def silent_beat(connection: Connection, settings: Settings, *, since: datetime, now: datetime) -> str:
    """What is wrong if beat was heard of once, but not for `missing_after_seconds`; "" if nothing is.

    Whoever watches `since` then gives it that time from there.
    """
    patience = timedelta(seconds=settings.missing_after_seconds)
    until = lease.beat_until(connection)
    if until is None or now < max(until, since + patience):
        return ""
    return (
        f"nothing that `celery beat` sends each minute has come since {until - patience:%Y-%m-%d %H:%M} UTC; no night "
        "begins without it, and `confradar doctor` says whether beat, a worker or the broker is away"
    )
