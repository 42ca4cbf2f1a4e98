"""What ran, for readers: runs by filter, one run with all that is known of it, the last state of each step."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from confradar.errors import SettingError, UnknownName
from confradar.storage import answers, audit, ledger
from confradar.storage.ledger import Run
from confradar.storage.run_tables import RECHECK, check_result, kept_output, run, step_run, whole

Answer = dict[str, Any]
# Words of other systems, beside our own: what each means of a run, and of a step.
WORDS = {
    "success": (("ok",), ("ok", "degraded")),
    "failed": (("failed",), ("failed", "lost")),
    "in-progress": (ledger.GOING, ledger.GOING),
}
SPANS = {"h": "hours", "d": "days", "w": "weeks"}
SHOWN_OF_STEP = (
    "step", "attempt", "status", "reason", "count", "progress", "started_at", "finished_at", "worker", "pid", "task_id",
    "metadata", "error",
)  # fmt: skip
NEAR_AMONG = 1000  # runs
_BEGINNING = datetime.min.replace(tzinfo=UTC)


def statuses(words: Iterable[str], *, of_step: bool = False) -> tuple[str, ...]:
    """The statuses of a run, or of a step, that words such as `success`, `partial` mean. Raises UnknownName."""
    own = (*ledger.GOING, *(ledger.FINAL_STEP if of_step else ledger.FINAL_RUN))
    found: list[str] = []
    for word in words:
        meant = WORDS[word][of_step] if word in WORDS else (word,)
        if unknown := [status for status in meant if status not in own]:
            wanted = ", ".join(dict.fromkeys([*own, *WORDS]))
            raise UnknownName(f"status: found {unknown[0]!r}, wanted one of {wanted}")
        found += meant
    return tuple(found)


def bound(written: str, *, now: datetime, end: bool = False) -> datetime:
    """A bound of `runs`: `7d` (also h, w) before now, a day, or an instant with its zone. Raises SettingError.

    A day is bounded by its beginning in UTC, as the `end` of a span by the beginning of the next one.
    """
    wanted = f"date: found {written[:80]!r}, wanted a span such as 7d or 12h, or a day such as 2026-01-13"
    try:
        if span := re.fullmatch(r"([0-9]{1,6})([hdw])", written):
            return now - timedelta(**{SPANS[span[2]]: int(span[1])})
        if len(written) == len("2026-01-13"):
            return datetime.combine(date.fromisoformat(written), time(tzinfo=UTC)) + timedelta(days=end)
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is None:
            raise SettingError(f"date: found {written!r} without a zone, wanted 2026-01-13T02:00:00+00:00")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SettingError(wanted) from error


def resolve(connection: Connection, word: str) -> Run:
    """The run of that key, or of the only key that begins so. Raises UnknownName, with near keys."""
    if exact := ledger.get(connection, word):
        return exact
    begins = select(run).where(run.c.key.startswith(word, autoescape=True)).order_by(run.c.id.desc()).limit(4)
    found = [Run.of(row) for row in connection.execute(begins)]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(one.key for one in found)
        raise UnknownName(f"{word!r} is the beginning of several runs: {several}. Say more of it.")
    recent = connection.scalars(select(run.c.key).order_by(run.c.id.desc()).limit(NEAR_AMONG))
    near = difflib.get_close_matches(word[:80], recent, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`confradar runs` lists them."
    raise UnknownName(f"There is no run {word[:80]!r}. {hint}")


def runs(
    connection: Connection,
    *,
    status: Collection[str] = (),
    step: str | None = None,
    trigger: str | None = None,
    whole_only: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 20,
) -> list[Run]:
    """Runs, newest first. `since` and `until` bound when they began (half-open); `before` is the id of a run.

    Rechecks that are over, many a day, are among them only if that `trigger` is asked for.

    With `step`, only runs in which that step took part; `status` (words, see `statuses`) is then that
    of the step's newest attempt. With `whole_only`, only runs that asked whole sources.
    """
    query = select(run).order_by(run.c.id.desc()).limit(limit)
    if trigger is None:
        query = query.where(or_(run.c.trigger != RECHECK, run.c.status.in_(ledger.GOING)))
    chosen = statuses(status, of_step=step is not None)
    if step is not None:
        later = step_run.alias()
        repeated = exists().where(
            later.c.run_id == run.c.id, later.c.step == step, later.c.attempt > step_run.c.attempt
        )
        ended_so = [step_run.c.status.in_(chosen), ~repeated] if chosen else []
        query = query.where(exists().where(step_run.c.run_id == run.c.id, step_run.c.step == step, *ended_so))
    elif chosen:
        query = query.where(run.c.status.in_(chosen))
    for bound, condition in (
        (trigger, run.c.trigger == trigger),
        (whole_only or None, whole),
        (since, run.c.started_at >= (since or _BEGINNING)),
        (until, run.c.started_at < (until or _BEGINNING)),
        (before, run.c.id < (before or 0)),
    ):
        if bound is not None:
            query = query.where(condition)
    return [Run.of(row) for row in connection.execute(query)]


def steps_of(connection: Connection, found: Collection[Run]) -> dict[int, list[Answer]]:
    """The newest attempt of each step of these runs, by the run's id, in the order of its plan."""
    mine = step_run.c.run_id.in_([one.id for one in found])
    rows: dict[int, dict[str, Answer]] = {}
    for row in connection.execute(select(step_run).where(mine).order_by(step_run.c.attempt)).mappings():
        rows.setdefault(row["run_id"], {})[row["step"]] = dict(row)
    return {one.id: [rows[one.id][step] for step in one.steps if step in rows.get(one.id, {})] for one in found}


def answer(found: Run, steps: Iterable[Answer] = ()) -> Answer:
    """A run for readers, with its `steps` as `steps_of` gives them."""
    hidden = ("id", "token", "steps")
    named = {name: value for name, value in asdict(found).items() if name not in hidden}
    return {**named, "steps": [{name: row[name] for name in SHOWN_OF_STEP} for row in steps]}


def details(connection: Connection, key: str) -> Answer:
    """All that is known of a run. Raises UnknownName.

    Its own columns, `attempts` (columns of `step_run`, in the order of the plan and their number; each with the
    `outputs` that it kept: source, count, digest, held; and its `checks`), the `changes` that it made, and the `audit`
    of what was done to it.
    """
    found = ledger.find(connection, key)
    attempts = select(step_run).where(step_run.c.run_id == found.id).order_by(step_run.c.attempt)
    rows = [dict(row) for row in connection.execute(attempts).mappings()]
    kept, checks = kept_output.c, check_result.c
    outputs = _by_attempt(
        connection.execute(
            select(kept.step, kept.attempt, kept.output.label("source"), kept.count, kept.digest, kept.held)
            .where(kept.run_id == found.id)
            .order_by(kept.id)
        ).mappings()
    )
    results = _by_attempt(
        connection.execute(select(check_result).where(checks.run_id == found.id).order_by(checks.id)).mappings()
    )
    for row in rows:
        attempt = (row["step"], row["attempt"])
        row["outputs"], row["checks"] = outputs.get(attempt, []), results.get(attempt, [])
    changes = answers.recent_changes(connection, since=_BEGINNING, limit=500, run_id=found.id, urgent_first=True)
    return {
        **asdict(found),
        "attempts": sorted(rows, key=lambda row: (found.steps.index(row["step"]), row["attempt"])),
        "changes": changes,
        "audit": audit.entries(connection, found.key),
    }


def made_by(connection: Connection, run_ids: Collection[int]) -> dict[int, Answer]:
    """Of runs that are there still, by their ids: the key as `run`, and who asked for it as `by`, None for nobody."""
    found = connection.execute(select(run.c.id, run.c.key, run.c.by).where(run.c.id.in_(list(run_ids))))
    return {number: {"run": key, "by": by} for number, key, by in found}


def _by_attempt(rows: Iterable[Any]) -> dict[tuple[str, int], list[Answer]]:
    found: dict[tuple[str, int], list[Answer]] = {}
    for row in rows:
        found.setdefault((row["step"], row["attempt"]), []).append(dict(row))
    return found


def last_states(connection: Connection) -> dict[str, Answer]:
    """The newest attempt of each step that has begun, in any run that asked whole sources, by step.

    It has `step_run`'s columns and the `run`'s key.
    """
    newest = select(func.max(step_run.c.id)).join(run, run.c.id == step_run.c.run_id)
    newest = newest.where(step_run.c.started_at.is_not(None), whole).group_by(step_run.c.step)
    query = select(step_run, run.c.key.label("run")).join(run, run.c.id == step_run.c.run_id)
    rows = connection.execute(query.where(step_run.c.id.in_(newest))).mappings()
    return {row["step"]: dict(row) for row in rows}


def tried_since(connection: Connection, step: str, instant: datetime) -> bool:
    """Whether an attempt of a step, to read all of it, came to an end of its own after that instant, whichever."""
    unwanted = ("cancelled", "skipped")
    mine = (step_run.c.step == step, step_run.c.finished_at > instant, step_run.c.status.not_in(unwanted))
    query = select(step_run.c.id).join(run, run.c.id == step_run.c.run_id).where(*mine, whole)
    return connection.execute(query.limit(1)).first() is not None


def trend(connection: Connection, step: str, *, limit: int = 30) -> list[Answer]:
    """The last finished attempts of a step, oldest first: run, started_at, finished_at, status, reason, count.

    Those of rechecks are left out.
    """
    query = (
        select(run.c.key.label("run"))
        .add_columns(*(step_run.c[name] for name in ("started_at", "finished_at", "status", "reason", "count")))
        .join(run, run.c.id == step_run.c.run_id)
        .where(step_run.c.step == step, step_run.c.finished_at.is_not(None), whole)
        .order_by(step_run.c.finished_at.desc())
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()][::-1]


def had_night_before(connection: Connection, instant: datetime) -> bool:
    """Whether a scheduled run began before that instant."""
    query = select(run.c.id).where(run.c.trigger == "schedule", run.c.started_at < instant).limit(1)
    return connection.execute(query).first() is not None


def last_nights(connection: Connection, *, limit: int = 1) -> list[Run]:
    """The newest scheduled runs, newest first."""
    return runs(connection, trigger="schedule", limit=limit)


def oldest_waiting(connection: Connection, *, now: datetime, but: str) -> Answer | None:
    """The step (not `but`) of a run under way that waits longest for a worker: `step`, `queued_at`, `run`; or None."""
    columns = (step_run.c.step, step_run.c.queued_at, run.c.key.label("run"))
    waits = (step_run.c.status == "queued", step_run.c.step != but, step_run.c.queued_at <= now)
    query = select(*columns).join(run, run.c.id == step_run.c.run_id).where(*waits, run.c.status == "running")
    row = connection.execute(query.order_by(step_run.c.queued_at).limit(1)).mappings().one_or_none()
    return dict(row) if row else None


def last_checks(connection: Connection) -> list[Answer]:
    """The check results of the newest attempt of each step that read all of it, with the `run`'s key; failed first."""
    newest = select(func.max(check_result.c.run_id)).join(run, run.c.id == check_result.c.run_id)
    newest = newest.where(whole).group_by(check_result.c.step)
    found = _checks(connection, check_result.c.run_id.in_(newest))
    last: dict[str, tuple[int, int]] = {}
    for row in found:
        last[row["step"]] = max((row["run_id"], row["attempt"]), last.get(row["step"], (0, 0)))
    chosen = [row for row in found if (row["run_id"], row["attempt"]) == last[row["step"]]]
    return sorted(chosen, key=lambda row: (row["passed"], row["step"], row["id"]))


def failed_checks(connection: Connection, *, limit: int = 100) -> list[Answer]:
    """The newest check results that did not pass, newest first, with the `run`'s key and when it began."""
    return _checks(connection, check_result.c.passed.is_(False), limit=limit)


def _checks(connection: Connection, condition: ColumnElement[bool], limit: int = 1000) -> list[Answer]:
    query = select(check_result, run.c.key.label("run"), run.c.started_at).join(run, run.c.id == check_result.c.run_id)
    rows = connection.execute(query.where(condition).order_by(check_result.c.id.desc()).limit(limit)).mappings()
    return [dict(row) for row in rows]


def newest_stored(connection: Connection, *, but: int) -> datetime | None:
    """The latest logical instant of the other runs that were stored."""
    found: datetime | None = connection.scalar(
        select(func.max(run.c.logical_instant)).where(run.c.stored_at.is_not(None), run.c.id != but)
    )
    return found
