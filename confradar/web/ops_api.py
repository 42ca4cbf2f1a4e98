"""The operator's verbs as JSON under /api/v1/ops, over the same functions as the pages and the command line."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from confradar import graph, steps
from confradar.errors import Refused, SettingError, UnknownName
from confradar.settings import Settings
from confradar.storage.answers import to_json
from confradar.web import acting, views
from confradar.web.access import Who, operator, same_origin
from confradar.web.schemas import problem
from confradar.web.views import LogFilter, RunFilter

NAME = r"^[!-~]+$"
KEY, STEP = "nightly:2026-02-03", "elra_conferences"
router = APIRouter(
    prefix="/api/v1/ops",
    tags=["operator"],
    dependencies=[Depends(operator)],
    responses={
        401: problem("nobody is signed in"),
        403: problem("not from here, or sent by another site's page"),
        404: problem("there is no such run or step"),
        409: problem("it cannot be done, or is done already"),
        422: problem("a parameter or the body cannot be used"),
        503: problem("database or broker does not answer"),
    },
)
ACT = [Depends(same_origin)]
Key = Annotated[str, Path(max_length=200, pattern=NAME, examples=[KEY])]
Step = Annotated[str, Path(max_length=100, pattern=NAME, examples=[STEP])]
Answer = dict[str, Any]


class Body(BaseModel):
    """What an operator sends; no other field is taken."""

    model_config = ConfigDict(extra="forbid")


class Start(Body):
    """A run to be started."""

    target: str = Field("*", min_length=1, max_length=graph.TARGET_MAX, examples=["elra+", "* and not elra"])
    if_busy: Literal["wait", "refuse"] = "wait"


class Cancel(Body):
    """What of a run to cancel: one step, or all of it."""

    step: str | None = Field(None, max_length=100, examples=[STEP])
    why: str = Field("", max_length=500, examples=["the site is down"])


class Why(Body):
    """The reason of an act."""

    why: str = Field(min_length=1, max_length=500, examples=["the drop is real: the list was split"])


class MayWhy(Body):
    """The reason of an act, if there is one to tell."""

    why: str = Field("", max_length=500)


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


def _example(value: Any) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"example": value}}}}


@router.get("/graph", responses=_example([{"name": STEP, "group": "scrapers", "last": {"status": "ok", "count": 6}}]))
def show_graph(request: Request) -> list[Answer]:
    """All steps: group, inputs, who needs them, and the newest attempt of each."""
    found: list[Answer] = to_json(views.overview(_settings(request)))
    return found


@router.get("/plan", responses=_example({"target": "elra+", "steps": [STEP, steps.STORE], "taken": {"wikicfp": None}}))
def show_plan(
    request: Request, target: Annotated[str, Query(max_length=graph.TARGET_MAX, examples=["elra+"])] = "*"
) -> Answer:
    """The steps that a target would run, and what it would take from the last good run of each other source."""
    plan = _plan(target)
    taken = views.taken(_settings(request), plan)
    good = {source: to_json(asdict(one)) if one else None for source, one in taken.items()}
    return {"target": target, "steps": list(plan.names), "taken": good}


@router.get("/runs", responses=_example({"runs": [{"key": KEY, "status": "ok"}], "next": 4711}))
def list_runs(request: Request, response: Response, asked: Annotated[RunFilter, Query()]) -> Answer:
    """Runs, newest first. `next` is the cursor of the page after this one; the Link header has its address."""
    found = views.runs(_settings(request), asked)
    if found["next"]:
        query = asked.model_dump(exclude_defaults=True, exclude_none=True) | {"before": found["next"]}
        response.headers["Link"] = f'</api/v1/ops/runs?{urlencode(query, doseq=True)}>; rel="next"'
    answer: Answer = to_json(found)
    return answer


@router.post("/runs", status_code=202, dependencies=ACT)
def start_run(request: Request, who: Who, body: Start) -> Answer:
    """Start a run of a target. It appears among the runs when a worker takes it."""
    _plan(body.target)
    return {"run": acting.start(_settings(request), body.target, by=who.name, if_busy=body.if_busy)}


@router.get("/runs/{key}", responses=_example({"key": KEY, "status": "ok", "attempts": [], "changes": [], "audit": []}))
def show_run(request: Request, key: Key) -> Answer:
    """All that is known of a run; of one that was sent and refused by the worker (409), why."""
    settings = _settings(request)
    try:
        found: Answer = to_json(views.run(settings, key))
    except UnknownName:
        if trouble := acting.not_begun(settings, key):
            raise Refused(str(trouble)) from trouble
        raise
    del found["last"]
    return found


@router.post("/runs/{key}/cancel", dependencies=ACT, responses=_example({"run": KEY, "cancelled": [STEP]}))
def cancel_run(request: Request, who: Who, key: Key, body: Cancel) -> Answer:
    """Cancel a run, or one step of it; says which steps this ended."""
    ended = steps.cancel(key, _settings(request), by=who.name, why=body.why, step=body.step)
    return {"run": key, "cancelled": ended}


@router.post("/runs/{key}/retry", status_code=202, dependencies=ACT)
def retry_run(request: Request, who: Who, key: Key) -> Answer:
    """Start a run of what failed in another one."""
    return {"run": acting.retry(_settings(request), key, by=who.name)}


@router.get("/runs/{key}/steps/{step}/log", responses=_example({"lines": [{"number": 1, "text": "…"}], "cursor": "…"}))
def show_log(request: Request, key: Key, step: Step, asked: Annotated[LogFilter, Query()]) -> Answer:
    """A page of a step's log: the newest lines, or with `after` those that come next after that cursor."""
    found = views.step(_settings(request), key, step, asked)
    lines = [{**asdict(line), "level": logging.getLevelName(line.level)} for line in found["log"]]
    return {"lines": to_json(lines), "cursor": found["cursor"]}


@router.post("/runs/{key}/steps/{step}/release", dependencies=ACT)
def release_step(request: Request, who: Who, key: Key, step: Step, body: Why) -> Answer:
    """Store what a check holds of a step, after all; answers with the figures of the run with it."""
    run = steps.release(key, step, _settings(request), by=who.name, why=body.why)
    return {"run": key, "step": step, "status": run.status, "statistics": to_json(run.statistics)}


@router.get("/sources")
def list_sources(request: Request) -> list[Answer]:
    """The sources: what they declare, the last crawl, and the counts of the last ones."""
    found: list[Answer] = to_json(views.sources(_settings(request)))
    return found


@router.get("/checks")
def list_checks(request: Request) -> Answer:
    """The check results of the last crawl of each source, and the newest ones that failed."""
    found: Answer = to_json(views.checks(_settings(request)))
    return found


@router.get("/alerts", responses=_example({"alerts": [{"condition": "night missing", "resolved_at": None}]}))
def list_alerts(request: Request) -> Answer:
    """The newest alerts, open ones first, and how many addresses are told of them."""
    found: Answer = to_json(views.alerts(_settings(request)))
    return found


@router.post("/alerts/test", dependencies=ACT)
def test_alerts(request: Request) -> list[Answer]:
    """Send a message to each address that is told of alerts; what came of each (`error`, null if it was taken)."""
    found: list[Answer] = to_json([asdict(one) for one in steps.test_alerts(_settings(request))])
    return found


@router.get("/schedule")
def show_schedule(request: Request) -> Answer:
    """How the nights stand, and who switched the schedule."""
    found: Answer = to_json(views.schedule(_settings(request)))
    return found


@router.post("/schedule/pause", dependencies=ACT)
def pause_schedule(request: Request, who: Who, body: Why) -> Answer:
    """Let no night begin from now on."""
    at = steps.pause(steps.SCHEDULE, _settings(request), by=who.name, why=body.why)
    return {"paused": True, "at": at.isoformat(), "by": who.name, "why": body.why}


@router.post("/schedule/resume", dependencies=ACT)
def resume_schedule(request: Request, who: Who, body: MayWhy) -> Answer:
    """Let nights begin again."""
    at = steps.resume(steps.SCHEDULE, _settings(request), by=who.name, why=body.why)
    return {"paused": False, "at": at.isoformat(), "by": who.name, "why": body.why}


def _plan(target: str) -> graph.Plan:
    """The plan of a target. One that selects nothing is a wrong parameter, not a missing address."""
    try:
        return graph.plan(target)
    except UnknownName as error:
        raise SettingError(str(error)) from error
