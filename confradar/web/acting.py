"""What an operator starts: a run of a target, or of what failed in another."""

from __future__ import annotations

from confradar import app, graph, steps
from confradar.errors import BrokerUnavailable, ConfRadarError
from confradar.settings import Settings


def start(settings: Settings, target: str, *, by: str, if_busy: str = "wait") -> str:
    """Send a run of that target; returns its key. It appears in the ledger when a worker takes it.

    Raises UnknownName for a target that selects nothing, BrokerUnavailable, and with `if_busy` set to `refuse`
    RunRefused while another run is going.
    """
    graph.plan(target)
    if if_busy == "refuse":
        steps.refuse_if_busy(settings)
    return "manual:" + app.submit(settings.broker, target=target, by=by, if_busy=if_busy)


def not_begun(settings: Settings, key: str) -> ConfRadarError | None:
    """Why a run that was sent is not in the ledger, if a worker said so: it was refused, or could not be opened."""
    try:
        app.check_broker(settings)  # gives up sooner than whoever asks for a result
        return app.failure(settings.broker, key.removeprefix("manual:"))
    except BrokerUnavailable:
        return None


def retry(settings: Settings, key: str, *, by: str) -> str:
    """Send a run of what failed in another; returns its key. Raises UnknownName, Refused, BrokerUnavailable."""
    target = steps.retry_target(key, settings)
    return "manual:" + app.submit(settings.broker, target=target, by=by, retry_of=key)
