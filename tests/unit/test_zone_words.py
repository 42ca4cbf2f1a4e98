"""Short names of zones that are words or subjects as well."""

import pytest

from confradar.deadlines.zones import find_zones, read_zone


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("IEEE Workshop on ICT Solutions for eHealth, 5 May 2026", "wikicfp, eHealth 2018"),
        ("International Conference on ICT and Knowledge Engineering: 5 May 2026", "wikicfp, its 16th"),
        ("WAT 2022 papers: 11 July 2022", "ai_deadlines, machinetranslate"),
        ("MT Summit 2023 papers: 4 April 2023", "ai_deadlines, machinetranslate"),
        ("CT-RSA papers: 5 May 2026", "ai_deadlines, the Cryptographers' Track of RSA"),
    ],
)
def test_a_subject_is_no_zone(text: str, source: str) -> None:
    """What is named like a zone and stands before another word says nothing of clocks."""
    assert find_zones(text)[0] is None, source


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("5 May 2026, 23:59 ICT", 7),
        ("23:59 ART on 5 May 2026", -3),
        ("5 May 2026, 11:59 p.m. WEST", 1),
        ("5 May 2026 at midnight WAT", 1),
        ("5 May 2026 (EAT)", 3),
        ("5 May 2026 ICT", 7),
    ],
)
def test_a_zone_behind_an_hour_or_at_the_end_is_one(text: str, hours: int) -> None:
    """Behind an hour, in brackets and at the end of the words the same letters are a zone."""
    zone = find_zones(text)[0]
    assert zone is not None
    assert [rule.utcoffset(None).total_seconds() / 3600 for rule in zone.rules] == [hours]


def test_a_field_of_its_own_names_any_zone() -> None:
    """In the field of a zone they are nothing else."""
    assert not read_zone("ICT").finding
    assert not read_zone("ET").finding
