"""How a worker takes messages: as Celery does, but a broker that is away for a while does not end it."""

from __future__ import annotations

from typing import Any

from celery.worker.consumer import Consumer


class PatientConsumer(Consumer):
    """Gives back what it has in hands when the broker answers again, not to the one that has just gone.

    kombu tries the latter, and to acknowledge what is done meanwhile; it does so over a connection that it has closed,
    and the error that comes of that ends the worker.
    """

    task_consumer: Any
    owed: frozenset[str] = frozenset()  # the messages to be given back, by their tags in Redis

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Remember what is not acknowledged, say nothing more over the lost connection, and connect anew."""
        if self.task_consumer:
            lost = self.task_consumer.channel
            self.owed |= frozenset(lost.qos._delivered)  # noqa: SLF001 - nothing else tells
            lost.do_restore = False
            lost.basic_ack = lost.basic_reject = _say_nothing
        super().on_connection_error_after_connected(exc)

    def on_ready(self) -> None:
        """Give back what is owed. Whoever gets it finds in the ledger what is done, and what somebody still does."""
        super().on_ready()
        qos = self.task_consumer.channel.qos
        for tag in self.owed:  # each once, also if the broker goes away meanwhile
            qos.restore_by_tag(tag)
            self.owed -= {tag}


def _say_nothing(*_: object, **__: object) -> None:
    pass
