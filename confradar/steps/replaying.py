"""Runs again from the archive: the pages of a run go through today's spiders, and nobody is asked."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Connection

from confradar import archive
from confradar.archive import File
from confradar.crawling import process
from confradar.errors import RunRefused, UnknownName
from confradar.settings import Settings
from confradar.sources.base import readers, step_of
from confradar.steps.attempting import crawl_in_run
from confradar.steps.runs import STORE, open_run
from confradar.steps.storing import store_run
from confradar.storage import database, ledger

REPLAY = "replay"


def replay(
    run: str,
    settings: Settings,
    *,
    by: str | None = None,
    if_busy: str = "wait",
    say: Callable[[str], None] = lambda _: None,
) -> ledger.Run:
    """Feed the archive of a run through today's spiders and store it, in this process, as a run of its own.

    It is stored at the instant of the run that is replayed: nothing newer is overwritten. The checks report and hold
    nothing. The beginning of a key is enough. `say` is told what is waited for. Raises UnknownName if the archive has
    nothing of that run (any more), RunRefused if another run is going and `if_busy` is "refuse".
    """
    found = archived_run(run, settings)
    with database.reading(settings.database) as connection:
        key = fresh_key(connection, f"{REPLAY}:{found[0].run}")
    return from_archive(key, found, settings, trigger=REPLAY, by=by, if_busy=if_busy, say=say)


def archived_run(run: str, settings: Settings) -> list[File]:
    """The files of a run in the archive, the newest attempt of each source. Raises UnknownName."""
    files = archive.files(settings.archive_dir)
    keys = {file.run for file in files if file.run == run} or {file.run for file in files if file.run.startswith(run)}
    if len(keys) != 1:
        told = f"it has {len(keys)} that begin so: {', '.join(sorted(keys)[:5])}" if keys else "it has nothing of it"
        raise UnknownName(
            f"The archive {settings.archive_dir} cannot say which run {run[:80]!r} is: {told}. `confradar runs` lists "
            f"what ran; archives are kept for {settings.archive_days} days."
        )
    return [*{file.source: file for file in files if file.run in keys and file.source in readers()}.values()]


def fresh_key(connection: Connection, key: str) -> str:
    """That key, or with the next number behind it if there is such a run."""
    number, found = 1, key
    while ledger.get(connection, found):
        number += 1
        found = f"{key}/{number}"
    return found


def from_archive(
    key: str,
    files: list[File],
    settings: Settings,
    *,
    trigger: str,
    by: str | None,
    if_busy: str,
    say: Callable[[str], None],
) -> ledger.Run:
    """Run these files, of one instant, as the run of that key: open it or go on with it, read, store, close.

    Raises RunRefused if another process that is alive has it in hands.
    """
    names = list(dict.fromkeys(step_of(file.source) for file in files))
    while True:
        opened = open_run(
            key, trigger=trigger, target=",".join([*names, STORE]), steps=[*names, STORE],
            logical_instant=files[0].instant, settings=settings, if_busy=if_busy, by=by,
        )  # fmt: skip
        if opened.waits_for is None:
            break
        say(f"waits for run {opened.waits_for}")
        time.sleep(settings.waiting_seconds)
    process.preload()
    for name in names:
        if crawl_in_run(key, name, settings, files={file.source: file.name for file in files})[0] is None:
            raise RunRefused(f"Step {name} of run {key} is in the hands of another process; it stores the run.")
    store_run(key, settings)
    with database.reading(settings.database) as connection:
        return ledger.find(connection, key)
