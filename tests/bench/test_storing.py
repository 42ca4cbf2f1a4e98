"""The store alone: a great first night into PostgreSQL, and the same night again."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, insert

from confradar.deadlines import dates, identity
from confradar.deadlines.conference import SourceOutput
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.merge import merge
from confradar.demo import synthetic
from confradar.demo.facts import Edition
from confradar.storage import conferences, database, run_tables, tables
from confradar.storage.past_tables import PAST, sighting

from .measuring import Cost, alternately, median, ratio, show, spread

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]
EVENTS = 10_000
TARGET = 3  # times what COPY takes for the same rows
NIGHT = datetime(2026, 1, 13, 2, tzinfo=UTC)
# Each after those that it points to.
WRITTEN = (tables.series, tables.conference, tables.mention, tables.claim, tables.deadline, tables.change)
ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
Rows = Sequence[Sequence[Any]]


def listing(source: str, edition: Edition) -> Listing:
    """What a source says of an invented edition."""
    return Listing(
        source=source,
        feed="list",
        ref=edition.id,
        url=f"https://{source}.example/{edition.id}",
        title=edition.title,
        year=edition.year,
        acronym=edition.acronym,
        full_name=edition.full_name,
        website=edition.website,
        city=edition.city,
        country=edition.country,
        starts_on=edition.starts_on,
        ends_on=edition.ends_on,
        dates=tuple(WrittenDate(Kind(gate.kind), gate.text, gate.zone) for gate in edition.gates),
    )


@pytest.fixture(scope="module")
def outputs() -> list[SourceOutput]:
    """What five sources gave: 30 % of it in each of them."""
    return [
        SourceOutput(source, tuple(listing(source, edition) for edition in synthetic.editions(source, EVENTS, 1)))
        for source in synthetic.SOURCES
    ]


class Clock:
    """Seconds by part of the work. A part within another is counted in both."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Add what the block takes to that part."""
        begun = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - begun

    def watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, its time added to that part."""

        def timed(*arguments: Any, **named: Any) -> Any:
            with self.part(name):
                return function(*arguments, **named)

        return timed


@dataclass
class Store:
    """A database whose tables are filled in turn by us and by COPY."""

    url: str
    outputs: Sequence[SourceOutput]
    run_id: int = 1
    rows: dict[str, Rows] = field(default_factory=dict)

    def ours(self, now: datetime = NIGHT) -> Clock:
        """A night as the store step has it: what is known, merged with the outputs, the differences written."""
        clock = Clock()
        with pytest.MonkeyPatch.context() as patch, database.transaction(self.url) as connection:
            patch.setattr(identity, "traits_of", clock.watched("identity", identity.traits_of))
            patch.setattr(identity, "cluster", clock.watched("identity", identity.cluster))
            patch.setattr("confradar.deadlines.verdict.resolve", clock.watched("resolving", dates.resolve))
            with clock.part("known"):
                known = conferences.known(connection)
            with clock.part("merge"):
                merged = merge(known, self.outputs, run_id=self.run_id, now=now)
            with clock.part("write"):
                conferences.write(connection, merged, now=merged.at)
        return clock

    def empty(self) -> None:
        """A database with one run and nothing stored."""
        with create_engine(self.url, poolclass=NullPool).begin() as connection:
            names = ", ".join(table.name for table in (*WRITTEN, *PAST.values(), sighting))
            connection.exec_driver_sql(f"TRUNCATE {names}, run RESTART IDENTITY CASCADE")
            given = {"key": "manual:1", "trigger": "manual", "logical_instant": NIGHT, "target": "*", "steps": []}
            given |= {"status": "running", "started_at": NIGHT, "deadline_at": NIGHT + timedelta(hours=1)}
            connection.execute(insert(run_tables.run).values(id=self.run_id, **given))

    def read(self) -> dict[str, Rows]:
        """All that is stored, as the driver gives it."""
        with database.reading(self.url) as connection:
            return {
                table.name: connection.exec_driver_sql(f"SELECT * FROM {table.name} ORDER BY 1, 2, 3, 4").fetchall()  # noqa: S608
                for table in WRITTEN
            }

    def first_night(self) -> Cost:
        """Ours, from nothing."""
        self.empty()
        cost = Cost(0, dict(self.ours().seconds))
        cost.wall = cost.cpu["write"]
        self.rows = self.rows or self.read()
        return cost

    def copied(self) -> Cost:
        """The same rows by COPY into temporary tables, and from there into the tables, in one transaction."""
        self.empty()
        with database.transaction(self.url) as connection:
            cursor = connection.connection.cursor()
            begun = time.perf_counter()
            for table in WRITTEN:
                name = table.name
                cursor.execute(f"CREATE TEMPORARY TABLE incoming (LIKE {name}) ON COMMIT DROP")
                cursor.copy_expert("COPY incoming FROM STDIN", StringIO("".join(map(line, self.rows[name]))))
                cursor.execute(f"INSERT INTO {name} SELECT * FROM incoming ON CONFLICT DO NOTHING; DROP TABLE incoming")  # noqa: S608
        cost = Cost(time.perf_counter() - begun)
        assert self.read() == self.rows
        return cost


def line(row: Sequence[Any]) -> str:
    """A row in the text format of COPY."""
    return "\t".join(map(field_of, row)) + "\n"


def field_of(value: Any) -> str:
    """A value in the text format of COPY."""
    if value is None:
        return r"\N"
    text = json.dumps(value) if isinstance(value, (list, dict)) else str(value)
    return text.translate(ESCAPES)


@pytest.fixture
def store(postgres_database: str, outputs: list[SourceOutput]) -> Store:
    """A database with tables, in which nothing cleans up by itself."""
    database.upgrade(postgres_database)
    with create_engine(postgres_database, poolclass=NullPool).begin() as connection:
        for table in WRITTEN:
            connection.exec_driver_sql(f"ALTER TABLE {table.name} SET (autovacuum_enabled = off)")
    return Store(postgres_database, outputs)


def test_a_first_night_beside_copy(store: Store) -> None:
    """COPY and merge leave the very rows that we wrote; the table says what each way takes."""
    ours, copied = alternately(store.first_night, store.copied)
    written = sum(map(len, store.rows.values()))
    assert len(store.rows["mention"]) == 5 * EVENTS

    def part(name: str) -> str:
        return spread([cost.cpu[name] for cost in ours])

    theirs = [cost.wall for cost in copied]
    show(
        f"A first night of 5 × {EVENTS:,} listings into PostgreSQL, {written:,} rows ({len(ours)} rounds)",
        ("known", part("known")),
        ("merge", part("merge")),
        ("  of this identity", part("identity")),
        ("  of this resolving of dates", part("resolving")),
        ("write", part("write")),
        (
            "COPY and merge of the same rows",
            f"{spread(theirs)} → write {ratio(median(cost.wall for cost in ours), median(theirs), TARGET)}",
        ),
    )


def test_the_same_night_again_writes_confirmations_alone(store: Store) -> None:
    """Dead rows after an identical night: one for each confirmed mention, none in any other table."""
    store.empty()
    store.ours()
    before = store.read()
    with create_engine(store.url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    clock = store.ours(NIGHT + timedelta(days=1))
    database.engine(store.url).dispose()  # a session's counts are told at the latest when it ends
    with create_engine(store.url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        dead: dict[str, int] = dict(
            connection.exec_driver_sql("SELECT relname, n_dead_tup FROM pg_stat_user_tables").fetchall()
        )
    after = store.read()
    assert {name: rows for name, rows in after.items() if name != "mention"} == {
        name: rows for name, rows in before.items() if name != "mention"
    }
    assert {name: dead[name] for name in after if dead[name]} == {"mention": 5 * EVENTS}
    show(
        f"The same night of 5 × {EVENTS:,} listings again",
        *((name, f"{clock.seconds[name]:.2f} s") for name in ("known", "merge", "write")),
        ("dead rows", " · ".join(f"{name} {dead[name]:,}" for name in after)),
    )
