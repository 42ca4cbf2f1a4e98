"""The outbox on both databases: each message exists once, goes to one deliverer at a time, and is never lost."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from confradar.storage import database, outbox
from confradar.storage.follow_tables import message
from confradar.storage.outbox import Message, Taken

NOW = datetime(2026, 2, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ECCV = Message("change/1/eccv-2026", "change", "json://one", "ECCV moved", "23 hours EARLIER", NOW)


def put(url: str, *messages: Message) -> list[bool]:
    with database.transaction(url) as connection:
        return [outbox.put(connection, one, now=NOW) for one in messages]


def take(url: str, now: datetime, but: tuple[str, ...] = ()) -> Taken | None:
    with database.transaction(url) as connection:
        return outbox.take(connection, now=now, seconds=60, but=but)


def fail(url: str, number: int, now: datetime) -> None:
    with database.transaction(url) as connection:
        outbox.failed(connection, number, "no answer", now=now)


def test_a_message_exists_once(url: str) -> None:
    """Whoever puts it a second time, also after it was sent, puts nothing."""
    assert put(url, ECCV, ECCV) == [True, False]

    taken = take(url, NOW)
    assert taken
    with database.transaction(url) as connection:
        outbox.sent(connection, taken.id, now=NOW)

    assert put(url, replace(ECCV, body="again")) == [False]
    assert take(url, NOW + timedelta(days=9)) is None


def test_a_message_waits_for_its_hour(url: str) -> None:
    """What is due in the morning is not there in the night."""
    put(url, replace(ECCV, due_at=NOW + 5 * MINUTE))

    assert take(url, NOW + 4 * MINUTE) is None
    assert take(url, NOW + 5 * MINUTE) == Taken(1, ECCV.key, None, "json://one", ECCV.subject, ECCV.body)


def test_a_message_has_one_deliverer_at_a_time(url: str) -> None:
    """Until its lease ends; then whoever took it is gone, and the next one takes it."""
    put(url, ECCV)
    assert take(url, NOW)

    assert take(url, NOW + MINUTE / 2) is None
    assert take(url, NOW + MINUTE)


def test_two_that_take_at_once_take_different_messages(url: str) -> None:
    """None waits for the other's message, none gets it as well."""
    put(url, *(replace(ECCV, key=f"change/1/{number}") for number in range(20)))
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: take(url, NOW), range(24)))

    keys = [one.key for one in taken if one]
    assert len(keys) == len(set(keys)) == 20


def test_a_message_that_fails_is_tried_again_later_and_given_up_in_the_end(url: str) -> None:
    """The waits grow; the last reason stays to be shown."""
    put(url, ECCV)
    now, waits = NOW, []
    while (taken := take(url, now)) is not None:
        fail(url, taken.id, now)
        with database.reading(url) as connection:
            row = connection.execute(select(message)).one()
            [trouble] = outbox.troubled(connection, since=NOW)
        assert (trouble.waiting, trouble.given_up) == ((0, 1) if row.failed_at else (1, 0))
        assert trouble.error == "no answer"
        if not row.failed_at:
            assert take(url, row.next_try_at - timedelta(seconds=1)) is None
            waits.append((row.next_try_at - now).total_seconds())
            now = row.next_try_at

    assert waits == sorted(waits)
    assert len(waits) == len(outbox.WAITS)
    assert timedelta(days=1) < now - NOW < timedelta(days=4)


def test_a_message_whose_deliverers_are_lost_each_time_is_given_up(url: str) -> None:
    """One that ends every process that touches it does so a bounded number of times."""
    put(url, ECCV)
    for number in range(len(outbox.WAITS) + 1):
        assert take(url, NOW + number * MINUTE)

    assert take(url, NOW + timedelta(days=1)) is None
    with database.reading(url) as connection:
        assert [one.given_up for one in outbox.troubled(connection, since=NOW)] == [1]
        assert outbox.waiting(connection) == 0


def test_a_message_that_would_come_too_late_does_not_come(url: str) -> None:
    """A reminder has nothing to say once its gate is closed."""
    put(url, replace(ECCV, expires_at=NOW + MINUTE))

    assert take(url, NOW + MINUTE) is None


def test_one_address_that_fails_does_not_hold_up_the_others(url: str) -> None:
    """Who delivers leaves out the addresses that have just failed."""
    put(url, ECCV, replace(ECCV, key="change/2/eccv-2026", address="json://other"))

    taken = take(url, NOW, but=("json://one",))

    assert taken
    assert taken.address == "json://other"


def test_what_nobody_has_begun_to_send_can_be_withdrawn(url: str) -> None:
    """A message in somebody's hands stays, and so does one that was sent."""
    put(url, ECCV, replace(ECCV, key="change/1/icip-2026"))
    assert take(url, NOW)
    with database.transaction(url) as connection:
        assert outbox.withdraw(connection, message.c.address == "json://one") == 1
        assert outbox.waiting(connection) == 1


@pytest.mark.parametrize("begun", [False, True])
def test_a_digest_grows_until_somebody_has_taken_it(url: str, *, begun: bool) -> None:
    """What comes after that belongs to the next one."""
    put(url, replace(ECCV, parts=["one"]))
    if begun:
        take(url, NOW)
    with database.transaction(url) as connection:
        found = outbox.parts(connection, ECCV.key)
        assert found == (None if begun else ["one"])
        if found:
            outbox.rewrite(connection, replace(ECCV, subject="2 moved", parts=[*found, "two"]))

    if not begun:
        taken = take(url, NOW)
        assert taken
        assert taken.subject == "2 moved"
