"""The reading commands over a store that the Python prompt has filled, without a broker."""

import csv
import io
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
    listed = terminal("confradar list --json --now 2026-01-13 --limit 3").json()
    assert len(listed["deadlines"]) == 3
    assert {"id", "kind", "safe_at", "verdict", "claims", "conference"} <= set(listed["deadlines"][0])
    assert listed["next"].startswith("/api/v1/deadlines?cursor=")
    shown = terminal("confradar show ECCV-2026 --json").json()
    assert shown["id"] == "eccv-2026"
    assert {"deadlines", "mentions"} <= set(shown)
    assert set(terminal("confradar changes --json").json()) == {"changes", "token", "next"}
    assert terminal("confradar changes --csv").out.startswith("id,at,conference,")
    assert [one["id"] for one in terminal("confradar search eccv --json").json()["conferences"]] == ["eccv-2026"]
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


def test_a_selection_has_the_same_rows_in_each_form(terminal: Terminal) -> None:
    """Every option may be combined, and one may be said twice."""
    line = "confradar list --kind abstract --kind notification --within 5d --now 2026-01-13"
    found = terminal(f"{line} --json").json()["deadlines"]
    shown = terminal(line).out.splitlines()[1:]

    assert {one["kind"] for one in found} == {"abstract", "notification"}
    assert len(shown) == len(found)
    for row, one in zip(shown, found, strict=True):
        assert (one["conference"]["acronym"] or one["conference"]["title"]) in row
        assert f" · {one['kind']}" in row
    table = list(csv.DictReader(io.StringIO(terminal(f"{line} --csv").out)))
    assert [row["id"] for row in table] == [one["id"] for one in found]
    calendar = terminal(f"{line} --ics").out
    starts = re.findall(r"^BEGIN:VEVENT", calendar, re.MULTILINE)
    assert (calendar.startswith("BEGIN:VCALENDAR"), len(starts)) == (True, len(found))
    latest = terminal(f"{line} --json --order latest").json()["deadlines"]
    assert [one["id"] for one in latest] == [one["id"] for one in reversed(found)]


def test_times_are_in_the_readers_zone_beside_the_published_one(terminal: Terminal) -> None:
    """Asked for, or set once; a range says how far it reaches, and why it is one."""
    line = "confradar list --now 2026-01-13 --limit 5"
    there = terminal(f"{line} --zone europe/berlin").out.splitlines()

    assert re.search(r"IJCAI 2026 · abstract +Tue 13 Jan 2026 12:59 in Berlin +Mon 12 Jan 2026 23:59 AoE ", there[1])
    assert any("Thu 15 Jan 2026 10:59 … Fri 16 Jan 2026 12:59 in Berlin" in row for row in there)
    assert any("“Jan 15, 2026” (no hour is given: the end of the day; no zone is given)" in row for row in there)
    assert terminal(line, CONFRADAR_ZONE="Europe/Berlin").out.splitlines() == there
    assert re.search(r"(Mon 12 Jan 2026 23:59 AoE +){2}", terminal(f"{line} --zone AoE").out)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--kind papers", "kind: found 'papers', wanted one of abstract, submission, "),
        ("--within soon --country Atlantis", "within: found 'soon', wanted a span such as 30d, 12h or 2w"),
        ("--source elr", "source: found 'elr', wanted one of acl_web, "),
        ("--zone Mars", "zone: found 'Mars', wanted UTC, AoE or a name such as Europe/Berlin"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_what_can(terminal: Terminal, options: str, message: str) -> None:
    """One line, exit code 2, in the words of every outlet."""
    said = terminal(f"confradar list {options}")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"confradar: {message}")
    assert said.err.count("\n") == 1
    assert ("country: found 'Atlantis'" in said.err) == ("Atlantis" in options)


def test_a_zone_that_is_set_and_cannot_be_is_named(terminal: Terminal) -> None:
    """As the setting that it is."""
    said = terminal("confradar list", CONFRADAR_ZONE="Mars")

    assert (said.code, said.err.split(":")[1]) == (2, " CONFRADAR_ZONE")


def test_conferences_are_found_by_words(terminal: Terminal) -> None:
    """With where and when they are, and the gate that comes next; if none has the words, near ones are named."""
    said = terminal("confradar search computer VISION malmo --now 2026-02-03")
    assert re.search(
        r"^eccv-2026 +European Conference on Computer Vision 2026 · Malmö, Sweden · Tue 8 Sep", said.out, re.M
    )
    assert re.search(r", 1\d days · \w{3} 15 Feb 2026 ", said.out)
    missed = terminal("confradar search eccvv")
    assert (missed.code, missed.out) == (1, "")
    assert re.match(r"No conference has the words 'eccvv'\. Near: .*eccv-2026", missed.err)


def test_a_shell_completes_commands_and_values(terminal: Terminal) -> None:
    """Each shell gets its script; the names of commands, and what an option may be."""
    for shell in ("bash", "zsh", "fish"):
        script = terminal(f"confradar completion {shell}")
        assert (script.code, "_CONFRADAR_COMPLETE" in script.out) == (0, True), script.err
    given = {"_CONFRADAR_COMPLETE": "bash_complete"}
    assert terminal("confradar", COMP_WORDS="confradar sea", COMP_CWORD="1", **given).out == "plain,search\n"
    words = "confradar list --topic vi"
    assert terminal("confradar", COMP_WORDS=words, COMP_CWORD="3", **given).out == "plain,vision\n"


def test_a_name_that_is_not_known_suggests_near_ones(terminal: Terminal) -> None:
    """Exit code 2; a conference, a source."""
    said = terminal("confradar show eccv26")
    assert said.code == 2
    assert re.match(r"confradar: There is no conference 'eccv26'\. Near: .*eccv-2026", said.err)
    assert "Sources: acl_web" in terminal("confradar parse elr prompt.py").err


def test_a_reader_that_has_enough_is_no_error(terminal: Terminal) -> None:
    """A pipe that breaks is quiet, for tables and for JSON."""
    for line in ("list --status all --limit 500", "list --json --status all --limit 500", "show eccv-2026", "config"):
        said = terminal(f"set -o pipefail; confradar {line} | head -1")
        assert (said.code, said.err) == (0, ""), line
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
    assert (said.code, said.out) == (0, "Sat 7 Mar 2026 22:00 UTC\n"), said.err
    shown = terminal("confradar show eccv-2026").out
    assert "7 March 2026, 22:00 UTC" in shown
    assert "editor: https://eccv.example" in shown
    assert terminal(f"confradar claim clear eccv-2026 submission {why}").code == 0
    refused = terminal(f"confradar claim set eccv-2026 submission soon --url https://eccv.example {why}")
    assert (refused.code, refused.err.count("\n")) == (2, 1)


def test_a_person_withdraws_a_gate_and_takes_that_back(terminal: Terminal) -> None:
    """It has no date any more, and the changes say so, with what stood there, until it is cleared."""
    gate = "claim withdraw eccv-2026 submission"
    said = terminal(f"confradar {gate} --url https://eccv.example --why 'cancelled'")
    assert (said.code, said.out) == (0, "withdrawn\n"), said.err

    assert re.search(r"^submission +withdrawn · ", terminal("confradar show eccv-2026").out, re.MULTILINE)
    [line] = [line for line in terminal("confradar changes").out.splitlines() if line.startswith("withdrawn ")]
    assert re.search(r"ECCV 2026 · submission +\w{3} \d Mar 2026 \d\d:\d\d UTC .*editor", line)
    assert terminal("confradar changes --since 2040-01-01 --now 2040-01-02").out == "No date has moved.\n"
    assert "withdrawn" not in terminal("confradar changes --kind abstract").out
    assert terminal("confradar claim clear eccv-2026 submission --why mended").code == 0
    back = terminal("confradar show eccv-2026").out
    assert not re.search(r"^submission +withdrawn", back, re.MULTILINE)
    assert re.search(r"^new +ECCV 2026 · submission +withdrawn .*“2026-03-06 09:59 UTC” +several ", back, re.MULTILINE)
