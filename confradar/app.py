"""The Celery application: the same as `celery` finds without -A."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from celery import Celery
from kombu import Connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from confradar import contract  # noqa: F401 - what is sent from here carries its version
from confradar.errors import BrokerUnavailable, ConfRadarError
from confradar.masking import masked
from confradar.settings import Settings

app = Celery("confradar")
app.config_from_object("celeryconfig")
app.set_default()


def connected(broker: str) -> Celery:
    """An application of the same configuration on that broker."""
    application = Celery("confradar", set_as_current=False)
    application.config_from_object("celeryconfig")
    application.conf.update(broker_url=broker, result_backend=broker)
    return application


@contextmanager
def _reached(settings: Settings) -> Iterator[tuple[Celery, Connection]]:
    """An application with a connection to the broker that answers. Raises BrokerUnavailable."""
    application = connected(settings.broker)
    try:
        with application.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
            yield application, connection
    except (OperationalError, OSError) as error:
        reason = str(error).rstrip(".")
        raise BrokerUnavailable(f"{settings.broker_silent} ({reason}). Start one, e.g. `confradar up`.") from error


def check_broker(settings: Settings) -> None:
    """Raise BrokerUnavailable unless the broker answers."""
    with _reached(settings):
        pass


class Nodes(NamedTuple):
    """Who answers on the broker, by name."""

    workers: list[str]
    beats: list[str]


def nodes(settings: Settings, timeout: float = 1.0) -> Nodes:
    """The workers and beats that answer on the broker within so many seconds. Raises BrokerUnavailable."""
    with _reached(settings) as (application, connection):
        replies = application.control.ping(timeout=timeout, connection=connection)
    names = sorted(name for reply in replies or [] for name in reply)
    beats = [name for name in names if name.startswith("celerybeat@")]
    return Nodes([name for name in names if name not in beats], beats)


def workers(settings: Settings, timeout: float = 1.0) -> list[str]:
    """The names of the workers that answer on the broker. Raises BrokerUnavailable if the broker itself does not."""
    return nodes(settings, timeout).workers


class Queue(NamedTuple):
    """How many messages wait for a worker, and how many a worker has in hands."""

    waiting: int
    taken: int


def queue(settings: Settings) -> Queue:
    """The messages that are not done. Raises BrokerUnavailable."""
    with _reached(settings) as (application, connection):
        client = connection.default_channel.client  # type: ignore[attr-defined]  # Redis's channel has it
        return Queue(client.llen(application.conf.task_default_queue), client.hlen("unacked"))


def submit(broker: str, task: str = "confradar.crawl_all", **arguments: Any) -> str:
    """Send a task that opens a run and return its id, which names the run: `manual:<id>`.

    Raises BrokerUnavailable.
    """
    try:
        with connected(broker) as application, application.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
            return str(application.send_task(task, kwargs=arguments, connection=connection).id)
    except (OperationalError, OSError) as error:
        reason = str(error).rstrip(".")
        raise BrokerUnavailable(
            f"{masked(broker)} does not answer ({reason}). Start it, e.g. `confradar up`."
        ) from error


def revoke(broker: str, task_id: str) -> None:
    """Tell the workers to drop the message of that id, which none of them has begun. Raises BrokerUnavailable.

    Those that start later were not told; the ledger tells them.
    """
    try:
        with connected(broker) as application, application.connection_for_write() as connection:
            application.control.revoke(task_id, connection=connection)
    except (OperationalError, OSError) as error:
        raise BrokerUnavailable(f"The broker {masked(broker)} does not answer any more ({error}).") from error


def failure(broker: str, task_id: str) -> ConfRadarError | None:
    """Why the task of that id failed; None if it did not. Raises BrokerUnavailable."""
    with connected(broker) as application:
        found = application.AsyncResult(task_id)
        try:
            error = found.result if found.failed() else None
        except (OSError, RedisError) as lost:
            raise BrokerUnavailable(f"The broker {masked(broker)} does not answer any more ({lost}).") from lost
    if error is None or isinstance(error, ConfRadarError):
        return error
    return ConfRadarError(f"confradar.crawl_all failed: {type(error).__name__}: {error}")
