"""How migrations run: one at a time, in one transaction, on the database of the caller or else of the settings."""

from __future__ import annotations

from alembic import context

from confradar import settings
from confradar.storage import database, follow_tables, past_tables, run_tables, tables  # noqa: F401 - what `metadata` holds
from confradar.storage.columns import metadata

# A migration that waits for a lock makes everybody behind it wait as well: it gives up early and is tried again.
LOCK_SECONDS = 2

url = context.config.attributes.get("url") or settings.load().database
with database.migrating(url, lock_seconds=LOCK_SECONDS) as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
