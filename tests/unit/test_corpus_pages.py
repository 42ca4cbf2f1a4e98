"""The sources against the corpus of real pages: each expected record, and what the tables of fields do not say."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from confradar.deadlines.dates import Edition, resolve
from confradar.deadlines.listing import EntryType, Kind
from confradar.sources.acl_web import parse
from confradar.sources.base import Follow, Page, Rejected, Trouble
from confradar.sources.wikicfp import parse as parse_wikicfp
from tests.truth import acl_web, ai_deadlines, assumed, wikicfp
from tests.truth.comparing import Score, lines, listings

AOE = timezone(timedelta(hours=-12))


@pytest.mark.parametrize(
    ("records", "fewest"), [(wikicfp.records, 3000), (acl_web.records, 900), (ai_deadlines.records, 2000)]
)
def test_every_mapped_field_of_every_expected_record_is_read(
    corpus: Path, records: Callable[[Path], Score], fewest: int
) -> None:
    """Each value agrees, in the page's order, and no listing is there that the page does not hold."""
    score = records(corpus)
    assert score.differences == []
    assert score.found == score.expected > fewest


@pytest.mark.parametrize(("name", "fewest"), [("elra", 250), ("chairing_tool", 300), ("acl_web", 1000)])
def test_every_fact_stands_in_a_case_and_is_read(corpus: Path, name: str, fewest: int) -> None:
    """Nobody has captured these pages; the cases in assumed markup hold all that is known of their events."""
    score = assumed.records(name, corpus)
    assert score.differences == []
    assert score.found == score.expected > fewest


def test_a_real_category_leads_to_its_events_and_its_next_page(corpus: Path) -> None:
    """The list goes on before the events, and the events before the journals."""
    found = wikicfp.read(corpus, "call_computer_science_p1_2026.html")
    follows = sorted((each for each in found if isinstance(each, Follow)), key=lambda follow: -follow.priority)
    journals = {listing.url for listing in listings(found) if listing.type is EntryType.JOURNAL}
    assert follows[0].url == "http://www.wikicfp.com/cfp/call?conference=computer%20science&page=2"
    assert {follow.url for follow in follows[1:]} == {listing.url for listing in listings(found)}
    assert {follow.url for follow in follows[-len(journals) :]} == journals


def test_an_entry_of_a_real_page_without_days_is_a_journal(corpus: Path) -> None:
    """The site writes N/A for journals, special issues and books alone."""
    for name in wikicfp.PAGES:
        for listing in listings(wikicfp.read(corpus, name)):
            assert (listing.type is EntryType.JOURNAL) == (listing.starts_on is None), listing.title


def test_arr_dates_mean_the_expected_days(corpus: Path) -> None:
    """With the year of its row, each written day ends where the page means it to end, anywhere on earth."""
    compared = 0
    for page in lines(corpus / "acl_web" / "EXPECTED.jsonl"):
        if page["kind"] != "arr_dates_markdown":
            continue
        read = listings(parse(acl_web.arr_page(corpus / "acl_web" / "pages" / page["file"])))
        for listing, said in zip(read, page["records"], strict=True):
            for kind, day in ((Kind.SUBMISSION, said.get("submission")), (Kind.COMMITMENT, said.get("commitment"))):
                for written in (each for each in listing.dates if each.kind is kind):
                    window = resolve(written.text, written.zone_text, kind=kind, edition=Edition(listing.year))
                    ends = window.latest.astimezone(AOE).date() if window.latest else None
                    assert ends == (date.fromisoformat(day) if day else None), (page["file"], written)
                    compared += 1
    assert compared > 100


def test_the_entries_of_the_list_of_2025_are_told_apart(corpus: Path) -> None:
    """Posts are schools, shared tasks and workshops besides conferences; the list names no zone."""
    [page] = [line for line in lines(corpus / "acl_web" / "EXPECTED.jsonl") if line["kind"] == "spider_output_json"]
    rows = [(group["title"], day) for group in page["records"] for day in group["submission_dates"] or [None]]
    read = listings(parse(acl_web.list_page(rows)))
    assert all(written.zone_text is None for listing in read for written in listing.dates)
    kinds = {listing.title: listing.type for listing in read}
    assert kinds["UniDive training school on diversity in NLP, Yerevan, January 2026"] is EntryType.SCHOOL
    assert sum(kind is EntryType.SHARED_TASK for kind in kinds.values()) == 5
    assert sum(kind is EntryType.WORKSHOP for kind in kinds.values()) == 7


def test_the_known_slips_of_the_latest_lists_are_the_only_reports(corpus: Path) -> None:
    """Nothing else in the newest files is refused, and no file is broken."""
    found = [each for path in ai_deadlines.latest(corpus) for each in ai_deadlines.read(path)]
    assert len(ai_deadlines.latest(corpus)) == 173
    assert len(listings(found)) == 746
    assert {(each.ref, each.field) for each in found if isinstance(each, Rejected)} == {
        ("cec2025", "deadline"),
        ("facct26", "rankings"),
        ("ecai2024", "conferenceEndDate"),
        ("icip2025", "conferenceEndDate"),
        ("icomp2025", "conferenceEndDate"),
        ("CIKM24", "data"),
        ("neurips24", "end"),
        ("AI4science22", "link"),
    }


@pytest.mark.parametrize(
    ("name", "line"), [("2020-06-25-218f9e3.conferences.yml", 124), ("2022-09-23-a325390.conferences.yml", 1239)]
)
def test_a_real_file_that_is_no_yaml_is_trouble_and_names_its_line(corpus: Path, name: str, line: int) -> None:
    """A broken file gives nothing and says where it breaks."""
    [trouble] = ai_deadlines.read(corpus / "ai_deadlines" / "data" / "paperswithcode" / "odd" / name)
    assert isinstance(trouble, Trouble)
    assert (trouble.reason, trouble.fatal) == ("broken", False)
    assert f"{name}: line {line}: " in trouble.detail


def test_an_event_page_is_read_again_when_the_event_is_new_changed_or_near(corpus: Path) -> None:
    """What its page said stays as it was; a real list of 2026, read in June and in September."""
    page = wikicfp.page(corpus, "call_computer_science_p1_2026.html")
    events = {each.ref: tuple(written.text for written in each.dates) for each in listings(parse_wikicfp(page))}
    known = {ref: (*texts, "Oct 1, 2026") for ref, texts in events.items()}
    early = replace(page, retrieved_at=datetime(2026, 6, 1, tzinfo=UTC), known=known)

    def opened(page: Page) -> set[str]:
        links = (each.url for each in parse_wikicfp(page) if isinstance(each, Follow))
        return {link.rpartition("eventid=")[2] for link in links if "eventid=" in link}

    assert opened(early) == set()
    assert opened(replace(early, retrieved_at=wikicfp.READ_AT)) == events.keys()  # near
    assert opened(replace(early, known={})) == events.keys()  # new
    assert opened(replace(early, known=events)) == events.keys()  # only their rows were read
    assert opened(replace(early, known={**known, "202798": ("Sep 18, 2026", "Oct 1, 2026")})) == {"202798"}  # changed
