"""What an operator does to runs and to the schedule; who did it, when and why is kept."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from confradar.deadlines.listing import printable
from confradar.errors import Refused, UnknownName
from confradar.settings import Settings
from confradar.sources.base import readers, step_of
from confradar.steps.runs import STORE
from confradar.steps.storing import add
from confradar.storage import audit, database, ledger, outputs
from confradar.storage.run_tables import AGAIN, RECHECK


def cancel(run_key: str, settings: Settings, *, by: str, why: str = "", step: str | None = None) -> list[str]:
    """Cancel a run, or one step of it; returns the names of the steps that this ended.

    A cancelled run stores nothing, or has stored already and is refused. Of a cancelled crawl, which ends within
    seconds, the others are stored; of a cancelled store nothing is. Raises UnknownName, and Refused for what is over
    already.
    """
    with database.transaction(settings.database) as connection:
        run = ledger.find(connection, run_key, lock=True)
        if run.status in ledger.FINAL_RUN:
            raise Refused(f"Run {run_key} is over already: {run.status}{_by(run.message)}.")
        step = _known(run, step) if step else None
        now = database.clock(connection)
        by, why = printable(by), printable(why)
        told = f"cancelled by {by}" + (f": {why}" if why else "")
        ended = ledger.close_steps(
            connection, run.id, status="cancelled", reason="cancelled", error=told, now=now, only=step
        )
        if step and not ended:
            raise Refused(f"Step {step} of run {run_key} is over already.")
        if not step:
            ledger.finish_run(connection, run.id, status="cancelled", message=told, now=now)
        audit.record(connection, by=by, action="cancel", subject=_subject(run_key, step), why=why, at=now)
    return [name for name in run.steps if name in ended]


def withdraw(run_key: str, target: str, steps: Sequence[str], settings: Settings, *, by: str) -> None:
    """Cancel a run that was sent, however far it is: one that no worker has heard of yet is opened for that.

    Whoever gets its message later, a worker that is not there yet as well, finds it cancelled and begins nothing.
    """
    with database.transaction(settings.database) as connection:
        now = database.clock(connection)
        ledger.open_run(
            connection, key=run_key, trigger="manual", logical_instant=now, target=target, steps=steps, now=now,
            deadline_seconds=settings.run_deadline_seconds, by=by,
        )  # fmt: skip
    with suppress(Refused):  # it is over: there is nothing to end
        cancel(run_key, settings, by=by)


def release(run_key: str, step: str, settings: Settings, *, by: str, why: str) -> ledger.Run:
    """Store what a check holds of a step, after all; returns its run, with the figures of all.

    Raises UnknownName, and Refused if nothing of it is held (any more).
    """
    with database.transaction(settings.database) as connection:
        database.writer_lock(connection)
        run = ledger.find(connection, run_key, lock=True)
        step = _known(run, step)
        if run.status in ledger.FINAL_RUN and run.stored_at is None:
            raise Refused(
                f"Run {run_key} stores nothing ({run.status}); `confradar runs retry {run_key}` crawls again."
            )
        held = outputs.held(connection, run.id, step)
        if not held:
            raise Refused(f"Nothing of step {step} of run {run_key} is held: released already, or never held.")
        now = database.clock(connection)
        by, why = printable(by), printable(why)
        outputs.release(connection, held)
        ledger.mark_released(connection, run.id, step, by=by)
        audit.record(connection, by=by, action="release", subject=_subject(run_key, step), why=why, at=now)
        return add(connection, run, held, settings, by=f"{step} was released by {by}")


def retry_target(run_key: str, settings: Settings) -> str:
    """The target that repeats what failed in a run, as `to_repeat` says.

    Raises UnknownName, and Refused if the run is not over, nothing failed, or it did not ask whole sources.
    """
    with database.reading(settings.database) as connection:
        run = ledger.find(connection, run_key)
        found = outputs.envelopes(connection, run)
    if run.status not in ledger.FINAL_RUN:
        raise Refused(f"Run {run_key} is going still: {run.status}.")
    if run.trigger == RECHECK:
        raise Refused(f"Run {run_key} read a few pages again; `confradar recheck` does that once more.")
    if run.trigger in AGAIN:
        raise Refused(f"Run {run_key} asked no site; `confradar {run.trigger}` with the same words does it once more.")
    statuses = {step: one.status for step, one in found.items()}
    if not (target := to_repeat(statuses, unstored=STORE in run.steps and not run.stored_at)):
        raise Refused(f"Nothing failed in run {run_key}; `confradar crawl '{run.target}'` runs it anew.")
    return target


def to_repeat(statuses: Mapping[str, str], *, unstored: bool) -> str:
    """The target of a run's failed steps, with all that needs them; of the store, if only that is missing; else ""."""
    failed = [step for step, status in statuses.items() if status in ("failed", "lost", "cancelled", "quarantined")]
    return ",".join(f"{step}+" for step in failed) or (STORE if unstored else "")


def pause(schedule: str, settings: Settings, *, by: str, why: str) -> datetime:
    """Let no night of that schedule begin from now on; returns since when. Raises Refused if it is paused."""
    return _switch(schedule, settings, paused=True, by=by, why=why)


def resume(schedule: str, settings: Settings, *, by: str, why: str = "") -> datetime:
    """Let nights begin again; returns since when. Raises Refused if it is not paused."""
    return _switch(schedule, settings, paused=False, by=by, why=why)


def _switch(schedule: str, settings: Settings, *, paused: bool, by: str, why: str) -> datetime:
    with database.transaction(settings.database) as connection:
        database.writer_lock(connection)  # two that switch at once: the second is told
        now = database.clock(connection)
        held = audit.pause(connection, schedule, now)
        if bool(held) == paused:
            since = f"since {held['at']:%Y-%m-%d %H:%M} UTC, by {held['by']}: {held['why']}" if held else ""
            raise Refused(f"{schedule} is paused already, {since}" if paused else f"{schedule} is not paused.")
        audit.switch(connection, schedule, paused=paused, by=printable(by), why=printable(why), at=now)
    return now


def paused(schedule: str, settings: Settings, *, at: datetime) -> dict[str, Any] | None:
    """The pause that holds a schedule at that instant: by, why, at; None if it runs."""
    with database.reading(settings.database) as connection:
        return audit.pause(connection, schedule, at)


def _known(run: ledger.Run, name: str) -> str:
    """The step of a run of that name, or the one that crawled the source of that name. Raises UnknownName."""
    step = step_of(name) if name in readers() else name
    if step in run.steps:
        return step
    near = difflib.get_close_matches(name[:80], [*run.steps, *readers()], n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Steps: {', '.join(run.steps)}."
    raise UnknownName(f"Run {run.key} has no step {name[:80]!r}. {hint}")


def _subject(run_key: str, step: str | None) -> str:
    return f"{run_key} {step}" if step else run_key


def _by(message: str | None) -> str:
    return f", {message}" if message else ""
