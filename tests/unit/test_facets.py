"""By what a conference can be found."""

import pytest

from confradar.deadlines.conference import Conference
from confradar.deadlines.facets import facets, search_text, search_words
from confradar.deadlines.listing import EntryType
from confradar.deadlines.places import country_code, country_of, region
from confradar.deadlines.topics import topics_of, unknown


# Places as the lists of the corpus write them.
@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("Tampere, Finland", "FI"),
        ("San Diego, CA", "US"),
        ("Washington, DC", "US"),
        ("San Francisco, California", "US"),
        ("Rotterdam, The Netherlands.", "NL"),
        ("Seoul, Republic of Korea", "KR"),
        ("Istanbul, Türkiye", "TR"),
        ("San José, Costa Rica (hybrid)", "CR"),
        ("Leuven, Belgium and Online", "BE"),
        ("Online (Kyiv, Ukraine)", "UA"),
        ("Nanjing， China", "CN"),
        ("San Diego, CA 92101", "US"),
        ("Windsor Convention Center and Hotels, Rio de Janeiro, Brazil", "BR"),
        ("Atlanta, Georgia, USA", "US"),
        ("Atlanta, Georgia", None),
        ("Online", None),
        ("MECC Maastricht", None),
        ("", None),
    ],
)
def test_a_place_is_in_a_country(place: str, code: str | None) -> None:
    """Its last part says so; what may be two is none."""
    assert country_of(place) == code


def test_a_country_has_one_code_and_a_region() -> None:
    """By any name that people write; Antarctica is in no region."""
    assert {country_code(name) for name in ("UK", "england", "GB", "GBR", "United Kingdom")} == {"GB"}
    assert [region(code) for code in ("CL", "MX", "SG", "AQ")] == ["south-america", "north-america", "asia", None]


def test_codes_that_mean_no_topic_are_told_as_written() -> None:
    """Each once."""
    assert unknown(["CV", "Gardening", "machine-learning", "XY", "Gardening"]) == ["Gardening", "XY"]


def test_codes_of_lists_are_topics() -> None:
    """In whichever spelling; one that no list declares means none."""
    assert topics_of(["CV", "natural-language-processing", "Machine Learning", "gardening"]) == {
        "vision", "language", "machine-learning",
    }  # fmt: skip


def edition(**fields: object) -> Conference:
    """A conference."""
    wanted = {"id": 1, "slug": "x-2026", "title_key": "x", "series_id": 1, "type": EntryType.CONFERENCE}
    return Conference(**{**wanted, "title": "X", "year": 2026, **fields})  # type: ignore[arg-type]


def test_a_conference_is_found_by_all_its_names() -> None:
    """Accents, case and punctuation do not matter, and the year may be glued to the acronym."""
    text = search_text(edition(acronym="NeurIPS", title="Advances in Réseaux", place="Kyōto, Japan"), ["NIPS"])

    for written in ("neurips", "RESEAUX", "kyoto", "nips", "NeurIPS'26", "neurips2026", "neurips26", "Neur"):
        assert all(f" {word}" in text for word in search_words(written)), written
    assert " eurips" not in text


def test_a_conference_tells_what_can_be_asked() -> None:
    """Topic, country, region, rank, and whether one may take part from afar."""
    one = edition(topics=("CV",), ranks=(("CORE", "A*"),), place="Malmö, Sweden (hybrid)")

    assert facets(one) == {"topic:vision", "rank:core:a*", "country:SE", "region:europe", "online:yes"}
    assert facets(edition(country="Georgia")) == {"country:GE", "region:asia"}
