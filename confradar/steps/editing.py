"""What an editor says of a gate, against all sources, until it is cleared; who, why and where it stands are kept."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from confradar.deadlines.conference import Conference, Known, Mention, Pin, SourceOutput
from confradar.deadlines.dates import WITHDRAWN, Edition, Window, resolve
from confradar.deadlines.listing import Listing, WrittenDate
from confradar.deadlines.merge import merge
from confradar.deadlines.verdict import EDITOR, Gate
from confradar.errors import FieldError, Refused
from confradar.settings import Settings
from confradar.steps.announcing import announce
from confradar.storage import answers, audit, conferences, database, ledger, pins, selecting, versions


def set_claim(
    slug: str, gate: Gate, text: str, settings: Settings, *, url: str, why: str, by: str, zone_text: str | None = None
) -> Window:
    """Say when a gate is due, e.g. `("submission", 0, "")`; returns what the words mean.

    The claim decides alone and outlives the following nights. `url` is the page that says so. Raises UnknownName for
    the conference, Refused for words that name no date, and for an address or a text that no listing may have.
    """
    with database.transaction(settings.database) as connection:
        known, conference = _known(connection, slug)
        edition = Edition(conference.year, conference.starts_on, conference.ends_on)
        window = resolve(text, zone_text, kind=gate[0], edition=edition)
        if window.earliest is None:
            raise Refused(f"{text!r} names no date: {window.reason}. Write one such as '12 May 2026, 23:59 AoE'.")
        said = _listing(conference, gate, text, zone_text, url)
        _say(connection, known, conference, said, by=by, action="claim set", why=why, settings=settings)
    return window


def withdraw_claim(slug: str, gate: Gate, settings: Settings, *, url: str, why: str, by: str) -> None:
    """Say that there is no such gate any more; decides alone until it is cleared. `url` is the page that says so.

    Raises UnknownName for the conference, Refused for an address that no listing may have, and for a gate of which
    nobody has spoken.
    """
    with database.transaction(settings.database) as connection:
        known, conference = _known(connection, slug)
        if (conference.id, *gate) not in known.deadlines:
            raise Refused(f"Nobody has spoken of the {_named(gate)} of {conference.slug}; nothing can be withdrawn.")
        said = _listing(conference, gate, WITHDRAWN, None, url)
        _say(connection, known, conference, said, by=by, action="claim withdraw", why=why, settings=settings)


def clear_claim(slug: str, gate: Gate, settings: Settings, *, why: str, by: str) -> None:
    """Let the sources decide again. Raises UnknownName for the conference, Refused if no editor speaks of the gate."""
    with database.transaction(settings.database) as connection:
        known, conference = _known(connection, slug)
        if not (silent := _silenced(known, conference, gate)):
            raise Refused(f"No editor has set the {_named(gate)} of {conference.slug}.")
        now, subject = database.clock(connection), _ref(conference, gate)
        told = f"{why} ({', '.join(listing.url for listing in silent)})"
        _store(connection, known, silent, subject, by=by, action="claim clear", why=told, settings=settings, now=now)


def _known(connection: Connection, slug: str) -> tuple[Known, Conference]:
    """All that is known, and the conference of that slug, or the one that took it in."""
    database.writer_lock(connection)
    found = answers.conference(connection, slug)
    known = conferences.known(connection)
    return known, known.conferences[found["id"]]


def _listing(conference: Conference, gate: Gate, text: str, zone_text: str | None, url: str) -> Listing:
    kind, number, track = gate
    try:
        return Listing(
            source=EDITOR,
            ref=_ref(conference, gate),
            url=url,
            title=conference.title,
            year=conference.year,
            type=conference.type,
            starts_on=conference.starts_on,
            ends_on=conference.ends_on,
            dates=(WrittenDate(kind, text, zone_text, number, track),),
        )
    except FieldError as error:
        raise Refused(f"No claim can have that {error.field}: found {error.found}, wanted {error.wanted}.") from error
    except ValueError as error:  # an address that nobody can take apart
        raise Refused(f"{url[:80]!r} is no http or https address: {error}.") from error


def _silenced(known: Known, conference: Conference, gate: Gate) -> list[Listing]:
    """What editors say of a gate, the oldest first, without the date: more than one where conferences were merged."""
    mentions = sorted(known.mentions.values(), key=lambda mention: mention.id)
    said = [one.listing for one in mentions if one.source == EDITOR and one.conference_id == conference.id]
    return [replace(one, dates=()) for one in said if [written.gate for written in one.dates] == [gate]]


def _oldest(known: Known, conference: Conference) -> Mention:
    """The mention to which a conference belongs, whatever else it loses."""
    return min((m for m in known.mentions.values() if m.conference_id == conference.id), key=lambda mention: mention.id)


def _ref(conference: Conference, gate: Gate) -> str:
    """How an editor's claim is named: the conference's slug, which never changes, and the gate."""
    return " ".join(str(part) for part in (conference.slug, *gate) if part)


def _named(gate: Gate) -> str:
    return gate[0].replace("_", " ")


def _say(
    connection: Connection,
    known: Known,
    conference: Conference,
    said: Listing,
    *,
    by: str,
    action: str,
    why: str,
    settings: Settings,
) -> None:
    """Store what an editor says, tied to its conference whatever identity makes of it, in place of what was said."""
    now, subject, number = database.clock(connection), said.ref, 1
    while said.key in known.mentions and known.mentions[said.key].conference_id != conference.id:
        number += 1  # that claim has gone with another part of a conference that was split
        said = replace(said, ref=f"{subject} #{number}")
    silent = [one for one in _silenced(known, conference, said.dates[0].gate) if one.key != said.key]
    if said.key not in known.mentions:
        pin = Pin(_oldest(known, conference).key, said.key, together=True)
        pins.add(connection, pin, by=by, why=why, at=now)
        known = replace(known, pins=[*known.pins, pin])
    told = f"{why} ({said.url})"
    _store(connection, known, [said, *silent], subject, by=by, action=action, why=told, settings=settings, now=now)


def _store(
    connection: Connection,
    known: Known,
    said: Sequence[Listing],
    subject: str,
    *,
    by: str,
    action: str,
    why: str,
    settings: Settings,
    now: datetime,
) -> None:
    """Merge what an editor says as a run of its own, without steps, and write down who did it."""
    run, _ = ledger.open_run(
        connection,
        key=f"manual:{uuid.uuid4()}",
        trigger="manual",
        logical_instant=now,
        target=f"{action} {subject}",
        steps=(),
        now=now,
        deadline_seconds=settings.run_deadline_seconds,
        by=by,
    )
    before = selecting.last_change(connection)
    merged = merge(known, [SourceOutput(EDITOR, tuple(said))], run_id=run.id, now=now)
    conferences.write(connection, merged, now=versions.moment(connection))
    announce(connection, run, settings, after=before)
    figures: dict[str, Any] = merged.figures
    ledger.finish_run(connection, run.id, status="ok", now=now, statistics=figures, stored=True)
    audit.record(connection, by=by, action=action, subject=subject, why=why, at=now)
