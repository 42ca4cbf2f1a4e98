"""The reading commands over a store that the Python prompt has filled, without a broker."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from confradar.cli import COMMANDS, cli

from .conftest import Said, Terminal

pytestmark = pytest.mark.integration

PAGES = Path(__file__).parents[1] / "pages"
FURTHER = ("demo sites", "db upgrade", "schedule pause", "schedule resume")
FURTHER += ("claim set", "claim withdraw", "claim clear")
FURTHER += ("identity show", "identity split", "identity merge", "identity review")
FURTHER += ("runs show", "runs cancel", "runs retry", "runs release")
PROMPT = """
from confradar import graph, steps
crawled = steps.crawl("elra")
print(crawled.value[0].title, crawled.metadata["seconds"])
stored = steps.store({"elra": crawled})
print(stored.value["created"], stored.metadata)
print(graph.materialize("store_conferences", inputs={"elra": crawled}).success)
done = graph.materialize()
print(done.success, done["store_conferences"].value["total"])
"""


@pytest.fixture(scope="module", autouse=True)
def prompt(terminal: Terminal, staged: dict[str, str]) -> Said:
    """What the README types at a Python prompt, and then the whole graph."""
    (terminal.folder / "prompt.py").write_text(PROMPT)
    return terminal("python prompt.py", **staged)


def test_every_step_is_a_plain_function(prompt: Said) -> None:
    """Crawl, store and graph give value and metadata."""
    assert prompt.code == 0, prompt.err
    title, stored, success, whole = prompt.out.splitlines()
    assert re.match(r"\S.* \{.*'crawling': ", title)
    assert re.match(r"6 \{'total_scraped': 6, 'new_conferences': 6, ", stored)
    assert (success, whole) == ("True", "True 84")


def test_json_has_every_command(terminal: Terminal) -> None:
    """Data on stdout alone, each with its fields."""
    rows = terminal("confradar list --json --now 2026-01-13 --limit 3").json()
    assert len(rows) == 3
    assert {"slug", "title", "kind", "safe_at", "verdict", "claims"} <= set(rows[0])
    shown = terminal("confradar show ECCV-2026 --json").json()
    assert shown["slug"] == "eccv-2026"
    assert {"deadlines", "mentions", "changes"} <= set(shown)
    assert terminal("confradar changes --json").code == 0
    sources = terminal("confradar sources --json").json()
    assert [source["name"] for source in sources] == ["acl_web", "ai_deadlines", "chairing_tool", "elra", "wikicfp"]
    assert all(source["feeds"] for source in sources)
    for source in sources:
        assert source["expected"] == "-".join(map(str, source["expected_listings"]))
        assert (source["state"], source["listings"]) == (source["last"]["status"], source["trend"][-1]["count"])
    wrong = terminal("confradar sources", CONFRADAR_SOURCE_ELRA_DELAY="soon")
    assert (wrong.code, "CONFRADAR_SOURCE_ELRA_DELAY: found 'soon'" in wrong.err) == (2, True)
    assert {run["status"] for run in terminal("confradar runs --json").json()} == {"ok"}
    resolved = terminal('confradar resolve "Jan 29, 2026" --zone AoE --json').json()
    assert resolved["latest"] == "2026-01-30T11:59:59+00:00"


def test_a_day_counts_from_where_one_says(terminal: Terminal) -> None:
    """`--now` takes a day or an instant, and refuses what is neither."""
    assert terminal("confradar list --now 2026-01-13 --limit 1").out.splitlines()[1].startswith("10 hours ")
    assert terminal("confradar list --now 2026-01-13T11:00:00Z --limit 1").out.splitlines()[1].startswith("1 hour ")
    wrong = terminal("confradar list --now yesterday")
    assert (wrong.code, wrong.err) == (2, "confradar: date: found 'yesterday', wanted a day such as 2026-01-13\n")


def test_a_list_of_past_dates_alone_says_from_when_to_count(terminal: Terminal) -> None:
    """The command that it names shows the last ones."""
    said = terminal("confradar list --now 2031-01-01")
    command = re.search(r"The last one was on \d\d \w{3} \d{4}: `(confradar list --now \S+)` counts", said.out)

    assert command, said.out
    assert "verdict" in terminal(command[1]).out


def test_a_name_that_is_not_known_suggests_near_ones(terminal: Terminal) -> None:
    """Exit code 2; a conference, a source."""
    said = terminal("confradar show eccv26")
    assert said.code == 2
    assert re.match(r"confradar: There is no conference 'eccv26'\. Near: .*eccv-2026", said.err)
    assert "Sources: acl_web" in terminal("confradar parse elr prompt.py").err


def test_a_reader_that_has_enough_is_no_error(terminal: Terminal) -> None:
    """A pipe that breaks is quiet, for tables and for JSON."""
    for line in ("list --now 2026-01-13 --limit 500", "list --json --now 2026-01-13 --limit 500", "show eccv-2026"):
        said = terminal(f"confradar {line} | head -1")
        assert said.err == "", line
        assert said.out.count("\n") == 1


def test_no_colour_where_none_is_wanted(terminal: Terminal) -> None:
    """NO_COLOR counts on a terminal too."""
    for command in ("list --now 2026-01-13 --limit 200", "doctor"):
        line = f"script -qec 'confradar {command}' /dev/null"
        coloured, plain = (terminal(line, TERM="xterm-256color", **more) for more in ({}, {"NO_COLOR": "1"}))

        assert re.search(r"\x1b\[[0-9;]*3\dm", coloured.out), command
        assert not re.search(r"\x1b\[[0-9;]*3\dm", plain.out), command


def test_every_command_has_help() -> None:
    """`-h` says what each does, in lines that are whole."""
    for name in ["", *COMMANDS, *FURTHER]:
        said = CliRunner().invoke(cli, [*name.split(), "-h"])

        assert said.exit_code == 0, name
        assert said.output.startswith("Usage: ")
        assert "..." not in said.output.split("\n", 1)[1], name


def test_a_saved_page_is_read(terminal: Terminal, staged: dict[str, str]) -> None:
    """Listings are JSON lines on stdout; links and rejects go to stderr."""
    fetched = terminal(
        f"curl -s -o page.html '{staged['CONFRADAR_SOURCE_WIKICFP_URL']}/cfp/servlet/event.showcfp?eventid=900002'"
    )
    assert fetched.code == 0
    url = "http://www.wikicfp.com/cfp/servlet/event.showcfp?eventid=900002"
    said = terminal(f"confradar parse wikicfp page.html --url '{url}'")

    assert said.code == 0, said.err
    [listing] = [json.loads(line) for line in said.out.splitlines()]
    assert listing["source"] == "wikicfp"
    assert "ECCV 2026" in listing["title"] or "ECCV 2026" in json.dumps(listing)


def test_a_saved_page_is_read_as_the_feed_that_it_is_from(terminal: Terminal, staged: dict[str, str]) -> None:
    """The address names the feed, or the other way round; read as none, it says which feeds there are."""
    (terminal.folder / "dates.md").write_bytes((PAGES / "acl_web" / "arr-markdown" / "page.md").read_bytes())
    arr = "https://raw.githubusercontent.com/acl-org/aclrollingreview/main/dates.md"
    by_address = terminal(f"confradar parse acl_web dates.md --url {arr}")
    by_name = terminal("confradar parse acl_web dates.md --feed arr")
    as_none = terminal("confradar parse acl_web dates.md")

    assert by_address.out == by_name.out != ""
    assert {json.loads(line)["url"] for line in by_name.out.splitlines()} == {arr}
    assert (as_none.code, as_none.out) == (3, "")
    assert as_none.err.startswith("broken: ")
    assert "`--feed` names one: sponsored, events, arr" in as_none.err
    unknown = terminal("confradar parse acl_web dates.md --feed art")
    assert (unknown.code, unknown.err.count("\n")) == (2, 1)


def test_the_sources_tell_each_reason_once(terminal: Terminal) -> None:
    """Ten lists of one source that are read for one reason: a line each, the reason on the first."""
    said = terminal("confradar sources")

    assert said.out.count("the open calls of a category") == 1
    assert said.out.count("/cfp/call?conference=") == 10


def test_a_person_corrects_a_date_and_takes_it_back(terminal: Terminal) -> None:
    """Shown as the editor's, with the page that it stands on; what is no date is refused in one line."""
    why = '--why "their page says so"'
    said = terminal(
        f"confradar claim set eccv-2026 submission '7 March 2026, 22:00 UTC' --url https://eccv.example {why}"
    )
    assert (said.code, said.out) == (0, "Sat 07 Mar 2026 22:00 UTC\n"), said.err
    shown = terminal("confradar show eccv-2026").out
    assert "7 March 2026, 22:00 UTC" in shown
    assert "editor: https://eccv.example" in shown
    assert terminal(f"confradar claim clear eccv-2026 submission {why}").code == 0
    refused = terminal(f"confradar claim set eccv-2026 submission soon --url https://eccv.example {why}")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
