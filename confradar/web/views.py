"""What the pages and the API show: each answer is of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy import Connection

from confradar import graph, steps
from confradar.errors import SettingError, UnknownName
from confradar.logs import LEVELS
from confradar.settings import Settings
from confradar.sources.base import readers, step_of
from confradar.storage import alerts as kept_alerts
from confradar.storage import audit, database, history, ledger
from confradar.storage import logs as kept_logs
from confradar.storage.outputs import Good

STATEMENT_SECONDS = 5
Answer = dict[str, Any]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


def _given(value: Any) -> Any:
    """What a form sends for a field that is left empty is nothing."""
    return [one for one in value if one] if isinstance(value, list) else value or None


class RunFilter(BaseModel):
    """Which runs: every field is a parameter of the page and of the API."""

    model_config = ConfigDict(extra="forbid")

    status: Annotated[list[Annotated[str, Field(max_length=20)]], BeforeValidator(_given)] = Field(
        [], max_length=10, description="ok, partial, failed, …; also success, failed, in-progress"
    )
    source: Annotated[str | None, BeforeValidator(_given)] = Field(
        None, max_length=60, description="a source or a step; `status` is then that step's"
    )
    trigger: Annotated[
        Literal["schedule", "manual", "prompt", "recheck", "replay", "backfill"] | None, BeforeValidator(_given)
    ] = None
    since: Annotated[str | None, BeforeValidator(_given)] = Field(
        None, max_length=40, description="7d, 12h, 2026-01-13 or an instant with its zone"
    )
    until: Annotated[str | None, BeforeValidator(_given)] = Field(None, max_length=40, description="as since")
    before: Annotated[int | None, BeforeValidator(_given)] = Field(
        None, ge=1, lt=2**63, description="the cursor of the page before"
    )
    limit: int = Field(50, ge=1, le=500)


class LogFilter(BaseModel):
    """Which lines of a step's log."""

    model_config = ConfigDict(extra="forbid")

    level: Level = Field("DEBUG", description="no lower level is shown")
    attempt: Annotated[int | None, BeforeValidator(_given)] = Field(None, ge=1, lt=2**31)
    after: str | None = Field(None, max_length=2000, description="empty: from the beginning; absent: the newest lines")
    limit: int = Field(500, ge=1, le=500)


@contextmanager
def _reading(settings: Settings) -> Iterator[Connection]:
    with database.reading(settings.database, statement_seconds=STATEMENT_SECONDS) as connection:
        yield connection


def step_named(name: str) -> str:
    """The step of that name, or of that source. Raises SettingError."""
    if name in graph.nodes():
        return name
    if name in readers():
        return step_of(name)
    raise SettingError(f"source: found {name!r}, wanted one of {', '.join(readers())}, or a step")


def overview(settings: Settings) -> list[Answer]:
    """All steps with their last state, see `graph.overview`."""
    with _reading(settings) as connection:
        return graph.overview(connection)


def taken(settings: Settings, plan: graph.Plan) -> dict[str, Good | None]:
    """What the store of that plan takes instead of a crawl, see `graph.taken`."""
    with _reading(settings) as connection:
        return graph.taken(plan, connection)


def runs(settings: Settings, asked: RunFilter) -> Answer:
    """Runs, newest first, with the newest attempt of each step; `next` is the cursor of the next page, or None.

    Raises SettingError for a filter that cannot be used.
    """
    step = step_named(asked.source) if asked.source else None
    with _reading(settings) as connection:
        now = database.clock(connection)
        try:
            found = history.runs(
                connection,
                status=asked.status,
                step=step,
                trigger=asked.trigger,
                since=history.bound(asked.since, now=now) if asked.since else None,
                until=history.bound(asked.until, now=now, end=True) if asked.until else None,
                before=asked.before,
                limit=asked.limit + 1,
            )
        except UnknownName as error:  # a status; what does not exist is no address here
            raise SettingError(str(error)) from error
        page = found[: asked.limit]
        rows = history.steps_of(connection, page)
    shown = [{**asdict(run), "steps": rows[run.id]} for run in page]
    return {"runs": shown, "next": page[-1].id if len(found) > asked.limit else None}


def run(settings: Settings, key: str) -> Answer:
    """All that is known of a run; `last` is the newest attempt of each step. Raises UnknownName."""
    with _reading(settings) as connection:
        found = history.details(connection, key)
    return {**found, "last": {row["step"]: row for row in found["attempts"]}}


def step(settings: Settings, key: str, name: str, asked: LogFilter) -> Answer:
    """A step of a run: its attempts, the newest one last, and a page of its log. Raises UnknownName."""
    with _reading(settings) as connection:
        found = history.details(connection, key)
        if name not in found["steps"]:
            raise UnknownName(f"Run {key} has no step {name!r}. Steps: {', '.join(found['steps'])}.")
        page = kept_logs.read(
            connection,
            found["id"],
            name,
            asked.attempt,
            level=LEVELS[asked.level],
            after=asked.after,
            limit=asked.limit,
        )
    attempts = [row for row in found["attempts"] if row["step"] == name]
    return {"run": found, "step": name, "attempts": attempts, "log": page.records, "cursor": page.cursor}


def log(settings: Settings, key: str, name: str, asked: LogFilter) -> str:
    """The whole log of a step of a run, from that level on, as it is kept: one record is one line."""
    with _reading(settings) as connection:
        found = ledger.find(connection, key)
        if name not in found.steps:
            raise UnknownName(f"Run {key} has no step {name!r}. Steps: {', '.join(found.steps)}.")
        lines = kept_logs.every(connection, found.id, name, asked.attempt, level=LEVELS[asked.level])
        return "".join(f"{line.written}\n" for line in lines)


def sources(settings: Settings) -> list[Answer]:
    """The sources: what they declare, how they are read, the last crawl, and the counts of the last ones."""
    with _reading(settings) as connection:
        return steps.describe_sources(connection, settings, now=database.clock(connection))


def checks(settings: Settings) -> Answer:
    """The results of the checks: `last` of the newest attempt of each step, `failed` the newest that did not pass."""
    with _reading(settings) as connection:
        return {"last": history.last_checks(connection), "failed": history.failed_checks(connection)}


def alerts(settings: Settings) -> Answer:
    """The newest alerts, open ones first, and how many addresses are told of them."""
    with _reading(settings) as connection:
        found = [asdict(one) for one in kept_alerts.recent(connection)]
    return {"alerts": found, "addresses": len(settings.alert_addresses)}


def schedule(settings: Settings) -> Answer:
    """How the nights stand, and who switched the schedule."""
    with _reading(settings) as connection:
        state = steps.night_state(connection, settings, now=database.clock(connection))
        told = asdict(state)
        last = next(iter(told.pop("nights")), None)
        return {"name": steps.SCHEDULE, **told, "last": last, "audit": audit.entries(connection, steps.SCHEDULE)}
