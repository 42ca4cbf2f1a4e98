"""A good night, then bad ones over the same store: what a source gets wrong costs what is wrong, and says so."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from confradar import graph, settings
from confradar.deadlines.selection import Selection
from confradar.graph import Materialisation
from confradar.settings import Settings
from confradar.storage import answers, database, selecting

from ..workers.site import Answer, Site, serve  # noqa: TID252 - the tests are no package

pytestmark = pytest.mark.integration

EVENING = datetime(2026, 1, 13, 2, tzinfo=UTC)
LIST = "/data/conferences.json"
STEP = "ai_deadlines_conferences"
Night = Callable[[bytes | str | Answer], Materialisation]


def card(ref: str, **changed: Any) -> dict[str, Any]:
    """A card as the site writes it; a field that is None is left out."""
    name = f"{ref.upper()} 2026"
    written = {"id": f"{ref}26", "shortname": name, "title": f"Conference on {ref}", "deadline": "2026-03-01T11:59:59Z"}
    return {field: value for field, value in {**written, **changed}.items() if value is not None}


GOOD = [card(ref) for ref in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve() as served:
        yield served


@pytest.fixture
def installed(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A store of its own, and one source that reads the site."""
    given = {"URL": site.url, "DELAY": "0", "FEED_HUGGINGFACE": "off", "EXPECTED": "1-50", "FLOOR": "1"}
    for name, value in given.items():
        monkeypatch.setenv(f"CONFRADAR_SOURCE_AI_DEADLINES_{name}", value)
    url = f"sqlite:///{tmp_path / 'confradar.sqlite'}"
    return settings.load(data_dir=tmp_path, CONFRADAR_DATABASE_URL=url, allow_private_hosts=True, autothrottle=False)


@pytest.fixture
def night(site: Site, installed: Settings) -> Night:
    """Read what the site shows and store it, a night later each time."""
    moments = (EVENING + timedelta(days=number) for number in range(9))

    def read(shown: bytes | str | Answer) -> Materialisation:
        headers = {"Content-Type": "application/json"}
        site.routes[LIST] = shown if isinstance(shown, Answer) else Answer(shown, headers=headers)
        return graph.materialize("ai_deadlines+", settings=installed, now=next(moments))

    return read


def rows(installed: Settings) -> dict[str, dict[str, Any]]:
    """What readers see of each conference: title, and the deadline's instant, by its slug."""
    with database.reading(installed.database) as connection:
        coming = selecting.gates(connection, Selection(limit=500), now=EVENING).rows
    return {row["slug"]: {"title": row["title"], "at": row["safe_at"]} for row in coming}


MOVED = "2026-03-08T11:59:59Z"


@pytest.mark.fault("B5", "record breaks a constraint: it alone rejected: source, record, field, reason")
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"shortname": None}, "ai_deadlines beta26, shortname: found nothing, wanted"),
        ({"shortname": "Beta", "id": "beta"}, "ai_deadlines beta, shortname: found Beta, wanted a name with its year"),
        ({"shortname": "BETA 2026 " + "x" * 9_000_000}, "ai_deadlines beta26, "),
        ({"deadline": {"a": [1]}}, "ai_deadlines beta26, deadline: "),
    ],
    ids=["no title", "no year", "a title of 9 MB", "no text"],
)
@pytest.mark.fault("E7", "a giant title costs its record; parsing is bounded")
def test_a_bad_record_costs_itself_alone(
    night: Night, installed: Settings, wrong: dict[str, Any], message: str
) -> None:
    """It is named with source, record and field; its row of yesterday stays; its neighbours move on."""
    assert night(json.dumps(GOOD)).success
    before = rows(installed)
    assert len(before) == len(GOOD)

    bad = night(json.dumps([card("alpha", deadline=MOVED), card("beta", **wrong), *GOOD[2:]]))

    after = rows(installed)
    assert after["beta-2026"] == before["beta-2026"]
    assert after["alpha-2026"]["at"] == before["alpha-2026"]["at"] + timedelta(days=7)
    assert {slug: row for slug, row in after.items() if slug not in ("alpha-2026", "beta-2026")} == {
        slug: row for slug, row in before.items() if slug not in ("alpha-2026", "beta-2026")
    }
    told = bad[STEP].metadata["rejects"]
    assert all(len(line) < 500 for line in told)
    assert any(line.startswith(message) for line in told), told


@pytest.mark.parametrize("written", ["2026-02-31T11:59:59Z", "9999-12-31T23:59:59Z", "2026-13-01T25:61:00Z"])
@pytest.mark.fault("E12", "impossible, missing and far dates are rejected or flagged, never guessed")
def test_an_impossible_date_leaves_the_one_of_yesterday(night: Night, installed: Settings, written: str) -> None:
    """The step names source, record and gate; the date that stood there stays, no longer confirmed; nothing moved."""
    night(json.dumps(GOOD))
    before = rows(installed)

    bad = night(json.dumps([GOOD[0], card("beta", deadline=written), *GOOD[2:]]))

    [told] = bad[STEP].metadata["undated"]
    assert told.startswith("ai_deadlines beta")
    assert written in told
    assert rows(installed) == before
    with database.reading(installed.database) as connection:
        beta = answers.conference(connection, "beta-2026")
    [gate] = beta["deadlines"]
    [claim] = gate["claims"]
    [mention] = beta["mentions"]
    assert claim["text"] == "2026-03-01T11:59:59Z"
    assert claim["last_confirmed_at"] < mention["last_seen_at"]
    assert not [row for row in beta["changes"] if row["field"] == "date"]


@pytest.mark.fault("D5", "a truncated body is a failed page, not a short list")
def test_a_list_that_ends_in_the_middle_changes_nothing(night: Night, installed: Settings) -> None:
    """Half of it is no list: the source failed, says where, and yesterday's rows stay."""
    night(json.dumps(GOOD))
    before = rows(installed)

    bad = night(json.dumps([card("alpha", deadline=MOVED), *GOOD[1:]])[:-200])

    assert (bad[STEP].status, bad[STEP].reason) == ("failed", "broken")
    assert LIST in (bad[STEP].error or "")
    assert rows(installed) == before


@pytest.mark.parametrize(
    "body",
    ["", "[]", "<html><body><h1>Back soon</h1></body></html>", "\x00" * 2000, '{"events": 7}'],
    ids=["empty", "an empty list", "a page for people", "NUL alone", "another shape"],
)
@pytest.mark.fault("D10", "an empty, maintenance, login or consent page is no list: yesterday stays")
def test_a_page_that_is_no_list_changes_nothing(night: Night, installed: Settings, body: str) -> None:
    """The source failed and is told with a reason and the page; yesterday's rows stay."""
    night(json.dumps(GOOD))
    before = rows(installed)

    bad = night(body)

    assert not bad[STEP].success, bad[STEP].metadata
    assert bad[STEP].reason in ("broken", "no_listings")
    assert bad[STEP].error
    assert rows(installed) == before


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (json.dumps([card("beta", title="Confer€nce")], ensure_ascii=False).encode("utf-16"), "utf-8"),
        (b"\xff\xfe\x00\x80", "utf-8"),
    ],
    ids=["another charset than declared", "no text at all"],
)
@pytest.mark.fault("E5", "binary or a wrong charset: nothing garbled is published")
def test_a_list_in_another_charset_changes_nothing(
    night: Night, installed: Settings, body: bytes, charset: str
) -> None:
    """Nothing garbled is published."""
    night(json.dumps(GOOD))
    before = rows(installed)

    bad = night(Answer(body, headers={"Content-Type": f"application/json; charset={charset}"}))

    assert not bad[STEP].success, bad[STEP].metadata
    assert rows(installed) == before


@pytest.mark.fault("E6", "NUL and controls: a clean row, or a rejected one")
def test_hostile_titles_are_kept_as_text(night: Night, installed: Settings) -> None:
    """Markup stays literal; NUL and other controls are gone; SQL and templates are words like any other."""
    titles = {
        "alpha": "<script>alert(1)</script> 2026",
        "beta": "BE\u0000TA\u0007 2026",
        "gamma": "'; DROP TABLE conference; -- 2026",
        "delta": "{{ 7*7 }} ${HOME} %s 2026",
    }
    night(json.dumps([card(ref, shortname=title) for ref, title in titles.items()]))

    shown = {row["title"] for row in rows(installed).values()}
    assert len(shown) == 4
    assert any("DROP TABLE conference" in title for title in shown)
    assert any("{{ 7*7 }} ${HOME} %s" in title for title in shown)
    assert any(title.startswith("<script>alert(1)</script>") for title in shown)
    assert not any(ord(letter) < 32 for title in shown for letter in title)
