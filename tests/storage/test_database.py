"""Connections, transactions and set-wise writing behave alike on both databases."""

import os
import socket
import threading
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import DBAPIError

from confradar.errors import DatabaseBusy, DatabaseUnavailable, SettingError
from confradar.storage import bulk, database, tables

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
ONE = {
    "id": 1,
    "slug": "icml-2027",
    "title_key": "icml",
    "type": "conference",
    "title": "ICML",
    "year": 2027,
    "online": None,
    "starts_on": date(2027, 7, 1),
    "topics": ["ml", "ünï"],
    "ranks": [["core", "A*"]],
    "created_at": NOW,
    "updated_at": NOW,
}
ODD_TEXTS = ["\\N", "\\", "a\tb\nc", "%s %(id)s ? :x", "'; DROP TABLE series; --", '"', "{}", "", "😀 İ", "\\u0000"]


def series(number, name="a"):
    return {"id": number, "key": f"key {number}", "acronym": None, "name": name}


def count(url, table=tables.series):
    with database.reading(url) as connection:
        return connection.scalar(select(func.count()).select_from(table))


def counted(url):
    """The statements that are executed on this engine from now on."""
    statements = []
    event.listen(database.engine(url), "before_cursor_execute", lambda *given: statements.append(given[2]))
    return statements


def test_what_is_inserted_reads_back_the_same_by_either_way(url):
    """The quick ways in and out agree with SQLAlchemy's own on every type."""
    with database.transaction(url) as connection:
        bulk.insert(connection, tables.conference, [ONE])

    with database.reading(url) as connection:
        found = connection.execute(select(tables.conference)).mappings().one()
        quick = {name: next(iter(values)) for name, values in bulk.columns(connection, tables.conference).items()}

    assert {name: found[name] for name in ONE} == ONE
    assert quick == dict(found)
    assert found["created_at"].tzinfo is UTC
    assert quick["created_at"].utcoffset() == timedelta(0)


def test_an_instant_of_any_zone_is_kept_in_utc(url):
    """Eastern daylight time goes in, the same instant in UTC comes out."""
    eastern = timezone(timedelta(hours=-4))
    with database.transaction(url) as connection:
        bulk.insert(connection, tables.conference, [{**ONE, "updated_at": NOW.astimezone(eastern)}])
        found = connection.scalar(select(tables.conference.c.updated_at))

    assert (found, found.tzinfo) == (NOW, UTC)


def test_texts_that_mean_something_elsewhere_are_only_texts(url):
    """Nothing that a page says is a marker, an escape or SQL."""
    with database.transaction(url) as connection:
        bulk.insert(connection, tables.series, [series(i, text) for i, text in enumerate(ODD_TEXTS)])
        bulk.update(connection, tables.series, [{"id": i, "acronym": text} for i, text in enumerate(ODD_TEXTS)])
        found = bulk.columns(connection, tables.series)

    assert list(found["name"]) == ODD_TEXTS
    assert list(found["acronym"]) == ODD_TEXTS


@pytest.mark.parametrize("text", ["a\0b", "lone \ud800 surrogate"])
def test_a_text_that_no_database_keeps_is_refused(url, text):
    """PostgreSQL refuses NUL, SQLite would cut the text there: both are told no beforehand."""
    with pytest.raises(ValueError, match=r"NUL|surrogates"), database.transaction(url) as connection:
        bulk.insert(connection, tables.series, [series(1, text)])

    assert count(url) == 0


def test_a_naive_datetime_is_refused(url):
    """An instant without a zone is somebody's mistake."""
    naive = NOW.replace(tzinfo=None)
    for write in (
        lambda connection: bulk.insert(connection, tables.conference, [{**ONE, "updated_at": naive}]),
        lambda connection: connection.execute(tables.conference.insert(), [{**ONE, "updated_at": naive}]),
        lambda connection: bulk.update(connection, tables.conference, [{"id": 1, "updated_at": naive}]),
    ):
        with pytest.raises(Exception, match="without zone"), database.transaction(url) as connection:
            write(connection)


def test_rows_of_different_columns_are_refused(url):
    """A column that only some rows name would be lost."""
    rows = [series(1), {"id": 2, "key": "b", "name": "b"}]
    with pytest.raises(ValueError, match="series: rows of different columns"), database.transaction(url) as connection:
        bulk.insert(connection, tables.series, rows)


def test_an_update_reaches_the_rows_of_its_key_alone(url):
    """One statement, other values for each row, the neighbours untouched."""
    with database.transaction(url) as connection:
        bulk.insert(connection, tables.series, map(series, range(4)))
        names = [{"series_id": i, "name": name, "former": False} for i in range(2) for name in ("x", "y")]
        bulk.insert(connection, tables.series_name, names)
        bulk.update(connection, tables.series, [{"id": 1, "name": "one"}, {"id": 3, "name": "three"}])
        changed = [{"series_id": 1, "name": "x", "former": True}]
        bulk.update(connection, tables.series_name, changed, key=("series_id", "name"))

        assert list(bulk.columns(connection, tables.series)["name"]) == ["a", "one", "a", "three"]
        assert list(bulk.columns(connection, tables.series_name)["former"]) == [False, False, True, False]


def test_many_rows_take_few_statements_and_no_rows_take_none(url):
    """Batches of 500 keep every message bounded."""
    with database.transaction(url) as connection:
        statements = counted(url)
        bulk.insert(connection, tables.series, [])
        bulk.update(connection, tables.series, [])
        assert statements == []
        bulk.insert(connection, tables.series, map(series, range(1201)))
        assert len(statements) == 3
        bulk.update(connection, tables.series, [{"id": i, "name": "b"} for i in range(501)])
        assert len(statements) == 5

    assert count(url) == 1201


def test_an_empty_table_has_all_its_columns(url):
    """The first night reads a store without a row."""
    with database.reading(url) as connection:
        found = bulk.columns(connection, tables.claim)

    assert {name: list(values) for name, values in found.items()} == {
        name: [] for name in [c.name for c in tables.claim.columns]
    }


def test_a_transaction_is_kept_whole_or_not_at_all(url):
    """An error within the block takes everything back."""
    twice = [*map(series, range(600)), series(1)]  # the second batch breaks
    with pytest.raises(DBAPIError), database.transaction(url) as connection:
        bulk.insert(connection, tables.series, twice)
    assert count(url) == 0

    with database.transaction(url) as connection:
        bulk.insert(connection, tables.series, [series(1)])
    assert count(url) == 1


def test_a_savepoint_can_be_taken_back_alone(url):
    """The ledger tries to open a run that may exist."""
    with database.transaction(url) as connection:
        bulk.insert(connection, tables.series, [series(1)])
        with pytest.raises(DBAPIError), connection.begin_nested():
            bulk.insert(connection, tables.series, [series(2), series(1)])
    assert count(url) == 1


def test_reading_cannot_write_and_writing_can_afterwards(url):
    """The database itself refuses, on the same pooled connection that writes before and after."""
    for number in range(2):
        with database.transaction(url) as connection:
            bulk.insert(connection, tables.series, [series(number)])
        with pytest.raises(DBAPIError, match=r"read-?only"), database.reading(url) as connection:
            bulk.insert(connection, tables.series, [series(9)])
    assert count(url) == 2


@pytest.mark.fault("F11", "a reader sees old or new, never mixed; UIDs stay, SEQUENCE grows")
def test_a_reader_sees_one_moment_while_a_writer_commits(url):
    """A page is built from the old state or the new, never from both."""
    with database.reading(url) as reader:
        before = list(bulk.columns(reader, tables.series)["id"])
        with database.transaction(url) as connection:
            bulk.insert(connection, tables.series, [series(1)])
        assert list(bulk.columns(reader, tables.series)["id"]) == before == []
    assert count(url) == 1


def test_foreign_keys_hold(url):
    """SQLite checks them only when asked."""
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"), database.transaction(url) as connection:
        bulk.insert(connection, tables.series_name, [{"series_id": 7, "name": "nobody", "former": False}])


@pytest.mark.fault("B4", "overlapping stores: one after the other, no lost update")
def test_two_writers_store_one_after_the_other(url):
    """What each read stays true until it has written: no update is lost."""
    with database.transaction(url) as connection:
        bulk.insert(connection, tables.series, [series(1, "0")])

    def add() -> None:
        for _ in range(20):
            with database.transaction(url) as connection:
                database.writer_lock(connection)
                [value] = bulk.columns(connection, tables.series)["name"]
                bulk.update(connection, tables.series, [{"id": 1, "name": str(int(value) + 1)}])

    writers = [threading.Thread(target=add) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    with database.reading(url) as connection:
        assert connection.scalar(select(tables.series.c.name)) == "60"


def test_a_writer_that_waits_too_long_says_that_the_database_is_busy(url, monkeypatch):
    """Nothing is written, and the caller may try again."""
    monkeypatch.setattr(database, "STORE_WAIT_SECONDS", 1)
    if url.startswith("sqlite"):
        url += "?timeout=1"
    with database.transaction(url) as first:
        database.writer_lock(first)
        with pytest.raises(DatabaseBusy, match="try again"), database.transaction(url) as second:
            database.writer_lock(second)


def test_a_forked_child_has_connections_of_its_own(postgres):
    """The parent's are still good when the child is gone."""
    with database.reading(postgres) as connection:
        parents = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with database.transaction(postgres) as connection:
            bulk.insert(connection, tables.series, [series(1)])
            os.write(write, str(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()).encode())
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

    assert int(os.read(read, 20)) != parents
    assert count(postgres) == 1
    with database.reading(postgres) as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() == parents


def test_a_session_has_every_limit(postgres):
    """No statement, lock or forgotten transaction lasts for ever."""
    wanted = {
        "TimeZone": "UTC",
        "statement_timeout": "2min",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "1min",
        "client_connection_check_interval": "5s",
    }
    with database.transaction(postgres) as connection:
        database.writer_lock(connection)
        assert {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in wanted} == wanted


def test_nothing_is_seen_of_a_transaction_whose_backend_was_ended(postgres):
    """The caller gets one clear error, and the next transaction a good connection."""

    def half_a_store() -> None:
        with database.transaction(postgres) as connection:
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            bulk.insert(connection, tables.series, [series(1)])
            with database.transaction(postgres) as other:
                assert other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)").scalar_one()
            bulk.insert(connection, tables.series, [series(2)])

    with pytest.raises(DatabaseUnavailable, match="connection was lost"):
        half_a_store()

    assert count(postgres) == 0


def test_a_pooled_connection_that_died_meanwhile_is_replaced(postgres):
    """A restart of the database between two nights goes unnoticed."""
    with database.reading(postgres) as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    killer = database._engine(postgres, -1)  # an engine of its own, so that its connection is another
    with killer.connect() as connection:
        assert connection.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)").scalar_one()
    killer.dispose()

    assert count(postgres) == 0


@pytest.mark.timeout(30)
@pytest.mark.parametrize("listening", [False, True])
def test_an_unreachable_database_is_one_clear_line(listening):
    """A closed port, and one that never answers: no hang, no password, the remedy."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listening:
            server.listen()
        url = f"postgresql+psycopg2://ada:secret@127.0.0.1:{server.getsockname()[1]}/confradar"
        with pytest.raises(DatabaseUnavailable) as caught, database.transaction(url):
            pass

    assert "ada:***@127.0.0.1" in str(caught.value)
    assert "CONFRADAR_DATABASE_URL" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path):
    """SQLite's file may be anything, or in the way of its folder."""
    (tmp_path / "file").write_text("something else" * 100)
    for place in ("file", "file/below.sqlite", ""):
        with pytest.raises(DatabaseUnavailable), database.transaction(f"sqlite:///{tmp_path / place}"):
            pass


@pytest.mark.parametrize("url", ["mysql://a@b/c", "nonsense", "postgresql+nodriver://a@b/c", "oracle://x"])
def test_an_address_of_no_known_database_is_a_wrong_setting(url):
    """The message names the setting and what is wanted."""
    with pytest.raises(SettingError, match=r"CONFRADAR_DATABASE_URL: found .* wanted postgresql"):
        database.engine(url)
