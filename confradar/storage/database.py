"""The database: connections, transactions, migrations. With `bulk`, the one place that knows which database it is."""

from __future__ import annotations

import atexit
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, cast, create_engine, event, inspect, make_url, or_
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from confradar.errors import DatabaseBusy, DatabaseUnavailable, SchemaMismatch, SettingError
from confradar.masking import masked
from confradar.storage import past
from confradar.storage.columns import tokens

STORE_WAIT_SECONDS = 100  # below the statement's 120
BUSY_SECONDS = "30"  # SQLite's wait for its one writer
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
            made = create_engine(address, pool_pre_ping=True, pool_timeout=5)
            event.listen(made, "before_cursor_execute", past.hide, retval=True)
            return made
        if address.get_backend_name() == "sqlite":
            if "uri" not in address.query:  # which may ask for reading only, of a file that is there
                Path(address.database or "").parent.mkdir(parents=True, exist_ok=True)
            made = create_engine(address.set(query={"timeout": BUSY_SECONDS, **address.query}))
            event.listen(made, "connect", _prepare_sqlite)
            event.listen(made, "begin", _begin_sqlite)
            event.listen(made, "before_cursor_execute", past.hide, retval=True)
            atexit.register(made.dispose)  # who closes last brings all into the one file, which can then be copied
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
def reading(url: str, *, statement_seconds: int | None = None, as_of: datetime | None = None) -> Iterator[Connection]:
    """A read-only transaction that sees the database as it is at one moment. Raises as `transaction` does.

    `statement_seconds` bounds each statement on PostgreSQL; one that takes longer raises DatabaseBusy.
    With `as_of`, what was believed then (see `past`). Raises SelectionError for a moment that is to come, and for one
    before the first night of which that is known.
    """
    postgresql = engine(url).dialect.name == "postgresql"
    options = {past.OPTION: as_of, **(_POSTGRESQL_READING if postgresql else {})}
    with _begun(url, confradar_mode="reading", **options) as connection:
        if postgresql and statement_seconds:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{statement_seconds:d}s'")
        if as_of is not None:
            past.check(connection, as_of, now=clock(connection))
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
        found: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return found
    return datetime.now(UTC)


def writer_lock(connection: Connection) -> None:
    """Let one transaction store at a time, until it ends; the next waits up to 100 s, then DatabaseBusy."""
    if connection.dialect.name == "postgresql":  # on SQLite every writing transaction is the only one
        wait = f"SET LOCAL lock_timeout = '{STORE_WAIT_SECONDS}s'; SELECT pg_advisory_xact_lock({_STORE_LOCK})"
        connection.exec_driver_sql(f"{wait}; SET LOCAL lock_timeout TO DEFAULT")


def has_token(
    connection: Connection, column: ColumnElement[str], wanted: Iterable[str], *, between: str, begun: bool = False
) -> ColumnElement[bool]:
    """Whether a text has one of those tokens between blanks or bars, or, `begun`, one that begins so.

    PostgreSQL finds them by the index of `columns.tokens`, SQLite by reading.
    """
    if connection.dialect.name == "postgresql":
        quoted = (token.replace("\\", "\\\\").replace("'", "''") for token in wanted)
        asked = " | ".join(f"'{token}'{':*' * begun}" for token in quoted)
        return tokens(column, between).bool_op("@@")(cast(asked, TSQUERY))
    end = "" if begun else between
    return or_(*(column.contains(f"{between}{token}{end}", autoescape=True) for token in wanted))


def migrations_path() -> Path:
    """The folder of the migrations: within the installed package, beside it in a checkout."""
    package = Path(__file__).parents[1]  # a folder `confradar` where Python begins may hide `confradar.__file__`
    packed = package / "migrations"
    return packed if packed.is_dir() else package.parent / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the tables up to that revision. Beside another migration or a busy table: 30 tries, then DatabaseBusy."""
    for attempt in range(1, MIGRATION_TRIES + 1):
        try:
            _alembic("upgrade", url, revision)
        except DatabaseBusy:
            if attempt == MIGRATION_TRIES:
                raise
            time.sleep(1)
        else:
            return


def downgrade(url: str, revision: str) -> None:
    """Take the tables back to that revision; `base` removes them all."""
    _alembic("downgrade", url, revision)


def revision(url: str) -> str | None:
    """The revision of the database's tables; None if it has none yet."""
    with reading(url) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return found


@cache
def revisions() -> tuple[str, ...]:
    """The revisions that this code knows, the oldest first: that with which the migrations' files begin.

    Each has a number. If it only adds to the tables, so that code of an earlier one runs on them, it names that one as
    well: on `0009.0008` runs the code of 0008.
    """
    return tuple(sorted(file.name.partition("_")[0] for file in migrations_path().glob("versions/[0-9]*.py")))


def head() -> str:
    """The revision that this code needs."""
    return revisions()[-1]


def outdated(url: str) -> bool:
    """Whether the database has no tables yet, or those of an earlier version."""
    return revision(url) in (None, *revisions()[:-1])


def check_schema(url: str) -> None:
    """Raise SchemaMismatch, with both revisions, unless this code runs on the tables: they are those that it needs, or
    newer ones that were only added to.
    """
    found = revision(url)
    if found is None:
        raise SchemaMismatch(f"{masked(url)}: the database has no tables yet; run `confradar db upgrade`")
    number, _, oldest = found.partition(".")
    ours = head().partition(".")[0]
    if found != head() and not (oldest and oldest <= ours < number):
        remedy = "run `confradar db upgrade`" if found in revisions() else "they are newer: update ConfRadar"
        raise SchemaMismatch(f"{masked(url)}: the tables are of revision {found}, this code needs {head()}; {remedy}")


def _alembic(action: str, url: str, revision: str) -> None:
    from alembic import command, config  # noqa: PLC0415 - a sixth of the time in which a command starts

    chosen = config.Config(attributes={"url": url})
    chosen.set_main_option("script_location", str(migrations_path()).replace("%", "%%"))
    getattr(command, action)(chosen, revision)
