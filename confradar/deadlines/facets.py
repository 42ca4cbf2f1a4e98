"""By what a conference can be found: the words of its names, and what it is about, where, and how it is ranked."""

from __future__ import annotations

from collections.abc import Iterable

from confradar.deadlines import places
from confradar.deadlines.conference import Conference
from confradar.deadlines.names import WORD, plain
from confradar.deadlines.topics import topics_of

WORDS_MAX = 12  # of a search
TOKEN_MAX = 100  # letters by which a word or a rank is found
_FAR = ("online", "virtual", "hybrid", "remote")


def search_words(text: str) -> tuple[str, ...]:
    """The words that are looked for: without accents, case and punctuation, each once, twelve at most."""
    return tuple(dict.fromkeys(word[:TOKEN_MAX] for word in WORD.findall(plain(text))))[:WORDS_MAX]


def search_text(conference: Conference, names: Iterable[str]) -> str:
    """All words under which a conference is looked for, each behind a blank: its own, and its series' other names.

    A word that is typed is found at the beginning of any of them; the year also as people write it (ICML26, ICML'26).
    """
    year = conference.year
    short = "".join(WORD.findall(plain(conference.acronym or "")))
    glued = (f"{short}{year}", f"{short}{year % 100:02}") if short else ()
    said = (conference.acronym, conference.title, conference.full_name, conference.place, *names)
    words = [word for text in said if text for word in WORD.findall(plain(text))]
    years = (str(year), f"{year % 100:02}")
    every = [*words, short, *years, *glued]
    return "".join(f" {word}" for word in dict.fromkeys(word[:TOKEN_MAX] for word in every) if word)


def facets(conference: Conference) -> frozenset[str]:
    """What can be asked of a conference but words: `topic:vision`, `country:FI`, `region:europe`, `rank:core:a*`."""
    place = conference.place or ""
    code = places.country_code(conference.country) if conference.country else None
    code = code or places.country_of(place)
    found = {f"topic:{topic}" for topic in topics_of(conference.topics)}
    found |= {rank(name, value) for name, value in conference.ranks}
    if code:
        found.add(f"country:{code}")
        if region := places.region(code):
            found.add(f"region:{region}")
    if conference.online or any(word in plain(place) for word in _FAR):
        found.add("online:yes")
    return frozenset(found)


def rank(name: str, value: str) -> str:
    """The facet of a rank: of which list, and which, in small letters."""
    return f"rank:{plain(name)}:{plain(value)}".replace("|", "")[:TOKEN_MAX]
