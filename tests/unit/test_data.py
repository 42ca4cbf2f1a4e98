"""Strangers' JSON and YAML is read word for word, and only as far as it goes."""

import pytest

from confradar.sources.data import DEPTH_MAX, NODES_MAX, BrokenData, read_json, read_yaml


@pytest.mark.parametrize(
    "written", ["2022-5-13 23:59:59", "2024-03-08", "23:59", "0x1F", "yes", "007", "1_000", "null"]
)
def test_yaml_scalars_stay_as_they_were_written(written: str) -> None:
    """A date, a sexagesimal number and a yes are words; what they mean is decided elsewhere."""
    assert read_yaml(f"- date: {written}") == [{"date": written}]


@pytest.mark.parametrize("written", ["2026", "1e400", "91.0", "NaN", "123456789012345678901234567890"])
def test_json_numbers_stay_as_they_were_written(written: str) -> None:
    """No number overflows, loses a digit or stops being comparable."""
    assert read_json(f'{{"year": {written}}}') == {"year": written}


@pytest.mark.fault("E14", "entities, bombs and YAML objects stay unread, within bounds")
def test_yaml_builds_no_objects() -> None:
    """A tag that asks for code is a tag on words."""
    assert read_yaml("!!python/object/apply:os.system ['true']") == ["true"]


def test_a_shared_list_is_given_to_each_that_names_it() -> None:
    """Aliases within the bounds are what the lists themselves use."""
    assert read_yaml("a: &tags [ML, CV]\nb: *tags") == {"a": ["ML", "CV"], "b": ["ML", "CV"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [1, *a]", "line 1: an alias to nothing that is complete before it"),
        ("a: *nobody", "line 1: an alias to nothing that is complete before it"),
        ("[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1), f"line 1: nested more than {DEPTH_MAX} deep"),
        ("[" + "x," * NODES_MAX + "x]", f"line 1: more than {NODES_MAX:,} values"),
        ("a: 1\nb: [\nc: 2", "line 4: did not find expected"),
        ("a: 1\n--- \nb: 2", "line 2: but found another document"),
        ("a\x00b", "unacceptable character"),
    ],
    ids=[
        "alias in itself",
        "unknown alias",
        "too deep",
        "too many",
        "unfinished",
        "two documents",
        "control character",
    ],
)
@pytest.mark.fault("E14", "entities, bombs and YAML objects stay unread, within bounds")
def test_yaml_beyond_the_bounds_is_refused_with_its_line(text: str, said: str) -> None:
    """What cannot be read, or must not, is one error that says where."""
    with pytest.raises(BrokenData) as error:
        read_yaml(text)
    assert said in str(error.value)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": [', "", "{'a': 1}"])
@pytest.mark.fault("E14", "entities, bombs and YAML objects stay unread, within bounds")
def test_json_that_cannot_be_read_is_one_error(text: str) -> None:
    """Depth, an early end and another language end alike."""
    with pytest.raises(BrokenData):
        read_json(text)
