"""The operator pages over a ledger with a past."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import event

from confradar.storage import database

from .conftest import Client
from .history import LAST, seed

Serve = Callable[..., Client]
RUN = f"/ops/runs/{LAST}"
STEP = f"{RUN}/steps/wikicfp_conferences"


@pytest.fixture
def ask(serve: Serve) -> Client:
    """A server with three nights behind it."""
    client = serve(flower_url="http://127.0.0.1:5555")
    seed(client.settings.database, nights=3)
    return client


@contextmanager
def queries(ask: Client) -> Iterator[list[str]]:
    """The statements that the server sends meanwhile, without those that begin a transaction."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        statement = str(arguments[2])
        if statement.lstrip().upper().startswith("SELECT"):
            sent.append(statement)

    engines = [database.engine(url) for url in (ask.settings.database, ask.settings.readers_database)]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield sent
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/ops", 1),
        ("/ops/runs", 3),
        (RUN, 6),
        (STEP, 8),
        (f"{STEP}/log", 5),
        ("/ops/sources", 8),
        ("/ops/checks", 2),
        ("/ops/schedule", 7),
        ("/ops/follows", 2),
        ("/ops/alerts", 1),
        ("/ops/run?target=elra%2B", 4),
    ],
)
def test_a_page_asks_as_often_however_much_there_is(serve: Serve, tmp_path: Path, path: str, most: int) -> None:
    """The number of queries is the same over three nights as over thirty, and small."""
    counts = []
    for nights in (3, 30):
        ask = serve(url=f"sqlite:///{tmp_path / f'{nights}.sqlite'}")
        seed(ask.settings.database, nights=nights)
        assert ask.get("/ops/run").status == 200  # its health line is good for the next seconds
        with queries(ask) as sent:
            assert ask.get(path).status == 200
        counts.append(len(sent))

    assert counts[0] == counts[1] <= most, counts


def test_the_graph_shows_each_steps_last_state(ask: Client) -> None:
    """As a picture and as a table, with links to the step."""
    page = ask.get("/ops").text

    assert page.count("<rect") == 6
    assert page.count('class="edge"') == 5
    assert page.count(f'href="{RUN}/steps/elra_conferences"') == 2
    assert "quarantined · count like last nights" in page
    assert 'class="node degraded"' in page


def test_a_graph_that_never_ran_leads_to_the_form(serve: Serve) -> None:
    """Nothing has run: the boxes say so, and run it."""
    page = serve().get("/ops").text

    assert page.count("never ran") == 12
    assert 'href="/ops/run?target=elra_conferences"' in page


def test_runs_are_filtered_by_the_address(ask: Client) -> None:
    """By status in our words and others', by step, by time; empty fields of the form are none."""
    assert keys(ask, "") == [LAST, "nightly:2026-02-02", "nightly:2026-02-01"]
    assert keys(ask, "?status=success") == ["nightly:2026-02-02", "nightly:2026-02-01"]
    assert keys(ask, "?status=partial&source=&trigger=&since=&until=") == [LAST]
    assert keys(ask, "?source=wikicfp&status=quarantined") == [LAST]
    assert keys(ask, "?since=2026-02-02&until=2026-02-02") == ["nightly:2026-02-02"]
    assert keys(ask, "?trigger=manual") == keys(ask, "?trigger=prompt") == []
    assert "No run is like that" in ask.get("/ops/runs?trigger=manual").text


def test_older_runs_are_a_page_away(ask: Client) -> None:
    """Following the link shows each run once, and ends."""
    found, query = [], "?limit=1&trigger=schedule"
    while query:
        page = ask.get(f"/ops/runs{query}").text
        found += re.findall(r'<th scope="row" class="key"><a href="[^"]+">([^<]+)', page)
        older = re.search(r'rel="next" href="/ops/runs(\?[^"]+)"', page)
        query = unescape(older[1]) if older else ""

    assert found == [LAST, "nightly:2026-02-02", "nightly:2026-02-01"]


def keys(ask: Client, query: str) -> list[str]:
    """The runs that a page lists."""
    return re.findall(r'<th scope="row" class="key"><a href="[^"]+">([^<]+)', ask.get(f"/ops/runs{query}").text)


def test_a_run_shows_all_that_is_known_of_it(ask: Client) -> None:
    """Steps with every attempt, figures, checks that failed, preview, what operators did."""
    page = ask.get(RUN).text

    assert page.count("elra_conferences</a></th>") == 2
    for words in (
        "2 077 listings",
        "1 earlier",
        "radar-a · 4715",
        "310 listings, median 1 840",
        "(expected)",
        "2.06 MB",
    ):
        assert words in page
    assert "&lt;b&gt;why&lt;/b&gt;" in page


def test_only_a_run_in_which_something_failed_offers_to_repeat_that(ask: Client) -> None:
    """The last night is held by a check; in the one before it, all went well."""
    assert "Run again what failed" in ask.get(RUN).text
    assert "Run again what failed" not in ask.get("/ops/runs/nightly:2026-02-02").text


def test_metadata_is_told_in_words(ask: Client) -> None:
    """Figures stand in one line; what is empty is left out."""
    page = ask.get(STEP).text

    assert "<dd>waiting 0.1 · crawling 8.2</dd>" in page
    assert "<dd>no</dd>" in page
    assert "<dd></dd>" not in page


@pytest.mark.fault("E8", "script, template, format, shell and SQL text is literal everywhere; unsafe links are dropped")
def test_what_sources_wrote_is_text_on_every_page(ask: Client) -> None:
    """No markup of theirs is ours, and no address leads anywhere but to a web page."""
    for path in ("/ops", "/ops/runs", RUN, STEP, "/ops/sources", "/ops/checks", "/ops/schedule"):
        page = ask.get(path).text
        assert "<script>" not in page
        assert "<i>line" not in page
        assert 'href="javascript:' not in page
    assert "&lt;script&gt;alert(0)&lt;/script&gt;" in ask.get(STEP).text


def test_a_step_leads_to_flower(ask: Client) -> None:
    """If an address of it is set; else the task's id is shown."""
    assert 'href="http://127.0.0.1:5555/task/5f0a6c52-61c5-4a3e-9c0e-000000000003"' in ask.get(STEP).text


def test_a_log_is_filtered_and_downloaded(ask: Client) -> None:
    """By level; as a file it is every line as it was kept."""
    warnings = ask.get(f"{STEP}?level=WARNING").text
    file = ask.get(f"{STEP}/log")
    errors = ask.get(f"{STEP}/log?level=ERROR").text

    assert warnings.count("WARNING  scrapy.core.engine") == 4
    assert "INFO     scrapy" not in warnings
    assert file.text.count("\n") == 50
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert file.headers["Content-Type"].startswith("text/plain")
    assert errors.splitlines() == [line for line in file.text.splitlines() if " ERROR " in line]


def test_a_long_log_is_read_from_the_beginning_page_by_page(serve: Serve) -> None:
    """Each line comes once."""
    ask = serve()
    seed(ask.settings.database, lines=1200)
    address, seen = f"{STEP}?after=", []
    while address:
        page = ask.get(address).text
        seen += [int(number) for number in re.findall(r"line&lt;/i&gt; ([0-9]+) of", page)]
        following = re.search(r'rel="next" href="([^"#]+)', page)
        address = unescape(following[1]) if following else ""

    assert seen == list(range(1, 1201))
    assert "line&lt;/i&gt; 1200 of" in ask.get(STEP).text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/ops/runs/nightly:1999-01-01", 404, "There is no run &#39;nightly:1999-01-01&#39;"),
        (f"{RUN}/steps/nope", 404, "has no step"),
        (f"{RUN}/steps/nope/log", 404, "has no step"),
        ("/ops/runs?status=nope", 422, "Status: found &#39;nope&#39;, wanted one of"),
        ("/ops/runs?source=nope", 422, "Source: found &#39;nope&#39;"),
        ("/ops/runs?since=yesterday", 422, "found &#39;yesterday&#39;"),
        ("/ops/runs?limit=0", 422, "limit"),
        ("/ops/runs?before=99999999999999999999", 422, "before"),
        ("/ops/runs?colour=red", 422, "colour"),
        (f"{STEP}?level=LOUD", 422, "level"),
        (f"{STEP}?after=nowhere", 422, "found &#39;nowhere&#39;, wanted the cursor of an earlier page"),
        ("/ops/run?target=wikicpf", 422, "Did you mean"),
    ],
)
def test_what_does_not_exist_or_cannot_be_is_said(ask: Client, path: str, status: int, words: str) -> None:
    """What was found, and what is wanted."""
    answer = ask.get(path)

    assert answer.status == status
    assert words in answer.text
