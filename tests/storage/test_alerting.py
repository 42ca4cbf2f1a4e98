"""What operators hear, over a real channel, on both databases: each alert once, a word a day, one when it is over."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from confradar import settings as configuration
from confradar import steps
from confradar.settings import Settings
from confradar.storage import alerts, database
from tests.receivers import Hook, webhook

from .test_watching import DAY, DUE, HOUR, night


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as found:
        yield found


@pytest.fixture
def settings(url: str, hook: Hook) -> Settings:
    """An installation whose alerts go to one webhook. There is no broker."""
    return configuration.load(CONFRADAR_DATABASE_URL=url, alert_to=hook.url, allow_private_hosts=True)


def look(settings: Settings, *moments: datetime) -> None:
    """The watchdog looks at each of these moments, and delivers."""
    for now in moments:
        steps.watch(settings, since=DUE - HOUR, now=now)
        steps.deliver(settings, now=now)


def said(hook: Hook) -> list[str]:
    return [post["title"] for post in hook.posts]


def standing(settings: Settings) -> list[str]:
    with database.reading(settings.database) as connection:
        return [one.condition for one in alerts.all_open(connection)]


@pytest.mark.fault("C2", "beat silent for two days: an alert from outside beat, one open")
def test_a_silent_beat_is_told_once_and_each_day_and_when_it_is_over(settings: Settings, hook: Hook) -> None:
    """By the watchdog, which needs neither beat nor broker; with the night that did not come."""
    night(settings, DUE)
    missed = DUE + DAY + HOUR
    look(settings, missed, missed + HOUR, missed + 12 * HOUR, missed + DAY + HOUR)
    assert standing(settings) == ["night missing"]
    assert said(hook) == ["ConfRadar: night missing", "ConfRadar: night missing, still"]
    assert "no run nightly:2026-01-15 was begun by 02:10 UTC" in hook.posts[0]["message"]

    night(settings, DUE + 3 * DAY)
    look(settings, DUE + 3 * DAY + HOUR, DUE + 3 * DAY + 2 * HOUR)

    assert said(hook)[2:] == ["ConfRadar: night missing, over"]
    assert standing(settings) == []


@pytest.mark.fault("G1", "five bad nights, alert channel down: one alert, delivered once")
def test_a_channel_that_is_down_for_five_nights_gets_one_alert(settings: Settings, hook: Hook) -> None:
    """What waits for it says it all; that the channel is down is an alert of its own, and not sent through it."""
    hook.answer = 500
    night(settings, DUE)
    for days in range(1, 6):
        night(settings, DUE + days * DAY, good=())
        look(settings, DUE + days * DAY + HOUR, DUE + days * DAY + 13 * HOUR)
    assert standing(settings) == ["night failed", "alert channel down"]
    assert hook.posts == []

    hook.answer = 200
    later = DUE + 6 * DAY + HOUR
    night(settings, DUE + 6 * DAY, good=())
    look(settings, later, later + DAY / 2)
    [heard] = said(hook)
    assert heard.startswith("ConfRadar: night failed")
    assert "/ops/runs/nightly%3A2026-01-" in hook.posts[0]["message"]

    night(settings, DUE + 7 * DAY)
    look(settings, DUE + 7 * DAY + 2 * HOUR, DUE + 8 * DAY - HOUR)

    assert said(hook) == [heard, "ConfRadar: night failed, over"]
    assert standing(settings) == []


def test_what_is_over_before_it_was_told_is_told_as_over(settings: Settings, hook: Hook) -> None:
    """One message, of what was and since when it is well."""
    hook.answer = 500
    night(settings, DUE, good=())
    look(settings, DUE + HOUR)
    night(settings, DUE + DAY)
    steps.watch(settings, since=DUE, now=DUE + DAY + HOUR)
    hook.answer = 200

    look(settings, DUE + DAY + 2 * HOUR)

    assert said(hook) == ["ConfRadar: night failed, over"]
    assert "run nightly:2026-01-14 failed" in hook.posts[0]["message"]


def test_with_no_address_an_alert_is_a_row(url: str) -> None:
    """Which is told to the first address that is set while it lasts."""
    nobody = configuration.load(CONFRADAR_DATABASE_URL=url)
    night(nobody, DUE, good=())
    look(nobody, DUE + HOUR)
    assert standing(nobody) == ["night failed"]

    with webhook() as hook:
        look(nobody.model_copy(update={"alert_to": hook.url, "allow_private_hosts": True}), DUE + 2 * HOUR)
        assert said(hook) == ["ConfRadar: night failed"]
