"""Three nights of the demo and two who follow: a real mail server, a real webhook, and deliverers that are killed."""

import signal
from collections.abc import Callable
from datetime import timedelta

import psutil
import pytest

from confradar import app, steps
from confradar.deadlines.selection import Selection
from confradar.demo import sites
from confradar.storage import database, lease, outbox
from tests.receivers import mailbox, webhook

from .conftest import Installation, given, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

ECCV = "ECCV 2026 · submission moved 23 hours EARLIER, to Thu 5 Mar 2026"
BY_MAIL = ["ECCV 2026 is new, and 6 more changes", f"{ECCV} 23:00 in Berlin", "ECCV 2026 · abstract is new"]
BY_HOOK = [
    "ACL 2026 is new, and 42 more changes",
    "ICDCS 2026 · abstract moved 14 days later, and 3 more changes",
    f"{ECCV} 14:00 in Los Angeles",
    "ICIP 2026 · submission moved 14 days later, and 8 more changes",
]


def test_each_follower_gets_exactly_the_right_messages_each_once(install: Callable[..., Installation]) -> None:
    """The process that delivers is killed while the webhook hangs; its task is delivered again, and sent once more."""
    with mailbox() as box, webhook() as hook, sites.serve() as staged, given(staged.environment()):
        installed = install(CONFRADAR_MAIL_URL=box.url, **staged.environment())
        settings = installed.settings
        steps.follow(Selection.parse("topic=vision"), "ada@example.org", settings, by="ada", zone="Europe/Berlin")
        steps.follow(Selection(), hook.url, settings, by="lab", zone="America/Los_Angeles")
        hook.open.clear()
        for number, night in enumerate(sites.NIGHTS, 1):
            staged.night = number
            key = installed.submit(logical_date=night.isoformat())
            assert installed.finished(key, 120).status == "ok"

        with app.connected(installed.broker) as celery:
            celery.send_task("confradar.deliver_messages")
            assert hook.asked.acquire(timeout=60), "nobody spoke to the webhook"
            speakers = installed.crawls()  # grandchildren of a worker: the process that speaks to the channels
            psutil.Process(speakers[0].ppid()).send_signal(signal.SIGKILL)
            psutil.wait_procs(speakers, timeout=10)
            assert not any(speaker.is_running() for speaker in speakers), "it outlived who asked it"
            hook.open.set()
            again = [celery.send_task("confradar.deliver_messages") for _ in range(2)]
            assert all(task.get(timeout=60)["value"]["failed"] == 0 for task in again)
        with database.reading(settings.database) as connection:
            assert lease.beat_until(connection), "beat sends that task, and was not heard"
        later = steps.now_utc() + timedelta(minutes=5)  # the lease of the one that was killed has run out
        steps.deliver(settings, now=later)

        with database.reading(settings.database) as connection:
            assert outbox.waiting(connection) == 0
        assert sorted(mail["Subject"] for mail in box.mails) == sorted(BY_MAIL)
        assert sorted(post["title"] for post in hook.posts) == sorted(BY_HOOK)
        assert len({headers["X-ConfRadar-Message"] for headers in hook.headers}) == len(hook.posts)
        until(lambda: not installed.crawls(), 20, lambda: "a process is left that speaks to channels")


@pytest.mark.fault("F13", "the crawler's rule holds for webhooks; one that hangs delays no run")
def test_a_channel_that_hangs_delays_no_run(install: Callable[..., Installation]) -> None:
    """A webhook that never answers holds one process for seconds; the night of five sources goes on beside it."""
    with webhook() as hook, sites.serve() as staged, given(staged.environment()):
        installed = install(**staged.environment())
        steps.follow(Selection(), hook.url, installed.settings, by="lab")
        assert installed.finished(installed.submit(logical_date=sites.NIGHTS[0].isoformat()), 120).status == "ok"
        hook.open.clear()
        with app.connected(installed.broker) as celery:
            celery.send_task("confradar.deliver_messages")
            assert hook.asked.acquire(timeout=60), "nobody spoke to the webhook"
            staged.night = 2
            key = installed.submit(logical_date=sites.NIGHTS[1].isoformat())

            assert installed.finished(key, 120).status == "ok"
