"""The database: connections, transactions, migrations, set-wise writing. Every dialect difference sits here."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import islice, repeat
from pathlib import Path
from typing import Any, cast

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Dialect, Engine, String, Table, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.types import JSON, TypeEngine

import confradar
from confradar.errors import DatabaseBusy, DatabaseUnavailable, SchemaMismatch, SettingError
from confradar.settings import masked
from confradar.storage.columns import Instant

Row = Mapping[str, Any]
STORE_WAIT_SECONDS = 100  # below the statement's 120
BUSY_SECONDS = "30"  # SQLite's wait for its one writer
BATCH = 500
MIGRATION_TRIES = 30
_STORE_LOCK, _MIGRATION_LOCK = 7310001, 7310002  # PostgreSQL's advisory locks are numbers

_POSTGRESQL = {  # parts of the address, which may say otherwise
    "connect_timeout": "5",
    "application_name": "confradar",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",  # ms that sent bytes may stay unanswered: a cut cable ends the wait
}
_POSTGRESQL_SESSION = (
    "-c timezone=UTC -c statement_timeout=120s -c lock_timeout=5s "
    "-c idle_in_transaction_session_timeout=60s -c client_connection_check_interval=5s"
)
_POSTGRESQL_READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}  # one moment, old or new
_SQLITE_BEGIN = {
    "reading": ("PRAGMA foreign_keys = on", "PRAGMA query_only = on", "BEGIN"),
    "writing": ("PRAGMA foreign_keys = on", "PRAGMA query_only = off", "BEGIN IMMEDIATE"),
    # A table that is rebuilt is dropped first, which foreign keys would turn into deletes.
    "migrating": ("PRAGMA foreign_keys = off", "PRAGMA query_only = off", "BEGIN IMMEDIATE"),
}


def engine(url: str) -> Engine:
    """The engine for that address, one per process: a forked child never speaks on its parent's connections.

    Connects to nothing yet, but makes SQLite's folder. Raises SettingError for an address of neither database.
    """
    return _engine(url, os.getpid())


@cache
def _engine(url: str, pid: int) -> Engine:  # noqa: ARG001 - part of the cache's key
    try:
        address = make_url(url)
        if address.get_backend_name() == "postgresql":
            options = f"{_POSTGRESQL_SESSION} {address.query.get('options', '')}"
            address = address.set(query={**_POSTGRESQL, **address.query, "options": options})
            return create_engine(address, pool_pre_ping=True, pool_timeout=5)
        if address.get_backend_name() == "sqlite":
            Path(address.database or "").parent.mkdir(parents=True, exist_ok=True)
            made = create_engine(address.set(query={"timeout": BUSY_SECONDS, **address.query}))
            event.listen(made, "connect", _prepare_sqlite)
            event.listen(made, "begin", _begin_sqlite)
            return made
    except OSError as error:
        raise DatabaseUnavailable(f"{masked(url)}: its folder cannot be made: {error.strerror}") from error
    except (ArgumentError, NoSuchModuleError, ImportError):
        pass
    raise SettingError(
        f"CONFRADAR_DATABASE_URL: found {masked(url)!r}, wanted postgresql+psycopg2://user@host/name or sqlite:///file"
    )


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001 - SQLAlchemy's signature
    connection.isolation_level = None  # the driver's own BEGIN comes late and never for reads; ours is in _begin_sqlite
    connection.execute("PRAGMA journal_mode = wal")


def _begin_sqlite(connection: Connection) -> None:
    for statement in _SQLITE_BEGIN[connection.get_execution_options().get("confradar_mode", "writing")]:
        connection.exec_driver_sql(statement)


@contextmanager
def transaction(url: str) -> Iterator[Connection]:
    """A writing transaction: committed at the end of the block, rolled back if it raises.

    Raises DatabaseUnavailable (also for a connection that is lost within the block), DatabaseBusy if another
    session holds a lock too long, SchemaMismatch if tables or columns are missing.
    """
    with _begun(url, confradar_mode="writing") as connection:
        yield connection


@contextmanager
def reading(url: str, *, statement_seconds: int | None = None) -> Iterator[Connection]:
    """A read-only transaction that sees the database as it is at one moment. Raises as `transaction` does.

    `statement_seconds` bounds each statement on PostgreSQL; one that takes longer raises DatabaseBusy.
    """
    postgresql = engine(url).dialect.name == "postgresql"
    with _begun(url, confradar_mode="reading", **(_POSTGRESQL_READING if postgresql else {})) as connection:
        if postgresql and statement_seconds:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{statement_seconds:d}s'")
        yield connection


@contextmanager
def migrating(url: str, *, lock_seconds: int) -> Iterator[Connection]:
    """A transaction for migrations, one at a time; it waits at most `lock_seconds` for each lock on PostgreSQL."""
    with _begun(url, confradar_mode="migrating") as connection:
        if connection.dialect.name == "postgresql":
            limit = f"SET LOCAL lock_timeout = '{lock_seconds:d}s'"
            connection.exec_driver_sql(f"{limit}; SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
        yield connection


@contextmanager
def _begun(url: str, **options: Any) -> Iterator[Connection]:
    try:
        with engine(url).connect() as connection:
            connection.execution_options(**options)
            with connection.begin():
                yield connection
    except (DBAPIError, PoolExhausted) as error:
        if explained := _explained(error, url):
            raise explained from error
        raise


def _explained(error: DBAPIError | PoolExhausted, url: str) -> DatabaseUnavailable | None:
    """What to do if connection or lock is the trouble, else None. Raises SchemaMismatch if the tables are."""
    if isinstance(error, PoolExhausted):
        return DatabaseBusy(f"{masked(url)}: all connections of this process are in use. Try again.")
    words = (str(error.orig).strip().splitlines() or ["no reason given"])[0]
    state = getattr(error.orig, "pgcode", None)
    if state in ("55P03", "40P01", "40001") or "database is locked" in words:
        return DatabaseBusy(f"{masked(url)}: {words}. Another session is writing; try again.")
    if state == "57014":
        return DatabaseBusy(f"{masked(url)}: {words}. Try again.")
    if error.connection_invalidated:
        return DatabaseUnavailable(f"{masked(url)}: the connection was lost: {words}. Start the database, try again.")
    if error.statement is None and state is None:
        return DatabaseUnavailable(f"{masked(url)}: {words}. Start the database, or correct CONFRADAR_DATABASE_URL.")
    if state in ("42P01", "42703") or words.startswith(("no such table", "no such column")):
        check_schema(url)
    return None


def clock(connection: Connection) -> datetime:
    """This moment by the one clock that all who share a database go by; those of their machines may differ."""
    if connection.dialect.name == "postgresql":
        return cast("datetime", connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one())
    return datetime.now(UTC)


def writer_lock(connection: Connection) -> None:
    """Let one transaction store at a time, until it ends; the next waits up to 100 s, then DatabaseBusy."""
    if connection.dialect.name == "postgresql":  # on SQLite every writing transaction is the only one
        wait = f"SET LOCAL lock_timeout = '{STORE_WAIT_SECONDS}s'; SELECT pg_advisory_xact_lock({_STORE_LOCK})"
        connection.exec_driver_sql(f"{wait}; SET LOCAL lock_timeout TO DEFAULT")


def migrations_path() -> Path:
    """The folder of the migrations: within the installed package, beside it in a checkout."""
    package = Path(confradar.__file__).parent
    packed = package / "migrations"
    return packed if packed.is_dir() else package.parent / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the tables up to that revision. Beside another migration or a busy table: 30 tries, then DatabaseBusy."""
    for attempt in range(1, MIGRATION_TRIES + 1):
        try:
            command.upgrade(_alembic(url), revision)
        except DatabaseBusy:
            if attempt == MIGRATION_TRIES:
                raise
            time.sleep(1)
        else:
            return


def downgrade(url: str, revision: str) -> None:
    """Take the tables back to that revision; `base` removes them all."""
    command.downgrade(_alembic(url), revision)


def revision(url: str) -> str | None:
    """The revision of the database's tables; None if it has none yet."""
    with reading(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def head() -> str:
    """The revision that this code needs."""
    return str(ScriptDirectory(str(migrations_path())).get_current_head())


def check_schema(url: str) -> None:
    """Raise SchemaMismatch, with both revisions, unless the tables are those that this code needs."""
    found = revision(url)
    if found is None:
        raise SchemaMismatch(f"{masked(url)}: the database has no tables yet; run `confradar db upgrade`")
    if found != head():
        known = {script.revision for script in ScriptDirectory(str(migrations_path())).walk_revisions()}
        remedy = "run `confradar db upgrade`" if found in known else "they are newer: update ConfRadar"
        raise SchemaMismatch(f"{masked(url)}: the tables are of revision {found}, this code needs {head()}; {remedy}")


def _alembic(url: str) -> Config:
    config = Config(attributes={"url": url})
    config.set_main_option("script_location", str(migrations_path()).replace("%", "%%"))
    return config


def insert(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Insert rows that all name the same columns: one fixed statement for each 500, none for no rows.

    Raises ValueError for a naive datetime, NUL, a lone surrogate, and for rows of different columns.
    """
    for names, batch in _batches(table, rows):
        columns = ", ".join(f'"{name}"' for name in names)
        if connection.dialect.name == "postgresql":
            values = f"SELECT {columns} {_from_json(connection, table, names)}"
        else:
            values = f"VALUES ({', '.join('?' * len(names))})"
        _send(connection, table, f"INSERT INTO {table.name} ({columns}) {values}", names, batch)


def update(connection: Connection, table: Table, rows: Iterable[Row], key: Sequence[str] = ("id",)) -> None:
    """Set the other columns of the rows that `key` names. Statements, equal columns and errors as for `insert`."""
    postgresql = connection.dialect.name == "postgresql"
    for names, batch in _batches(table, rows):
        changed = [name for name in names if name not in key]
        values = ", ".join(f'"{name}" = new."{name}"' if postgresql else f'"{name}" = ?' for name in changed)
        where = " AND ".join(f'{table.name}."{name}" = ' + (f'new."{name}"' if postgresql else "?") for name in key)
        given = _from_json(connection, table, names) if postgresql else ""
        statement = f"UPDATE {table.name} SET {values} {given} WHERE {where}"  # noqa: S608 - names of ours
        _send(connection, table, statement, (*changed, *key), batch)


def columns(connection: Connection, table: Table) -> dict[str, Iterable[Any]]:
    """The whole table in key order: each column's values by its name. For whole tables quicker than `select`."""
    names, keys = (", ".join(f'"{c.name}"' for c in part) for part in (table.columns, table.primary_key))
    query = f"SELECT {names} FROM {table.name} ORDER BY {keys}"  # noqa: S608 - names of ours
    found = connection.exec_driver_sql(query).all()
    values = zip(*found, strict=True) if found else repeat(())
    readers = [(column.name, _reader(column.type, connection.dialect)) for column in table.columns]
    return {name: map(read, part) if read else part for (name, read), part in zip(readers, values, strict=False)}


def _batches(table: Table, rows: Iterable[Row]) -> Iterator[tuple[Sequence[str], list[Row]]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        if any(row.keys() != batch[0].keys() for row in batch):
            raise ValueError(f"{table.name}: rows of different columns")
        yield tuple(batch[0]), batch


def _send(connection: Connection, table: Table, statement: str, names: Sequence[str], batch: list[Row]) -> None:
    convert = {name: _writer(table.columns[name].type, connection.dialect) for name in names}
    values = [[write(row[name]) if write else row[name] for name, write in convert.items()] for row in batch]
    if connection.dialect.name == "postgresql":
        records = [dict(zip(names, row, strict=True)) for row in values]
        text = json.dumps(records, ensure_ascii=False, allow_nan=False, default=str)  # `default` writes instants, days
        connection.exec_driver_sql(statement, (text,))
    else:
        connection.exec_driver_sql(statement, [tuple(row) for row in values])


def _from_json(connection: Connection, table: Table, names: Sequence[str]) -> str:
    """A batch as one JSON parameter that the server takes apart: as quick as COPY, and without its escapes."""
    types = (f'"{name}" {table.columns[name].type.compile(connection.dialect)}' for name in names)
    return f"FROM json_to_recordset(%s) AS new({', '.join(types)})"


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, String):
        return _without_nul
    if isinstance(kind, JSON) and dialect.name == "postgresql":
        return None  # goes into the batch's JSON
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, Instant) and dialect.name == "postgresql":
        return None  # the driver gives them in the session's zone, UTC
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _without_nul(value: str | None) -> str | None:
    if value is not None and "\0" in value:  # PostgreSQL refuses it, SQLite would cut the text there
        raise ValueError(f"a text with NUL: {value[:80]!r}")
    return value
