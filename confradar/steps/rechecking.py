"""The recheck: the pages of conferences with a gate at hand are read again, between two nights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from confradar import environment
from confradar.crawling import process
from confradar.crawling.addresses import Addresses
from confradar.deadlines.parameters import LIMIT_MAX
from confradar.errors import Refused
from confradar.settings import Settings
from confradar.sources.base import readers
from confradar.steps.crawling import Part
from confradar.steps.followers import followers
from confradar.storage import answers, database, ledger, near, selecting
from confradar.storage.run_tables import RECHECK

NEAR = "near"  # the target of a recheck that no conference is named for
AHEAD, PASSED = timedelta(hours=72), timedelta(hours=24)
FOLLOWED = 14 * 24  # hours
RECHECK_BUDGET = 15 * 60  # seconds of crawling that each source may take: it must be over before a night begins

Parts = dict[str, dict[str, Part]]


def to_recheck(settings: Settings, *, now: datetime, conference: str | None = None) -> Parts:
    """What a recheck at that instant reads: by step and source the pages, or the lists, that hold the records.

    That is of the conferences with a gate in the next 72 hours, or passed less than 24 hours ago, and of those that
    somebody follows with one in the next 14 days; or of the one `conference` of that slug. Raises UnknownName, and
    Refused if nothing can be read of that one.
    """
    with database.reading(settings.database) as connection:
        parts = _parts(connection, settings, conference or NEAR, now)
    if conference and not parts:
        raise Refused(f"No source that is read says anything of {conference} any more: there is no page to read again.")
    return parts


def parts_of(connection: Connection, run: ledger.Run, step: str, settings: Settings) -> dict[str, Part] | None:
    """What a step is to read in a run, by source; None for all."""
    if run.trigger != RECHECK:
        return None
    return _parts(connection, settings, run.target, run.logical_instant).get(step, {})


def _parts(connection: Connection, settings: Settings, target: str, now: datetime) -> Parts:
    if target == NEAR:
        chosen = near.conferences(connection, passed_after=now - PASSED, due_before=now + AHEAD)
        chosen = list(dict.fromkeys([*chosen, *_followed(connection, settings, now)]))
    else:
        chosen = [answers.conference(connection, target)["id"]]
    by_source: defaultdict[str, list[near.Place]] = defaultdict(list)
    for place in near.places(connection, chosen):
        by_source[place.source].append(place)
    parts: Parts = {}
    for source in (reader.source for reader in readers().values() if reader.source.name in by_source):
        options = process.options(source, settings, environment.source_overrides(source.name))
        here = Addresses(source, options.base)
        places = [place for place in by_source[source.name] if place.feed in ("", *options.feeds)]
        if source.own_pages:
            pages = {place.url: place.feed for place in places if here.allows(here.here(place.url))}
            part = Part(pages=pages) if pages else None
        else:
            feeds = tuple(dict.fromkeys(place.feed for place in places if place.feed))
            part = Part(feeds=feeds) if feeds else None
        if part:
            parts.setdefault(source.step, {})[source.name] = part
    return parts


def _followed(connection: Connection, settings: Settings, now: datetime) -> Iterator[int]:
    """The conferences that somebody follows with a gate in the next 14 days, those that are due first in front."""
    for asked in {one.asked for one in followers(connection, settings)}:
        within = min(asked.within or FOLLOWED, FOLLOWED)
        page = selecting.gates(connection, replace(asked, within=within, limit=LIMIT_MAX), now=now)
        yield from selecting.ids_of(connection, dict.fromkeys(row["slug"] for row in page.rows))
