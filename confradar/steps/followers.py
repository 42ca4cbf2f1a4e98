"""Who follows what: begun and ended by people, or set for a whole lab; and what each of them is told."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, Signer
from sqlalchemy import Connection

from confradar.deadlines.listing import printable
from confradar.deadlines.moments import reader_zone
from confradar.deadlines.parameters import LIMIT, PARAMETERS, Order, Status
from confradar.deadlines.selection import Selection
from confradar.errors import SelectionError, SettingError, UnknownName
from confradar.notify import channels
from confradar.publish.messages import Reader
from confradar.settings import Settings
from confradar.sources.base import readers
from confradar.storage import database, follows, selecting
from confradar.storage.follows import Follow

log = logging.getLogger(__name__)

LEADS_MAX = 5
SALT = "confradar.unfollow"
FILE = "CONFRADAR_FOLLOWS"  # who began what the file says


@dataclass(frozen=True, slots=True)
class Follower:
    """A follow that goes on: what is asked for, and for whom the messages are written."""

    follow: Follow
    asked: Selection
    reader: Reader


@dataclass(frozen=True, slots=True)
class Begun:
    """A follow that has just begun, whether it is `new`, and how many deadlines it has now (up to 1000)."""

    follow: Follow
    new: bool
    deadlines: int


def leads(written: str) -> tuple[int, ...]:
    """ "7d,1d" as hours, the longest first; none for an empty text. Raises SelectionError."""
    try:
        found = {PARAMETERS["within"].read(part.strip()) for part in written.split(",") if written.strip()}
    except ValueError as error:
        raise SelectionError([("remind", f"found {written[:80]!r}, wanted spans such as 7d,1d or 12h")]) from error
    if len(found) > LEADS_MAX:
        raise SelectionError([("remind", f"found {len(found)} spans, wanted {LEADS_MAX} at most")])
    return tuple(sorted(found, reverse=True))


def followed_selection(asked: Selection) -> Selection:
    """A selection as it is followed: which page of it and in which order is of no matter, nor what has passed."""
    return replace(asked, status=Status.OPEN, order=Order.SOONEST, limit=LIMIT, cursor=None, as_of=None)


def follow(
    asked: Selection,
    address: str,
    settings: Settings,
    *,
    by: str,
    remind: tuple[int, ...] = (),
    zone: str = "UTC",
) -> Begun:
    """Let an address (see `notify.channels`) hear of a selection from now on.

    `remind` is hours before each safe date, `zone` the one in which it is told, and whose morning counts. Raises
    AddressRefused, and SelectionError for a zone that there is not.
    """
    to = channels.check(address, mail_url=settings.mail_url)
    try:
        zone = reader_zone(zone).name
    except ValueError as error:
        raise SelectionError([("zone", str(error))]) from error
    asked = followed_selection(asked)
    with database.transaction(settings.database) as connection:
        now = database.clock(connection)
        new = Follow(0, str(asked), to.written, to.shown, remind, zone, secrets.token_hex(16), printable(by), now)
        begun, is_new = follows.begin(connection, new)
        return Begun(begun, is_new, selecting.count(connection, asked, now=now))


def unfollow(follow_id: int, settings: Settings, *, by: str) -> Follow:
    """End a follow; what is still to be sent for it is dropped. Raises UnknownName for one that does not go on."""
    with database.transaction(settings.database) as connection:
        found = follows.find(connection, follow_id)
        if found is None or not follows.end(connection, follow_id, by=printable(by), now=database.clock(connection)):
            raise UnknownName(f"There is no follow {follow_id}. `confradar followed` shows them.")
        return found


def followed(settings: Settings) -> list[dict[str, Any]]:
    """The follows that go on, without their secrets, and how the messages of each stand (`follows.states`)."""
    with database.reading(settings.database) as connection:
        states = follows.states(connection)
        names = ("id", "selection", "shown", "remind", "zone", "by", "created_at")
        found = follows.going(connection)
    shown = [{**{name: getattr(one, name) for name in names}, **states[one.id]} for one in found]
    return [{**row, "error": _trouble(one) or row["error"]} for row, one in zip(shown, found, strict=True)]


def follow_settings(settings: Settings) -> None:
    """Make the follows of the file that CONFRADAR_FOLLOWS names what it says; does nothing if none is named.

    It is a JSON list of `{"what": "topic=vision", "to": ADDRESS, "remind": "7d,1d", "zone": "UTC"}`, the last two at
    will. What is no more in it ends; what a reader has ended by its link stays so. Raises SettingError.
    """
    if not settings.follows:
        return
    wanted = {(str(asked), to): (asked, remind, zone) for asked, to, remind, zone in _entries(Path(settings.follows))}
    with database.reading(settings.database) as connection:
        known = follows.of(connection, FILE)
    stopped = {(one.selection, one.address) for one in known if one.ended_by not in (None, FILE)}
    same = {(one.selection, one.address, one.remind, one.zone) for one in known if one.ended_at is None}
    for (selection, to), (asked, remind, zone) in wanted.items():
        if (selection, to) not in stopped and (selection, to, remind, zone) not in same:
            follow(asked, to, settings, by=FILE, remind=remind, zone=zone)
    for one in known:
        if one.ended_at is None and (one.selection, one.address) not in wanted:
            unfollow(one.id, settings, by=FILE)


def _entries(path: Path) -> Iterable[tuple[Selection, str, tuple[int, ...], str]]:
    try:
        for entry in json.loads(path.read_bytes()):
            asked = followed_selection(Selection.parse(entry["what"], sources=readers()))
            zone = reader_zone(entry.get("zone", "UTC")).name
            yield asked, entry["to"], leads(entry.get("remind", "")), zone
    except (OSError, ValueError, LookupError, TypeError, AttributeError, SelectionError) as error:
        told = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        wanted = '[{"what": "topic=vision", "to": "ada@example.org", "remind": "7d,1d", "zone": "UTC"}]'
        raise SettingError(f"CONFRADAR_FOLLOWS: {path}: {told}; wanted {wanted}") from error


def signature(found: Follow) -> str:
    """What proves that who ends a follow was sent its link."""
    return Signer(found.secret, salt=SALT).get_signature(str(found.id)).decode()


def signed(follow_id: int, proof: str, settings: Settings) -> Follow:
    """The follow of a link, ended or not. Raises UnknownName if the link is none of ours."""
    with database.reading(settings.database) as connection:
        found = follows.find(connection, follow_id)
    try:
        if found is None:
            raise BadSignature("no follow of that number")
        Signer(found.secret, salt=SALT).unsign(f"{found.id}.{proof}")
    except BadSignature as error:
        raise UnknownName("This link ends nothing: it is cut, or what it ended is long over.") from error
    return found


def end_signed(follow_id: int, proof: str, settings: Settings) -> Follow:
    """End the follow of a link, if it goes on still. Raises UnknownName if the link is none of ours."""
    found = signed(follow_id, proof, settings)
    with database.transaction(settings.database) as connection:
        follows.end(connection, found.id, by="its reader", now=database.clock(connection))
    return found


def ending(found: Follow, settings: Settings) -> str:
    """The address of the page on which a reader ends a follow."""
    return f"{settings.site}/unfollow/{found.id}/{signature(found)}"


def followers(connection: Connection, settings: Settings) -> list[Follower]:
    """Those who are to be told."""
    return list(_readable(follows.going(connection), settings))


def _readable(found: Iterable[Follow], settings: Settings) -> Iterable[Follower]:
    """Those whose selection can be read still: one of an older version must not keep a night from being stored."""
    for one in found:
        if trouble := _trouble(one):
            log.warning("follow passed over id=%d: %s", one.id, trouble)
        else:
            reader = Reader(reader_zone(one.zone), settings.site, one.selection, ending(one, settings))
            yield Follower(one, Selection.parse(one.selection), reader)


def _trouble(found: Follow) -> str | None:
    """Why a follow cannot be read any more, if it cannot."""
    try:
        Selection.parse(found.selection)
        reader_zone(found.zone)
    except (SelectionError, ValueError) as error:
        return f"it cannot be read any more: {error}; follow anew"
    return None
