"""The metrics over HTTP; what they tell is tested with the ledger."""

from collections.abc import Callable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from confradar import servers

from .conftest import Client
from .history import seed

Serve = Callable[..., Client]


def test_metrics_are_read_from_ledger_and_broker(serve: Serve, tmp_path: Path) -> None:
    """In Prometheus' format; a broker that is away takes only its own figures along."""
    with servers.valkey(tmp_path / "broker") as broker:
        ask = serve(broker_url=broker)
        seed(ask.settings.database, nights=8)
        answer = ask.get("/metrics")
    away = ask.get("/metrics")

    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer.headers["Cache-Control"] == "no-store"
    assert read(answer.text)["confradar_runs"] >= 3
    assert (read(answer.text)["confradar_queue_messages"], "confradar_queue_messages" in read(away.text)) == (1, False)


def read(text: str) -> dict[str, int]:
    """How many samples there are of each name."""
    families = text_string_to_metric_families(text)
    return {family.name: len(family.samples) for family in families if family.samples}
