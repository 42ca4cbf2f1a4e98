"""The Celery tasks, a few lines each: the entry, one scraper for each source, and the store, joined by a chord."""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from celery import Task, chord, group, shared_task, signals
from celery.canvas import Signature
from celery.exceptions import Ignore
from kombu import Connection
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import ResponseError

from confradar import contract, environment, graph, logs, steps
from confradar import settings as configuration
from confradar.crawling import process
from confradar.crawling.options import check_environment
from confradar.errors import ConfRadarError, DatabaseUnavailable, RunRefused, SettingError
from confradar.masking import masked
from confradar.sources.base import crawled_by
from confradar.steps import STORE, STORE_SECONDS
from confradar.storage import database, ledger
from confradar.storage.run_tables import RECHECK

RETRIES = 3
GRACE_SECONDS = 60  # our own limits fire this long before Celery's
log = logging.getLogger(__name__)
NAMES = uuid.UUID("5f0a6c52-61c5-4a3e-9c0e-9a3f1d2b7c11")


@signals.worker_init.connect
def _preload(**_: object) -> None:
    process.preload()


@signals.after_setup_task_logger.connect
@signals.after_setup_logger.connect
def _write(logger: logging.Logger, **_: object) -> None:
    """Celery's handlers stay, for stderr or the file that `--logfile` names; what they write is one line a record."""
    settings = configuration.load()
    logs.conceal(environment.secrets(settings))
    logs.configure(settings.log_format, logger)


@signals.after_setup_logger.connect
def _ready(logger: logging.Logger, **_: object) -> None:
    """Before a worker or beat begins: refuse what cannot work, make the folder of beat's schedule, look for the broker.

    A broker that does not answer is told, and waited for.
    """
    settings = configuration.load()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        check_environment(settings)
        with Connection(settings.broker, connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)
            _refuse_eviction(settings.broker, connection.default_channel.client)  # type: ignore[attr-defined]
    except SettingError as error:  # any other exception Celery would only log
        sys.stderr.write(f"confradar: {error}\n")
        raise SystemExit(error.exit_code) from None
    except (OperationalError, OSError) as error:
        logger.error("%s (%s). It is asked again until it does.", settings.broker_silent, str(error).rstrip("."))


def _refuse_eviction(broker: str, client: Redis) -> None:
    """Raise SettingError if a broker whose memory is full throws messages away: nights would vanish without a word."""
    with suppress(ResponseError):  # one that does not tell
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
        if policy != "noeviction":
            raise SettingError(
                f"CONFRADAR_BROKER_URL: {masked(broker)} has the maxmemory-policy {policy!r}, wanted: 'noeviction', "
                "with which it refuses a message rather than lose one"
            )


@signals.task_failure.connect
def _failed(sender: Task[..., Any], args: Sequence[Any], exception: BaseException, **_: object) -> None:
    """A step was lost for good, or hit Celery's hard limit: its own process could not say so."""
    _close(sender, args, status="failed", reason="lost", error=f"{type(exception).__name__}: {exception}")


@signals.task_revoked.connect
def _revoked(sender: Task[..., Any], request: Any, **_: object) -> None:
    """Somebody revoked a step's task by Celery's own means."""
    _close(sender, request.args, status="cancelled", reason="revoked", error="its task was revoked")


def _close(task: Task[..., Any], args: Sequence[Any], **outcome: str) -> None:
    step = task.name.removeprefix("confradar.")
    if step in SCRAPERS and args:
        try:
            steps.close(str(args[0]), step, configuration.load(), **outcome)
        except ConfRadarError as error:  # the watchdog will find it
            log.warning("end of a step not written step=%s: %s", step, error)


@shared_task(bind=True, name="confradar.crawl_all", max_retries=RETRIES, autoretry_for=(DatabaseUnavailable,))
def crawl_all(
    self: Task[..., Any],
    target: str = "*",
    logical_date: str | None = None,
    trigger: str = "manual",
    budget: float | None = None,
    if_busy: str = "wait",
    by: str | None = None,
    retry_of: str | None = None,
) -> dict[str, Any]:
    """Run the job, or a part of it: open the run and send its chord; while another run is going, wait or refuse."""
    settings, instant = configuration.load(), steps.instant(logical_date)
    key = f"nightly:{instant.date()}" if trigger == "schedule" else f"manual:{self.request.id or uuid.uuid4()}"
    if trigger == "schedule" and (pause := steps.paused(steps.SCHEDULE, settings, at=instant)):
        return {"run": None, "paused": pause["why"], "by": pause["by"]}
    plan = graph.plan(target)
    opened = steps.open_run(
        key,
        trigger=trigger,
        target=target,
        steps=plan.names,
        logical_instant=instant,
        settings=settings,
        if_busy=if_busy,
        by=by,
        retry_of=retry_of,
    )
    if opened.waits_for:  # as a new message: what is retried counts, and waiting is no failure
        again = {**(self.request.kwargs or {}), "target": target, "logical_date": instant.isoformat()}
        bounds: dict[str, Any] = {"countdown": settings.waiting_seconds, "expires": self.request.expires}
        self.apply_async(kwargs=again, task_id=self.request.id, **bounds)
    elif opened.to_send:
        send(key, plan.scrapers, budget)
    return {
        "run": key,
        "joined": not opened.to_send,
        "waits_for": opened.waits_for,
        "tasks": {step: task_id(key, step) for step in opened.run.steps},
    }


@shared_task(bind=True, name="confradar.recheck", max_retries=RETRIES, autoretry_for=(DatabaseUnavailable,))
def recheck(
    self: Task[..., Any],
    conference: str | None = None,
    logical_date: str | None = None,
    trigger: str = "manual",
    budget: float | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """Read the pages of conferences with a gate at hand again, or those of one conference, by its slug.

    By the schedule, it is skipped in silence while another run is going, and while the nights are paused.
    """
    settings, instant = configuration.load(), steps.instant(logical_date)
    scheduled = trigger == "schedule"
    if scheduled and (pause := steps.paused(steps.SCHEDULE, settings, at=instant)):
        return {"run": None, "skipped": f"paused by {pause['by']}: {pause['why']}"}
    scrapers = list(steps.to_recheck(settings, now=instant, conference=conference))
    if not scrapers:
        return {"run": None, "skipped": "no gate is near"}
    key = f"recheck:{instant:%Y-%m-%dT%H}" if scheduled else f"manual:{self.request.id or uuid.uuid4()}"
    try:
        opened = steps.open_run(
            key,
            trigger=RECHECK,
            target=conference or steps.NEAR,
            steps=[*scrapers, STORE],
            logical_instant=instant,
            settings=settings,
            if_busy="refuse",
            by=by,
        )
    except RunRefused as error:
        if scheduled:
            return {"run": None, "skipped": str(error)}
        raise
    if opened.to_send:
        send(key, scrapers, budget or steps.RECHECK_BUDGET)
    return {"run": key, "joined": not opened.to_send, "tasks": {step: task_id(key, step) for step in opened.run.steps}}


def task_id(run_key: str, step: str) -> str:
    """The id of a step's task: the same however often its message is sent, so that the chord counts it once."""
    return str(uuid.uuid5(NAMES, f"{run_key}/{step}"))


def send(run_key: str, steps_: Sequence[str], budget: float | None) -> None:
    """Send the chord of a run: its scrapers at once, then the callback that stores and closes.

    Each message is stamped with the run's key, by which Flower and `celery` can find and revoke them.
    """
    # It is sent by whoever ends the last scraper, perhaps of another release: its version is that of who made it.
    made = {contract.HEADER: contract.VERSION}
    callback = store_conferences.s(run_key).set(task_id=task_id(run_key, STORE), headers=made)
    scrapers: list[Signature[Any]] = []
    for step in steps_:
        seconds = sum(budget or source.politeness.budget_seconds for source in crawled_by(step))
        soft = seconds + 2 * GRACE_SECONDS
        signature = SCRAPERS[step].si(run_key, budget)
        signature.options.update(task_id=task_id(run_key, step), soft_time_limit=soft, time_limit=soft + GRACE_SECONDS)
        scrapers.append(signature)
    for signature in (callback, *scrapers):
        signature.stamp(run=run_key)
    if scrapers:
        # The group's id is fixed as well: if two deliveries of the entry send the chord, they send the same one.
        chord(group(scrapers), callback).set(task_id=task_id(run_key, "scrapers")).apply_async(
            task_id=task_id(run_key, STORE)
        )
    else:
        callback.clone(args=([],)).apply_async()
    with database.transaction(configuration.load().database) as connection:
        ledger.mark_running(connection, ledger.find(connection, run_key).id)


def _scraper(step: str) -> Task[..., Any]:
    def scrape(self: Task[..., Any], run_key: str, budget: float | None = None) -> dict[str, Any]:
        retries = self.request.retries
        envelope, wait = steps.crawl_in_run(
            run_key,
            step,
            configuration.load(),
            task_id=self.request.id,
            retries=retries,
            retries_left=RETRIES - retries,
            budget=budget,
        )
        if wait is not None:
            raise self.retry(countdown=wait)
        if envelope is None:
            raise Ignore  # a doubled message: the process that has the step in hands will answer
        return envelope.to_json()

    names = " and ".join(source.name for source in crawled_by(step))
    scrape.__doc__ = f"Crawl {names}, check what it gives and keep it; returns the envelope."
    return shared_task(bind=True, name=f"confradar.{step}", max_retries=RETRIES, autoretry_for=(DatabaseUnavailable,))(
        scrape
    )


SCRAPERS: dict[str, Task[..., Any]] = {step: _scraper(step) for step in graph.plan(f"group:{graph.SCRAPERS}").names}


@shared_task(
    bind=True,
    name=f"confradar.{STORE}",
    max_retries=5,
    autoretry_for=(DatabaseUnavailable,),
    retry_backoff=2,
    retry_backoff_max=30,
    soft_time_limit=STORE_SECONDS - 30,
    time_limit=STORE_SECONDS,
)
def store_conferences(
    self: Task[..., Any], envelopes: list[dict[str, Any]] | dict[str, Any], run_key: str
) -> dict[str, Any]:
    """Store what the run's crawls have kept, and close the run; returns the figures, and who reported what."""
    stored = steps.store_run(run_key, configuration.load(), task_id=self.request.id)
    several = (
        envelopes if isinstance(envelopes, list) else [envelopes]
    )  # Celery hands a single header's result as it is
    heard = {envelope["step"]: envelope["status"] for envelope in several}
    return {"run": run_key, "status": stored.status, "steps": heard, "value": stored.value, "metadata": stored.metadata}


@shared_task(
    name="confradar.prune",
    max_retries=RETRIES,
    autoretry_for=(DatabaseUnavailable,),
    retry_backoff=60,
    soft_time_limit=1740,
    time_limit=1800,
)
def prune() -> dict[str, Any]:
    """Delete what is older than anybody asks for; what time did not suffice for goes the next night."""
    done = steps.prune(configuration.load())
    return {"value": done.value, "metadata": done.metadata}


@shared_task(name=f"confradar.{steps.DELIVER}", soft_time_limit=150, time_limit=180)
def deliver_messages() -> dict[str, Any]:
    """Send the messages that are due to people and operators; what fails is tried again, later and later.

    Beat sends it each minute: when it comes, beat lives.
    """
    settings = configuration.load()
    steps.hear_beat(settings)
    done = steps.deliver(settings)
    return {"value": done.value, "metadata": done.metadata}
