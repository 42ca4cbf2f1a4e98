"""The demo's sites show true facts, and each source reads from them what they show."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urljoin, urlsplit

import pytest

from confradar.deadlines.listing import EntryType, Listing
from confradar.demo import facts, render, sites, synthetic
from confradar.environment import source_overrides
from confradar.sources.base import Follow, Found, Page, Rejected, Trouble, reader

NIGHTS = (1, 2, 3)


def crawl(source: str, night: int = 1, events: int | None = None) -> list[Found]:
    """All that a source finds on its site, reading every page that it asks for; no network."""
    read, base = reader(source), f"http://{source}.test/"
    waiting = [
        Follow(urljoin(base, _path(feed.path)), feed.name, cookies=feed.cookies)
        for feed in read.source.feeds
        if feed.enabled
    ]
    seen, found = set(), []
    while waiting:
        follow = waiting.pop(0)
        if follow.url in seen:
            continue
        seen.add(follow.url)
        assert follow.url.startswith(base), "a page led away from its site"
        cookie = "; ".join(f"{name}={value}" for name, value in follow.cookies.items())
        status, content_type, body = render.respond(
            source, "/" + follow.url.removeprefix(base), night=night, base=base, cookie=cookie, events=events
        )
        assert status == 200, follow.url
        page = Page(
            follow.url, body, feed=follow.feed, content_type=content_type, base=base,
            retrieved_at=facts.NIGHTS[night - 1],
        )  # fmt: skip
        for one in read.parse(page):
            waiting.append(one) if isinstance(one, Follow) else found.append(one)
    return found


def _path(address: str) -> str:
    """Path and query: a setting maps every feed onto one host by keeping these."""
    return urlsplit(address)._replace(scheme="", netloc="").geturl()


def listings(source: str, night: int = 1, events: int | None = None) -> list[Listing]:
    """What a source lists; nothing else may be found."""
    found = crawl(source, night, events)
    assert [one for one in found if isinstance(one, Rejected | Trouble)] == []
    return [one for one in found if isinstance(one, Listing)]


def shown(site: str, night: int) -> list[facts.Edition]:
    return [edition for edition in facts.editions(night) if site in edition.sites]


def only(found: list[Listing], title: str) -> Listing:
    [listing] = [one for one in found if one.title == title]
    return listing


def gate(night: int, edition_id: str, kind: str, number: int = 0) -> facts.Gate:
    [edition] = [one for one in facts.editions(night) if one.id == edition_id]
    return [one for one in edition.gates if one.kind == kind][number]


def day(text: str, form: str) -> date:
    return datetime.strptime(text, form).replace(tzinfo=UTC).date()


def test_every_fact_names_a_tracker_with_its_commits_and_licence():
    """Nobody has to believe the demo."""
    origin = facts.facts()["origin"]

    for edition in facts.facts()["editions"]:
        tracker = origin["trackers"][edition["tracker"]]
        assert tracker["repository"].startswith("https://github.com/")
        assert edition["path"]
        assert all(len(commit) == 40 for commit in tracker["commits"])
    assert origin["trackers"]["ccf"]["copyright"] == "Copyright (c) 2021 CCFDDL"
    assert origin["mit_licence"][0].startswith("Permission is hereby granted, free of charge")
    assert [datetime.fromisoformat(night) for night in origin["nights"]] == list(facts.NIGHTS)


def test_the_facts_hold_some_forty_editions_with_abstract_gates_rounds_and_several_zones():
    """The demo shows what deadlines are like, not the easy ones only."""
    first = facts.editions(1)
    gates = [gate for edition in first for gate in edition.gates]

    assert 40 <= len({edition.title.casefold() for edition in first}) <= 60
    assert sum(edition.gate("abstract") is not None for edition in first) > 20
    assert max(gate.round for gate in gates) >= 4
    assert {"AoE", "UTC-12", "UTC-8", "UTC+0", "UTC-10"} <= {gate.zone for gate in gates}


def test_icdcs_moves_a_week_later_after_the_first_night():
    """14 January becomes 21 January."""
    before, after = gate(1, "icdcs26", "submission"), gate(2, "icdcs26", "submission")

    assert (before.text, after.text) == ("2026-01-14 23:59:59", "2026-01-21 23:59:59")
    assert before.zone == after.zone == "AoE"


def test_eccv_moves_23_hours_earlier_after_the_second_night():
    """The move that costs a paper; and its abstract gate is announced."""
    before, after = gate(2, "eccv26", "submission"), gate(3, "eccv26", "submission")

    assert before.instant - after.instant == timedelta(hours=23)
    assert gate(2, "eccv26", "abstract").instant is None
    assert gate(3, "eccv26", "abstract").instant == datetime(2026, 2, 26, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("edition", "nights", "days"), [("bis2026", (1, 2), 10), ("icip26", (2, 3), 14), ("rtss26", (2, 3), 61)]
)
def test_further_moves_lie_between_the_nights(edition: str, nights: tuple[int, int], days: int):
    """Later by ten days, two weeks, two months."""
    before, after = (
        next(one for one in shown("wikicfp", night) if one.id == edition).gate("submission") for night in nights
    )

    assert after.instant - before.instant == timedelta(days=days)


def test_some_editions_appear_only_on_a_later_night():
    """New calls come while others end."""
    first, last = ({edition.id for edition in facts.editions(night)} for night in (1, 3))

    assert {"iros26", "mm26", "recsys26", "asplos27"} <= last - first
    assert {"icdcs26", "icml26"} & last == {"icml26"}


def test_two_trackers_agree_on_icml_and_differ_on_eccv_and_bis():
    """Agreed and disputed are true of the trackers, not staged."""
    second = facts.editions(2)

    def instants(acronym: str, kind: str) -> set[datetime | None]:
        return {one.gate(kind).instant for one in second if one.acronym == acronym and one.gate(kind)}

    assert instants("ICML", "abstract") == {datetime(2026, 1, 24, 11, 59, 59, tzinfo=UTC)}
    assert len(instants("ECCV", "submission")) == 2
    assert len(instants("BIS", "submission")) == 2
    assert Counter(edition.acronym for edition in second)["SIGMOD"] == 1


@pytest.mark.parametrize("night", NIGHTS)
def test_ai_deadlines_reads_every_gate_of_the_records_in_its_own_words(night: int):
    """Hour, zone and label stand in the records; a gate without a zone has that of its record."""
    found = {one.ref: one for one in listings("ai_deadlines", night) if one.feed == "huggingface"}

    editions = shown("huggingface", night)
    assert found.keys() == {edition.id for edition in editions}
    for edition in editions:
        listing = found[edition.id]
        assert (listing.acronym, listing.year) == (edition.acronym, edition.year)
        assert (listing.starts_on, listing.ends_on) == (edition.starts_on, edition.ends_on)
        assert sorted((one.text, one.zone_text or "") for one in listing.dates) == sorted(
            (gate.text, gate.zone or edition.timezone) for gate in edition.gates
        )


@pytest.mark.parametrize("night", NIGHTS)
def test_ai_deadlines_reads_every_gate_of_the_cards_as_an_instant(night: int):
    """The cards are in UTC, whatever zone they show beside."""
    found = [one for one in listings("ai_deadlines", night) if one.feed == "cards"]

    read = {
        (one.title, str(written.kind), datetime.fromisoformat(written.text.replace("Z", "+00:00")))
        for one in found
        for written in one.dates
    }
    assert read == {
        (edition.title, gate.kind, gate.instant)
        for edition in shown("cards", night)
        for gate in edition.gates
        if gate.instant
    }


@pytest.mark.parametrize("night", NIGHTS)
def test_wikicfp_reads_every_gate_as_a_day_without_zone(night: int):
    """WikiCFP knows days only: those of the true gates in their own zones."""
    found = {one.ref: one for one in listings("wikicfp", night)}

    editions = shown("wikicfp", night)
    assert found.keys() == {str(edition.event) for edition in editions}
    for edition in editions:
        listing = found[str(edition.event)]
        assert edition.full_name in (listing.title, listing.full_name)
        assert (listing.year, listing.acronym) == (edition.year, edition.acronym)
        assert (listing.starts_on, listing.ends_on) == (edition.starts_on, edition.ends_on)
        assert {one.zone_text for one in listing.dates} == {None}
        assert {str(one.kind): day(one.text, "%b %d, %Y") for one in listing.dates if one.text != "TBD"} == {
            gate.kind: gate.day for gate in edition.gates if gate.day
        }


@pytest.mark.parametrize("night", NIGHTS)
def test_acl_web_reads_the_portals_days_and_the_rolling_reviews_dates(night: int):
    """One edition, two lists: a day without zone, and a day anywhere on earth."""
    found = listings("acl_web", night)
    portal = [one for one in found if one.feed == "sponsored"]
    rolling = {one.title: one for one in found if one.feed == "arr" and one.type is EntryType.CONFERENCE}

    assert len(portal) == len(shown("portal", night))
    for edition in shown("portal", night):
        [listing] = [one for one in portal if edition.title in one.title]
        [written] = listing.dates
        assert (listing.year, listing.city, listing.country) == (edition.year, edition.city, edition.country)
        assert (listing.starts_on, listing.ends_on) == (edition.starts_on, edition.ends_on)
        assert (day(written.text, "%d %b %Y"), written.zone_text) == (edition.gate("submission").day, None)
    for edition in shown("rolling_review", night):
        if edition.type == "conference":
            dates = rolling[edition.title].dates
            read = {str(one.kind): (day(one.text, "%B %d, %Y"), one.zone_text) for one in dates}
            assert read == {kind: (edition.gate(kind).day, "AoE") for kind in ("submission", "commitment")}


@pytest.mark.parametrize("night", NIGHTS)
def test_elra_reads_lrec_with_its_gates_and_the_workshops_beside_it(night: int):
    """Days in prose, the zone once for all of them."""
    found = listings("elra", night)
    lrec = only(found, "LREC 2026")
    [edition] = [one for one in shown("elra", night) if one.acronym == "LREC"]

    assert {one.title for one in found} == {one.title for one in shown("elra", night)}
    assert (lrec.starts_on, lrec.ends_on, lrec.website) == (edition.starts_on, edition.ends_on, edition.website)
    assert {str(one.kind): (day(one.text, "%d %B %Y"), one.zone_text) for one in lrec.dates} == {
        gate.kind: (gate.day, gate.zone) for gate in edition.gates
    }


@pytest.mark.parametrize("night", NIGHTS)
def test_elras_page_says_the_same_as_its_data(night: int):
    """Who may not read the data reads the page."""
    answer = render.respond("elra", "/elra-events/", night=night)
    page = Page("http://elra.test/elra-events/", answer.body, retrieved_at=facts.NIGHTS[0])

    read = {one.title: one.dates for one in reader("elra").parse(page) if isinstance(one, Listing)}

    assert read == {one.title: one.dates for one in listings("elra", night)}


@pytest.mark.parametrize("night", NIGHTS)
def test_chairing_tool_sees_an_empty_shell_and_says_so(night: int):
    """The declared conferences, no date, and `needs_browser`."""
    found = crawl("chairing_tool", night)

    assert [one.reason for one in found if isinstance(one, Trouble)] == ["needs_browser"]
    declared = [one for one in found if isinstance(one, Listing)]
    assert "ijcaiecai2026" in {one.ref for one in declared}
    assert [one.dates for one in declared if one.dates] == []


@pytest.mark.parametrize("source", list(render.SITES))
@pytest.mark.parametrize("events", [20, 1000])
def test_a_source_finds_each_of_many_invented_conferences_once(source: str, events: int):
    """Benches can trust the number that they ask for."""
    found = listings(source, events=events)

    assert len({(one.feed, one.ref) for one in found}) == events
    assert len({one.title for one in found}) == events


def test_invented_conferences_are_the_same_again_and_some_in_every_source():
    """Deterministic, a third shared, and some move with the nights."""
    one, other = (synthetic.editions(source, 100, 1) for source in ("elra", "wikicfp"))
    second = synthetic.editions("elra", 100, 2)

    synthetic.editions.cache_clear()

    assert synthetic.editions("elra", 100, 1) == one
    assert len({edition.full_name for edition in one} & {edition.full_name for edition in other}) == 30
    assert sum(before.gates != after.gates for before, after in zip(one, second, strict=True)) == 6
    assert all(edition.full_name.startswith("Synthetic Conference on ") for edition in one)


def test_the_environment_points_every_source_at_the_sites():
    """Settings that any part of ConfRadar reads, with ranges that the shown lists fit into."""
    with sites.serve() as running:
        environment = running.environment()

        for source, url in running.urls.items():
            overrides = source_overrides(source, environment)
            fewest, most = map(int, overrides["expected"].split("-"))
            assert overrides["url"] == url
            assert overrides["delay"] == "0"
            for night in NIGHTS:
                found = [one for one in crawl(source, night) if isinstance(one, Listing)]
                assert fewest <= len(found) <= most, source
                assert int(overrides["floor"]) <= len(found), source
    assert environment["CONFRADAR_ALLOW_PRIVATE_HOSTS"] == "true"
    assert environment["CONFRADAR_AUTOTHROTTLE"] == "false"
