"""Retention: what is older than anybody asks for is deleted; the history of dates never is."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from confradar import archive
from confradar.errors import BrokenArchive
from confradar.settings import Settings
from confradar.steps.runs import CUT, Materialised
from confradar.storage import conferences, database, retention

PRUNE = "prune"


def prune(settings: Settings, *, now: datetime | None = None, dry_run: bool = False) -> Materialised:
    """Delete runs with their steps, logs, checks and kept outputs after `keep_days`, operators' acts after longer.

    Some runs at a time, each batch in a transaction of its own that locks nothing that a night needs: killed between
    two, the next call goes on. Archives go after `archive_days` and the month in which younger ones may refer to them,
    but for the pages behind mentions. With `dry_run`, only count. `now` is this moment unless given. The value is the
    number of rows by table, of `archive` the files and of `archive/kept` the pages. Raises DatabaseUnavailable,
    DatabaseBusy, BrokenArchive.
    """
    if now is None:
        with database.reading(settings.database) as connection:
            now = database.clock(connection)
    ended_before = now - timedelta(days=settings.keep_days)
    acted_before = now - timedelta(days=settings.keep_audit_days)
    begin, finish = (database.reading, retention.count) if dry_run else (database.transaction, retention.remove)
    rows: Counter[str] = Counter({table.name: 0 for table in retention.TABLES})
    batches, ids = 0, [0]
    while ids:
        with begin(settings.database) as connection:
            ids = retention.old_runs(connection, ended_before=ended_before, after=ids[-1], lock=not dry_run)
            if ids:
                doomed = retention.of_runs(connection, ids, cut=CUT)
            else:
                doomed = retention.of_operators(resolved_before=ended_before, acted_before=acted_before)
            found = finish(connection, doomed)
        rows.update(found)
        batches += 1
    with database.reading(settings.database) as connection:
        needed = conferences.archived(connection)
    written_before = now - timedelta(days=settings.archive_days)
    try:
        gone = archive.purge(settings.archive_dir, before=written_before, needed=needed, dry_run=dry_run)
    except OSError as error:
        raise BrokenArchive(f"{settings.archive_dir} cannot be tidied up: {error}") from error
    rows.update({"archive": gone["files"], f"archive/{archive.KEPT}": gone["pages"]})
    metadata = {
        "dry_run": dry_run,
        "written_before": written_before.isoformat(),
        "batches": batches,
        "ended_before": ended_before.isoformat(),
        "acted_before": acted_before.isoformat(),
    }
    return Materialised(PRUNE, dict(rows), metadata)
