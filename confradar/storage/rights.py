"""What the readers' pages may do in the database: read what readers are shown, and nothing else."""

from __future__ import annotations

from psycopg2.extensions import encrypt_password
from sqlalchemy import URL, Connection, make_url

from confradar.errors import SettingError
from confradar.masking import masked
from confradar.storage import database

SETTING = "CONFRADAR_READERS_DATABASE_URL"
# A test knows of each table whether it is for readers. Those of people, of logs and of who did what are not.
READ = frozenset(
    {
        "alembic_version", "series", "series_name", "conference", "mention", "deadline", "claim", "change",
        "conference_past", "mention_past", "deadline_past", "claim_past", "sighting",
        "run", "step_run", "kept_output", "check_result", "alert", "schedule_state", "lease",
    }
)  # fmt: skip


def let_read(url: str, readers_url: str) -> str:
    """Make the role of `readers_url`, or mend it, by the rights of the owner of `url`; returns its name.

    It may log in and select from the tables in READ, in read-only transactions. Run it after each migration.
    Raises SettingError if the two are not two roles of one PostgreSQL database, or if this one may do everything.
    """
    ours, theirs = make_url(url), make_url(readers_url)
    name = theirs.username or ""
    if _place(ours) != _place(theirs) or ours.get_backend_name() != "postgresql" or name in ("", ours.username):
        raise SettingError(
            f"{SETTING}: found {masked(readers_url)!r}, wanted: the database of CONFRADAR_DATABASE_URL, a "
            "PostgreSQL, with the name and the password of another role"
        )
    with database.transaction(url) as connection:
        _make(connection, name, theirs.password or "")
        _grant(connection, name, ours.database or "")
    return name


def _place(url: URL) -> tuple[object, ...]:
    return url.get_backend_name(), url.host, url.port, url.database, url.query.get("host")


def _make(connection: Connection, name: str, password: str) -> None:
    found = connection.exec_driver_sql("SELECT rolsuper FROM pg_roles WHERE rolname = %s", (name,)).scalar()
    if found:
        raise SettingError(f"{SETTING}: {name} is a superuser, who may do everything; name another role")
    role = _quoted(connection, name)
    if found is None:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
    # Made here, so that the server never has the password itself, nor its log.
    secret = encrypt_password(password, name, connection.connection.driver_connection, "scram-sha-256")
    connection.exec_driver_sql(f"ALTER ROLE {role} PASSWORD %s", (secret,))
    connection.exec_driver_sql(f"ALTER ROLE {role} SET default_transaction_read_only = on")


def _grant(connection: Connection, name: str, base: str) -> None:
    role = _quoted(connection, name)
    connection.exec_driver_sql(f"GRANT CONNECT ON DATABASE {_quoted(connection, base)} TO {role}")
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {role}")
    connection.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
    there = connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").scalars()
    tables = ", ".join(_quoted(connection, table) for table in sorted(READ & {*there}))
    connection.exec_driver_sql(f"GRANT SELECT ON {tables} TO {role}")
    connection.exec_driver_sql(f"GRANT SELECT (id, at) ON audit TO {role}")  # of whether anything is new


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name).replace("%", "%%")
