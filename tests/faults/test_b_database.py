"""The database restarts, is away, full or out of connections: stored once or not at all, and yesterday is served."""

import urllib.error
import urllib.request
from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812 - its class
from sqlalchemy import Engine

from confradar.storage import answers, database
from tests.conftest import new_database
from tests.workers.conftest import Stored, until

from .backends import Server
from .stack import FIRST, Stack, built
from .test_a_processes import ELRA, others_done
from .test_a_store import held, let_go

pytestmark = pytest.mark.integration
NIGHT = FIRST.isoformat()
FULL = 17_825_792  # bytes that a file may have: more than one of the log's, which are 16 MiB
fault = pytest.mark.fault


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of this file alone."""
    one = Server()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def installation(server: Server) -> Iterator[Stack]:
    """An installation over that server."""
    with new_database(server.url) as url, built(url) as stack:
        yield stack


@fault("B1", "restart in mid-store: stored once")
def test_b1_the_database_restarts_in_mid_store(
    stack: Stack,
    server: Server,
    administrator: Engine,
    healthy: Stored,
) -> None:
    """It is killed while a store commits, and is back after a moment."""
    key, _ = held(stack, administrator, 120)
    server.kill()
    server.start()
    let_go(administrator)
    assert stack.finished(key, 60).status == "ok"
    stack.sound(healthy)


@pytest.mark.slow
@fault("B2", "unreachable: no hang, no crawl without a place to put it; the night comes late")
def test_b2_the_database_is_away_when_a_night_begins(stack: Stack, server: Server, healthy: Stored) -> None:
    """Nobody is asked for a page as long as what it says could not be kept."""
    server.kill()
    key = stack.submit(logical_date=NIGHT)
    logs = [stack.named[name].log for name in ("worker1", "worker2")]
    until(lambda: any("DatabaseUnavailable" in log.read_text() for log in logs), 20)
    assert not any(stack.front.asked.values())
    server.start()
    assert stack.finished(key, 60).status == "ok"
    stack.sound(healthy)


@pytest.mark.slow
@fault("B2", "unreachable in mid-crawl: what was read is kept when it is back")
def test_b2_the_database_is_away_while_crawls_end(stack: Stack, server: Server, healthy: Stored) -> None:
    """A heartbeat is missed, the crawl is not lost."""
    stack.front.hold("elra")
    key = stack.submit(logical_date=NIGHT)
    stack.crawl_of(key, ELRA)
    others_done(stack, key)
    server.kill()
    stack.front.release("elra")
    server.start()
    assert stack.finished(key, 60).status == "ok"
    stack.sound(healthy)


@pytest.mark.slow
@fault("B3", "disk full: rolled back, old data served, resumable")
def test_b3_the_disk_is_full(stack: Stack, server: Server, healthy: Stored) -> None:
    """The table of dates cannot grow: nothing of the night is seen; with room again, the next is whole."""
    stack.execute(
        "DO $$DECLARE n int := 0; BEGIN WHILE pg_relation_size('conference') < 17825792 LOOP n := n - 1; "
        "INSERT INTO conference (id, slug, title_key, type, title, year, topics, ranks, created_at, updated_at) VALUES "
        "(n, 'x' || n, 'x', 'other', repeat(md5(n::text), 20), 1, '[]', '[]', now(), now()); END LOOP; END$$"
    )
    server.kill()
    server.start(file_bytes=FULL)
    try:
        key = stack.submit(logical_date=NIGHT)
        logs = [*stack.folder.glob("worker*.log")]
        until(lambda: any("could not extend" in log.read_text() for log in logs), 40)
        with database.reading(stack.settings.database) as connection:
            assert answers.counts(connection)["mentions"] == 0
        assert urllib.request.urlopen(stack.web, timeout=5).status == 200  # noqa: S310 - our own
    finally:
        server.kill()
        server.start()
        stack.execute("SET LOCAL session_replication_role = replica", "DELETE FROM conference WHERE id < 0")
    assert stack.finished(key, 60).status == "ok"
    stack.sound(healthy)


@fault("B10", "pool exhausted: 503 and recovery")
def test_b10_the_database_gives_no_more_connections(stack: Stack, server: Server) -> None:
    """All that it has are taken by others: the pages say so, and answer again as soon as there is one."""
    with psycopg2.connect(host=str(server.folder), user="postgres", dbname="postgres") as ender:
        taken = as_many_as_there_are(server)
        try:
            with ender.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'")
            taken += as_many_as_there_are(server)
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(stack.web, timeout=10)  # noqa: S310 - our own
            assert refused.value.code == 503
        finally:
            for connection in taken:
                connection.close()
    until(lambda: urllib.request.urlopen(stack.web, timeout=10).status == 200, 20)  # noqa: S310 - our own


def as_many_as_there_are(server: Server) -> list[Connection]:
    """Every connection that the server still gives."""
    taken: list[Connection] = []
    while True:
        try:
            taken.append(psycopg2.connect(host=str(server.folder), user="postgres", dbname="postgres"))
        except psycopg2.OperationalError:
            return taken
