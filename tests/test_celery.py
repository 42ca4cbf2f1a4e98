"""What Celery finds: the tasks, the job, the schedule."""

from celery.schedules import crontab

import celeryconfig
from confradar import graph, steps
from confradar.app import app

STEPS = [
    "acl_web_conferences",
    "ai_deadlines_conferences",
    "chairing_tool_conferences",
    "elra_conferences",
    "wikicfp_conferences",
]


def test_the_definitions_load() -> None:
    """Steps, store, entry task, retention and delivery are registered under their names, each with a line of help."""
    app.loader.import_default_modules()
    for name in [*STEPS, "store_conferences", "crawl_all", "recheck", "prune", "deliver_messages"]:
        assert app.tasks[f"confradar.{name}"].__doc__


def test_crawl_job_is_the_whole_graph() -> None:
    """The job has the five steps in the group `scrapers`, and the store that takes them all in `storage`."""
    job = graph.plan(graph.JOB)

    assert list(job.names) == [*STEPS, "store_conferences"]
    assert [step.group for step in job.steps] == ["scrapers"] * 5 + ["storage"]
    assert job.steps[-1].inputs == tuple(STEPS)


def test_the_schedule_is_two_in_the_morning() -> None:
    """`daily_crawl_schedule` sends the job at 02:00 UTC each day, and forgets it if nobody takes it for six hours."""
    entry = celeryconfig.beat_schedule[steps.SCHEDULE]

    assert entry["task"] == "confradar.crawl_all"
    assert entry["schedule"] == crontab(hour=2, minute=0)
    assert entry["options"]["expires"] == 6 * 3600
    assert entry["kwargs"] == {"trigger": "schedule"}
    assert (app.conf.timezone, app.conf.enable_utc) == ("UTC", True)


def test_pages_of_gates_at_hand_are_read_again_each_hour() -> None:
    """`recheck_near_deadlines` comes at a minute that leaves its budget and a store before a night begins."""
    entry = celeryconfig.beat_schedule["recheck_near_deadlines"]

    assert (entry["task"], entry["schedule"]) == ("confradar.recheck", crontab(minute=35))
    assert entry["kwargs"] == {"trigger": "schedule"}
    assert 35 * 60 + steps.RECHECK_BUDGET + steps.STORE_SECONDS < 3600


def test_what_is_old_is_deleted_after_the_night() -> None:
    """`nightly_retention` sends it at 03:30 UTC, and forgets it if nobody takes it for six hours."""
    entry = celeryconfig.beat_schedule["nightly_retention"]

    assert (entry["task"], entry["schedule"]) == ("confradar.prune", crontab(hour=3, minute=30))
    assert entry["options"]["expires"] == 6 * 3600


def test_messages_are_delivered_each_minute() -> None:
    """`deliver_messages` is sent each minute, and forgotten before the next one if nobody takes it."""
    entry = celeryconfig.beat_schedule["deliver_messages"]

    assert (entry["task"], entry["schedule"]) == ("confradar.deliver_messages", 60)
    assert entry["options"]["expires"] < 60


def test_only_json_crosses_the_broker() -> None:
    """No pickle, in or out."""
    assert app.conf.accept_content == ["json"]
    assert (app.conf.task_serializer, app.conf.result_serializer) == ("json", "json")
