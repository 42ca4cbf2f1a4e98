"""Why a date is believed, on both databases: words, page, archived copy, rule, and who changed it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from confradar import archive, steps
from confradar import settings as configuration
from confradar.cli import cli
from confradar.deadlines.likeness import LINKS
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.errors import UnknownName
from confradar.settings import Settings

NOW = datetime.now(UTC).replace(microsecond=0)
YEAR = NOW.year + 1
SLUG = f"icml-{YEAR}"
FIRST, MOVED, TRUE = (f"{YEAR}-01-{day} 12:00 UTC" for day in (20, 22, 28))


@pytest.fixture
def settings(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two nights of a source that moves a date on its archived page, and then an editor."""
    monkeypatch.setenv("CONFRADAR_DATABASE_URL", url)
    monkeypatch.setenv("CONFRADAR_DATA_DIR", str(tmp_path / "data"))
    found = configuration.load()
    for day, text in enumerate((FIRST, MOVED)):
        at = NOW + timedelta(days=day - 1)
        file = archive.file_name("elra", at, f"nightly:{day}", 1)
        writer = archive.Writer(found.archive_dir, file, {}, most=1 << 20)
        page = writer.write(("https://elra.example/icml", ""), 200, [], text.encode(), at=at, last=None)
        assert page
        listing = Listing(
            "elra", "icml", "https://elra.example/icml", "ICML", YEAR, acronym="ICML", archived=page.reference,
            website="https://icml.example/", dates=(WrittenDate(Kind.SUBMISSION, text),),
        )  # fmt: skip
        other = replace(listing, source="wikicfp", ref="9", url="https://wikicfp.example/9", archived="")
        steps.store({"elra": [listing], "wikicfp": [other]}, found, now=at)
    gate = (Kind.SUBMISSION, 0, "")
    steps.set_claim(SLUG, gate, TRUE, found, url="https://icml.example/", why="they say so", by="ada")
    return found


def asked(*line: str) -> Result:
    """What the command answers."""
    return CliRunner().invoke(cli, ["why", *line])


def record(*line: str) -> dict[str, Any]:
    """What it prints as JSON."""
    found = asked(*line, "--json")
    assert found.exit_code == 0, found.output
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def test_each_claim_names_what_is_behind_it(settings: Settings) -> None:
    """Its words, its page as it was archived with the hash, the rule and when it was seen; an editor's has no copy."""
    [gate] = record(SLUG.upper(), "submission")["gates"]
    editor, source, other = sorted(gate["claims"], key=lambda claim: claim["source"])

    assert (source["text"], source["url"]) == (MOVED, "https://elra.example/icml")
    for one in (source, other):
        assert (one["linked_by"], one["sure"]) in [(rule.name, rule.sure) for rule in LINKS]
    assert (source["first_seen_at"], source["last_confirmed_at"]) == (NOW.isoformat(), NOW.isoformat())
    page = source["archived"]
    reference = f"{page['file']}#{page['offset']} {page['digest']}"
    assert archive.find(settings.archive_dir, reference).body == MOVED.encode()
    assert (page["at"], page["lost"]) == (NOW.isoformat(), None)
    assert (editor["text"], editor["linked_by"], editor["archived"]) == (TRUE, "merged by an operator", None)


def test_each_change_names_who_made_it(settings: Settings) -> None:
    """The run, and the person where there was one; what operators did comes with their reasons."""
    found = record(SLUG)
    [gate] = found["gates"]
    moved = next(line for line in gate["changes"] if line["direction"] == "later" and line["source"] == "elra")
    verdict = next(line for line in gate["changes"] if line["by"])

    assert (moved["before"], moved["after"], moved["source"]) == (FIRST, MOVED, "elra")
    assert moved["run"].startswith("manual:")
    assert verdict["by"] == "ada"
    [decision] = found["decisions"]
    assert (decision["by"], decision["action"]) == ("ada", "claim set")
    assert decision["why"].startswith("they say so")


def test_a_person_reads_the_same(settings: Settings) -> None:
    """Words, hash, rule and person are on the terminal too."""
    found = asked(SLUG, "--zone", "AoE").stdout
    page = record(SLUG)["gates"][0]["claims"]
    digest = next(claim["archived"]["digest"] for claim in page if claim["archived"])

    for told in (f"“{MOVED}”", digest, "linked by    merged by an operator", "claim set by ada: they say so", "AoE"):
        assert told in found


def test_a_copy_that_is_gone_is_said(settings: Settings) -> None:
    """The hash stays, with why nothing can be shown; the rest of the answer too."""
    for file in archive.files(settings.archive_dir):
        (settings.archive_dir / file.name).unlink()

    [gate] = record(SLUG)["gates"]
    [page] = [claim["archived"] for claim in gate["claims"] if claim["archived"]]
    assert page["digest"].startswith("sha256:")
    assert "is gone" in page["lost"]
    assert "is gone" in asked(SLUG).stdout


def test_what_is_not_there_is_named(settings: Settings) -> None:
    """A conference, a kind of which nobody speaks: exit code 2 and what there is."""
    with pytest.raises(UnknownName, match=f"There is no conference 'icm-{YEAR}'. Near: {SLUG}"):
        CliRunner().invoke(cli, ["why", f"icm-{YEAR}"], catch_exceptions=False)
    with pytest.raises(UnknownName, match=f"Nobody speaks of the abstract of {SLUG}. .*: submission"):
        CliRunner().invoke(cli, ["why", SLUG, "abstract"], catch_exceptions=False)
    assert UnknownName.exit_code == 2
