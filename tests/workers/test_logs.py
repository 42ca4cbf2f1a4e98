"""What a night leaves in its logs: the lines of worker and crawl process, tagged, without secrets."""

import json
from collections.abc import Callable, Iterator

import pytest

from confradar.demo import sites
from confradar.demo.sites import Sites
from confradar.steps import STORE
from confradar.storage import database, ledger, logs

from .conftest import Installation, children, until

pytestmark = pytest.mark.integration
Install = Callable[..., Installation]
ELRA = "elra_conferences"
ENGINE, OUTCOME = "scrapy.core.engine", "confradar.crawling.outcome"


@pytest.fixture(scope="module")
def staged() -> Iterator[Sites]:
    """The five sites of the demo."""
    with sites.serve() as served:
        yield served


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database of each kind; the empty text is SQLite in the data directory."""
    return request.getfixturevalue("postgres_database") if request.param == "postgresql" else ""


def logged(night: Installation, key: str, step: str, attempt: int = 1) -> list[logs.Record]:
    """What is in the database of a step's log now."""
    with database.reading(night.settings.database) as connection:
        run = ledger.get(connection, key)
        return list(logs.every(connection, run.id, step, attempt)) if run else []


def test_the_log_of_a_night(install: Install, staged: Sites, url: str) -> None:
    """Each step has the lines of its crawl process and of its worker; a value that the environment names a secret
    stands in none, though it is a part of each address.
    """
    secret = "elra-events"
    night = install(url=url, **staged.environment(), SOME_API_TOKEN=secret, CONFRADAR_LOG_FORMAT="json")
    key = night.submit(target="elra,wikicfp,+store_conferences", logical_date=sites.NIGHTS[0].isoformat())
    assert night.finished(key).status == "ok"
    night.servers[0].stop()
    task = night.steps(key)[ELRA]["task_id"]

    found = logged(night, key, ELRA)
    assert {ENGINE, "confradar.crawling.spider", OUTCOME} <= {record.logger for record in found}
    assert [record.at for record in found] == sorted(record.at for record in found)
    assert any("slug=***" in record.text for record in found)
    assert not any(secret in record.written for record in found)
    assert found[-1].text.startswith("crawl finished source=elra status=ok pages=2 listings=6 rejected=0")
    assert [record.text.partition(" total=")[0] for record in logged(night, key, STORE)] == ["store finished"]

    said = night.servers[0].log.read_text()
    records = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert secret not in said
    for words in (f"Task confradar.{ELRA}[{task}] received", f"Task confradar.{ELRA}[{task}] succeeded"):
        assert sum(record["text"].startswith(words) for record in records) == said.count(words) == 1
    [finished] = [record for record in records if "crawl finished source=elra" in record["text"]]
    assert (finished["run"], finished["step"], finished["task"]) == (key, ELRA, task)
    assert finished["logger"] == OUTCOME


def test_a_log_can_be_read_while_its_step_runs(install: Install, staged: Sites) -> None:
    """It grows with the heartbeat; of a crawl process that is killed everything is there that it had logged."""
    night = install(**{**staged.environment(), "CONFRADAR_SOURCE_ELRA_DELAY": "3"})
    key = night.submit(target="elra", logical_date=sites.NIGHTS[0].isoformat())
    until(lambda: any("page read" in record.text for record in logged(night, key, ELRA)), 40)
    assert night.steps(key)[ELRA]["status"] == "running"
    [crawl] = children(night.steps(key)[ELRA]["pid"])
    crawl.kill()
    night.finished(key)

    first, second = (logged(night, key, ELRA, attempt) for attempt in (1, 2))
    for found in (first, second):
        assert [record.text for record in found].count("Spider opened") == 1
        assert [record.number for record in found] == list(range(1, len(found) + 1))
    assert "was ended by SIGKILL" in first[-1].text
    assert "status=ok" in second[-1].text


def test_a_step_that_raises_tells_where(install: Install, staged: Sites) -> None:
    """The traceback is in the step's own log."""
    night = install(**staged.environment())
    with database.transaction(night.settings.database) as connection:
        connection.exec_driver_sql("ALTER TABLE claim RENAME TO elsewhere")
    key = night.submit(target="elra", logical_date=sites.NIGHTS[0].isoformat())
    night.finished(key)

    [record] = logged(night, key, ELRA)
    assert record.text.startswith("crawl raised")
    assert "\nsqlalchemy.exc.OperationalError: " in record.text
    assert record.level == 40
