"""What an operator decides on identity, and what an editor says, beside the rules."""

from datetime import date

from confradar.deadlines import identity
from confradar.deadlines.conference import Pin
from confradar.deadlines.listing import Listing


def listing(ref: str, title: str, year: int = 2026, *, source: str = "elra", **fields) -> Listing:
    return Listing(source=source, ref=ref, url=f"https://{source}.example/{ref}", title=title, year=year, **fields)


def groups(*listings: Listing, pins: tuple[Pin, ...] = ()) -> set[frozenset[str]]:
    """The clusters as sets of refs."""
    found = identity.cluster({one.key: one for one in listings}, pins)
    return {frozenset(key[2] for key in cluster.members) for cluster in found}


def test_a_split_pin_wins_over_every_rule():
    """What an operator took apart stays apart, also when a third mention fits both."""
    one, two, three = (listing(ref, "ICML", source=f"source_{ref}") for ref in "123")

    found = groups(one, two, three, pins=(Pin(one.key, two.key, together=False),))

    assert not any({"1", "2"} <= group for group in found)
    assert len(found) == 2


def test_a_merge_pin_wins_over_every_rule():
    """What an operator put together stays together, also across years."""
    one, two = listing("1", "ICML", 2025), listing("2", "Something else", 2027, source="wikicfp")

    [found] = identity.cluster({one.key: one, two.key: two}, (Pin(two.key, one.key, together=True),))
    assert found.evidence == {one.key: identity.BY_PIN, two.key: identity.ALONE}


def test_a_merge_pin_ties_all_that_the_rules_make_of_its_mentions():
    """Two conferences of two mentions each, of which two are entries of one feed that the rules keep apart."""
    acl = [listing("1", "ACL"), listing("2", "ACL", source="wikicfp")]
    other = [listing("3", "Something else"), listing("4", "Something else", source="wikicfp")]
    pin = Pin(acl[0].key, other[0].key, together=True)

    assert groups(*acl, *other, pins=(pin,)) == {frozenset("1234")}


EDITED = listing("sp-2026 submission", "SP", source="editor")


def test_an_editors_claim_is_linked_by_its_pin_and_leaves_the_others_their_rules():
    """What the sources' mentions say of themselves without it, they say with it, whichever of them the pin names."""
    full = {"full_name": "Symposium on Security and Privacy", "acronym": "SP"}
    sources = [listing(str(n), "SP", source=name, **full) for n, name in enumerate(("acl_web", "elra", "wikicfp"))]
    [plain] = identity.cluster({one.key: one for one in sources})

    for one in sources:
        pin = Pin(one.key, EDITED.key, together=True)
        [found] = identity.cluster({said.key: said for said in [*sources, EDITED]}, (pin,))
        assert found.evidence == {**plain.evidence, EDITED.key: identity.BY_PIN}


def test_an_editors_claim_is_compared_with_nothing():
    """Neither its title nor another claim in the same words joins or names anything: namesakes stay two."""
    named = {"acronym": "S&P", "full_name": "Security and Privacy"}
    one = listing("1", "SP", starts_on=date(2026, 5, 18), **named)
    two = listing("2", "SP", starts_on=date(2026, 11, 2), source="wikicfp", **{**named, "full_name": "Solid Physics"})
    said = [listing(f"sp-2026{suffix} {n}", "A Title", source="editor") for suffix in ("", "-2") for n in range(2)]
    pins = [Pin(end.key, claim.key, together=True) for end, claim in zip((one, one, two, two), said, strict=True)]

    found = identity.cluster({each.key: each for each in (one, two, *said)}, pins)

    assert [len(cluster.members) for cluster in found] == [3, 3]
    assert {cluster.series_key for cluster in found} == {"sp"}


def test_the_later_of_two_pins_for_a_pair_counts():
    """A person may take back what a person said."""
    one, two = listing("1", "ICML"), listing("2", "ICML", source="wikicfp")
    apart, again = Pin(one.key, two.key, together=False), Pin(two.key, one.key, together=True)

    assert len(groups(one, two, pins=(again, apart))) == 2
    assert len(groups(one, two, pins=(apart, again))) == 1


def test_a_pin_on_one_of_many_duplicates_takes_only_that_one_out():
    """Entries that are equal word for word are still told apart by an operator."""
    entries = [listing(str(number), "ICML 2026") for number in range(5)]
    pins = tuple(Pin(entries[2].key, other.key, together=False) for other in entries if other is not entries[2])

    assert groups(*entries, pins=pins) == {frozenset("2"), frozenset("0134")}
