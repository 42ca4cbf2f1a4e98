"""The events that a page of ELRA speaks of: its editions of LREC, the workshops beside them, other dated events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from confradar.deadlines.listing import EntryType, Listing
from confradar.errors import FieldError
from confradar.sources.base import Found, Page, Rejected, each, is_web, split_address
from confradar.sources.days import YEAR, day_range, single_day
from confradar.sources.gates import unread_dates, written_dates
from confradar.sources.markdown import links, plain, unstrike

PLACE_MAX = 120
CONFERENCES = ("LREC-COLING", "LREC")
ORGANISERS = ("ELRA", "ELDA")
SERIES = (
    *CONFERENCES, "SIGUL", "SLTU", "CCURL", "BUCC", "LT4HALA", "ParlaCLARIN", "OSACT", "RAIL", "SignLang",
    "WILDRE", "UDW", "CL4Health", "CHiPSAL", "NSLP", "PoliticalNLP", "NLPerspectives",
)  # fmt: skip
_EDITION = re.compile(rf"(?<![\w-])(?P<series>{'|'.join(SERIES)})\b(?:[ -]{{0,2}}(?P<year>{YEAR}))?(?!\d)")
# An edition of no year that can be: a slip of the page, which is reported.
_NO_EDITION = re.compile(rf"(?<![\w-])(?:{'|'.join(SERIES)})[ -]{{0,2}}(?!{YEAR}(?!\d))\d{{4,20}}(?!\d)")
_EVENT = re.compile(r"\b(?:conference|workshop|symposium|summit|meeting|school|seminar)\b", re.IGNORECASE)
# `19th Workshop on …`, `LREC 2014 Workshop: …`, `SPEAKABLE 2026 Workshop`; a call for workshops is none.
_WORKSHOP = re.compile(r"\bworkshop(?:\s+(?:on|with|for)\b|:|$)", re.IGNORECASE)
_WORKSHOPS = re.compile(r"\bworkshops\b", re.IGNORECASE)
_CALL = re.compile(r"\b(?:calls?|proposals?|deadlines?|dates|programme?|registration|submissions?)\b", re.IGNORECASE)
_ACRONYM = r"(?=[A-Z][\w-]*[A-Z])[\w-]++"  # possessive: a long hostile word is read once
_SHORT_NAMES = (
    re.compile(rf"(?P<acronym>{_ACRONYM})(?:[ -]{YEAR})?:\s"),  # SignLang 2026: 12th Workshop on …
    re.compile(rf".*?\((?P<acronym>{_ACRONYM})(?:[ -]{YEAR})?(?: and [^()]*)?\)"),  # … Comparable Corpora (BUCC)
    re.compile(rf"(?P<acronym>{_ACRONYM}(?: [IVX]+)?)(?:[ -]{YEAR})?\b(?=.*\b[Ww]orkshop\b)"),
)
_FULL_NAME = re.compile(
    r"\b(?:[A-Z][a-z]+ )?(?:International )?"
    r"(?:Language Resources and Evaluation Conference|Conference on Language Resources and Evaluation)\b"
    rf"|\b(?:The {YEAR} )?Joint International Conference on Computational Linguistics, "
    r"Language Resources and Evaluation\b"
)
_HELD = re.compile(
    r"\b(?:held|takes? place|took place|hosted|organi[sz]ed|location|venue|place)\b\W{0,3}(?:(?:at|in)\s)?", re.I
)
_PLACE_END = re.compile(r"\s(?:from|on|between|and will|is)\b|,?\s(?:\d|[A-Z][a-z]{2,8} \d)|[.;:|\n]|$")
_DAYS = re.compile(rf"{_HELD.pattern}|\bdays?\b", re.IGNORECASE)
_YEAR = re.compile(rf"(?<!\d){YEAR}(?!\d)")


@dataclass
class Part:
    """A stretch of the page that speaks of one event: its heading, how deep that is, and the lines below.

    `beside` is the edition above the heading of a workshop: whose year it shares if it says none.
    """

    heading: str
    level: int
    edition: tuple[str, int] | None = None
    lines: list[str] = field(default_factory=list)
    beside: tuple[str, int] | None = None
    is_workshop: bool = False

    @property
    def text(self) -> str:
        """All the words, line by line, without link addresses."""
        return "\n".join(plain(line) for line in [self.heading, *self.lines])

    @property
    def workshop(self) -> tuple[str | None, str] | None:
        """Acronym and full name, if the heading is that of a workshop beside a conference."""
        return _short_and_full(plain(self.heading)) if self.is_workshop else None


def read(lines: list[str], page: Page, url: str, source: str) -> Iterator[Found]:
    """The events in the lines of a page. A date whose words name no gate is reported, and so is an edition of a year
    that cannot be ("LREC 9999").
    """
    events: dict[str, list[Part]] = {}
    for part in _parts(lines):
        if name := _name(part):
            events.setdefault("-".join(re.findall(r"\w+", name.casefold())), []).append(part)
    yield from each(
        events.items(),
        lambda event: _event(event[0], event[1], page, url, source),
        source=source,
        ref=lambda event: event[0],
    )
    for said in dict.fromkeys(match[0] for line in lines for match in _NO_EDITION.finditer(plain(line))):
        yield Rejected(source, said, "year", repr(said), "an edition's year, as in LREC 2026")


def _parts(lines: list[str]) -> Iterator[Part]:
    """The page cut at its headings. Deeper headings belong to the event above them, unless they name another.

    Below a heading that names no edition, each line that names one begins a part of its own.
    """
    part, above = Part("", 0), [Part("", 0)]
    for line in lines:
        marks = len(line) - len(line.lstrip("#"))
        said = line.lstrip("# ")
        if marks:
            above = [each for each in above if each.level < marks]
        workshop = bool(marks) and _is_workshop(plain(said), below=[plain(each.heading) for each in above])
        editions = [] if workshop else _editions(said)
        edition = editions[0] if editions else None
        if marks:
            inside = marks > part.level and _is_event(part) and edition in (None, part.edition) and not workshop
            starts = not inside
        else:
            starts = edition is not None and edition != part.edition and _edition(part.heading) is None
            starts = starts and part.workshop is None
        if starts:
            yield part
            beside = next((each.edition for each in reversed(above) if each.edition), None)
            part = Part(said if marks else "", marks or part.level, edition, [] if marks else [line], beside, workshop)
            above += [part] if marks else []
        elif not editions or part.edition in (None, *editions):  # other lines speak of other editions
            part.lines.append(said if marks else line)
    yield part


def _is_event(part: Part) -> bool:
    return part.edition is not None or part.workshop is not None


def _is_workshop(heading: str, *, below: list[str]) -> bool:
    """Whether a heading is that of one workshop: it says so, or stands below one of workshops and has a short name."""
    if _CALL.search(heading):
        return False
    listed = any(_WORKSHOPS.search(each) for each in below) and _short_and_full(heading)[0] is not None
    return listed or bool(_WORKSHOP.search(heading))


def _editions(text: str) -> list[tuple[str, int]]:
    """The editions that a text names, as (series, year). The year may stand in the days of the event."""
    words = plain(text)
    named = [(match["series"], int(match["year"])) for match in _EDITION.finditer(words) if match["year"]]
    series, days = _EDITION.search(words), day_range(words)
    return named or ([(series["series"], days[0].year)] if series and days else [])


def _edition(text: str) -> tuple[str, int] | None:
    return next(iter(_editions(text)), None)


def _short_and_full(heading: str) -> tuple[str | None, str]:
    """`SignLang 2026: 12th Workshop on …` is SignLang and the rest; `… Corpora (BUCC)` is BUCC and all of it."""
    found = [match for pattern in _SHORT_NAMES if (match := pattern.match(heading))]
    named = next((match for match in found if match["acronym"] not in (*CONFERENCES, *ORGANISERS)), None)
    if named is None:
        return None, heading
    return named["acronym"], heading[named.end() :] if named.re is _SHORT_NAMES[0] else heading


def _name(part: Part) -> str | None:
    """`LREC 2026`, or the heading of another event that has days; None if the part is about no event."""
    if workshop := part.workshop:
        short, full = workshop
        year = _year(part)
        return (short if str(year) in short else f"{short} {year}") if short and year else full
    edition = part.edition or _edition(part.text)
    if edition:
        return f"{edition[0]} {edition[1]}"
    return plain(part.heading) if _EVENT.search(part.heading) and day_range(part.text) else None


def _year(part: Part) -> int | None:
    """The year of a workshop: its own, or that of its days, or that of the conference it is held beside."""
    own = _YEAR.search(plain(part.heading))
    days = _days(part.text, None)
    return int(own[0]) if own else days[0].year if days else part.beside[1] if part.beside else None


def _event(ref: str, parts: list[Part], page: Page, url: str, source: str) -> list[Found]:
    """One event from all the parts of a page that speak of it. Raises FieldError."""
    name, workshop = _name(parts[0]) or "", parts[0].workshop
    edition = None if workshop else parts[0].edition or _edition(parts[0].text)
    text = "\n".join(part.text for part in parts)
    days = _days(text, edition[1] if edition else None)
    year = edition[1] if edition else _year(parts[0]) if workshop else (days[0].year if days else None)
    if year is None:
        raise FieldError("year", repr(name)[:80], "a year in the name or in the days", ref=ref[:80])
    gates = [gate for part in parts for gate in written_dates(part.lines, context=plain(part.heading))]
    acronym = workshop[0] if workshop else edition[0] if edition else None
    full_name = _FULL_NAME.search(text)
    listing = Listing(
        source=source, feed=page.feed, ref=ref, url=url, title=name, year=year,
        type=EntryType.WORKSHOP if workshop else _type(name, acronym), acronym=acronym,
        full_name=_other(workshop[1], name) if workshop else full_name[0] if full_name else None,
        website=_website(parts, (acronym, year) if acronym else None, page), place=_place(text),
        starts_on=days[0] if days else None, ends_on=days[1] if days else None,
        dates=tuple({gate.gate: gate for gate in reversed(gates)}.values())[::-1],
        retrieved_at=page.retrieved_at,
    )  # fmt: skip
    wanted = "a label that names a gate, or the days of the event"
    unread = [line for part in parts for line in unread_dates(part.lines) if not _DAYS.search(line)]
    return [listing, *(Rejected(source, ref, "date", line, wanted) for line in unread)]


def _other(full: str, name: str) -> str | None:
    return full if full != name else None


def _days(text: str, year: int | None) -> tuple[date, date] | None:
    """The first days of that year: a text may speak of the edition before as well. A single day is said to be one."""
    lines = [unstrike(line)[0] for line in text.split("\n")]
    ranges = (day_range(line) for line in lines)
    found = next((days for days in ranges if days and year in (None, days[0].year)), None)
    if found is None:
        held = (single_day(line[match.start() :]) for line in lines if (match := _HELD.search(line)))
        one = next((day for day in held if day and year in (None, day.year)), None)
        found = (one, one) if one else None
    return found


def _type(name: str, series: str | None) -> EntryType:
    if series in CONFERENCES or (series is None and "workshop" not in name.casefold()):
        return EntryType.CONFERENCE
    return EntryType.WORKSHOP


def _place(text: str) -> str | None:
    """What follows "held in", "takes place in", "Venue:", up to the days or the end of the sentence."""
    for held in _HELD.finditer(text):
        end = _PLACE_END.search(text, held.end(), held.end() + PLACE_MAX)
        place = text[held.end() : end.start() if end else held.end()].strip(" ,")
        if place[:1].isupper() and len(place) < PLACE_MAX:
            return place
    return None


def _website(parts: list[Part], edition: tuple[str, int] | None, page: Page) -> str | None:
    """The link away from these pages whose words or host name the same series and year."""
    if edition is None:
        return None
    for said, address in (link for part in parts for line in [part.heading, *part.lines] for link in links(line)):
        there, here = split_address(address), split_address(page.url)
        # Older editions have their site on this host, but no page below this one.
        outside = there.hostname != here.hostname or not there.path.startswith(here.path)
        named = f"{said} {there.hostname}".casefold()
        if is_web(address) and outside and edition[0].casefold() in named and str(edition[1]) in named:
            return address
    return None
