"""Names of conferences in one form: what is left when lists spell them differently."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from confradar.deadlines.listing import SHORT_MAX, Listing


def _bag(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Names of one series that no rule could find, declared: what lists write, the name that counts, whether it is a former
# one, and who says so. All others are learned from what is said of one edition.
OTHER_NAMES = (
    ("nips", "neurips", True, "the board's notice of 16 November 2018, nips.cc/Conferences/2018/News?article=2110"),
    ("csfw", "csf", True, "a symposium since 2007, ieee-security.org/CSFWweb/csfcharter.html"),
    ("sigkdd", "kdd", False, "the society behind it, kdd.org"),
    ("esecfse", "fse", True, "joint until 2023, 2023.esec-fse.org"),
    ("oakland", "sp", False, "what its own call was named, oakland09.cs.virginia.edu"),
    ("webconference", "www", False, "the name since 2018 of what lists go on calling WWW, iw3c2.org"),
    ("thewebconf", "www", False, "the same, iw3c2.org"),
    ("webconf", "www", False, "the same, iw3c2.org"),
)
_SERIES_NAMES = {written: name for written, name, _, _ in OTHER_NAMES}
FORMER = frozenset(written for written, _, former, _ in OTHER_NAMES if former)
SPONSORS = _bag(
    "acm aaai acl apa asme bcs cvf eai ei compendex scopus xplore gi iacr ieee iet ifip ifac inns siam spie springer "
    "usenix"
)
_BEFORE = SPONSORS | {"the", "annual"}
_BEHIND = SPONSORS | {"and", "the"}
_ORDINALS = "|".join(
    _bag(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth fortieth fiftieth"
    )
)
_GENERIC = _bag(
    "the of on in for and to at an a with its international intl conference conferences conf symposium meeting annual "
    "joint special interest group"
)
# Words that make another series of a name: the Asian or the industrial conference on the same subject.
SCOPES = _bag(
    "africa african america american americas arab asia asian australasian australian balkan baltic brazilian "
    "british canadian chinese european french german iberian indian italian japanese korean latin mediterranean "
    "mexican nordic north pacific portuguese russian south southeast spanish swiss turkish uk chapter industrial"
)
EMPTY = SPONSORS | _GENERIC
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|['’`´]\s?\d\d(?!\d)")
_LABEL = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_ORDINAL = re.compile(
    rf"\b(?:\d{{1,3}}\s?(?:st|nd|rd|th)|(?:(?:twenty|thirty|forty|fifty|sixty)[\s-]+)?(?:{_ORDINALS}))\b"
)
_PROCEEDINGS = re.compile(r"^\W*(?:(?:proceedings|proc\.?) of )?(?:the )?")
_PART = r"(?:round|cycle|phase|deadline)"
_SEASONAL = rf"(?P<season>winter|spring|summer|fall|autumn)\s(?:\w{{1,12}}\s)?{_PART}s?"
ROUND = re.compile(rf"\(?\b(?:{_SEASONAL}|{_PART}\s?[#-]?\s?\w{{1,6}}|(?:\w{{1,9}}\s)?{_PART})\b\)?", re.I)
_COUNTED = re.compile(
    rf"(?<!\s)\s*+\(?\b(?:{_PART}\s?[#-]?\s?(?P<after>[1-9])"
    rf"|(?P<before>first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th)\s(?:\w{{1,12}}\s)?{_PART})\b\)?",
    re.I,
)
# "Fall Submission Deadline" (EuroSys), "Summer round" (ISS), "Winter Deadlines" (MobiCom): rounds without a number.
_SEASON = re.compile(rf"(?<!\s)\s*+\(?\b{_SEASONAL}\b\)?", re.I)
_COUNT = {word: n for n, word in enumerate(("first", "second", "third", "fourth", "fifth"), 1)}
WORD = re.compile(r"[^\W_]+")
_GROUP = re.compile(r"sig[a-z]{2,6}")  # SIGMOD, SIGGRAPH: who, not what


def plain(text: str) -> str:
    """Lower-case text without accents, of as many characters as a field may have: normal forms take their time."""
    text = text[:SHORT_MAX]
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.casefold()


@lru_cache(maxsize=16_384)  # lists repeat each other's names, and a title is often the acronym
def words(text: str) -> tuple[str, ...]:
    """The words of a name without years, ordinals, "proceedings of" and sponsors at either end."""
    bare = _PROCEEDINGS.sub("", _ORDINAL.sub(" ", _YEAR.sub(" ", plain(text).replace("&", " and "))))
    found: list[str] = WORD.findall(bare)
    while len(found) > 1 and found[0] in _BEFORE:
        del found[0]
    while len(found) > 1 and found[-1] in _BEHIND:
        del found[-1]
    return tuple(found)


def telling(found: Iterable[str]) -> str:
    """Those words, in order, that tell one series from another."""
    return " ".join(sorted(word for word in found if word not in EMPTY and not _GROUP.fullmatch(word)))


def undated(name: str) -> str:
    """A name without the year and the number of the edition; as written else."""
    bare = re.sub(_ORDINAL.pattern, " ", _YEAR.sub(" ", name), flags=re.I)
    return " ".join(bare.split()).strip(" -–,'’") or name


def title_key(text: str) -> str:
    """The title without accents, case, ordinals, years, "proceedings of", sponsors and punctuation; never empty."""
    return " ".join(words(text)) or " ".join(plain(text).split()) or text


def edition_year(listing: Listing) -> int:
    """The edition's own label wins over the year field, if the two are neighbours."""
    for text in (listing.acronym or "", listing.title):
        labels = {int(year) for year in _LABEL.findall(text)}
        if len(labels) == 1 and abs((label := labels.pop()) - listing.year) == 1:
            return label
    return listing.year


def named_round(title: str) -> tuple[str, int, str]:
    """A title without the round that it names; that round's number, else 0; and its season, else ''.

    "OOPSLA (Round 2)" gives OOPSLA and 2, "EuroSys Fall Deadline" gives EuroSys and Fall: which one comes first is not
    said there, so that a season counts nothing.
    """
    for pattern in (_COUNTED, _SEASON):
        if (found := pattern.search(title)) and (bare := pattern.sub("", title, count=1).strip()):
            if pattern is _SEASON:
                return bare, 0, found["season"].capitalize()
            word = (found["after"] or found["before"]).casefold()
            return bare, _COUNT.get(word) or int(word[0]), ""
    return title, 0, ""


@lru_cache(maxsize=16_384)
def acronym(written: str, year: int) -> str:
    """The acronym in lower-case letters and digits, without year, sponsors and round: "ACM MM'24" gives "mm".

    Of one without any letter or digit the other signs stay, but for blanks and the colon.
    """
    pieces = words(ROUND.sub(" ", written))
    joined = "".join(piece for piece in pieces if len(pieces) == 1 or piece not in ("and", "or"))
    for label in (str(year), str(year)[2:]):
        if joined.endswith(label) and len(joined) > len(label) + 1:
            joined = joined.removesuffix(label)
    return _SERIES_NAMES.get(joined, joined) or "".join(plain(written).replace(":", "").split())


def parts(written: str, year: int) -> frozenset[str]:
    """The acronyms of a joint event: "IJCNLP-AACL", "UbiComp / ISWC". A sponsor is none."""
    pieces = re.split(r"[/&+,–-]|\band\b", written)
    if not 1 < len(pieces) < 5 or any(sum(c.isupper() for c in piece) < 2 for piece in pieces if piece.strip()):
        return frozenset()  # Fashion-ML-KDD is no KDD
    return frozenset(acronym(piece, year) for piece in pieces if piece.strip()) - SPONSORS


def lead(written: str, year: int) -> str:
    """The acronym that a longer one begins with: NAACL of "NAACL HLT"; the acronym itself if it is one word."""
    pieces = words(ROUND.sub(" ", written))
    if 1 < len(pieces) < 4 and len(pieces[0]) > 2 and pieces[0].upper() in written:
        return acronym(pieces[0], year)
    return acronym(written, year)


@lru_cache(maxsize=16_384)
def site(website: str | None) -> str:
    """Host and path of the official address, without what differs from list to list; empty if it names no event."""
    if not website:
        return ""
    address = urlsplit(website.casefold())
    path = re.sub(r"/(?:index|home|default|main)?(?:\.\w{3,5})?$", "", address.path.rstrip("/"))
    return f"{address.netloc.removeprefix('www.')}{path}"


def names_a_year(address: str) -> bool:
    """Whether an address holds something like a year ("2026", "26"), so that it belongs to one edition."""
    return bool(re.search(r"(?<!\d)(?:20)?[12]\d(?!\d)", address))
