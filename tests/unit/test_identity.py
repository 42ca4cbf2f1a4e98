"""Which listings speak of the same conference."""

import json
from collections import Counter
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confradar.deadlines import identity
from confradar.deadlines.conference import Pin
from confradar.deadlines.listing import EntryType, Listing


def listing(ref: str, title: str, year: int = 2026, *, source: str = "elra", **fields) -> Listing:
    return Listing(source=source, ref=ref, url=f"https://{source}.example/{ref}", title=title, year=year, **fields)


def groups(*listings: Listing, pins: tuple[Pin, ...] = ()) -> set[frozenset[str]]:
    """The clusters as sets of refs."""
    found = identity.cluster({one.key: one for one in listings}, pins)
    return {frozenset(key[2] for key in cluster.members) for cluster in found}


def together(*listings: Listing) -> bool:
    return len(groups(*listings)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "International Conference on Machine Learning",
        "41st International Conference on Machine Learning",
        "Forty-First International Conference on Machine Learning",
        "Proceedings of the 41st International Conference on Machine Learning, 2024",
        "ACM/IEEE International Conference on Machine-Learning (2024)",
        "The International Cönference on Machine Learning '24",
    ],
)
def test_spellings_of_a_title_have_one_key(text):
    """Accents, case, ordinals, years, "proceedings of", sponsors and punctuation are not part of a title."""
    assert identity.title_key(text) == "international conference on machine learning"


@pytest.mark.parametrize("text", ["2026", "ACM", "!!!", "第二十届全国会议", "1st"])
def test_a_title_key_is_never_empty(text):
    """A title that is nothing but what the key leaves out keeps something of itself."""
    assert identity.title_key(text).strip()


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_has_a_title_key(text):
    """No text breaks the key or leaves it empty."""
    assert identity.title_key(text)


def test_equal_title_and_year_are_one_conference():
    """Two sources that print the same title for the same year speak of one conference."""
    assert together(listing("1", "ICML 2026"), listing("2", "icml", source="wikicfp"))


def test_different_years_stay_apart():
    """Editions of one series are conferences of their own."""
    assert not together(listing("1", "ICML", 2026), listing("2", "ICML", 2027, source="wikicfp"))


def test_an_acronym_and_a_long_title_are_friends():
    """The seed's rule splits these two."""
    assert together(
        listing("1", "41st International Conference on Machine Learning", acronym="ICML"),
        listing("2", "ICML", source="wikicfp", full_name="International Conference on Machine Learning"),
    )


def test_namesakes_stay_apart():
    """Two series called SEC, in two places at two times, are two conferences."""
    assert not together(
        listing(
            "1", "SEC", full_name="IFIP Information Security Conference", starts_on=date(2026, 6, 10), place="Oslo"
        ),
        listing("2", "SEC", source="wikicfp", full_name="Symposium on Edge Computing", starts_on=date(2026, 12, 1)),
    )


def test_a_nameless_listing_does_not_join_namesakes():
    """A listing that fits both namesakes goes to one of them and does not pull the two together."""
    security = listing("1", "SEC", full_name="Information Security Conference", starts_on=date(2026, 6, 10))
    edge = listing("2", "SEC", source="wikicfp", full_name="Symposium on Edge Computing", starts_on=date(2026, 12, 1))
    bare = listing("3", "SEC", source="acl_web", starts_on=date(2026, 6, 10))

    assert groups(security, edge, bare) == {frozenset("13"), frozenset("2")}


def test_a_workshop_never_joins_its_parent():
    """One website and one week do not make a workshop the conference."""
    fields = {"website": "https://2026.emnlp.org", "starts_on": date(2026, 11, 5), "place": "Budapest"}
    name = "Conference on Empirical Methods in Natural Language Processing"
    main = listing("1", "EMNLP", full_name=name, **fields)
    track = listing("2", "EMNLP (Industry Track)", full_name=f"{name} (Industry Track)", source="wikicfp", **fields)
    workshop = listing("3", "EMNLP Workshop", type=EntryType.WORKSHOP, source="acl_web", **fields)

    assert groups(main, track, workshop) == {frozenset("1"), frozenset("2"), frozenset("3")}


def test_co_located_conferences_stay_apart():
    """EDBT and ICDT share a site, a week and a place."""
    fields = {"website": "https://edbticdt2026.org", "starts_on": date(2026, 3, 24), "place": "Tampere"}
    assert not together(
        listing("1", "EDBT", full_name="Extending Database Technology", **fields),
        listing("2", "ICDT", full_name="International Conference on Database Theory", source="wikicfp", **fields),
    )


def test_two_entries_of_one_feed_stay_apart():
    """One list that names two dates for one acronym means two gatherings."""
    assert not together(
        listing("1", "ICCC", starts_on=date(2026, 3, 1)), listing("2", "ICCC", starts_on=date(2026, 9, 1))
    )


def test_rounds_of_one_feed_are_one_conference():
    """Several entries with one acronym, year and date are rounds or plain duplicates."""
    assert together(
        listing("1", "NDSS (Summer Cycle)", starts_on=date(2026, 2, 23)),
        listing("2", "NDSS (Fall Cycle)", starts_on=date(2026, 2, 23)),
    )


def test_the_editions_own_label_wins_over_the_year():
    """EACL 2024 belongs to 2024, whatever year the list files it under."""
    assert together(
        listing("1", "EACL 2024", 2023, starts_on=date(2024, 3, 17)), listing("2", "EACL", 2024, source="wikicfp")
    )


def test_a_wrong_year_is_mended_by_dates_and_place():
    """An edition filed under the year before is found by acronym, dates and place."""
    event = {"starts_on": date(2027, 1, 20), "place": "Kyoto, Japan"}
    assert together(listing("1", "POPL", 2026, **event), listing("2", "POPL", 2027, source="wikicfp", **event))


def test_former_names_are_one_series():
    """NIPS became NeurIPS."""
    event = {"starts_on": date(2018, 12, 3), "place": "Montreal"}
    assert together(listing("1", "NIPS", 2018, **event), listing("2", "NeurIPS", 2018, source="wikicfp", **event))


def test_each_mention_carries_its_evidence():
    """The rule that brought a mention in has a name."""
    one = listing("1", "ICML", website="https://icml.cc/2026")
    two = listing("2", "ICML 2026", website="https://www.icml.cc/2026/", source="wikicfp")
    [found] = identity.cluster({one.key: one, two.key: two}, [])

    assert set(found.evidence.values()) == {"same website and name"}
    assert found.series_key == "icml"


def test_a_split_pin_wins_over_every_rule():
    """What an operator took apart stays apart, also when a third mention fits both."""
    one, two, three = (listing(ref, "ICML", source=f"source_{ref}") for ref in "123")

    found = groups(one, two, three, pins=(Pin(one.key, two.key, together=False),))

    assert not any({"1", "2"} <= group for group in found)
    assert len(found) == 2


def test_a_merge_pin_wins_over_every_rule():
    """What an operator put together stays together, also across years."""
    one, two = listing("1", "ICML", 2025), listing("2", "Something else", 2027, source="wikicfp")

    assert groups(one, two, pins=(Pin(two.key, one.key, together=True),)) == {frozenset("12")}


def test_listings_that_are_linked_share_a_block():
    """Without a common key the two would never be compared on a later night."""
    one = listing("1", "ICML 2026", full_name="International Conference on Machine Learning")
    two = listing("2", "Intl. Conference on Machine Learning", source="wikicfp")

    assert identity.keys(one) & identity.keys(two)


def test_a_thousand_equal_entries_of_one_list_are_one_conference():
    """A large block is compared with neighbours only, and still holds together."""
    assert together(*(listing(str(number), "ICML 2026") for number in range(1000)))


def test_the_labelled_mentions_fall_into_their_editions(corpus: Path):
    """Pairs of the dev set: precision at least 0.99, F1 at least 0.97."""
    folder = corpus / "identity" / "dev"
    mentions = [json.loads(line) for line in (folder / "mentions.jsonl").read_text("utf-8").splitlines()]
    editions = [json.loads(line) for line in (folder / "clusters.jsonl").read_text("utf-8").splitlines()]
    edition = {mention: one["edition"] for one in editions for mention in one["mentions"]}
    listings = [_from_gold(mention) for mention in mentions if not mention.get("unsure")]

    found = identity.cluster({one.key: one for one in listings}, [])

    said = {pair for cluster in found for pair in combinations(sorted(key[2] for key in cluster.members), 2)}
    right = sum(edition[a] == edition[b] for a, b in said)
    true = sum(n * (n - 1) // 2 for n in Counter(edition[one.ref] for one in listings).values())
    precision, recall = right / len(said), right / true
    assert precision >= 0.99
    assert 2 * precision * recall / (precision + recall) >= 0.97


def _from_gold(mention: dict) -> Listing:
    website = mention["link"] or ""
    return listing(
        mention["id"],
        mention["title"],
        mention["year"],
        source=mention["source"],
        acronym=mention["acronym"],
        full_name=mention["full_name"],
        website=website if website.startswith("http") else None,
        place=mention["place"],
        starts_on=date.fromisoformat(mention["start"]) if mention["start"] else None,
        ends_on=date.fromisoformat(mention["end"]) if mention["end"] else None,
    )
