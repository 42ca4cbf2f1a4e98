"""Delivery over real channels, on both databases: each message once, and no channel harms another."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from confradar import settings as configuration
from confradar import steps
from confradar.deadlines.listing import Kind, Listing, WrittenDate
from confradar.deadlines.selection import Selection
from confradar.errors import AddressRefused, SelectionError, SettingError
from confradar.notify import channels
from confradar.notify.sending import Sender
from confradar.settings import Settings
from confradar.storage import database, outbox
from confradar.storage.follow_tables import message
from confradar.storage.outbox import Message
from tests.receivers import Hook, Mailbox, mailbox, webhook

NOW = datetime(2026, 1, 13, 2, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as found:
        yield found


@pytest.fixture
def settings(url: str, box: Mailbox) -> Settings:
    """An installation on each database, whose channels are on this machine."""
    box.mails.clear()
    return configuration.load(CONFRADAR_DATABASE_URL=url, mail_url=box.url, allow_private_hosts=True)


def put(settings: Settings, address: str, key: str = "change/1", body: str = "23 hours EARLIER") -> None:
    with database.transaction(settings.database) as connection:
        outbox.put(connection, Message(key, "change", address, "ECCV moved", body, NOW), now=NOW)


def test_a_mail_is_plain_text_and_says_how_to_end_it(settings: Settings, box: Mailbox) -> None:
    """Nothing in it is markup, whatever a source wrote."""
    begun = steps.follow(Selection(), "ada@example.org", settings, by="ada")
    with database.transaction(settings.database) as connection:
        body = "now “<b>6 Mar</b>” & *more*\n"
        new = Message("change/1", "change", "ada@example.org", "ECCV <i>moved</i>", body, NOW, begun.follow.id)
        outbox.put(connection, new, now=NOW)

    assert steps.deliver(settings, now=NOW).value == {"sent": 1, "failed": 0, "reminders": 0, "waiting": 0}

    [mail] = box.mails
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == body.splitlines()
    assert (mail["To"], mail["Subject"]) == ("ada@example.org", "ECCV <i>moved</i>")
    assert f"/unfollow/{begun.follow.id}/" in mail["List-Unsubscribe"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_message_that_was_sent_is_not_sent_again(settings: Settings, hook: Hook) -> None:
    """However often delivery is called."""
    put(settings, hook.url)

    assert [steps.deliver(settings, now=NOW).value["sent"] for _ in range(3)] == [1, 0, 0]
    assert [post["message"] for post in hook.posts] == ["23 hours EARLIER"]


def test_a_channel_that_fails_is_tried_later_and_shown(settings: Settings, hook: Hook, box: Mailbox) -> None:
    """The others have their messages in the same call."""
    hook.answer = 503
    put(settings, hook.url)
    put(settings, hook.url, "change/2")
    put(settings, "ada@example.org", "change/3")

    assert steps.deliver(settings, now=NOW).value == {"sent": 1, "failed": 1, "reminders": 0, "waiting": 2}
    with database.reading(settings.database) as connection:
        [trouble] = outbox.troubled(connection, since=NOW)
        assert "503" in trouble.error
    hook.answer = 200
    assert steps.deliver(settings, now=NOW + 2 * MINUTE).value["sent"] == 2
    assert len(hook.posts) == 2
    assert len(box.mails) == 1


@pytest.mark.fault("F13", "the crawler's rule holds for webhooks; one that hangs delays no run")
def test_a_webhook_at_a_private_address_is_not_asked(url: str, hook: Hook) -> None:
    """Neither by its number nor by a name that leads there: the rule of the crawler."""
    public = configuration.load(CONFRADAR_DATABASE_URL=url)
    for number, host in enumerate(("127.0.0.1", "localhost", "[::1]")):
        put(public, f"json://{host}:{hook.port}/hook", f"change/{number}")

    assert steps.deliver(public, now=NOW).value["failed"] == 3

    assert not hook.asked.acquire(blocking=False)
    with database.reading(url) as connection:
        errors = [trouble.error for trouble in outbox.troubled(connection, since=NOW)]
    assert ["is a private address, which is not asked" in error for error in errors] == [True] * 3, errors


@pytest.mark.fault("F13", "the crawler's rule holds for webhooks; one that hangs delays no run")
def test_a_webhook_is_not_followed_elsewhere(settings: Settings, hook: Hook) -> None:
    """A redirect is a failure: nothing says that who answers there was meant."""
    hook.answer, hook.location = 302, "/other"
    put(settings, hook.url)

    assert steps.deliver(settings, now=NOW).value["failed"] == 1


@pytest.mark.fault("F13", "the crawler's rule holds for webhooks; one that hangs delays no run")
def test_a_webhook_that_hangs_is_cut_off_and_the_next_message_goes_out(hook: Hook, box: Mailbox) -> None:
    """Its process ends, and another one speaks to the next channel."""
    hook.open.clear()
    with Sender(mail_url=box.url, private=True, seconds=2) as sender:
        assert sender.send(hook.url, "a", "b") == "the channel gave no answer within 2 seconds"
        hook.open.set()
        assert sender.send(hook.url, "a", "b") is None
    assert len(hook.posts) == 1


def test_reminders_count_to_the_safe_date_and_move_with_it(settings: Settings, hook: Hook) -> None:
    """Once for each gate and lead time; one that came due before the date moved to where it is, is not caught up."""
    steps.follow(Selection(), hook.url, settings, by="ada", remind=steps.leads("7d,1d"))
    with database.transaction(settings.database) as connection:
        connection.exec_driver_sql("UPDATE follow SET created_at = '2026-01-01 00:00:00'")
    stored(settings, NOW, "29 Jan 2026, 12:00 UTC")
    due = datetime(2026, 1, 29, 12, tzinfo=UTC)

    heard = [reminders(settings, due - 7 * DAY + offset) for offset in (-MINUTE, MINUTE, 2 * MINUTE, DAY)]
    stored(settings, due - 2 * DAY, "10 Feb 2026, 12:00 UTC")
    moved = [reminders(settings, due + offset) for offset in (-DAY, 5 * DAY + MINUTE, 11 * DAY, 12 * DAY)]

    assert heard == [0, 1, 0, 0]
    assert moved == [0, 1, 1, 0]
    with database.reading(settings.database) as connection:
        query = select(message.c.subject).where(message.c.kind == "reminder").order_by(message.c.id)
        subjects = list(connection.scalars(query))
    assert subjects == [
        "ICML 2026 · submission: 7 days left, until Thu 29 Jan 2026 12:00 UTC",
        "ICML 2026 · submission: 7 days left, until Tue 10 Feb 2026 12:00 UTC",
        "ICML 2026 · submission: 24 hours left, until Tue 10 Feb 2026 12:00 UTC",
    ]


def test_a_reminder_says_what_is_in_doubt(settings: Settings, hook: Hook) -> None:
    """A gate that sources dispute, and that nobody has confirmed for days."""
    steps.follow(Selection(), hook.url, settings, by="ada", remind=(24,))
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    texts = [f"{now + days * DAY:%Y-%m-%d %H:%M} UTC" for days in (5, 6)]
    stored(settings, now, *texts)

    assert reminders(settings, now + 4 * DAY + MINUTE) == 1

    with database.reading(settings.database) as connection:
        row = connection.execute(select(message).where(message.c.kind == "reminder")).one()
    assert " (disputed): 23 hours left, until " in row.subject or " (disputed): 24 hours left, until " in row.subject
    assert "disputed: wikicfp says" in row.body
    assert "not confirmed for 4 days" in row.body


def stored(settings: Settings, now: datetime, *texts: str) -> None:
    """What each of some sources says of one conference."""
    found = {
        source: [
            Listing(
                source, "icml", f"https://{source}.example/", "ICML", int(text.split()[2].strip(",")[:4])
                if "," in text else int(text[:4]), acronym="ICML", dates=(WrittenDate(Kind.SUBMISSION, text),),
            )
        ]
        for source, text in zip(("elra", "wikicfp"), texts, strict=False)
    }  # fmt: skip
    steps.store(found, settings, now=now)


def reminders(settings: Settings, now: datetime) -> int:
    return int(steps.deliver(settings, now=now).value["reminders"])


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("json://user:secret@example.org/secret?key=secret", "json://user:****@example.org/…"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", "slack://T...2/A...D/T...Q/%23general/"),
        ("ada@example.org", "ada@example.org"),
    ],
)
def test_an_address_is_shown_without_its_secrets(written: str, shown: str) -> None:
    """Whoever may read the list of follows may not send in their names."""
    assert channels.check(written, mail_url="mailto://127.0.0.1:25?from=a@example.org").shown == shown


@pytest.mark.parametrize("text", ["@everyone", "<@&12> now", "(@here)", "is\n@channel"])
def test_no_source_can_call_people_in_a_chat(text: str) -> None:
    """The sign is kept and means nothing any more; mail addresses stay as they are."""
    assert f" {text}".replace("@", "@\u200b") == channels.uncalled(f" {text}")
    assert channels.uncalled("ada@example.org") == "ada@example.org"


@pytest.mark.parametrize(
    "written", ["nothing://x", "hello", "", "syslog://", "json://a b", "json://\n", f"json://{'x' * 2000}", "a@b.c"]
)
def test_an_address_that_nothing_can_be_sent_to_is_refused(written: str) -> None:
    """An unknown service, this machine's own screens, no address at all, mail without a server."""
    with pytest.raises(AddressRefused, match=r"^address: "):
        channels.check(written)


def test_a_zone_and_spans_that_do_not_exist_are_refused(settings: Settings) -> None:
    """In the words of every outlet."""
    with pytest.raises(SelectionError, match="zone: found 'Europe/Nowhere'"):
        steps.follow(Selection(), "ada@example.org", settings, by="ada", zone="Europe/Nowhere")
    for wrong in ("soon", "7d,soon", "0d", "1d,2d,3d,4d,5d,6d"):
        with pytest.raises(SelectionError, match="remind: "):
            steps.leads(wrong)


def test_a_lab_names_its_follows_in_a_file(settings: Settings, hook: Hook, tmp_path: Path) -> None:
    """What is taken out of it ends; what a reader has ended stays so; a broken file keeps no message back."""
    file = tmp_path / "follows.json"
    lab = settings.model_copy(update={"follows": str(file)})
    entry = {"what": "topic=vision", "to": hook.url, "remind": "7d"}

    def follows(*entries: object) -> list[tuple[str, str, str]]:
        file.write_text(json.dumps(entries))
        for _ in range(2):
            steps.follow_settings(lab)
        return [(one["selection"], one["zone"], one["by"]) for one in steps.followed(lab)]

    by = "CONFRADAR_FOLLOWS"
    assert follows(entry, {**entry, "what": "series=icml"}) == [("topic=vision", "UTC", by), ("series=icml", "UTC", by)]
    assert follows({**entry, "zone": "Asia/Tokyo"}) == [("topic=vision", "Asia/Tokyo", by)]
    steps.unfollow(1, lab, by="its reader")
    assert follows(entry, {**entry, "what": "series=icml"}) == [("series=icml", "UTC", by)]

    put(settings, hook.url)
    for wrong in ("{", '[{"what": "topc=x", "to": "x"}]', '[{"to": "x"}]', "7"):
        file.write_text(wrong)
        with pytest.raises(SettingError, match="CONFRADAR_FOLLOWS: "):
            steps.follow_settings(lab)
    assert steps.deliver(lab, now=NOW).value["sent"] == 1
