"""The readers' API, and how its answers are cached."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from confradar.storage import database

from .conftest import Answer, Client
from .store import DAY, LATER, NOW, fill

Serve = Callable[..., Client]
API = "/api/v1"


@pytest.fixture
def ask(serve: Serve) -> Client:
    """A server with four conferences."""
    client = serve(now=lambda: NOW + DAY)
    fill(client.settings.database)
    return client


def got(answer: Answer) -> Any:
    assert answer.status == 200, answer.text
    return json.loads(answer.body)


def test_a_selection_is_answered_page_by_page(ask: Client) -> None:
    """In one order; the next page is named in the answer and in its head."""
    whole = got(ask.get(f"{API}/deadlines"))
    ids, address = [], f"{API}/deadlines?limit=1"
    while address:
        answer = ask.get(address)
        [found], address = got(answer)["deadlines"], got(answer)["next"]
        ids.append(found["id"])
        assert answer.headers["Link"] == (f'<{address}>; rel="next"' if address else None)

    assert ids == [row["id"] for row in whole["deadlines"]]
    assert ids == ["icml-2026/abstract", "rounds-2026/submission/2", "icml-2026/submission",
                   "hostile-2026/submission/0/industry"]  # fmt: skip
    first = whole["deadlines"][2]
    assert first["published"] == {"text": "2026-03-06 11:59", "zone": "UTC"}
    assert (first["safe_at"], first["sources"]) == ("2026-03-06T11:59:00+00:00", ["ai_deadlines", "wikicfp"])
    assert [row["id"] for row in got(ask.get(f"{API}/conferences"))["conferences"]] == [
        "icml-2026", "rounds-2026", "hostile-2026",
    ]  # fmt: skip


def test_a_conference_is_told_whole(ask: Client) -> None:
    """All gates, those that passed too, with every claim, and who speaks of it."""
    found = got(ask.get(f"{API}/conferences/icml-2026"))

    assert [gate["id"] for gate in found["deadlines"]] == ["icml-2026/abstract", "icml-2026/submission"]
    assert [claim["source"] for claim in found["deadlines"][1]["claims"]] == ["ai_deadlines", "wikicfp"]
    assert [said["source"] for said in found["mentions"]] == ["wikicfp", "ai_deadlines"]
    assert found["series"] == "icml"


def test_the_old_address_of_a_merged_conference_leads_on(ask: Client) -> None:
    """For good, also to its history; what was never there is told with what is near."""
    for more in ("", "/history"):
        moved = ask.get(f"{API}/conferences/old-2026{more}")
        assert (moved.status, moved.headers["Location"]) == (301, f"{API}/conferences/icml-2026{more}")

    missing = ask.get(f"{API}/conferences/icml-2062")
    assert missing.status == 404
    assert "icml-2026" in json.loads(missing.body)["detail"]


def test_a_token_gives_only_what_came_since(ask: Client) -> None:
    """Nothing, until something changes; then that, and what it moved is told."""
    first = got(ask.get(f"{API}/changes?limit=2"))
    assert [row["id"] for row in first["changes"]] == [5, 4]
    assert [row["id"] for row in got(ask.get(first["next"]))["changes"]] == [3, 2]
    nothing = got(ask.get(f"{API}/changes?since={first['token']}"))
    assert (nothing["changes"], nothing["token"], nothing["next"]) == ([], first["token"], None)

    fill(ask.settings.database, LATER)
    since = got(ask.get(f"{API}/changes?since={first['token']}"))
    assert [(row["deadline"], row["direction"]) for row in since["changes"]] == [("icml-2026/submission", "earlier")]
    assert since["token"] != first["token"]
    assert got(ask.get(f"{API}/changes?since={first['token']}&q=rounds"))["changes"] == []
    assert [row["id"] for row in got(ask.get(f"{API}/changes?status=moved"))["changes"]] == [6]
    assert got(ask.get(f"{API}/conferences/icml-2026/history"))["changes"][0]["id"] == 6


def test_changes_since_come_page_by_page(ask: Client) -> None:
    """The oldest first, each once, and the token of each page leads to the next."""
    ids, address = [], f"{API}/changes?limit=2&since=YWZ0ZXI6MA"
    while address:
        page = got(ask.get(address))
        ids += [row["id"] for row in page["changes"]]
        address = page["next"]

    assert ids == [1, 2, 3, 4, 5]


def test_sources_are_told(ask: Client) -> None:
    """Also those that were never read."""
    found = got(ask.get(f"{API}/sources"))["sources"]

    assert "wikicfp" in [source["name"] for source in found]
    assert {source["last"] for source in found} == {None}


@pytest.mark.fault("F9", "304 exactly when equal, in every form of a tag")
def test_who_has_a_body_gets_no_other(ask: Client) -> None:
    """By tag or by date; the compressed body has a tag of its own; nothing is compared as a number or a prefix."""
    path = f"{API}/deadlines"
    plain, packed = ask.get(path), ask.get(path, Accept_Encoding="gzip")
    tag, other = plain.headers["ETag"], packed.headers["ETag"]

    assert gzip.decompress(packed.body) == plain.body
    assert tag != other
    assert not tag.startswith("W/")
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["Last-Modified"] == "Tue, 03 Feb 2026 02:00:00 GMT"
    for headers, status in [
        ({"If_None_Match": tag}, 304),
        ({"If_None_Match": f'"x", W/{tag}'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": other}, 200),
        ({"If_None_Match": other, "Accept_Encoding": "gzip"}, 304),
        ({"If_None_Match": '"x"', "If_Modified_Since": plain.headers["Last-Modified"]}, 200),
        ({"If_Modified_Since": plain.headers["Last-Modified"]}, 304),
        ({"If_Modified_Since": "Mon, 02 Feb 2026 02:00:00 GMT"}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
        ({"Accept_Encoding": "gzip;q=0, identity"}, 200),
    ]:
        answer = ask.get(path, **headers)
        assert answer.status == status, headers
        assert answer.headers["ETag"] in (tag, other)
        assert answer.body in (b"", plain.body)
    head = ask("HEAD", path)
    assert (head.status, head.body, head.headers["ETag"]) == (200, b"", tag)
    assert head.headers["Content-Length"] == str(len(plain.body))


def test_bytes_that_stay_keep_their_tag(ask: Client) -> None:
    """A new night makes another version of the store; what it did not touch is still the same."""
    tags = {path: ask.get(path).headers["ETag"] for path in (f"{API}/deadlines", f"{API}/deadlines?q=rounds")}
    fill(ask.settings.database, LATER)

    assert ask.get(f"{API}/deadlines?q=rounds").headers["ETag"] == tags[f"{API}/deadlines?q=rounds"]
    assert ask.get(f"{API}/deadlines").headers["ETag"] != tags[f"{API}/deadlines"]


def test_what_means_the_same_is_made_once(ask: Client) -> None:
    """However it is written; and an answer that is known already costs two queries."""
    engine, statements = database.engine(ask.settings.readers_database), []
    ask.get(f"{API}/deadlines?topic=machine-learning&kind=submission")

    def count(*given: Any) -> None:
        statements.append(given[2])

    event.listen(engine, "before_cursor_execute", count)
    try:
        answer = ask.get(f"{API}/deadlines?kind=submission&limit=50&topic=machine-learning&q=")
    finally:
        event.remove(engine, "before_cursor_execute", count)

    assert answer.status == 200
    assert len([one for one in statements if one.startswith("SELECT")]) == 2


@pytest.mark.fault("F10", "no private page is kept by a shared cache")
def test_other_sites_may_read_what_is_for_all(ask: Client) -> None:
    """Errors too; never what is the operator's."""
    for path in (f"{API}/deadlines", f"{API}/deadlines?q=%00", f"{API}/conferences/none"):
        answer = ask.get(path, Origin="https://elsewhere.example")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    asked = ask(
        "OPTIONS", f"{API}/deadlines", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    )
    assert (asked.status, asked.headers["Access-Control-Allow-Methods"]) == (204, "GET, HEAD")
    for path in (f"{API}/ops/runs", "/"):
        assert "Access-Control-Allow-Origin" not in ask.get(path).headers


@pytest.mark.parametrize("more", ["", "&kind=submission"])
def test_changes_are_asked_for_by_source(ask: Client, more: str) -> None:
    """Those that the source itself has told, of any gate or of one kind."""
    every = got(ask.get(f"{API}/changes?limit=500{more}"))["changes"]
    found = got(ask.get(f"{API}/changes?source=wikicfp&limit=500{more}"))["changes"]

    assert found == [change for change in every if change["source"] == "wikicfp"] != []
