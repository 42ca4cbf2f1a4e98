"""Alerts: opened and ended by the watchdog, and told to operators, once each, with a reminder a day."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from sqlalchemy import Connection

from confradar.errors import AddressRefused, ConfRadarError
from confradar.notify import channels
from confradar.notify.sending import Sender
from confradar.settings import Settings
from confradar.steps.conditions import CHANNEL, Trouble, Troubles
from confradar.storage import alerts, lease, outbox
from confradar.storage.alerts import Alert
from confradar.storage.outbox import Message

REMINDED_EVERY = timedelta(days=1)
AWAY = "database.away"  # in the data directory, while the database does not answer


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a message to an address, which is shown without its secrets: an `error`, or None."""

    address: str
    error: str | None


def attend(connection: Connection, settings: Settings, found: Troubles, *, now: datetime) -> list[str]:
    """Open an alert for each condition that is so, once; end those that are over; tell operators. One line for each.

    The messages are written in the transaction of `connection`; whoever delivers sends them.
    """
    done = []
    failing = {one.address for one in outbox.troubled(connection, since=now - REMINDED_EVERY)}
    for condition, trouble in found.items():
        if trouble is None:
            if over := alerts.resolve(connection, condition, now=now):
                done.append(f"alert over: {condition}")
                _tell_end(connection, settings, over, now=now)
        elif not trouble.explained and alerts.open_alert(connection, condition, trouble.detail, now=now):
            done.append(f"alert {condition}: {trouble.detail}")
    for alert in alerts.all_open(connection):
        # That the channel is down is not told over a channel that is.
        deaf = failing if alert.condition == CHANNEL else set[str]()
        _tell(connection, settings, alert, found.get(alert.condition), deaf, now=now)
    return done


def _tell(
    connection: Connection, settings: Settings, alert: Alert, trouble: Trouble | None, deaf: Set[str], *, now: datetime
) -> None:
    """Write what is wrong, or that it still is, to each address, but the `deaf`, that heard nothing of it for a day."""
    since = f"since {alert.opened_at:%Y-%m-%d %H:%M} UTC"
    detail, run = (trouble.detail, trouble.run) if trouble else (alert.detail, None)
    links = [f"{settings.site}/ops/runs/{quote(run, safe='')}"] if run else []
    body = "\n\n".join([f"{detail}.", f"So it is {since}.", *links, f"{settings.site}/ops/alerts"])
    for address, prefix in _addresses(settings, alert):
        last = outbox.last_word(connection, prefix, now=now)
        if address not in deaf and (last is None or now - last >= REMINDED_EVERY):
            subject = f"ConfRadar: {alert.condition}{', still' if last else ''}"
            key = f"{prefix}{now.date() if last else 'opened'}"
            outbox.put(connection, Message(key, "alert", address, subject, body, due_at=now), now=now)
            alerts.mark_told(connection, alert.id, now=now)


def _tell_end(connection: Connection, settings: Settings, over: Alert, *, now: datetime) -> None:
    """Write that an alert is over to each address that was told of it; a word in waiting gives way to this one."""
    body = (
        f"It is well again since {now:%Y-%m-%d %H:%M} UTC.\n\n"
        f"From {over.opened_at:%Y-%m-%d %H:%M} UTC it was so: {over.detail}.\n\n{settings.site}/ops/alerts"
    )
    for address, prefix in _addresses(settings, over):
        if outbox.last_word(connection, prefix, now=now):
            outbox.withdraw(connection, outbox.begins(prefix))
            end = Message(f"{prefix}over", "alert", address, f"ConfRadar: {over.condition}, over", body, due_at=now)
            outbox.put(connection, end, now=now)


def _addresses(settings: Settings, alert: Alert) -> Iterator[tuple[str, str]]:
    """Each address that is to hear of an alert, and how the keys of its messages begin."""
    return ((address, f"alert/{alert.id}/{_digest(address)}/") for address in settings.alert_addresses)


def test_alerts(settings: Settings) -> list[Said]:
    """Send a message to each address now, past the outbox; says what came of each."""
    return _send(settings, "ConfRadar: a test", f"An alert would come here.\n\n{settings.site}/ops/alerts")


def _send(settings: Settings, subject: str, body: str) -> list[Said]:
    said = []
    with Sender(
        mail_url=settings.mail_url, private=settings.allow_private_hosts, use_proxy=settings.use_proxy
    ) as sender:
        for number, address in enumerate(settings.alert_addresses, 1):
            try:
                shown = channels.check(address, mail_url=settings.mail_url).shown
            except AddressRefused as error:
                said.append(Said(f"address {number} of CONFRADAR_ALERT_TO", str(error)))
            else:
                said.append(Said(shown, sender.send(address, subject, body)))
    return said


def without_database(settings: Settings, error: ConfRadarError, *, now: datetime) -> list[str]:
    """The database does not answer: once that has lasted `missing_after_seconds`, tell it past the outbox, and again
    each day. What was told is kept in the data directory. One line for each thing done.
    """
    since, told = _away(settings) or (now, None)
    waited = now - since >= timedelta(seconds=settings.missing_after_seconds)
    done = []
    if waited if told is None else now - told >= REMINDED_EVERY:
        body = f"{error}\n\nSo it is since {since:%Y-%m-%d %H:%M} UTC. Nothing is crawled or stored meanwhile."
        said = _send(settings, f"ConfRadar: database away{', still' if told else ''}", body)
        told = now if any(one.error is None for one in said) else told
        done = [f"alert database away: {one.address}: {one.error or 'told'}" for one in said]
    (settings.data_dir / AWAY).write_text(f"{since.isoformat()} {told.isoformat() if told else ''}")
    return done


def with_database(connection: Connection, settings: Settings, *, now: datetime) -> list[str]:
    """The database answers: write so to each address, if it was told that it did not. One line if it was away.

    Beat could not be heard of meanwhile: it gets its time anew.
    """
    if (away := _away(settings)) is None:
        return []
    if lease.beat_until(connection):
        lease.hear_beat(connection, now + timedelta(seconds=settings.missing_after_seconds))
    since, told = away
    body = f"It answers again since {now:%Y-%m-%d %H:%M} UTC. It was away since {since:%Y-%m-%d %H:%M} UTC."
    for address in settings.alert_addresses if told else ():
        key = f"alert/database/{since.isoformat()}/{_digest(address)}/over"
        over = Message(key, "alert", address, "ConfRadar: database away, over", body, due_at=now)
        outbox.put(connection, over, now=now)
    (settings.data_dir / AWAY).unlink()
    return ["alert over: database away"]


def _away(settings: Settings) -> tuple[datetime, datetime | None] | None:
    """Since when the database has been away, and when that was told last; None if it answered when we looked last."""
    try:
        since, _, told = (settings.data_dir / AWAY).read_text().partition(" ")
        return datetime.fromisoformat(since), datetime.fromisoformat(told) if told else None
    except (FileNotFoundError, ValueError):  # one that was half written is written anew
        return None


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:12]
