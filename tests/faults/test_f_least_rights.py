"""Who may do what: readers' pages read, operators act, crawl processes know nothing, and secrets are told nowhere."""

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from confradar import app
from confradar.demo import sites
from confradar.errors import SettingError
from confradar.storage import database, rights
from confradar.storage.columns import metadata

from ..web import conftest as web  # noqa: TID252 - the tests are no package
from ..web import store  # noqa: TID252
from ..workers import conftest as workers  # noqa: TID252

pytestmark = pytest.mark.integration
serve, install = web.serve, workers.install
B11 = pytest.mark.fault("B11", "the role of the readers' pages cannot write: the database itself refuses")
SECRET = pytest.mark.fault("D11", "a crawl process has no credentials, and no secret is told anywhere")
PAGES = [
    "/", "/changes", "/calendar", "/sources", "/conferences/icml-2026", "/conferences/icml-2026.ics", "/healthz",
    "/feeds/deadlines.ics", "/feeds/changes.atom", "/feeds/deadlines.csv", "/api/v1/deadlines", "/api/v1/conferences",
    "/api/v1/conferences/icml-2026/history", "/api/v1/changes", "/api/v1/sources",
]  # fmt: skip
# Of people, of operators, of what crawls logged: readers' pages do not show them, so their role cannot read them.
NOT_FOR_READERS = {"audit", "step_log", "identity_pin", "follow", "message"}


def test_b11_each_table_is_for_readers_or_not() -> None:
    """A new one fails here until somebody has said which."""
    assert {*metadata.tables} == (rights.READ - {"alembic_version"}) | NOT_FOR_READERS


@pytest.fixture
def two(postgres_database: str, postgres_url: str) -> tuple[str, str]:
    """The addresses of a filled database: its owner's, and the readers'."""
    database.upgrade(postgres_database)
    store.fill(postgres_database)
    readers = make_url(postgres_database).set(username="readers_of_it", password="a password of it")
    return postgres_database, readers.render_as_string(hide_password=False)


@B11
def test_b11_readers_pages_work_with_a_role_that_may_only_read(
    serve: Callable[..., web.Client], two: tuple[str, str]
) -> None:
    """Every page answers, operators act by the owner's role, and the server is ready."""
    url, readers = two
    rights.let_read(url, readers)
    ask = serve(url=url, readers_database_url=readers, now=lambda: store.NOW)

    assert {path: ask.get(path).status for path in PAGES} == dict.fromkeys(PAGES, 200)
    assert json.loads(ask.get("/readyz").text)["database"] == "ok"
    assert json.loads(ask.get("/readyz").text)["tables"] == "ok"
    paused = ask("POST", "/api/v1/ops/schedule/pause", json.dumps({"why": "x"}), {"Content-Type": "application/json"})
    assert paused.status == 200, paused.text


@B11
@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE conference SET title = 'x'", "read-only transaction"),
        ("SET TRANSACTION READ WRITE; UPDATE conference SET title = 'x'", "permission denied"),
        ("SET TRANSACTION READ WRITE; DROP TABLE change", "must be owner"),
        ("SET TRANSACTION READ WRITE; CREATE TABLE mine (id int)", "permission denied"),
        ("SELECT * FROM audit", "permission denied"),
        ("SELECT address, secret FROM follow", "permission denied"),
        ("SELECT pg_read_file('/etc/passwd')", "permission denied"),
        ("COPY conference TO PROGRAM 'cat'", "permission denied"),
    ],
)
def test_b11_the_readers_role_is_refused_by_the_database(two: tuple[str, str], statement: str, refusal: str) -> None:
    """Whatever a page could be brought to say."""
    url, readers = two
    assert rights.let_read(url, readers) == rights.let_read(url, readers) == "readers_of_it"

    with pytest.raises(DBAPIError, match=refusal), database.transaction(readers) as connection:
        connection.execute(text(statement))


@B11
def test_b11_sqlite_is_opened_for_reading(serve: Callable[..., web.Client]) -> None:
    """The file itself, so that no statement can write."""
    ask = serve(now=lambda: store.NOW)
    store.fill(ask.settings.database)

    assert {path: ask.get(path).status for path in PAGES} == dict.fromkeys(PAGES, 200)
    with (
        pytest.raises(DBAPIError, match="readonly database"),
        database.transaction(ask.settings.readers_database) as connection,
    ):
        connection.execute(text("UPDATE conference SET title = 'x'"))


@pytest.mark.parametrize(
    "readers", ["postgresql+psycopg2://ada@elsewhere.example/x", "sqlite:///x", "postgresql+psycopg2://postgres@/x"]
)
def test_a_readers_address_must_be_another_role_of_the_same_database(two: tuple[str, str], readers: str) -> None:
    """Else it would be no bound at all."""
    with pytest.raises(SettingError, match=r"CONFRADAR_READERS_DATABASE_URL: found .* the password of another role"):
        rights.let_read(two[0], readers)


PASSWORD = "hunter-2-of-the-database"


@SECRET
def test_no_secret_is_told_by_a_whole_installation(
    install: Callable[..., workers.Installation], postgres_database: str, tmp_path: Path
) -> None:
    """Crawl processes do not have it; logs, ledger, messages, Flower, doctor and config do not show it."""
    url = make_url(postgres_database).set(password=PASSWORD).render_as_string(hide_password=False)
    flower = free_port()
    ports = {"CONFRADAR_FLOWER_PORT": str(flower), "CONFRADAR_WEB_PORT": str(free_port())}
    given = {"POSTGRES_PASSWORD": PASSWORD, "CONFRADAR_SOURCE_ELRA_DELAY": "1", **ports}
    with sites.serve() as staged:
        night = install(url=url, services=True, **{**staged.environment(), **given})
        key = night.submit(logical_date=sites.NIGHTS[0].isoformat())
        [crawl, *_] = workers.until(night.crawls)
        environment = Path(f"/proc/{crawl.pid}/environ").read_bytes()
        assert night.finished(key).status == "ok"
        told = dict(_told(night, flower, postgres_database))

    assert PASSWORD.encode() not in environment
    assert b"postgresql" not in environment
    assert b"CONFRADAR_DATA_DIR=" in environment, "it was not the environment that was looked at"
    assert {where for where, words in told.items() if PASSWORD in words} == set()
    assert {where for where, words in told.items() if not words} == set()


def _told(night: workers.Installation, flower: int, url: str) -> Iterator[tuple[str, str]]:
    """What the installation says, and where."""
    for file in (night.settings.data_dir / "logs").iterdir():
        yield file.name, file.read_text() or "it said nothing"
    for line in ("doctor", "config", "runs", "logs nightly"):
        done = subprocess.run(
            [sys.executable, "-m", "confradar", *line.split()], capture_output=True, text=True, check=False, timeout=60
        )
        yield f"confradar {line}", done.stdout + done.stderr
    for path in ("/api/tasks", "/api/workers?refresh=1"):
        with suppress(urllib.error.HTTPError):
            yield (
                f"flower {path}",
                urllib.request.urlopen(f"http://127.0.0.1:{flower}{path}", timeout=20).read().decode(),
            )
    with app.connected(night.broker) as celery:
        client = celery.connection_for_read().default_channel.client
        for name in client.scan_iter():
            yield f"broker {name!r}", repr(client.dump(name))
    with database.reading(url) as connection:
        for table in metadata.sorted_tables:
            yield f"table {table.name}", repr(connection.execute(table.select()).all())


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
