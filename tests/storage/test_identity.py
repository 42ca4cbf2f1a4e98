"""What an operator decides on identity, on both databases: it counts at once, outlives the nights, can be undone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from confradar import settings as configuration
from confradar import steps
from confradar.cli import cli
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.errors import Refused, UnknownName
from confradar.settings import Settings
from confradar.storage import answers, audit, database, tables

NIGHT = datetime(2026, 1, 13, 2, tzinfo=UTC)
WHO = {"by": "ada", "why": "the pages say so"}


@pytest.fixture
def settings(url: str) -> Settings:
    """An installation on each database."""
    return configuration.load(CONFRADAR_DATABASE_URL=url)


def listing(source: str, title: str = "ICML 2026", **fields: Any) -> Listing:
    """One conference with one gate."""
    dates = (WrittenDate(Kind.SUBMISSION, f"2026-01-{20 + len(source)} 23:59 UTC"),)
    fields = {"starts_on": date(2026, 7, 5), "place": "Seoul", "dates": dates, **fields}
    return Listing(source=source, ref="1", url=f"https://{source}.example/", title=title, year=2026, **fields)


THREE = (listing("elra"), listing("acl_web"), listing("wikicfp"))


def night(settings: Settings, *listings: Listing, number: int = 0) -> None:
    """A night in which the sources say this."""
    by_source: dict[str, list[Listing]] = {}
    for one in listings:
        by_source.setdefault(f"{one.source}_conferences", []).append(one)
    steps.store(by_source, settings=settings, now=NIGHT + number * timedelta(days=1))


def stored(settings: Settings) -> dict[str, Any]:
    """What is believed now: mentions by conference and evidence, and the gates of the conferences that have any."""
    with database.reading(settings.database) as connection:
        mention, edition, gate = tables.mention.c, tables.conference.c, tables.deadline.c
        query = select(mention.source, edition.slug, mention.evidence).join(
            tables.conference, mention.conference_id == edition.id
        )
        found = sorted(map(tuple, connection.execute(query)))
        query = select(edition.slug, gate.kind, gate.verdict, gate.safe_at).join(
            tables.deadline, gate.conference_id == edition.id
        )
        gates = sorted(map(tuple, connection.execute(query.where(edition.merged_into.is_(None)))))
        return {"mentions": found, "gates": gates}


def where(settings: Settings) -> dict[str, str]:
    """The slug of each source's mention."""
    return {source: slug for source, slug, _ in stored(settings)["mentions"]}


def number_of(settings: Settings, slug: str, source: str) -> int:
    found = steps.identity_of(slug, settings)
    return next(one["id"] for one in found["mentions"] if one["source"] == source)


def test_a_split_counts_at_once_and_outlives_the_nights(settings: Settings) -> None:
    """The part with the oldest mention keeps the slug; a later mention joins one part and brings them not together."""
    night(settings, *THREE)
    assert set(where(settings).values()) == {"icml-2026"}

    slugs = steps.split("icml-2026", [number_of(settings, "icml-2026", "wikicfp")], settings, **WHO)

    assert slugs == ["icml-2026", "icml-2026-2"]
    apart = {"acl_web": "icml-2026", "elra": "icml-2026", "wikicfp": "icml-2026-2"}
    assert where(settings) == apart
    night(settings, *THREE, listing("ai_deadlines"), number=1)
    night(settings, *(listing(one.source, place="Seoul, Korea") for one in THREE), number=2)
    assert where(settings).items() >= apart.items()


def test_splitting_and_merging_again_leaves_the_database_as_it_was(settings: Settings) -> None:
    """Conferences, evidence, gates and verdicts; the history of it is kept, and the slug of the other part leads on."""
    night(settings, *THREE)
    before = stored(settings)
    [found] = {*where(settings).values()}
    steps.split(found, [number_of(settings, found, "acl_web")], settings, **WHO)
    assert stored(settings) != before

    slugs = steps.join("icml-2026-2", "icml-2026", settings, **WHO)

    assert slugs == ["icml-2026"]
    assert stored(settings) == before
    night(settings, *THREE, number=1)
    assert stored(settings) == before
    with database.reading(settings.database) as connection:
        assert answers.conference(connection, "icml-2026-2")["slug"] == "icml-2026"
        acts = [(one["action"], one["subject"], one["by"], one["why"]) for one in audit.entries(connection)]
    assert acts == [
        ("identity merge", "icml-2026-2 icml-2026", *WHO.values()),
        ("identity split", "icml-2026", *WHO.values()),
    ]
    pins = steps.identity_of("icml-2026", settings)["pins"]
    assert pins
    assert all(pin["lifted_at"] for pin in pins)


def test_merging_and_splitting_again_leaves_the_database_as_it_was(settings: Settings) -> None:
    """The other way round, with two that no rule would join."""
    other = listing("wikicfp", "Something else", starts_on=None, place=None)
    night(settings, listing("elra"), other)
    before = where(settings)

    assert steps.join("something-else-2026", "icml-2026", settings, **WHO) == ["icml-2026"]
    night(settings, listing("elra"), other, number=1)
    assert set(where(settings).values()) == {"icml-2026"}
    steps.split("icml-2026", [number_of(settings, "icml-2026", "wikicfp")], settings, **WHO)

    assert where(settings)["elra"] == before["elra"]
    assert where(settings)["wikicfp"] != before["elra"]
    night(settings, listing("elra"), other, number=2)
    assert len(set(where(settings).values())) == 2


def test_an_editors_claim_stays_with_its_part(settings: Settings) -> None:
    """A person's date hangs on the oldest mention; split off or back, the date stays where it was."""
    night(settings, *THREE)
    gate = (Kind.SUBMISSION, 0, "")
    steps.set_claim("icml-2026", gate, "2026-02-02 12:00 UTC", settings, url="https://icml.cc/", **WHO)
    oldest = min(steps.identity_of("icml-2026", settings)["mentions"], key=lambda one: one["id"])
    with pytest.raises(Refused, match="some of its 3 mentions by sources"):
        steps.split("icml-2026", [number_of(settings, "icml-2026", "editor")], settings, **WHO)

    slugs = steps.split("icml-2026", [oldest["id"]], settings, **WHO)
    kept = where(settings)["editor"]

    assert kept != where(settings)[oldest["source"]]
    assert steps.join(*slugs, settings, **WHO) == ["icml-2026"]
    assert set(where(settings).values()) == {"icml-2026"}


def test_what_cannot_be_decided_is_refused(settings: Settings) -> None:
    """Each names what is so; nothing is written."""
    night(settings, *THREE)
    before = stored(settings)
    everyone = [one["id"] for one in steps.identity_of("icml-2026", settings)["mentions"]]

    with pytest.raises(UnknownName, match="icml-2026 has no mention 99"):
        steps.split("icml-2026", [99], settings, **WHO)
    with pytest.raises(Refused, match="not all"):
        steps.split("icml-2026", everyone, settings, **WHO)
    with pytest.raises(Refused, match="one conference already"):
        steps.join("icml-2026", "icml-2026", settings, **WHO)
    with pytest.raises(UnknownName, match="no conference"):
        steps.join("icml-2026", "nowhere-2026", settings, **WHO)
    assert stored(settings) == before


def test_commands_show_the_least_certain_first_and_what_was_decided(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By which rule, how sure, and each decision with who and why."""
    monkeypatch.setenv("CONFRADAR_DATABASE_URL", settings.database)
    sure = {"website": "https://aclweb.org/2026/", "title": "ACL 2026"}
    night(settings, *THREE, listing("chairing_tool", **sure), listing("ai_deadlines", **sure))

    def said(*words: str) -> str:
        done = CliRunner().invoke(cli, ["identity", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    review = said("review")
    assert review.index("icml-2026") < review.index("acl-2026")
    assert "same acronym, same dates, same place" in said("show", "icml-2026")
    number = str(number_of(settings, "icml-2026", "elra"))
    assert said("split", "icml-2026", number, "--why", "two of them").split() == ["icml-2026", "icml-2026-2"]
    assert "two of them" in said("show", "icml-2026-2")
    assert said("merge", "icml-2026", "icml-2026-2", "--why", "no").split() == ["icml-2026"]
