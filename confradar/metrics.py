"""The figures that Prometheus reads, from the ledger at the moment when it asks: no process keeps any of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version
from math import ceil

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from sqlalchemy import Connection

from confradar import steps
from confradar.deadlines.conference import Direction
from confradar.errors import ConfRadarError
from confradar.settings import Settings
from confradar.storage import alerts, database, measures, outbox
from confradar.storage.ledger import FINAL_RUN, Run

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
NIGHTS = 30
STEPS_OF = timedelta(days=7)
FAILING_SINCE = timedelta(days=2)
QUANTILES = (0.5, 0.9, 1.0)
Samples = Iterable[tuple[Sequence[str], float]]


def text(
    settings: Settings, queue_depth: Callable[[], int] | None = None, *, statement_seconds: int | None = None
) -> bytes:
    """All figures in Prometheus' text format, of the type `CONTENT_TYPE`.

    `queue_depth` counts the messages that wait in the broker and raises ConfRadarError if it does not answer. Never
    raises for a database or a broker that is away: `confradar_up` or `confradar_broker_up` is 0 then, the rest absent.
    On PostgreSQL `statement_seconds` bounds each statement; a database that takes longer counts as away.
    """
    registry = CollectorRegistry()
    registry.register(Ledger(settings, queue_depth, statement_seconds))
    return generate_latest(registry)


class Ledger(Collector):
    """Reads the ledger, and asks the broker, whenever it is collected."""

    def __init__(
        self, settings: Settings, queue_depth: Callable[[], int] | None, statement_seconds: int | None
    ) -> None:
        self._settings, self._queue_depth, self._statement_seconds = settings, queue_depth, statement_seconds

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment."""
        yield InfoMetricFamily("confradar_build", "The version that runs.", {"version": version("confradar")})
        try:
            with database.reading(self._settings.database, statement_seconds=self._statement_seconds) as connection:
                found = list(_of_ledger(connection, self._settings, now=database.clock(connection)))
        except ConfRadarError:
            found = []
        yield _gauge("up", "Whether the database could be read.", [((), bool(found))])
        yield from found
        if self._queue_depth:
            yield from _of_broker(self._queue_depth)


def _of_broker(queue_depth: Callable[[], int]) -> Iterator[Metric]:
    try:
        depth: Samples = [((), queue_depth())]
    except ConfRadarError:
        depth = []
    yield _gauge("broker_up", "Whether the broker answered.", [((), bool(depth))])
    yield _gauge("queue_messages", "Messages that wait in the broker for a worker.", depth)


def _of_ledger(connection: Connection, settings: Settings, *, now: datetime) -> Iterator[Metric]:
    counted = measures.runs(connection)
    yield _gauge("runs", "Runs in the ledger, by status and trigger.", counted.items(), "status", "trigger")
    yield from _of_nights(connection, settings, now=now)
    yield from _of_steps(measures.ended_steps(connection, now - STEPS_OF))
    good = measures.newest_good(connection)
    listings = [((name,), kept.listings) for name, kept in good.items()]
    yield _gauge("source_listings", "Listings of the source's last good crawl.", listings, "source")
    ages = [((name,), _seconds(kept.kept_at, now)) for name, kept in good.items()]
    yield _gauge("source_last_good_age_seconds", "Since the source's last good crawl was kept.", ages, "source")
    delays = measures.detection_delays(connection, now - steps.DELAYS_OF)
    quantiles = [
        ((name, quantile), value)
        for name, delay in delays.items()
        for quantile, value in (("0.5", delay.p50), ("0.9", delay.p90))
    ]
    told = "From when a source was last seen to say a date that it moved, to when we knew: at most so long."
    yield _gauge("detection_delay_seconds", told, quantiles, "source", "quantile")
    yield _gauge("open_alerts", "Alerts that are open.", [((), len(alerts.all_open(connection)))])
    yield _gauge("messages_waiting", "Messages that are still to be sent.", [((), outbox.waiting(connection))])
    silent = outbox.troubled(connection, since=now - FAILING_SINCE)
    yield _gauge("failing_addresses", "Addresses whose last message was not taken.", [((), len(silent))])
    since = measures.leased_since(connection)
    held = [((), _seconds(since, now) if since else 0)]
    yield _gauge("lease_held_seconds", "Since the run began that may run the job now; 0 if none may.", held)


def _of_nights(connection: Connection, settings: Settings, *, now: datetime) -> Iterator[Metric]:
    state = steps.night_state(connection, settings, now=now, nights=NIGHTS)
    yield _gauge("night_missing", "Whether the night that was due last never began.", [((), state.missing)])
    yield _gauge("night_late", "Whether the night that was due last began too late, or waits.", [((), state.late)])
    yield _gauge("schedule_paused", "Whether an operator has paused the schedule.", [((), bool(state.pause))])
    age: Samples = [((), _seconds(state.last.started_at, now))] if state.last else []
    yield _gauge("last_night_age_seconds", "Since the newest night began.", age)
    over = [night for night in state.nights if night.status in FINAL_RUN]
    rate: Samples = [((), sum(night.status == "ok" for night in over) / len(over))] if over else []
    yield _gauge("nights_success_ratio", f"Share of the last {NIGHTS} nights that are over and went well.", rate)
    took = [_seconds(night.started_at, night.finished_at) for night in over if night.finished_at]
    yield _gauge(
        "last_night_duration_seconds", "Duration of the last night that is over.", [((), took[0])] if took else []
    )
    yield _gauge(
        "night_duration_seconds", f"Durations of the last {NIGHTS} nights.", _quantiles({(): took}), "quantile"
    )
    yield from _of_last(over[0] if over else None)


def _of_last(night: Run | None) -> Iterator[Metric]:
    figures = (night.statistics if night else None) or {}
    moves = figures.get("moves", {})
    directions = [((direction.value,), moves.get(direction.value, 0)) for direction in Direction] if figures else []
    yield _gauge("last_night_changes", "Dates that the last night moved, by direction.", directions, "direction")
    rejected: Samples = [((), figures["rejected"])] if figures else []
    yield _gauge("last_night_rejected_listings", "Listings that broke a rule in the last night.", rejected)


def _of_steps(ended: Sequence[measures.Ended]) -> Iterator[Metric]:
    durations: defaultdict[tuple[str, ...], list[float]] = defaultdict(list)
    last: dict[str, measures.Ended] = {}
    for one in ended:
        durations[one.step,].append(_seconds(one.started_at, one.finished_at))
        last.setdefault(one.step, one)
    days = STEPS_OF.days
    newest = [((step,), durations[step,][0]) for step in last]
    yield _gauge("step_last_duration_seconds", "Duration of the step's newest attempt.", newest, "step")
    yield _gauge(
        "step_duration_seconds", f"Durations of the step in {days} days.", _quantiles(durations), "step", "quantile"
    )
    good = [((step,), one.status in ("ok", "degraded")) for step, one in last.items()]
    yield _gauge("step_last_success", "Whether the step's newest attempt gave something.", good, "step")
    rejects = [((step,), one.rejected) for step, one in last.items() if one.rejected is not None]
    yield _gauge("step_rejected_listings", "Listings of the newest attempt that broke a rule.", rejects, "step")


def _quantiles(values: Mapping[tuple[str, ...], Sequence[float]]) -> Samples:
    for labels, found in values.items():
        ordered = sorted(found)
        for quantile in QUANTILES if ordered else ():
            yield (*labels, f"{quantile:g}"), ordered[ceil(quantile * len(ordered)) - 1]


def _seconds(begin: datetime, end: datetime) -> float:
    """From one moment to another; 0 if a clock was put back between."""
    return max((end - begin).total_seconds(), 0)


def _gauge(name: str, told: str, samples: Samples, *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"confradar_{name}", told, labels=labels)
    for values, value in samples:
        family.add_metric(values, float(value))
    return family
