"""Where a conference is, in terms that can be asked for: the country's ISO 3166 code and its region."""

from __future__ import annotations

import re
from functools import lru_cache

import pycountry

from confradar.deadlines.names import plain

# The United Nations' M49 regions, by ISO 3166-1 alpha-2 codes; the Americas parted where readers part them.
_REGIONS = {
    "africa": "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW "
    "MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
    "asia": "AE AF AM AZ BD BH BN BT CN CY GE HK ID IL IN IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP OM "
    "PH PK PS QA SA SG SY TH TJ TL TM TR TW UZ VN YE",
    "europe": "AD AL AT AX BA BE BG BY CH CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD "
    "ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK",
    "north-america": "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM "
    "PR SV SX TC TT US VC VG VI",
    "south-america": "AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE",
    "oceania": "AS AU CC CK CX FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS",
}
REGIONS = tuple(sorted(_REGIONS))
_REGION_OF = {code: name for name, codes in _REGIONS.items() for code in codes.split()}
# What lists write and ISO 3166 does not know.
_WRITTEN = {
    "england": "GB", "great britain": "GB", "hong kong sar": "HK", "korea": "KR", "macau": "MO", "macedonia": "MK",
    "northern ireland": "GB", "p r china": "CN", "pr china": "CN", "republic of korea": "KR", "russia": "RU",
    "scotland": "GB", "the netherlands": "NL", "turkey": "TR", "u a e": "AE", "u k": "GB", "u s": "US", "u s a": "US",
    "uae": "AE", "uk": "GB", "united state": "US", "wales": "GB",
}  # fmt: skip
_ASIDE = re.compile(r"\(.*?\)|\b(?:and|&|\+|or)\b.*$|\b(?:hybrid|online|virtual)\b.*$", re.I)


@lru_cache(maxsize=4096)
def country_code(written: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country by name or code, as people write it ("the Netherlands"); None else."""
    name = " ".join(re.findall(r"[^\W_]+", plain(written)))
    if not name:
        return None
    if name in _WRITTEN:
        return _WRITTEN[name]
    for asked in (written.strip(" ."), name):
        try:
            return str(pycountry.countries.lookup(asked).alpha_2)
        except LookupError:
            continue
    return None


@lru_cache(maxsize=4096)
def country_of(place: str) -> str | None:
    """The country in which a written place is ("Tampere, Finland", "San Diego, CA"); None if it names none.

    The last part counts. "Georgia" alone may be the state or the country, and is neither.
    """
    states, names = _states()
    for part in reversed(place.replace("，", ",").split(",")[-2:]):
        last = re.sub(r"\s+\d[\d -]*$", "", _ASIDE.sub("", part).strip(" .()"))
        if last in states and "," in place:
            return "US"
        name = plain(last)
        if name == "georgia" or not name:
            continue
        if found := country_code(last) or names.get(name):
            return found
    return None


@lru_cache(maxsize=1)
def _states() -> tuple[frozenset[str], dict[str, str]]:
    """The states of the USA in two letters, and the countries of states and provinces by their names.

    "San Diego, CA": lists write a state so behind its city, where they write Canada in full.
    """
    every = pycountry.subdivisions
    parts = [one for one in every if one.country_code in ("US", "CA", "AU")]
    letters = frozenset(one.code.removeprefix("US-") for one in parts if one.type in ("State", "District"))
    return letters, {plain(one.name): one.country_code for one in parts}


def region(code: str) -> str | None:
    """The region of a country's alpha-2 code; None for one that belongs to none (Antarctica)."""
    return _REGION_OF.get(code)
