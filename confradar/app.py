"""The Celery application: the same as `celery` finds without -A."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery
from kombu import Connection
from kombu.exceptions import OperationalError

from confradar.errors import BrokerUnavailable
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


def workers(settings: Settings, timeout: float = 1.0) -> list[str]:
    """The names of the workers that answer on the broker. Raises BrokerUnavailable if the broker itself does not."""
    with _reached(settings) as (application, connection):
        replies = application.control.ping(timeout=timeout, connection=connection)
    return sorted(name for reply in replies or [] for name in reply if not name.startswith("celerybeat@"))


def submit(broker: str, **arguments: Any) -> str:
    """Send `confradar.crawl_all` and return the id of its task, which names the run: `manual:<id>`."""
    with connected(broker) as application:
        return str(application.send_task("confradar.crawl_all", kwargs=arguments).id)
