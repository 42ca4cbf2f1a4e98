"""What an editor says of a gate, on both databases: it wins, it outlives the nights, and it can be cleared."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from confradar import settings as configuration
from confradar import steps
from confradar.cli import cli
from confradar.deadlines import marks
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.selection import Selection
from confradar.deadlines.verdict import Gate
from confradar.errors import Refused, UnknownName
from confradar.settings import Settings
from confradar.storage import answers, audit, database, history, selecting

SUBMISSION: Gate = (Kind.SUBMISSION, 0, "")
NOW = datetime.now(UTC).replace(microsecond=0)
YEAR = NOW.year + 1
FIRST, SECOND, TRUE = (f"{YEAR}-01-{day} 12:00 UTC" for day in (20, 22, 28))
WHY = {"url": "https://icml.example/dates", "why": "their page says so", "by": "ada"}


@pytest.fixture
def settings(url: str) -> Settings:
    """An installation on each database, with one conference on which two sources disagree."""
    found = configuration.load(CONFRADAR_DATABASE_URL=url)
    night(found, 0)
    return found


def night(settings: Settings, day: int) -> None:
    """What the two sources say, stored as of that many days from now."""
    found = {
        source: [
            Listing(
                source, "icml", f"https://{source}.example/", "ICML", YEAR, acronym="ICML",
                dates=(WrittenDate(Kind.SUBMISSION, text),),
            )
        ]
        for source, text in (("elra", FIRST), ("wikicfp", SECOND))
    }  # fmt: skip
    steps.store(found, settings, now=NOW + timedelta(days=day))


def gate(settings: Settings) -> dict[str, Any]:
    """The only gate of the conference, as readers get it."""
    with database.reading(settings.database) as connection:
        [found] = answers.conference(connection, f"icml-{YEAR}")["deadlines"]
    return found


def shown(settings: Settings) -> tuple[str, str]:
    """The verdict and the safe date."""
    found = gate(settings)
    return found["verdict"], f"{found['safe_at']:%Y-%m-%d %H:%M} UTC"


def test_an_editor_decides_alone_for_many_nights_until_cleared(settings: Settings) -> None:
    """Whatever the sources say; then they decide again, as if nothing had been said."""
    assert shown(settings) == ("disputed", FIRST)

    window = steps.set_claim(f"icml-{YEAR}", SUBMISSION, TRUE, settings, **WHY)

    assert f"{window.earliest:%Y-%m-%d %H:%M} UTC" == TRUE
    assert shown(settings) == ("single", TRUE)
    for day in (1, 2, 30):
        night(settings, day)
        assert shown(settings) == ("single", TRUE)
    [claim] = [claim for claim in gate(settings)["claims"] if claim["source"] == "editor"]
    assert (claim["text"], claim["url"]) == (TRUE, WHY["url"])

    steps.clear_claim(f"icml-{YEAR}", SUBMISSION, settings, why="mended", by="ada")

    assert shown(settings) == ("disputed", FIRST)
    told = CliRunner().invoke(cli, ["show", f"icml-{YEAR}"], env={"CONFRADAR_DATABASE_URL": settings.database_url})
    assert [line for line in told.stdout.splitlines() if "said until" in line and TRUE in line]
    night(settings, 31)
    assert shown(settings) == ("disputed", FIRST)


def test_an_editor_withdraws_a_gate_until_it_is_cleared(settings: Settings) -> None:
    """No date is left, whatever the sources say, which is told once; their claims stay, and decide again later."""
    slug = f"icml-{YEAR}"
    steps.withdraw_claim(slug, SUBMISSION, settings, **WHY)

    for day in (1, 30):
        assert (gate(settings)["verdict"], gate(settings)["safe_at"]) == ("none", None)
        night(settings, day)
    assert [claim["text"] for claim in gate(settings)["claims"]] == ["withdrawn", FIRST, SECOND]
    assert withdrawals(settings) == [(f"{FIRST}", "withdrawn", "editor")]

    steps.clear_claim(slug, SUBMISSION, settings, why="it is held after all", by="ada")
    assert shown(settings) == ("disputed", FIRST)
    with database.reading(settings.database) as connection:
        [back, *_] = answers.conference(connection, slug)["changes"]
    told = [back[name] for name in ("field", "direction", "reverted", "before", "after")]
    assert told == ["date", "new", True, "withdrawn", FIRST]
    steps.withdraw_claim(slug, SUBMISSION, settings, **WHY)
    assert len(withdrawals(settings)) == 2
    steps.set_claim(slug, SUBMISSION, TRUE, settings, **WHY)
    assert shown(settings) == ("single", TRUE)


def test_a_cleared_withdrawal_leaves_no_word_of_it(settings: Settings) -> None:
    """Also where no source has a date: the gate is not known then, before it was called withdrawn still."""
    slug, rebuttal = f"icml-{YEAR}", (Kind.REBUTTAL_START, 0, "")
    steps.set_claim(slug, rebuttal, FIRST, settings, **WHY)
    steps.withdraw_claim(slug, rebuttal, settings, **WHY)
    said = []
    for act in (None, steps.clear_claim):
        if act:
            act(slug, rebuttal, settings, why="a mistake", by="ada")
        with database.reading(settings.database) as connection:
            found = answers.conference(connection, slug)["deadlines"]
        said += [marks.withdrawn(gate) for gate in found if gate["kind"] == Kind.REBUTTAL_START]

    assert said == [True, False]


def withdrawals(settings: Settings) -> list[tuple[str, str, str]]:
    """What the history says was withdrawn: what stood there, what is said, by whom."""
    with database.reading(settings.database) as connection:
        changes = answers.conference(connection, f"icml-{YEAR}")["changes"]
    return [(row["before"], row["after"], row["source"]) for row in changes if row["direction"] == "withdrawn"]


def test_who_and_why_are_kept_and_the_history_tells_it(settings: Settings) -> None:
    """An entry for each act; a run each, that names what was done; a change of verdict, no move."""
    steps.set_claim(f"icml-{YEAR}", SUBMISSION, TRUE, settings, **WHY)
    steps.clear_claim(f"icml-{YEAR}", SUBMISSION, settings, why="mended", by="bob")

    with database.reading(settings.database) as connection:
        entries = audit.entries(connection, f"icml-{YEAR}")
        runs = history.runs(connection, limit=2)
        changes = answers.conference(connection, f"icml-{YEAR}")["changes"]
    assert [(entry["by"], entry["action"]) for entry in entries] == [("bob", "claim clear"), ("ada", "claim set")]
    assert entries[1]["why"] == "their page says so (https://icml.example/dates)"
    assert [(run.status, run.target) for run in runs] == [
        ("ok", f"claim clear icml-{YEAR} submission"),
        ("ok", f"claim set icml-{YEAR} submission"),
    ]
    told = [(change["field"], change["after"]) for change in changes if change["field"] in ("date", "verdict")]
    assert told[:2] == [("verdict", "disputed"), ("verdict", "single")]


def test_an_editor_may_correct_a_correction_at_once(settings: Settings) -> None:
    """A year off is doubted of a source, never of a person; there is still one claim."""
    steps.set_claim(f"icml-{YEAR}", SUBMISSION, TRUE, settings, **WHY)
    slip = TRUE.replace(str(YEAR), str(YEAR - 1))
    steps.set_claim(f"icml-{YEAR}", SUBMISSION, slip, settings, **WHY)

    assert shown(settings) == ("single", slip)
    assert len([claim for claim in gate(settings)["claims"] if claim["source"] == "editor"]) == 1


def test_an_editors_word_counts_for_the_conference_that_it_names(settings: Settings) -> None:
    """Also where an earlier claim came with a merge, or has gone with the other part of a split."""
    slug, other = f"icml-{YEAR}", f"icml-{YEAR}-2"
    steps.set_claim(slug, SUBMISSION, FIRST, settings, **WHY)
    oldest = min(steps.identity_of(slug, settings)["mentions"], key=lambda mention: mention["id"])
    steps.split(slug, [oldest["id"]], settings, by="ada", why="two conferences")

    steps.set_claim(slug, SUBMISSION, TRUE, settings, **WHY)

    with database.reading(settings.database) as connection:
        parts = {one: answers.conference(connection, one)["deadlines"][0]["safe_at"] for one in (slug, other)}
    assert {one: f"{at:%Y-%m-%d %H:%M} UTC" for one, at in parts.items()} == {slug: TRUE, other: FIRST}

    steps.join(slug, other, settings, by="ada", why="one conference")
    steps.set_claim(slug, SUBMISSION, SECOND, settings, **WHY)
    assert shown(settings) == ("single", SECOND)
    steps.clear_claim(slug, SUBMISSION, settings, why="mended", by="ada")
    assert shown(settings) == ("disputed", FIRST)


def test_an_editor_changes_nothing_but_the_gate(settings: Settings) -> None:
    """Title, type, days and place are what the sources say, and there is no further conference."""

    def conference() -> dict[str, Any]:
        with database.reading(settings.database) as connection:
            found = answers.conference(connection, f"icml-{YEAR}")
            assert len(selecting.gates(connection, Selection(limit=10), now=NOW).rows) == 1
        return {name: found[name] for name in ("title", "acronym", "type", "starts_on", "place", "topics", "website")}

    before = conference()
    steps.set_claim(f"icml-{YEAR}", SUBMISSION, TRUE, settings, **WHY)
    assert conference() == before


def test_what_cannot_be_is_refused_and_stores_nothing(settings: Settings) -> None:
    """An unknown conference, words without a date, an address that is none, nothing to clear."""
    with pytest.raises(UnknownName, match=f"icml-{YEAR}"):
        steps.set_claim(f"icm-{YEAR}", SUBMISSION, TRUE, settings, **WHY)
    with pytest.raises(Refused, match="TBA: no date is given"):
        steps.set_claim(f"icml-{YEAR}", SUBMISSION, "TBA", settings, **WHY)
    for url in ("icml.example", "javascript:alert(1)", "http://[", "https://icml.example/\u202e"):
        with pytest.raises(Refused, match=r"http or https|plain text"):
            steps.set_claim(f"icml-{YEAR}", SUBMISSION, TRUE, settings, **{**WHY, "url": url})
    with pytest.raises(Refused, match="Nobody has spoken of the rebuttal end"):
        steps.withdraw_claim(f"icml-{YEAR}", (Kind.REBUTTAL_END, 0, ""), settings, **WHY)
    with pytest.raises(Refused, match="No editor has set the submission"):
        steps.clear_claim(f"icml-{YEAR}", SUBMISSION, settings, why="mended", by="ada")

    assert shown(settings) == ("disputed", FIRST)
    with database.reading(settings.database) as connection:
        assert audit.entries(connection, f"icml-{YEAR}") == []
