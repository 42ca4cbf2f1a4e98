"""The real pages of WikiCFP and the real data of the AI deadline lists read as their expected values say."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from confradar.deadlines.listing import EntryType, Kind, Listing
from confradar.sources import ai_deadlines, wikicfp
from confradar.sources.base import Follow, Found, Page, Rejected, Trouble

READ_AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
WIKICFP = {
    "event_202993_cei2026.html": "/cfp/servlet/event.showcfp?eventid=202993&copyownerid=163220",
    "call_computer_science_p1_2026.html": "/cfp/call?conference=computer%20science&page=1",
    "program_2671_sigmod_20160505.html": "/cfp/program?id=2671",
    "search_cloud_20160505.html": "/cfp/servlet/tool.search?q=cloud&year=t",
    "search_noresult_20160516.html": "/cfp/servlet/tool.search?q=dfasfd&year=t",
}
GATES = {
    Kind.ABSTRACT: "abstract",
    Kind.SUBMISSION: "submission",
    Kind.NOTIFICATION: "notification",
    Kind.CAMERA_READY: "final_version",
}


def expectations(folder: Path) -> Iterator[dict[str, Any]]:
    """The lines of a folder's EXPECTED.jsonl."""
    with (folder / "EXPECTED.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def listings(found: list[Found]) -> list[Listing]:
    """The listings among what was found."""
    return [each for each in found if isinstance(each, Listing)]


def read_wikicfp(corpus: Path, name: str) -> list[Found]:
    """All that a real page of WikiCFP gives."""
    body = (corpus / "wikicfp" / "pages" / name).read_bytes()
    return list(wikicfp.parse(Page(f"http://www.wikicfp.com{WIKICFP[name]}", body, retrieved_at=READ_AT)))


def wanted_of(record: dict[str, Any]) -> dict[str, Any]:
    """A record of the corpus in the fields of a listing; dates as ISO days."""
    return {
        "ref": str(record["event_id"]),
        "url": f"http://www.wikicfp.com{wikicfp.EVENT}{record['event_id']}",
        "title": " ".join(record["acronym_raw"].split()),
        "acronym": record["acronym"],
        "year": record["year"],
        "full_name": record["title"],
        "starts_on": record["start"],
        "ends_on": record["end"],
        "place": record["place"],
        "website": record.get("official_link"),
        "topics": tuple(record.get("categories", ())),
        "dates": {name: day for name in GATES.values() if (day := record.get(name))},
    }


def shown(listing: Listing) -> dict[str, Any]:
    """A listing in the same shape."""
    given = {name: getattr(listing, name) for name in ("ref", "url", "title", "acronym", "year", "full_name", "place")}
    days = {"starts_on": listing.starts_on, "ends_on": listing.ends_on}
    return {
        **given,
        **{name: day and day.isoformat() for name, day in days.items()},
        "website": listing.website,
        "topics": listing.topics,
        "dates": {
            GATES[written.kind]: datetime.strptime(written.text, "%b %d, %Y").date().isoformat()  # noqa: DTZ007 - a day
            for written in listing.dates
        },
    }


@pytest.mark.parametrize("name", WIKICFP)
def test_a_real_page_of_wikicfp_gives_exactly_its_events(corpus: Path, name: str) -> None:
    """Every field of every record agrees, in the page's order, and there is no further record."""
    [expected] = [line for line in expectations(corpus / "wikicfp") if line["file"] == f"pages/{name}"]
    found = read_wikicfp(corpus, name)
    assert [shown(listing) for listing in listings(found)] == [wanted_of(record) for record in expected["records"]]
    undated = {str(record["event_id"]) for record in expected["records"] if record["when_raw"] == "N/A"}
    assert {listing.ref for listing in listings(found) if listing.type is EntryType.JOURNAL} == undated
    assert not [each for each in found if isinstance(each, Rejected | Trouble)]


def test_a_real_category_leads_to_its_events_and_its_next_page(corpus: Path) -> None:
    """The list goes on before the events, and the events before the journals."""
    found = read_wikicfp(corpus, "call_computer_science_p1_2026.html")
    follows = sorted((each for each in found if isinstance(each, Follow)), key=lambda follow: -follow.priority)
    journals = {listing.url for listing in listings(found) if listing.type is EntryType.JOURNAL}
    assert follows[0].url == "http://www.wikicfp.com/cfp/call?conference=computer%20science&page=2"
    assert {follow.url for follow in follows[1:]} == {listing.url for listing in listings(found)}
    assert {follow.url for follow in follows[-len(journals) :]} == journals


def test_real_rows_survive_in_the_markup_of_a_list(corpus: Path) -> None:
    """182 rows that another crawler kept read as expected when they stand in a page."""
    [expected] = [line for line in expectations(corpus / "wikicfp") if line["file"] == "data/rows_2013-12-28.kml"]
    records = expected["records"]
    rows = "".join(
        f'<tr><td rowspan="2"><a href="/cfp/servlet/event.showcfp?eventid={record["event_id"]}&amp;copyownerid=1">'
        f"{record['acronym']}{'  ' + str(record['year']) if record['year'] else ''}</a></td>"
        f'<td colspan="3">{record["title"]} </td></tr><tr><td>{record["when_raw"]}</td>'
        f"<td>{record['place'] or 'N/A'}</td><td>{record['deadline_raw']}</td></tr>"
        for record in records
    )
    page = Page("http://www.wikicfp.com/cfp/program?id=1", f'<div class="contsec"><table>{rows}'.encode())
    found = {each.ref: each for each in wikicfp.parse(page) if isinstance(each, Listing)}
    assert found.keys() == {str(record["event_id"]) for record in records}
    for record in records:
        listing = found[str(record["event_id"])]
        days = [listing.starts_on and listing.starts_on.isoformat(), listing.ends_on and listing.ends_on.isoformat()]
        assert days == [record["start"], record["end"]]
        assert listing.year == (record["year"] or int(record["start"][:4]))
        assert {written.kind: written.text for written in listing.dates}.get(Kind.ABSTRACT, "") in record[
            "deadline_raw"
        ]
        assert [written.text for written in listing.dates if written.kind is Kind.SUBMISSION] == (
            [record["deadline_raw"].partition(" (")[0]] if record["deadline_raw"] != "N/A" else []
        )


def read_data(path: Path) -> list[Found]:
    """All that a real file of an AI deadline list gives."""
    return list(ai_deadlines.parse(Page(f"https://raw.example/{path.name}", path.read_bytes(), retrieved_at=READ_AT)))


def latest(corpus: Path) -> list[dict[str, Any]]:
    """The expected editions of the newest files."""
    return [line for line in expectations(corpus / "ai_deadlines") if "/latest" in line["file"]]


def test_every_expected_edition_of_the_latest_lists_is_read(corpus: Path) -> None:
    """Identity, title, year and each date with its zone, in the list's own words."""
    read: dict[str, dict[tuple[str, int], Listing]] = {}
    for line in latest(corpus):
        name = line["file"]
        if name not in read:
            found = read_data(corpus / "ai_deadlines" / name)
            read[name] = {(listing.ref, listing.year): listing for listing in listings(found)}
        listing = read[name][line["id"], line["year"]]
        assert listing.title == (
            line["title"] if str(line["year"]) in line["title"] else f"{line['title']} {line['year']}"
        )
        written = {(each.text, each.zone_text) for each in listing.dates}
        assert words_of(line) <= written, f"{name} {line['id']}"
        assert len({each.gate for each in listing.dates}) == len(listing.dates)
        if "estimated" in line:
            assert all(each.estimated is line["estimated"] for each in listing.dates)


def words_of(line: dict[str, Any]) -> set[tuple[str, str | None]]:
    """The dates of an expected edition as written, each with its zone as written."""
    if "deadline" in line:
        both = (line["deadline"], line["abstract_deadline"])
        return {(text, line["timezone"]) for text in both if text}
    if "tobna" in line["file"]:
        return {(entry["utc"], "UTC") for entry in line["instants"]}
    # A date left over on the record beside the list has lost its zone: the list alone counts.
    listed = [entry for entry in line["instants"] if not entry["type"].startswith("(record)")]
    return {(entry["date"], entry["timezone"]) for entry in listed or line["instants"]}


def test_every_latest_file_is_read_whole(corpus: Path) -> None:
    """As many editions as there are records, and the known slips are the only reports."""
    data = corpus / "ai_deadlines" / "data"
    files = [*data.glob("*/latest/*.y*ml"), data / "paperswithcode" / "latest.conferences.yml"]
    found = {path: read_data(path) for path in files}
    assert len(files) == 173
    counts = dict.fromkeys(("huggingface", "tobna", "paperswithcode"), 0)
    for path, each in found.items():
        counts[path.relative_to(data).parts[0]] += len(listings(each))
    assert counts == {"huggingface": 122, "tobna": 455, "paperswithcode": 169}
    reports = {(each.ref, each.field) for one in found.values() for each in one if isinstance(each, Rejected)}
    assert reports == {
        ("cec2025", "deadline"),
        ("facct26", "rankings"),
        ("ecai2024", "conferenceEndDate"),
        ("icip2025", "conferenceEndDate"),
        ("icomp2025", "conferenceEndDate"),
        ("CIKM24", "data"),
        ("neurips24", "end"),
        ("AI4science22", "link"),
    }
    assert not [each for one in found.values() for each in one if isinstance(each, Trouble)]


@pytest.mark.parametrize(
    ("name", "line"), [("2020-06-25-218f9e3.conferences.yml", 124), ("2022-09-23-a325390.conferences.yml", 1239)]
)
def test_a_real_file_that_is_no_yaml_is_trouble_and_names_its_line(corpus: Path, name: str, line: int) -> None:
    """A broken file gives nothing and says where it breaks."""
    [trouble] = read_data(corpus / "ai_deadlines" / "data" / "paperswithcode" / "odd" / name)
    assert isinstance(trouble, Trouble)
    assert (trouble.reason, trouble.fatal) == ("broken", False)
    assert f"{name}: line {line}: " in trouble.detail


@pytest.mark.parametrize("list_", ["huggingface", "paperswithcode"])
def test_real_broken_records_harm_only_themselves(corpus: Path, list_: str) -> None:
    """Every record with a name is read, with its dates in its own words; the few without one are reported."""
    name = f"data/{list_}/odd/records.yml"
    read = listings(read_data(corpus / "ai_deadlines" / name))
    written = {(listing.ref, each.text, each.zone_text) for listing in read for each in listing.dates}
    nameless = {"icmi2021"}
    for line in expectations(corpus / "ai_deadlines"):
        if line["file"] == name and line["id"] not in nameless:
            assert {(line["id"], *words) for words in words_of(line)} <= written
