"""Which listings speak of the same conference."""

from datetime import date

from confradar.deadlines import identity
from confradar.deadlines.listing import EntryType, Kind, Listing, WrittenDate
from confradar.deadlines.traits import Traits


def listing(ref: str, title: str, year: int = 2026, *, source: str = "elra", **fields) -> Listing:
    return Listing(source=source, ref=ref, url=f"https://{source}.example/{ref}", title=title, year=year, **fields)


def groups(*listings: Listing) -> set[frozenset[str]]:
    """The clusters as sets of refs."""
    found = identity.cluster({one.key: one for one in listings})
    return {frozenset(key[2] for key in cluster.members) for cluster in found}


def together(*listings: Listing) -> bool:
    return len(groups(*listings)) == 1


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


def test_listings_that_are_linked_share_a_block():
    """Without a common key the two would never be compared on a later night."""
    one = listing("1", "ICML 2026", full_name="International Conference on Machine Learning")
    two = listing("2", "Intl. Conference on Machine Learning", source="wikicfp")

    assert Traits(one).blocks & Traits(two).blocks


def test_a_thousand_equal_entries_of_one_list_are_one_conference():
    """A large block is compared with neighbours only, and still holds together."""
    assert together(*(listing(str(number), "ICML 2026") for number in range(1000)))


def gate(text: str, **fields) -> tuple[WrittenDate, ...]:
    return (WrittenDate(Kind.SUBMISSION, text, "AoE", **fields),)


def test_an_event_at_the_address_of_another_with_its_days_and_deadline_is_that_event():
    """ECAI 2018 was IJCAI 2018: https://www.ijcai-18.org, in two lists and in one."""
    event = {"website": "https://www.ijcai-18.org/", "starts_on": date(2018, 7, 13), "dates": gate("2018-01-31")}
    joint = listing("1", "IJCAI", 2018, full_name="International Joint Conference on Artificial Intelligence", **event)

    for source in ("elra", "wikicfp"):
        ecai = listing(
            "2", "ECAI", 2018, source=source, full_name="European Conference on Artificial Intelligence", **event
        )
        assert together(joint, ecai), source


def test_an_event_at_the_address_of_another_with_a_deadline_of_its_own_stays_apart():
    """PODS 2024 is on SIGMOD's site in SIGMOD's week, with its own call."""
    event = {"website": "https://2024.sigmod.org/", "starts_on": date(2024, 6, 9)}
    sigmod = listing("1", "SIGMOD", 2024, full_name="Management of Data", dates=gate("2023-04-15"), **event)
    pods = listing("2", "PODS", 2024, source="wikicfp", full_name="Database Systems", dates=gate("2023-12-04"), **event)

    assert not together(sigmod, pods)


def test_two_events_at_an_address_that_names_neither_stay_apart():
    """IJCNN and CEC 2026 share WCCI's site, week, place and deadline."""
    event = {"website": "https://attend.ieee.org/wcci-2026/", "starts_on": date(2026, 6, 21), "place": "Maastricht"}
    ijcnn = listing("1", "IJCNN", full_name="Neural Networks", dates=gate("2026-01-31"), **event)
    cec = listing("2", "CEC", source="wikicfp", full_name="Evolutionary Computation", dates=gate("2026-01-31"), **event)

    assert not together(ijcnn, cec)


def test_one_name_of_a_joint_event_is_the_joint_event():
    """LREC 2024, of whose place one list says nothing, was LREC-COLING 2024."""
    day = date(2024, 5, 20)
    joint = listing(
        "1", "LREC-COLING", 2024, starts_on=day, place="Torino, Italy",
        full_name="Joint International Conference on Computational Linguistics, Language Resources and Evaluation",
    )  # fmt: skip
    half = listing(
        "2", "LREC", 2024, source="wikicfp", starts_on=day, full_name="Language Resources and Evaluation Conference"
    )

    assert together(joint, half)


def test_a_publisher_in_two_titles_is_no_joint_event():
    """AIPR--EI and ICCS--EI 2026 share days, a town and an index."""
    event = {"starts_on": date(2026, 3, 20), "place": "Xiamen, China"}

    assert not together(listing("1", "AIPR--EI 2026", **event), listing("2", "ICCS--EI 2026", source="elra_2", **event))


def test_a_longer_acronym_spelled_by_the_name_is_the_same_series():
    """NAACL HLT 2018 stands for the same conference with its Human Language Technologies."""
    name = "Annual Conference of the North American Chapter of the Association for Computational Linguistics"
    short = listing("1", "NAACL", 2018, full_name=name, place="New Orleans, LA", starts_on=date(2018, 6, 1))
    place = {"source": "wikicfp", "place": "New Orleans, USA"}
    long = listing("2", "NAACL HLT 2018", 2018, full_name=f"The 16th {name}: Human Language Technologies", **place)
    track = listing("3", "NAACL SRW 2018", 2018, full_name=f"{name}: Student Research", **place)

    assert together(short, long)
    assert not together(short, track)


def test_days_that_a_source_guesses_prove_nothing():
    """CEC 2027 is in July; a list had guessed June from the year before."""
    name = "IEEE Congress on Evolutionary Computation"
    known = listing("1", "CEC 2027", 2027, full_name=name, starts_on=date(2027, 7, 25), dates=gate("2027-01-15"))
    guess = {"full_name": name, "starts_on": date(2027, 6, 22)}

    assert together(known, listing("2", "IEEE CEC 2027", 2027, dates=gate("2027-01-31", estimated=True), **guess))
    assert not together(known, listing("2", "IEEE CEC 2027", 2027, dates=gate("2027-01-31"), **guess))


def test_cycles_on_the_page_of_one_edition_are_one_conference():
    """A list gave cycle 3 of SIGMOD 2024 a wrong day; the page is that of the edition all the same."""
    page = {"website": "https://2024.sigmod.org/", "place": "Santiago, Chile"}

    assert together(
        listing("1", "SIGMOD", 2024, starts_on=date(2024, 6, 9), **page),
        listing("2", "SIGMOD", 2024, starts_on=date(2024, 9, 20), **page),
    )


def test_a_long_acronym_has_no_namesakes():
    """EuroCrypt 2024 has two full names in two lists; a short acronym with two names is two series."""
    for short, one in (("EUROCRYPT", True), ("SEC", False)):
        first = listing("1", short, 2024, full_name="European Cryptology Conference", starts_on=date(2024, 5, 26))
        second = listing("2", short, 2024, source="wikicfp", full_name="Theory and Application of Edge Techniques")
        assert together(first, second) is one, short


def test_a_name_with_a_narrower_scope_is_a_namesake():
    """The Industrial Conference on Data Mining is not the IEEE International Conference on Data Mining."""
    assert not together(
        listing(
            "1", "ICDM", 2018, full_name="IEEE International Conference on Data Mining", starts_on=date(2018, 11, 17)
        ),
        listing("2", "ICDM 2018", 2018, source="wikicfp", full_name="18th Industrial Conference on Data Mining"),
    )


def test_a_flood_of_entries_of_one_name_is_not_compared_all_with_all():
    """A list that anybody may write to can hold thousands: of so many no conference is made."""
    flood = [listing(str(n), "SEC 2026", website=f"https://sec{n}.example/") for n in range(150)]

    found = groups(*flood)

    assert max(map(len, found)) <= identity.LARGEST
    assert sum(map(len, found)) == len(flood)
