"""What was believed at a moment can be read later, and is what the store held then."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import func, insert, select

from confradar.cli import cli
from confradar.deadlines.conference import SourceOutput
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.merge import merge
from confradar.deadlines.selection import Selection
from confradar.errors import SelectionError
from confradar.storage import answers, conferences, database, selecting, tables, versions
from confradar.storage.past_tables import PAST, sighting
from confradar.storage.run_tables import RECHECK, run

FIRST = datetime(2026, 1, 1, 2, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NAMES = ("ICML", "FSE", "SEC", "EACL", "VLDB")
SEED = 1
ALL = Selection.parse("status=all&limit=500")


def listing(source, name, text, place="Kyoto, Japan"):
    dates = (WrittenDate(Kind.SUBMISSION, text, "AoE"), WrittenDate(Kind.ABSTRACT, "TBA"))
    return Listing(
        source=source, ref=name.lower(), url=f"https://{source}.example/{name}", title=f"{name} 2026", acronym=name,
        year=2026, website=f"https://{name.lower()}.example", place=place, starts_on=date(2026, 9, 1), dates=dates,
        archived=f"{source}#{random.random()} sha256:0",
    )  # fmt: skip


def store(url, outputs, at, *, number, now, trigger="schedule"):
    """A run that stores what it read `at`, at the moment `now`."""
    with database.transaction(url) as connection:
        row = {"id": number, "key": f"run:{number}", "trigger": trigger, "logical_instant": at, "target": "*"}
        connection.execute(insert(run), {**row, "steps": [], "status": "ok", "started_at": now, "deadline_at": now})
        merged = merge(conferences.known(connection), outputs, run_id=number, now=at)
        conferences.write(connection, merged, now=now)


def believed(url, as_of=None, *, now):
    """All that the store says; without the archived page and the last run, which the past does not tell."""
    with database.reading(url, as_of=as_of) as connection:
        known = conferences.known(connection)
        gates = selecting.gates(connection, ALL, now=now).rows
        changes = selecting.changes(connection, ALL, now=now).rows
        pages = [answers.conference(connection, "icml-2026")]
    mentions = {key: replace(one, archived=None, last_run_id=0) for key, one in known.mentions.items()}
    for page in pages:
        page["mentions"] = [
            {name: value for name, value in one.items() if name not in ("archived", "last_run_id")}
            for one in page["mentions"]
        ]
    known = replace(known, mentions=mentions, series={}, series_names=set(), next_series=0)
    return known, gates, changes, pages


def night(chance, at):
    """What two sources say: entries that move, come and go, are confirmed, and sometimes a source that is silent."""
    for source in ("elra", "wikicfp"):
        if chance.random() < 0.15:
            continue
        said = [
            listing(source, name, f"{chance.randint(1, 3)} May 2026", chance.choice(["Kyoto, Japan", "Rome, Italy"]))
            if chance.random() < 0.3
            else listing(source, name, "1 May 2026")
            for name in NAMES
            if chance.random() < 0.85
        ]
        yield SourceOutput(source, tuple(said), frozenset({""}) if chance.random() < 0.7 else frozenset())


def test_over_ten_nights_the_past_is_what_the_store_held_then(url):
    """Nights, rechecks, a night that comes late: whatever comes after, what was believed at a moment stays the same."""
    chance, held, number = random.Random(SEED), {}, 0
    for day in range(10):
        at = FIRST + day * DAY
        steps = [(list(night(chance, at)), at, at + HOUR, "schedule")]
        if chance.random() < 0.5:
            again = SourceOutput("elra", (listing("elra", "ICML", f"{chance.randint(1, 2)} May 2026"),))
            steps.append(([again], at + 5 * HOUR, at + 6 * HOUR, RECHECK))
        if chance.random() < 0.3 and day:
            steps.append((list(night(chance, at)), at - 9 * HOUR, at + 8 * HOUR, "backfill"))
        for outputs, seen, now, trigger in steps:
            number += 1
            store(url, outputs, seen, number=number, now=now, trigger=trigger)
            held[now] = believed(url, now=now)

    moments = sorted(held)
    for at, following in zip(moments, [*moments[1:], moments[-1] + DAY], strict=True):
        moment = chance.choice((at, following - timedelta(microseconds=1)))
        assert believed(url, moment, now=at) == held[at]


def test_a_second_night_alike_leaves_nothing_but_confirmations(url):
    """No row is kept or replaced: a sighting for each source tells when it was read."""
    said = [SourceOutput(source, (listing(source, "ICML", "1 May 2026"),), frozenset({""})) for source in ("elra", "x")]
    for number, at in enumerate((FIRST, FIRST + DAY, FIRST + 2 * DAY), 1):
        store(url, said, at, number=number, now=at + HOUR)

    with database.reading(url) as connection:
        kept = [connection.scalar(select(func.count()).select_from(past)) for past in PAST.values()]
        stored = set(connection.scalars(select(tables.mention.c.stored_at)))
        seen = connection.execute(select(sighting.c.source, sighting.c.at).order_by(sighting.c.at)).all()
    assert kept == [0, 0, 0, 0]
    assert stored == {FIRST + HOUR}
    assert len(seen) == 6


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        (FIRST, r"found 2026-01-01 02:00:00 UTC; what was believed is known from 2026-01-01 03:00:00 UTC on"),
        (datetime(2999, 1, 1, tzinfo=UTC), r"found 2999-01-01 00:00:00 UTC, which is to come"),
    ],
)
def test_a_moment_of_which_nothing_can_be_known_is_refused(url, at, wanted):
    """Before the first night, and after this moment; the message says what could be asked."""
    store(url, [SourceOutput("elra", (listing("elra", "ICML", "1 May 2026"),))], FIRST, number=1, now=FIRST + HOUR)

    with pytest.raises(SelectionError, match=wanted), database.reading(url, as_of=at):
        pass


def test_the_past_of_an_empty_store_is_refused(url):
    """There is no first night yet."""
    with pytest.raises(SelectionError, match="nothing is stored yet"), database.reading(url, as_of=FIRST):
        pass


@pytest.fixture
def command(url, tmp_path, monkeypatch):
    """The command line over two nights in which a date moved from 1 to 3 May."""
    monkeypatch.setenv("CONFRADAR_DATABASE_URL", url)
    monkeypatch.setenv("CONFRADAR_DATA_DIR", str(tmp_path / "data"))
    for number, text in enumerate(("1 May 2026", "3 May 2026"), 1):
        at = FIRST + (number - 1) * DAY
        store(url, [SourceOutput("elra", (listing("elra", "ICML", text),))], at, number=number, now=at + HOUR)
    return lambda *line: CliRunner().invoke(cli, line)


@pytest.mark.parametrize(
    "line",
    ["list", "list --csv", "list --ics", "show icml-2026 --json", "changes --csv", "search icml", "why icml-2026"],
)
def test_the_commands_tell_what_was_believed(command, line):
    """With the words and the dates of that day, in the same bytes each time."""
    then, later, again = (command(*line.split(), "--as-of", f"2026-01-0{day}") for day in (1, 2, 1))

    assert (then.exit_code, later.exit_code) == (0, 0), then.output + later.output
    assert then.stdout == again.stdout != later.stdout
    for told, day in ((then, 1), (later, 3))[line.startswith("changes") :]:  # that it is new is no date
        shown = day + (line == "search icml")  # in UTC, where the day ends AoE
        assert f"{shown} May 2026" in told.stdout


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2999-01-01", "which is to come; wanted a moment that is over"),
        ("2025-12-31", "what was believed is known from 2026-01-01 03:00:00 UTC on"),
        ("soon", "found 'soon', wanted a day that is over or an instant with its zone"),
    ],
)
def test_a_moment_that_a_command_cannot_tell_of_ends_with_2(command, value, told):
    """One line that names the parameter, and what is wanted."""
    for line in (("list",), ("show", "icml-2026"), ("changes",), ("search", "icml"), ("why", "icml-2026")):
        said = command(*line, "--as-of", value)
        assert isinstance(said.exception, SelectionError)
        assert (said.exception.exit_code, said.stdout) == (2, "")
        assert str(said.exception).startswith("as_of: ")
        assert told in str(said.exception)


def test_a_clock_that_is_set_back_stores_behind_what_is_there(url: str) -> None:
    """What replaces a row is not put before it, so that both moments keep their answer."""
    ahead = datetime.now(UTC) + timedelta(hours=26)
    store(url, [SourceOutput("elra", (listing("elra", "ICML", "1 May 2026"),))], FIRST, number=1, now=ahead)
    with database.transaction(url) as connection:
        database.writer_lock(connection)
        moment = versions.moment(connection)

    assert moment == ahead + timedelta(microseconds=1)


def test_a_row_that_is_named_twice_is_kept_once(url: str) -> None:
    """A store that changes a row twice goes through."""
    store(url, [SourceOutput("elra", (listing("elra", "ICML", "1 May 2026"),))], FIRST, number=1, now=FIRST)
    with database.transaction(url) as connection:
        again = {"id": 1, "url": "https://icml.cc/"}
        versions.update(connection, tables.mention, [again, again], now=FIRST + HOUR)
        assert connection.scalar(select(func.count()).select_from(PAST[tables.mention])) == 1


def test_a_day_beyond_the_calendar_is_refused() -> None:
    """Before any reckoning with it."""
    for day in ("0001-01-01", "9999-12-31"):
        with pytest.raises(SelectionError, match="as_of"):
            Selection.parse(f"as_of={day}")
