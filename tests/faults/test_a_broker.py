"""The broker is away, forgetful or full, and what comes through it is not what we sent."""

import base64
import json
import pickle
from pathlib import Path

import pytest

from confradar import app, steps
from confradar.storage import database, history
from tests.workers.conftest import Stored, until

from .stack import FIRST, Stack
from .test_a_processes import ELRA, fault, others_done

pytestmark = pytest.mark.integration
NIGHT = FIRST.isoformat()
AWAY = "Connection to broker lost"


@pytest.mark.slow
@pytest.mark.parametrize("forgetful", [False, True], ids=["with AOF", "without AOF"])
@fault("A12", "Valkey killed mid-chord: completes, or closes as lost; workers consume again")
def test_a12_the_broker_is_killed_in_mid_chord(stack: Stack, healthy: Stored, *, forgetful: bool) -> None:
    """Four crawls are done, the fifth ends while it is away: the night is whole, by the chord or by the watchdog."""
    stack.front.hold("elra")
    key = stack.submit(logical_date=NIGHT)
    stack.crawl_of(key, ELRA)
    others_done(stack, key)
    node = stack.named[stack.worker_of(stack.steps(key)[ELRA]["pid"])]
    before = node.log.read_text().count(AWAY)
    stack.valkey.kill()
    until(lambda: node.log.read_text().count(AWAY) > before, 20)
    stack.front.release("elra")
    until(lambda: stack.steps(key)[ELRA]["finished_at"], 30)
    stack.valkey.start(forgetful=forgetful)
    run = stack.finished(key, 60)

    assert run.status == "ok"
    assert node.alive()
    stack.sound(healthy)


@pytest.mark.slow
@fault("A13", "Valkey away at the start: the crawls that run end, late start, nothing lost")
def test_a13_the_broker_is_away_for_a_while(stack: Stack, healthy: Stored) -> None:
    """Who calls is told at once; when it is back, the same call makes the night."""
    stack.valkey.kill()
    with pytest.raises(Exception, match="does not answer"):
        stack.submit(logical_date=NIGHT)
    stack.valkey.start()
    key = stack.submit(logical_date=NIGHT)
    assert stack.finished(key, 60).status == "ok"
    stack.sound(healthy)


@pytest.mark.slow
@fault("A14", "flushed in mid-run: closes, the four others stored or all")
def test_a14_the_broker_is_flushed(stack: Stack, healthy: Stored) -> None:
    """Messages, results and the chord are gone while the fifth crawl is going."""
    stack.front.hold("elra")
    key = stack.submit(logical_date=NIGHT)
    stack.crawl_of(key, ELRA)
    others_done(stack, key)
    with app.connected(stack.broker) as celery:
        celery.connection_for_read().default_channel.client.flushall()
    stack.front.release("elra")
    assert stack.finished(key, 60).status == "ok"
    stack.sound(healthy)


@pytest.mark.slow
@fault("A14", "out of memory: what can be stored is, and the next night is whole")
def test_a14_the_broker_is_out_of_memory(stack: Stack, healthy: Stored) -> None:
    """It refuses every write while the crawls end."""
    stack.front.hold("elra")
    key = stack.submit(logical_date=NIGHT)
    stack.crawl_of(key, ELRA)
    others_done(stack, key)
    with app.connected(stack.broker) as celery:
        client = celery.connection_for_read().default_channel.client
        client.config_set("maxmemory", "1kb")
        try:
            stack.front.release("elra")
            until(lambda: stack.steps(key)[ELRA]["finished_at"], 30)
            assert stack.finished(key, 40).status == "ok"
        finally:
            client.config_set("maxmemory", "0")
    stack.sound(healthy)


class Harmful:
    """What would write a file if anybody unpickled it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os_system, (f"touch {self.mark}",))


def os_system(command: str) -> None:  # pragma: no cover - it must never run
    """Stand in for the call that an attacker would make."""
    Path(command.split()[-1]).touch()


@fault("A15", "garbage, unknown task, deep JSON, pickle: rejected, worker alive, nothing executed")
def test_a15_messages_that_are_not_ours(stack: Stack, healthy: Stored, tmp_path: Path) -> None:
    """Each is put into the queue as a thief with the broker's password would."""
    mark = tmp_path / "executed"
    headers = {"lang": "py", "task": "confradar.crawl_all", "id": "evil", "argsrepr": "()", "kwargsrepr": "{}"}
    properties = {
        "correlation_id": "evil", "delivery_mode": 2, "delivery_info": {"exchange": "", "routing_key": "celery"},
        "priority": 0, "body_encoding": "base64", "delivery_tag": "evil",
    }  # fmt: skip

    def message(body: bytes, content_type: str, **header: str) -> bytes:
        return json.dumps(
            {
                "body": base64.b64encode(body).decode(), "content-encoding": "binary", "content-type": content_type,
                "headers": {**headers, **header}, "properties": properties,
            }
        ).encode()  # fmt: skip

    deep = b"[" * 100_000 + b"]" * 100_000
    with app.connected(stack.broker) as celery:
        queue = celery.connection_for_read().default_channel.client
        queue.lpush("celery", message(pickle.dumps(Harmful(mark)), "application/x-python-serialize"))
        queue.lpush("celery", message(b"[[], {}, {}]", "application/json", task="os.system"))
        queue.lpush("celery", message(deep, "application/json"))
        queue.lpush("celery", message(b'[["*"], {"target": {"a": 1}}, null]', "application/json"))
        until(lambda: queue.llen("celery") == 0, 20)
    with database.reading(stack.settings.database) as connection:
        assert history.runs(connection) == []
    assert not mark.exists()
    assert stack.finished(stack.submit(logical_date=NIGHT)).status == "ok"
    stack.sound(healthy)


@pytest.mark.slow
@fault("A13", "Valkey away all night: one alert that is sent without it, over with the next night")
def test_a13_the_broker_is_away_all_night(stack: Stack) -> None:
    """The watchdog asks the database alone: nights that ran before come no more."""
    stack.submit(logical_date=NIGHT, trigger="schedule")
    stack.finished(f"nightly:{FIRST.date()}")
    stack.execute("UPDATE run SET started_at = logical_instant")  # as nights of January did
    stack.valkey.kill()
    try:
        until(stack.alerts, 20, lambda: stack.named["watchdog"].last_words(20))
        assert stack.alerts() == {"night missing": False}
    finally:
        stack.valkey.start()
    tonight = steps.now_utc().replace(hour=2, minute=0, second=0, microsecond=0)
    stack.submit(logical_date=tonight.isoformat(), trigger="schedule")
    stack.finished(f"nightly:{tonight.date()}")
    until(lambda: stack.alerts()["night missing"], 20, lambda: str(stack.alerts()))
