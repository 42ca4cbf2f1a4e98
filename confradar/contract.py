"""The version of the messages between processes, so that workers of two releases can share one broker."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from celery import Celery, signals
from celery.exceptions import InvalidTaskError
from kombu import Message

from confradar import settings as configuration

VERSION = "1"  # of the arguments and the results of our tasks: whoever changes what they mean counts up
KNOWN = ("1",)  # whose messages this release reads; the one before stays until no worker of that release is left
HEADER, RETURNED = "confradar_version", "confradar_returned_at"
Answer = Callable[..., Any]  # acknowledges a message, or refuses it
log = logging.getLogger(__name__)


@signals.before_task_publish.connect
def _name_version(headers: dict[str, Any], **_: object) -> None:
    headers.setdefault(HEADER, VERSION)


def strategy(task: Any, app: Celery, consumer: Any, **given: Any) -> Callable[..., Any]:
    """Celery's way to take a message, for those whose version is known; the others go back to the end of the queue.

    They go after a wait, so that a worker that knows them can take them; what came back for as long as a run
    may last is dropped, and the watchdog tells which night is missing it. A message without a version is taken.
    """
    from celery.worker.strategy import default  # noqa: PLC0415 - only workers pay for it

    settings = configuration.load()
    take = default(task, app, consumer, **given)

    def received(message: Message, body: Any, ack: Answer, reject: Answer, callbacks: Any) -> Any:
        version = message.headers.get(HEADER, VERSION)
        if version in KNOWN:
            return take(message, body, ack, reject, callbacks)
        first = message.headers.setdefault(RETURNED, str(int(time.time())))
        if not str(first).isdecimal():  # whoever sent it, it is none of ours; Celery rejects it
            raise InvalidTaskError(f"{RETURNED} of a message is no time: {first!r:.50}")
        if time.time() - int(first) > settings.run_deadline_seconds:
            log.error("dropped: no worker knows version %.50r task=%s", version, task.name)
            return reject(log, consumer.connection_errors, False)
        log.warning("back to the queue: version %.50r is not known task=%s", version, task.name)
        return consumer.timer.call_after(settings.waiting_seconds, _give_back, (consumer, message, ack))

    return received


def _give_back(consumer: Any, message: Message, ack: Answer) -> None:
    """Put a message to the end of its queue, behind those that this worker knows."""
    names = ("correlation_id", "reply_to", "priority")
    kept = {name: message.properties[name] for name in names if name in message.properties}
    with consumer.app.producer_or_acquire() as producer:
        producer.publish(
            message.body,
            routing_key=message.delivery_info["routing_key"],
            exchange=message.delivery_info["exchange"],
            headers=message.headers,
            content_type=message.content_type,
            content_encoding=message.content_encoding,
            **kept,
        )
    ack(log, consumer.connection_errors)
