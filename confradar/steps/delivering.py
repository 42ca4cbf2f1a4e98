"""Delivery: what is due in the outbox goes to its channel, each message once, and no channel holds up the others."""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from datetime import datetime
from functools import partial

from confradar.errors import AddressRefused, SettingError
from confradar.notify.sending import SECONDS, STARTING, Sender
from confradar.settings import Settings
from confradar.steps.followers import ending, follow_settings
from confradar.steps.reminding import remind
from confradar.steps.runs import Materialised, patiently
from confradar.storage import database, follows, outbox
from confradar.storage.outbox import Taken

DELIVER = "deliver_messages"
BUDGET = 30  # seconds after which no further message is begun
LEASE = STARTING + 2 * SECONDS  # seconds for which a message is in one deliverer's hands

log = logging.getLogger(__name__)


def deliver(settings: Settings, *, now: datetime | None = None) -> Materialised:
    """Read CONFRADAR_FOLLOWS, put the reminders that are due into the outbox, then send what is due.

    `now` is this moment unless given.

    Each message is taken in a transaction, handed to its channel, and marked in another: whoever is killed in between
    leaves it to the next call after the lease (90 seconds). It can come a second time only if that happens between the
    channel's answer and the mark; each carries the same X-ConfRadar-Message then, by which a webhook can tell. An
    address that fails is left alone for the rest of this call, and tried again after a growing wait.

    The value counts `reminders`, `sent`, `failed` and what is `waiting`. Raises DatabaseUnavailable, DatabaseBusy.
    """
    counts: Counter[str] = Counter(sent=0, failed=0)
    try:
        follow_settings(settings)
    except (SettingError, AddressRefused) as broken:  # the others have their messages all the same
        log.error("follows of the settings not read: %s", broken)
    with database.transaction(settings.database) as connection:
        counts["reminders"] = remind(connection, settings, now=now or database.clock(connection))
    silent: set[str] = set()
    end = time.monotonic() + BUDGET
    with Sender(
        mail_url=settings.mail_url, private=settings.allow_private_hosts, use_proxy=settings.use_proxy
    ) as sender:
        while time.monotonic() < end and (taken := _take(settings, now, silent)):
            error = sender.send(taken.address, taken.subject, taken.body, headers=_headers(taken, settings))
            patiently(partial(_mark, settings, taken, error, now))
            if error is not None:
                silent.add(taken.address)
            counts["failed" if error else "sent"] += 1
            log.info("message %s key=%s%s", "failed" if error else "sent", taken.key, f": {error}" if error else "")
    with database.reading(settings.database) as connection:
        counts["waiting"] = outbox.waiting(connection)
    return Materialised(DELIVER, dict(counts), {"addresses_that_failed": len(silent)})


def _take(settings: Settings, now: datetime | None, silent: set[str]) -> Taken | None:
    with database.transaction(settings.database) as connection:
        return outbox.take(connection, now=now or database.clock(connection), seconds=LEASE, but=silent)


def _mark(settings: Settings, taken: Taken, error: str | None, now: datetime | None) -> None:
    """Write down what came of a message."""
    with database.transaction(settings.database) as connection:
        moment = now or database.clock(connection)
        if error is None:
            outbox.sent(connection, taken.id, now=moment)
        else:
            outbox.failed(connection, taken.id, error, now=moment)


def _headers(taken: Taken, settings: Settings) -> dict[str, str]:
    """What goes along with a message: by what a doubled one is known, and how a mail program ends the follow."""
    headers = {"X-ConfRadar-Message": hashlib.sha256(taken.key.encode()).hexdigest()[:32]}
    if taken.follow_id is not None:
        with database.reading(settings.database) as connection:
            found = follows.find(connection, taken.follow_id)
        if found:
            headers["List-Unsubscribe"] = f"<{ending(found, settings)}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
