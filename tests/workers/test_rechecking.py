"""Pages of conferences with a gate at hand, read again between two nights, on real workers."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from confradar import app, steps
from confradar.demo import render, sites
from confradar.demo.sites import Sites
from confradar.sources.base import readers
from confradar.steps import STORE
from confradar.storage import database, history, ledger, measures, outputs
from confradar.storage.run_tables import check_result
from confradar.storage.tables import change, conference, deadline, mention

from .conftest import Installation, stored, until
from .site import Answer, Asked, Site, serve

pytestmark = pytest.mark.integration
Install = Callable[..., Installation]
CAV = "/cfp/servlet/event.showcfp?eventid=900024"  # papers are due on 28 January
DUE = datetime(2026, 1, 28, 9, 59, 59, tzinfo=UTC)  # the early edge of that day
NIGHT = datetime(2026, 1, 27, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def staged() -> Iterator[Sites]:
    """The five sites of the demo."""
    with sites.serve() as served:
        yield served


@pytest.fixture
def wikicfp() -> Iterator[Site]:
    """WikiCFP of the demo's first night, whose page of CAV 2026 says another day once `moved` is set."""
    with serve() as site:

        def answer(asked: Asked) -> Answer:
            given = render.respond("wikicfp", asked.path, base=site.url)
            body = given.body.decode()
            if asked.path == CAV and getattr(site, "moved", False):
                body = body.replace("Jan 28, 2026", "Feb 4, 2026").replace("2026-01-28", "2026-02-04")
            return Answer(body, given.status, {"Content-Type": given.content_type})

        site.answer = lambda asked: (site.asked.append(asked), answer(asked))[1]  # type: ignore[method-assign]
        yield site


def rechecked(night: Installation, now: datetime) -> ledger.Run:
    """Let the schedule's hourly entry come at that instant, and wait for its run."""
    key = f"recheck:{now:%Y-%m-%dT%H}"
    app.submit(night.broker, "confradar.recheck", trigger="schedule", logical_date=now.isoformat())
    return night.finished(key)


def test_a_gate_that_moves_twenty_hours_before_is_known_within_the_hour(
    install: Install, staged: Sites, wikicfp: Site
) -> None:
    """Its page alone is asked for, by its own spider; the change is history, and nothing else is other than it was."""
    night = install(**{**staged.environment(), "CONFRADAR_SOURCE_WIKICFP_URL": wikicfp.url})
    assert night.finished(night.submit(logical_date=NIGHT.isoformat())).status == "ok"
    before = stored(night.settings.database)
    wikicfp.moved = True  # type: ignore[attr-defined]
    wikicfp.asked.clear()

    now = DUE - timedelta(hours=20)
    run = rechecked(night, now)

    assert (run.status, run.trigger, run.logical_instant) == ("ok", "recheck", now)
    assert wikicfp.paths.count(CAV) == 1
    assert all(path.startswith("/cfp/servlet/event.showcfp") for path in wikicfp.paths)
    assert run.statistics is not None
    assert (run.statistics["moves"], run.statistics["absent"]) == ({"later": 1}, 0)
    with database.reading(night.settings.database) as connection:
        moved = connection.execute(
            select(conference.c.slug, deadline.c.kind, deadline.c.safe_at, change.c.direction, change.c.at)
            .join(conference, conference.c.id == change.c.conference_id)
            .join(deadline, deadline.c.id == change.c.deadline_id)
            .where(change.c.run_id == run.id)
        ).all()
        assert [tuple(row) for row in moved] == [("cav-2026", "submission", DUE + timedelta(days=7), "later", now)]
        [delay] = measures.detection_delays(connection, datetime.min.replace(tzinfo=UTC)).values()
        assert delay.moves == 1
        assert timedelta(0) <= timedelta(seconds=delay.p90) - (now - NIGHT) < timedelta(minutes=2)
        assert not connection.execute(select(mention.c.id).where(mention.c.not_seen_since.is_not(None))).all()
        counts = {"listings_found", "count_above_floor", "count_in_range", "count_like_last_nights"}
        asked = set(connection.scalars(select(check_result.c.name).where(check_result.c.run_id == run.id)))
        assert asked
        assert not asked & counts, "how many a part gives says nothing"
    after = stored(night.settings.database)
    assert [row for row in after["deadline"] if row not in before["deadline"]] == [
        ("submission", 0, "", "single", DUE + timedelta(days=7))
    ]
    assert len(after["mention"]) == len(before["mention"])


def test_a_record_that_stands_on_a_list_has_that_list_read_again(install: Install, staged: Sites) -> None:
    """CoNLL stands on the portal's list and in a file of its own of the AI list: one list, one file, two steps."""
    night = install(**staged.environment())
    assert night.finished(night.submit(logical_date=NIGHT.isoformat())).status == "ok"

    asked = {"conference": "conll-2026", "logical_date": (NIGHT + timedelta(hours=5)).isoformat()}
    run = night.finished("manual:" + app.submit(night.broker, "confradar.recheck", **asked))

    read = {step: row["metadata"] for step, row in night.steps(run.key).items() if step != STORE}
    assert run.status == "ok"
    assert read.keys() == {"acl_web_conferences", "ai_deadlines_conferences", "wikicfp_conferences"}
    assert [read[f"{name}_conferences"]["pages"] for name in ("ai_deadlines", "wikicfp")] == [1, 1]
    assert read["acl_web_conferences"]["complete_feeds"] == []
    assert run.statistics is not None
    assert (run.statistics["created"], run.statistics["updated"], run.statistics["absent"]) == (0, 0, 0)


def test_a_recheck_gives_way_and_leaves_the_nights_their_place(install: Install, staged: Sites) -> None:
    """While another run is going, or the nights are paused, it is skipped; what a source's last good night gave, its
    state, trend and place in the list of runs stay those of the night.
    """
    night = install(**staged.environment())
    first = night.finished(night.submit(logical_date=NIGHT.isoformat()))
    settings, now = night.settings, DUE - timedelta(hours=20)
    with database.reading(settings.database) as connection:
        good = {name: outputs.last_good(connection, name) for name in readers()}
        states, checks = history.last_states(connection), history.last_checks(connection)
    going = steps.open_run(
        "manual:long", trigger="manual", target="*", steps=[STORE], logical_instant=NIGHT, settings=settings
    )
    assert going.to_send

    def answer() -> dict[str, object]:
        task = app.submit(night.broker, "confradar.recheck", trigger="schedule", logical_date=now.isoformat())
        found = app.connected(night.broker).AsyncResult(task)
        answered: dict[str, object] = until(lambda: found.result if found.ready() else None, 20)
        return answered

    assert str(answer()["skipped"]).startswith("run manual:long is going")
    steps.cancel("manual:long", settings, by="ana")
    steps.pause(steps.SCHEDULE, settings, by="ana", why="a move")
    paused = app.submit(night.broker, "confradar.recheck", trigger="schedule")
    found = app.connected(night.broker).AsyncResult(paused)
    assert until(lambda: found.result if found.ready() else None, 20)["skipped"] == "paused by ana: a move"
    steps.resume(steps.SCHEDULE, settings, by="ana")
    run = rechecked(night, now)

    assert run.status == "ok"
    with database.reading(settings.database) as connection:
        assert {name: outputs.last_good(connection, name) for name in readers()} == good
        assert (history.last_states(connection), history.last_checks(connection)) == (states, checks)
        assert [one.key for one in history.runs(connection)] == ["manual:long", first.key]
        assert [one.key for one in history.runs(connection, trigger="recheck")] == [run.key]
        assert [row["run"] for row in history.trend(connection, "wikicfp_conferences")] == [first.key]
        assert len(outputs.good_counts(connection, "wikicfp", before=now + timedelta(days=1), cut=())) == 1
