"""Nights of the past run again from the archive, one source of one day at a time; what is done is not done again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from confradar import archive
from confradar.archive import File
from confradar.errors import RunRefused, SettingError
from confradar.settings import Settings
from confradar.sources.base import reader, readers
from confradar.steps.attempting import Heart
from confradar.steps.nights import night_key
from confradar.steps.replaying import fresh_key, from_archive
from confradar.steps.runs import begin
from confradar.steps.storing import together
from confradar.storage import database, ledger
from confradar.storage.run_tables import RECHECK

BACKFILL = "backfill"
DAYS_MAX = 366
STORED = ("ok", "partial")


@dataclass
class Parts:
    """The parts of a backfill, each a source of one day (`2026-11-24:elra`), by what became of them.

    `done` by this call, `before` by an earlier one; `missing` in the archive; `failed`: the next call tries again.
    """

    done: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def backfill(
    first: date,
    last: date,
    settings: Settings,
    *,
    source: str | None = None,
    by: str | None = None,
    pause: float = 1,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[ledger.Run, Parts]:
    """Run the archives of these days (both included) again, of one source or all, each at the instant of its night.

    Each part is a run of its own, `backfill:DATE:SOURCE`, and all of them belong to one that is returned. A run that
    is going is waited for; `pause` seconds between two parts let others in. Called again, it does what is missing or
    failed. Raises RunRefused if this very backfill is going, SettingError for days that cannot be, UnknownName for a
    source that is not there.
    """
    if not timedelta(0) <= last - first < timedelta(days=DAYS_MAX):
        raise SettingError(f"from {first} to {last}: wanted the earlier day first, and at most {DAYS_MAX} days")
    sources = [reader(source).source.name] if source else [*readers()]
    parent, attempt = _begun(f"{BACKFILL}:{first}..{last}" + (f":{source}" if source else ""), settings, by)
    heart, parts, figures = Heart(settings, parent, BACKFILL, attempt), Parts(), []
    for name, file in _files(first, last, sources, settings).items():
        if heart.stopped():
            break
        with database.reading(settings.database) as connection:
            key = _key(connection, name) if file else None
        if file is None or key is None:
            (parts.before if file else parts.missing).append(name)
            say(f"{name}: {'done before' if file else 'the archive has nothing, skipped'}")
            continue
        try:
            run = from_archive(key, [file], settings, trigger=BACKFILL, by=by, if_busy="wait", say=say)
        except RunRefused as error:
            parts.failed.append(name)
            say(f"{name}: {error}")
            continue
        (parts.done if run.status in STORED else parts.failed).append(name)
        figures += [run.statistics] if run.statistics else []
        say(f"{name}: {run.status}")
        time.sleep(pause)
    return _ended(parent, attempt, parts, figures, settings), parts


def _begun(key: str, settings: Settings, by: str | None) -> tuple[ledger.Run, int]:
    """The run for the whole: a new one, or the one of a call that was killed. Raises RunRefused if that is alive."""
    with database.transaction(settings.database) as connection:
        database.writer_lock(connection)
        now = database.clock(connection)
        newest = _newest(connection, key)
        if newest is None or newest.status in ledger.FINAL_RUN:
            newest, _ = ledger.open_run(
                connection, key=fresh_key(connection, key), trigger=BACKFILL, logical_instant=now, target=BACKFILL,
                steps=[BACKFILL], now=now, deadline_seconds=DAYS_MAX * settings.run_deadline_seconds, by=by,
            )  # fmt: skip
        attempt = begin(connection, newest, BACKFILL, settings)
    if attempt is None:
        told = f"if its process was killed, try again in {settings.lost_after_seconds:g} s"
        raise RunRefused(f"Run {newest.key} is going; `confradar runs cancel {newest.key}` ends it; {told}.")
    return newest, attempt


def _files(first: date, last: date, sources: list[str], settings: Settings) -> dict[str, File | None]:
    """By part, the file to run again: that of the day's night, else of its last run of the whole source, or None."""
    found: dict[str, File | None] = {
        f"{first + timedelta(days=number)}:{source}": None
        for number in range((last - first).days + 1)
        for source in sources
    }
    for file in archive.files(settings.archive_dir):
        name, known = f"{file.instant.date()}:{file.source}", None
        if name not in found or file.run.startswith(f"{RECHECK}:"):
            continue
        known, night = found[name], night_key(file.instant)
        if known is None or file.run == night or known.run != night:
            found[name] = file
    return found


def _key(connection: Connection, name: str) -> str | None:
    """The key of the run that does a part: a new one, or of one that was killed in it; None if it is done."""
    newest = _newest(connection, f"{BACKFILL}:{name}")
    if newest and newest.status in STORED:
        return None
    going = newest is not None and newest.status not in ledger.FINAL_RUN
    return newest.key if newest and going else fresh_key(connection, f"{BACKFILL}:{name}")


def _newest(connection: Connection, key: str) -> ledger.Run | None:
    """The last of the runs that have that key, or a number behind it."""
    number, found = 1, ledger.get(connection, key)
    while found and (later := ledger.get(connection, f"{key}/{number + 1}")):
        number, found = number + 1, later
    return found


def _ended(
    parent: ledger.Run, attempt: int, parts: Parts, figures: Sequence[Mapping[str, Any]], settings: Settings
) -> ledger.Run:
    """Close the run for the whole, with the figures of its parts together."""
    told = ", ".join(f"{len(names)} {word}" for word, names in asdict(parts).items() if names) or "nothing to do"
    status = "partial" if parts.failed and (parts.done or parts.before) else "failed" if parts.failed else "ok"
    with database.transaction(settings.database) as connection:
        now = database.clock(connection)
        ledger.finish_step(
            connection, parent.id, BACKFILL, attempt, status="degraded" if status == "partial" else status, now=now,
            count=len(parts.done), metadata=asdict(parts),
        )  # fmt: skip
        if ledger.find(connection, parent.key).status not in ledger.FINAL_RUN:
            statistics = together(figures) if figures else None
            ledger.finish_run(connection, parent.id, status=status, now=now, statistics=statistics, message=told)
        return ledger.find(connection, parent.key)
