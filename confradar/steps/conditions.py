"""What can be wrong with an installation, by condition: at most one alert is open for each."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from confradar.settings import Settings
from confradar.sources.base import readers, step_of
from confradar.steps.nights import night_state, silent_beat
from confradar.steps.runs import STORE
from confradar.storage import history, ledger, outbox, outputs

DAY = timedelta(days=1)
DISK_MIN = 500 * 1024 * 1024  # bytes
ALL = "all"
CHANNEL = "alert channel down"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, in one sentence, and the key of the run that shows it, if one does.

    One that is `explained` follows from another that has an alert: it opens none, and what is open stays.
    """

    detail: str
    run: str | None = None
    explained: bool = False


Troubles = Mapping[str, Trouble | None]


def troubles(connection: Connection, settings: Settings, *, since: datetime, now: datetime) -> Troubles:
    """All conditions, each with what is wrong, None if nothing is. `since` is when whoever asks began to watch."""
    night = night_state(connection, settings, now=now, since=since)
    key = night.run.key if night.run else None
    beat = _told(silent_beat(connection, settings, since=since, now=now))
    failed, bad, held = _failed_night(connection), _bad_twice(connection), _held(connection)
    # Nights that do not come, give nothing or are not wanted leave every source without anything new.
    quiet = bool(night.missing or failed or night.pause)
    told = {*bad, *(name for name, trouble in held.items() if trouble)}
    silent = {
        name: trouble and replace(trouble, explained=quiet or name in told)
        for name, trouble in _silence(connection, settings, now=now).items()
    }
    return {
        "beat silent": beat,
        "night missing": Trouble(night.trouble, explained=beat is not None) if night.missing else None,
        "night late": Trouble(night.trouble, key) if night.late else None,
        "night failed": failed,
        "nights partial": next((trouble for name, trouble in bad.items() if not held[name]), None),
        **{f"source quarantined: {name}": trouble for name, trouble in held.items()},
        **{f"source silent: {name}": trouble for name, trouble in silent.items()},
        "disk full": _told(disk_trouble(settings)),
        CHANNEL: _told(channel_trouble(connection, settings, now=now)),
    }


def _told(detail: str) -> Trouble | None:
    return Trouble(detail) if detail else None


def _failed_night(connection: Connection) -> Trouble | None:
    """What is wrong if the newest night that is over failed, and no run since then has stored anything."""
    nights = history.runs(connection, trigger="schedule", status=ledger.FINAL_RUN, limit=1)
    good = history.runs(connection, status=("ok", "partial"), whole_only=True, limit=1)
    if not nights or nights[0].status != "failed" or (good and good[0].id > nights[0].id):
        return None
    key = nights[0].key
    return Trouble(f"run {key} failed; see `confradar runs show {key}`", key)


def _bad_twice(connection: Connection) -> dict[str, Trouble]:
    """If the newest night that is over was partial, and the one before it was that or failed: what is wrong, by source
    that gave nothing whole in it.
    """
    nights = history.runs(connection, trigger="schedule", status=ledger.FINAL_RUN, limit=2)
    if [night.status for night in nights] not in (["partial", "partial"], ["partial", "failed"]):
        return {}
    newest, before = nights
    rows = history.steps_of(connection, [newest])[newest.id]
    bad = {row["step"]: row["status"] for row in rows if row["step"] != STORE and not _as_expected(row)}
    names = [name for name in readers() if step_of(name) in bad]
    said = ", ".join(f"{name} {bad[step_of(name)]}" for name in names)
    detail = f"runs {before.key} and {newest.key} did not go well: {said}; see `confradar runs show {newest.key}`"
    return dict.fromkeys(names, Trouble(detail, newest.key))


def _as_expected(row: Mapping[str, object]) -> bool:
    """Whether an attempt came to what its source's declaration expects."""
    facts = row["metadata"]
    expected = isinstance(facts, dict) and bool(facts.get("expected"))
    return row["status"] == "ok" or (row["status"] == "degraded" and expected)


def _held(connection: Connection) -> dict[str, Trouble | None]:
    """By source, what is wrong if a check holds what its last crawl gave."""
    states = history.last_states(connection)
    found: dict[str, Trouble | None] = {}
    for name in readers():
        row = states.get(step_of(name))
        held = row is not None and row["status"] == "quarantined"
        found[name] = None
        if row and held:
            release = f"confradar runs release {row['run']} {name} --why …"
            found[name] = Trouble(f"what {name} gave is held back: {row['error']}; `{release}` stores it", row["run"])
    return found


def _silence(connection: Connection, settings: Settings, *, now: datetime) -> dict[str, Trouble | None]:
    """By source, what is wrong with those that were tried and gave nothing good for some days.

    All at once are one condition. A source that others outlived by a day is one of its own.
    """
    given = {name: outputs.last_kept_at(connection, name) for name in readers()}
    good = {name: at for name, at in given.items() if at}
    newest, patience = max(good.values(), default=now), timedelta(days=settings.silent_days)
    silent = {
        name: f"{name} has given nothing good since {at:%Y-%m-%d %H:%M} UTC; see `confradar runs --source {name}`"
        for name, at in good.items()
        if now - at >= patience and history.tried_since(connection, step_of(name), at)
    }
    together = [name for name in silent if newest - good[name] < DAY]
    at_once = f"no source has given anything good since {newest:%Y-%m-%d %H:%M} UTC; see `confradar runs`"
    return {
        ALL: _told(at_once if together and now - newest >= patience else ""),
        **{name: _told("" if name in together else silent.get(name, "")) for name in given},
    }


def disk_free(settings: Settings) -> tuple[Path, int]:
    """The folder that the data directory is, or will be made in, and the bytes that are free there."""
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    return folder, shutil.disk_usage(folder).free


def disk_trouble(settings: Settings) -> str:
    """What is wrong with the room in the data directory; "" if there is enough."""
    folder, free = disk_free(settings)
    if free >= DISK_MIN:
        return ""
    return f"{free // 1024**2} MiB free at {folder}: make room, at least {DISK_MIN // 1024**2} MiB"


def channel_trouble(connection: Connection, settings: Settings, *, now: datetime) -> str:
    """What is wrong with the addresses to which alerts go; "" if each took what it was sent last."""
    ours = settings.alert_addresses
    failing = [one for one in outbox.troubled(connection, since=now - DAY) if one.address in ours]
    if not failing:
        return ""
    told = "; ".join(f"address {ours.index(one.address) + 1} of CONFRADAR_ALERT_TO: {one.error}" for one in failing)
    return f"alerts do not arrive: {told}. Try `confradar alerts test`"
