"""The operator pages: what ran and what is so, and forms for what can be done about it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Form, Path, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from confradar import graph, steps
from confradar.errors import UnknownName
from confradar.logs import LEVELS
from confradar.settings import Settings
from confradar.storage import ledger
from confradar.web import acting, drawing, views
from confradar.web.access import Who, operator, own_form, same_origin
from confradar.web.filters import run_address
from confradar.web.pages import Pages
from confradar.web.views import LogFilter, RunFilter

router = APIRouter(prefix="/ops", dependencies=[Depends(operator)], include_in_schema=False)
FORM = [Depends(same_origin), Depends(own_form)]
NAME = r"^[!-~]+$"
Key = Annotated[str, Path(max_length=200, pattern=NAME)]
Step = Annotated[str, Path(max_length=100, pattern=NAME)]
Target = Annotated[str, Query(max_length=graph.TARGET_MAX)]
Why = Annotated[str, Form(max_length=500)]
Reason = Annotated[str, Form(min_length=1, max_length=500)]


def _page(request: Request, template: str, who: Who, *, status: int = 200, **values: Any) -> Response:
    pages: Pages = request.app.state.pages
    return pages.page(request, f"ops/{template}", who, status=status, **values)


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


@router.get("")
def show_graph(request: Request, who: Who) -> Response:
    """All steps with their last state, as a picture and as a table."""
    found = views.overview(_settings(request))
    drawn = drawing.graph({step["name"]: step["inputs"] for step in found})
    last = {step["name"]: step["last"] for step in found}
    return _page(request, "graph.html", who, steps=found, drawn=drawn, last=last)


@router.get("/runs")
def show_runs(request: Request, who: Who, asked: Annotated[RunFilter, Query()]) -> Response:
    """Runs, newest first, by filter."""
    found = views.runs(_settings(request), asked)
    asked_for = asked.model_dump(exclude_none=True, exclude_defaults=True)
    following = f"/ops/runs?{urlencode({**asked_for, 'before': found['next']}, doseq=True)}" if found["next"] else None
    return _page(
        request,
        "runs.html",
        who,
        asked=asked,
        filtered=bool(asked_for.keys() - {"limit"}),
        runs=found["runs"],
        following=following,
        statuses=dict.fromkeys([*ledger.GOING, *ledger.FINAL_RUN, *ledger.FINAL_STEP]),
        steps=graph.nodes(),
    )


@router.get("/runs/{key}")
def show_run(request: Request, who: Who, key: Key, sent: bool = False) -> Response:
    """One run: its steps with all that is known of them, and what can be done. One just `sent` may not be there yet."""
    try:
        found = views.run(_settings(request), key)
    except UnknownName:
        if not sent:
            raise
        return _page(request, "sent.html", who, key=key, trouble=acting.not_begun(_settings(request), key))
    nodes = graph.nodes()
    drawn = drawing.graph({name: nodes[name].inputs if name in nodes else () for name in found["steps"]})
    going = found["status"] in ledger.GOING
    statuses = {name: row["status"] for name, row in found["last"].items()}
    again = steps.to_repeat(statuses, unstored=steps.STORE in found["steps"] and not found["stored_at"])
    return _page(request, "run.html", who, run=found, drawn=drawn, going=going, last=found["last"], to_repeat=again)


@router.post("/runs/{key}/cancel", dependencies=FORM)
def cancel_run(request: Request, who: Who, key: Key, why: Why = "", step: Why = "") -> Response:
    """Cancel a run, or one step of it."""
    steps.cancel(key, _settings(request), by=who.name, why=why, step=step or None)
    return RedirectResponse(run_address(key), 303)


@router.post("/runs/{key}/retry", dependencies=FORM)
def retry_run(request: Request, who: Who, key: Key) -> Response:
    """Run again what failed in a run."""
    new = acting.retry(_settings(request), key, by=who.name)
    return RedirectResponse(f"{run_address(new)}?sent=1", 303)


@router.get("/runs/{key}/steps/{step}")
def show_step(request: Request, who: Who, key: Key, step: Step, asked: Annotated[LogFilter, Query()]) -> Response:
    """A step of a run: attempts, metadata, preview, checks, log."""
    found = views.step(_settings(request), key, step, asked)
    newest = found["attempts"][-1]
    return _page(request, "step.html", who, **found, newest=newest, asked=asked, levels=LEVELS)


@router.get("/runs/{key}/steps/{step}/log")
def download_log(request: Request, key: Key, step: Step, asked: Annotated[LogFilter, Query()]) -> Response:
    """The whole log of a step as a text file."""
    text = views.log(_settings(request), key, step, asked)
    name = f"{key}-{step}.log".replace(":", "-")
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(text, media_type="text/plain", headers={"Content-Disposition": disposition})


@router.post("/runs/{key}/steps/{step}/release", dependencies=FORM)
def release_step(request: Request, who: Who, key: Key, step: Step, why: Reason) -> Response:
    """Store what a check holds of a step, after all."""
    steps.release(key, step, _settings(request), by=who.name, why=why)
    return RedirectResponse(run_address(key), 303)


@router.get("/sources")
def show_sources(request: Request, who: Who) -> Response:
    """The sources with the trend of their counts."""
    found = views.sources(_settings(request))
    return _page(request, "sources.html", who, sources=[{**one, "spark": drawing.spark(one["trend"])} for one in found])


@router.get("/checks")
def show_checks(request: Request, who: Who) -> Response:
    """What the checks found lately."""
    return _page(request, "checks.html", who, **views.checks(_settings(request)))


@router.get("/alerts")
def show_alerts(request: Request, who: Who) -> Response:
    """What is wrong, and what was."""
    return _page(request, "alerts.html", who, said=(), **views.alerts(_settings(request)))


@router.post("/alerts/test", dependencies=FORM)
def test_alerts(request: Request, who: Who) -> Response:
    """Send a message to each address that is told of alerts, and show what came of it."""
    settings = _settings(request)
    return _page(request, "alerts.html", who, said=steps.test_alerts(settings), **views.alerts(settings))


@router.get("/schedule")
def show_schedule(request: Request, who: Who) -> Response:
    """How the nights stand, with a switch."""
    return _page(request, "schedule.html", who, schedule=views.schedule(_settings(request)))


@router.post("/schedule/pause", dependencies=FORM)
def pause_schedule(request: Request, who: Who, why: Reason) -> Response:
    """Let no night begin from now on."""
    steps.pause(steps.SCHEDULE, _settings(request), by=who.name, why=why)
    return RedirectResponse("/ops/schedule", 303)


@router.post("/schedule/resume", dependencies=FORM)
def resume_schedule(request: Request, who: Who, why: Why = "") -> Response:
    """Let nights begin again."""
    steps.resume(steps.SCHEDULE, _settings(request), by=who.name, why=why)
    return RedirectResponse("/ops/schedule", 303)


@router.get("/run")
def show_plan(request: Request, who: Who, target: Target = "") -> Response:
    """The form to run a target, and what it would run."""
    trouble, plan, taken = "", None, {}
    if target:
        try:
            plan = graph.plan(target)
            taken = views.taken(_settings(request), plan)
        except UnknownName as error:
            trouble = str(error)
    return _page(
        request,
        "plan.html",
        who,
        status=422 if trouble else 200,
        target=target,
        plan=plan,
        taken=taken,
        trouble=trouble,
        steps=graph.nodes(),
    )


@router.post("/run", dependencies=FORM)
def start_run(
    request: Request,
    who: Who,
    target: Annotated[str, Form(min_length=1, max_length=graph.TARGET_MAX)],
    wait: Annotated[bool, Form()] = False,
) -> Response:
    """Run a target now."""
    try:
        key = acting.start(_settings(request), target, by=who.name, if_busy="wait" if wait else "refuse")
    except UnknownName:
        return show_plan(request, who, target)
    return RedirectResponse(f"{run_address(key)}?sent=1", 303)
