"""Chairing Tool: a platform whose pages are drawn by scripts, so that mostly only its conferences are known."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from parsel import Selector

from confradar.deadlines.listing import EntryType, Listing, WrittenDate, clean
from confradar.errors import FieldError
from confradar.sources.base import Feed, Found, Page, Politeness, Rejected, Source, Trouble, each, is_web, split_address
from confradar.sources.chairing_known import DECLARED, Declared
from confradar.sources.days import YEAR, day_range
from confradar.sources.gates import unread_dates, written_dates
from confradar.sources.markdown import from_html, plain
from confradar.sources.wording import gate_meant

SOURCE = Source(
    name="chairing_tool",
    home="https://chairing.app/",
    base="https://chairingtool.com",
    feeds=(
        Feed("conferences", "/conferences", "the platform answers at chairingtool.com; nothing uses the other name"),
    ),
    expected_listings=range(5, 500),
    politeness=Politeness(seconds_between_requests=2, max_pages=5),
    expected_degradations=frozenset({"needs_browser"}),
)

DRAWN = 200  # letters; an empty shell shows fewer
MOST_OBJECTS = 100_000
MOST_TRACKS = 50

# Beside the list of conferences lie their tracks, and behind these papers and people, who are nobody's business.
_CONFERENCE = re.compile(r"/conferences/([A-Za-z0-9][A-Za-z0-9_-]{1,79})(?:/[a-z0-9-]*)?/?")
_YEAR = re.compile(rf"(?<!\d){YEAR}(?!\d)")
_STATE = re.compile(r"window\.__\w{1,40}__\s*=\s*(?=[{\[])")
_NAMES = ("name", "title", "fullName")
_IDS = ("id", "slug", "conferenceId", "shortName")
_ZONES = ("timezone", "timeZone", "tz")
_OPEN = re.compile(r"TB[ACD]", re.IGNORECASE)
_DATED = re.compile(r"deadline|tracks|start_?date", re.IGNORECASE)


def parse(page: Page) -> Iterator[Found]:
    """Read the list of conferences: from data that the page carries, from what is drawn, or as declared here.

    An empty shell gives the declared conferences without dates, and says `needs_browser`. No link is
    followed: what lies behind needs an account.
    """
    if "json" in page.content_type or split_address(page.url).path.endswith(".json"):
        yield from _from_answer(page)
    elif page.html.css('input[type="password"]'):
        yield Trouble("blocked", "the platform asks for a login instead of showing its conferences", fatal=True)
    elif found := [*_from_states(page)] or [*_from_cards(page)]:
        yield from found
    elif _is_shell(page.html):
        yield from (_declared(known, page) for known in DECLARED)
        yield Trouble("needs_browser", "the list is drawn by scripts; only the declared conferences are known")
    else:
        yield Trouble("broken", "the page shows no conference and is no empty shell either", fatal=True)


def _from_answer(page: Page) -> Iterator[Found]:
    found = list(_from_data(_json(page.text), page))
    if not found:
        yield Trouble("broken", "no conference in an answer that should be data", fatal=True)
    yield from found


def _from_states(page: Page) -> Iterator[Found]:
    """What the scripts of the page would draw, if it came with the page."""
    for script in page.html.css("script"):
        text = script.xpath("string()").get("")
        if script.xpath("@type").get() == "application/json" or script.xpath("@id").get() == "__NEXT_DATA__":
            yield from _from_data(_json(text), page)
        elif start := _STATE.search(text):
            yield from _from_data(_json(text[start.end() :]), page)


def _json(text: str) -> Any:
    """The JSON value at the start of a text, None if there is none that can be read."""
    try:
        return json.JSONDecoder().raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return None


def _from_data(data: Any, page: Page) -> Iterator[Found]:
    conferences: dict[str, dict[str, Any]] = {}
    for record in _objects(data):
        conferences.setdefault(str(_first(record, _IDS)).casefold(), record)
    yield from each(
        conferences.values(), lambda record: _from_object(record, page), source=SOURCE.name,
        ref=lambda record: str(_first(record, _IDS))[:80],
    )  # fmt: skip


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    """The objects with an id, a name and a date or tracks, wherever they lie; their own parts are not searched."""
    rest, seen = [data], 0
    while rest and seen < MOST_OBJECTS:
        value, seen = rest.pop(), seen + 1
        if isinstance(value, dict):
            if _first(value, _IDS) and _first(value, _NAMES) and any(_DATED.search(str(key)) for key in value):
                yield value
            else:
                rest += reversed(list(value.values()))
        elif isinstance(value, list):
            rest += reversed(value)


def _from_object(record: dict[str, Any], page: Page) -> list[Found]:
    days = tuple(str(_first(record, names) or "") for names in (("startDate", "start"), ("endDate", "end")))
    title = clean(str(_first(record, _NAMES)))
    lines = [*_lines_of(record)]
    return _listing(
        page, own_id=str(_first(record, _IDS)), title=title or "", year=record.get("year"), lines=lines,
        acronym=clean(_first(record, ("acronym",))), place=clean(_first(record, ("location", "place"))),
        days=day_range(" to ".join(day[:10] for day in days)), website=clean(_first(record, ("website", "homepage"))),
        tracks=_dates_of_tracks(record, written_dates(lines)),
    )  # fmt: skip


def _tracks(record: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """The tracks of a conference: name, record, and whether it is the main one."""
    tracks = record.get("tracks")
    for track in tracks[:MOST_TRACKS] if isinstance(tracks, list) else ():
        if isinstance(track, dict):
            name = clean(_first(track, (*_NAMES, *_IDS))) or ""
            yield name, track, str(_first(track, (*_IDS, *_NAMES))).casefold().startswith("main")


def _lines_of(record: dict[str, Any]) -> list[str]:
    """`submission deadline: 2026-01-19` for each dated text of a conference and its main track, with its zone."""
    main = [track for _, track, is_main in _tracks(record) if is_main]
    parts = [record, record.get("dates"), record.get("deadlines"), *main]
    return [line for part in parts if isinstance(part, dict) for line in _dated(part, record)]


def _dated(part: dict[str, Any], record: dict[str, Any]) -> Iterator[str]:
    zone = _first(part, _ZONES) or _first(record, _ZONES) or ""
    for key, value in part.items():
        is_date = isinstance(value, str) and (_YEAR.search(value[:40]) or _OPEN.fullmatch(value.strip()))
        if is_date and not key.lower().startswith(("start", "end")) and key not in (*_NAMES, *_IDS):
            said = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", key)
            yield f"{said}: {value[:200]} {zone}"


def _dates_of_tracks(record: dict[str, Any], main: tuple[WrittenDate, ...]) -> list[WrittenDate]:
    """The dates that a track has for itself: tracks are no events, and most share the dates of the main one."""
    shared = {(written.kind, written.text) for written in main}
    found = []
    for name, track, is_main in _tracks(record):
        for written in () if is_main else written_dates([*_dated(track, record)]):
            kind = gate_meant(written.kind, name)
            if (written.kind, written.text) not in shared:
                found.append(replace(written, kind=kind, track=clean(f"{name} {written.track}") or ""))
    return found


def _from_cards(page: Page) -> Iterator[Found]:
    cards: dict[str, Selector] = {}
    names: dict[str, str] = {}
    for link in page.html.css('a[href*="/conferences/"]'):
        if match := _in_address(link.xpath("@href").get("")):
            cards.setdefault(match[1].casefold(), link)
            names.setdefault(match[1].casefold(), match[1])
    yield from each(
        cards.items(), lambda card: _from_card(names[card[0]], card[1], page), source=SOURCE.name,
        ref=lambda card: card[0],
    )  # fmt: skip


def _in_address(href: str) -> re.Match[str] | None:
    """The id in an address that shows a conference to everybody."""
    address = split_address(href.strip())
    return None if address.query else _CONFERENCE.fullmatch(address.path)


def _from_card(own_id: str, link: Selector, page: Page) -> list[Found]:
    around = link.xpath("ancestor::*[self::article or self::li or self::tr][1]")
    ids = {match[1].casefold() for href in around.css("a::attr(href)").getall() if (match := _in_address(href))}
    lines = [plain(line) for line in from_html(around[0] if ids == {own_id.casefold()} else link)]
    title = next((line.lstrip("# ") for line in lines if line.startswith("#")), lines[0] if lines else "")
    return _listing(
        page, own_id=own_id, title=title.strip("[] "), lines=lines,
        days=next((days for line in lines if (days := day_range(line))), None),
        place=next((line.partition(":")[2].strip() for line in lines if line.casefold().startswith("place:")), None),
    )  # fmt: skip


def _listing(
    page: Page, *, own_id: str, title: str, lines: list[str], year: Any = None, acronym: str | None = None,
    place: str | None = None, days: tuple[date, date] | None = None, website: str | None = None,
    tracks: Iterable[WrittenDate] = (),
) -> list[Found]:  # fmt: skip
    """The listing, and what was not understood.

    Raises FieldError if nothing but the id could tell the year: ids lie about it (`ddl20-ijcai2026`).
    """
    dates: tuple[WrittenDate, ...] = written_dates(lines)
    said = [str(year or ""), title, *(str(day) for day in days or ()), *(written.text for written in dates)]
    found = next((match for text in said if (match := _YEAR.search(text))), None)
    ref = own_id.casefold()
    if found is None:
        raise FieldError("year", repr(title)[:80], "a year in the name or in a date", ref=own_id[:80])
    problems: list[Found] = [
        Rejected(SOURCE.name, ref, "date", line, "a label that names a gate") for line in unread_dates(lines)
    ]
    if website and not is_web(website):
        problems.append(Rejected(SOURCE.name, ref, "website", website, "an http or https address"))
        website = None
    gates = {written.gate: written for written in reversed((*dates, *tracks))}
    listing = Listing(
        source=SOURCE.name, feed=page.feed, ref=ref, url=page.join(f"/conferences/{own_id}/main-track"),
        title=title, acronym=acronym, year=int(found[0]), type=_type(title), place=place or None, website=website,
        starts_on=days[0] if days else None, ends_on=days[1] if days else None, dates=tuple(gates.values())[::-1],
        retrieved_at=page.retrieved_at,
    )  # fmt: skip
    return [listing, *problems]


def _type(title: str) -> EntryType:
    return EntryType.WORKSHOP if "workshop" in title.casefold() else EntryType.CONFERENCE


def _declared(known: Declared, page: Page) -> Listing:
    return Listing(
        source=SOURCE.name, feed=page.feed, ref=known.id.casefold(),
        url=page.join(f"/conferences/{known.id}/main-track"), title=known.title, acronym=known.acronym,
        year=known.year, type=known.type, website=known.website, retrieved_at=page.retrieved_at,
    )  # fmt: skip


def _is_shell(html: Selector) -> bool:
    """An empty root element and scripts that would fill it."""
    shown = sum(letter.isalpha() for line in from_html(html) for letter in line)
    return bool(html.css("body script")) and bool(html.css("body div[id]:empty, #root, #app")) and shown < DRAWN


def _first(record: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of the fields that holds a text or a number."""
    values = (record.get(name) for name in names)
    return next((str(value) for value in values if isinstance(value, str | int) and value), None)
