"""Following on a terminal: begun, seen, delivered, ended; and what cannot be."""

import pytest

from confradar.cli.followings import EDITION
from tests.receivers import webhook

from .conftest import Terminal

pytestmark = pytest.mark.integration


def test_what_is_followed_is_shown_and_ends(terminal: Terminal) -> None:
    """One follow for the series, one for the conferences; the address is shown without its secrets."""
    begun = terminal(
        "confradar follow icml eccv-2026 aaai-2027 --to json://me:secret@hooks.example.org/secret --remind 7d,1d "
        "--zone europe/berlin"
    )
    assert begun.code == 0, begun.err
    told = begun.err.splitlines()
    assert "follows conference=aaai-2027&conference=eccv-2026 (no deadline now; one that comes is told)" in told[0]
    assert told[1].endswith("follows series=icml (no deadline now; one that comes is told), reminders 7d, 1d before, "
                            "in Europe/Berlin")  # fmt: skip
    followed = terminal("confradar followed --json")
    assert [one["selection"] for one in followed.json()] == ["conference=aaai-2027&conference=eccv-2026", "series=icml"]
    assert "secret" not in begun.out + begun.err + followed.out + terminal("confradar followed").out

    assert terminal("confradar unfollow 1").code == 0

    assert [one["id"] for one in terminal("confradar followed --json").json()] == [2]
    assert terminal("confradar unfollow 1").code == 2


def test_a_following_address_is_updated_and_not_doubled(terminal: Terminal) -> None:
    """The same selection and address again change reminders and zone."""
    for zone in ("UTC", "Asia/Tokyo"):
        assert terminal(f"confradar follow topic=vision --to json://two.example.org --zone {zone}").code == 0

    found = terminal("confradar followed --json").json()
    assert [one["zone"] for one in found if one["selection"] == "topic=vision"] == ["Asia/Tokyo"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("icml --to nothing://x", "address: 'nothing' "),
        ("icml --to ada@example.org", "CONFRADAR_MAIL_URL"),
        ("icml --to json://x --zone Mars", "zone: found 'Mars', wanted UTC, AoE or a name such as Europe/Berlin"),
        ("icml --to json://x --remind soon", "remind: found 'soon', wanted spans such as 7d,1d or 12h"),
        ("topc=vision --to json://x", "topc: is no parameter; wanted topic"),
        ("--topic cooking --to json://x", "topic: found 'cooking'"),
        ("icml", "--to"),
    ],
)
def test_what_cannot_be_followed_is_one_clear_line(terminal: Terminal, given: str, said: str) -> None:
    """Exit code 2, and nothing is followed."""
    before = terminal("confradar followed").out
    shown = terminal(f"confradar follow {given}")

    assert shown.code == 2
    assert said in shown.err
    assert "Traceback" not in shown.err
    assert terminal("confradar followed").out == before


def test_delivering_by_hand_says_what_came_of_it(terminal: Terminal) -> None:
    """Nothing is due yet."""
    with webhook() as hook:
        assert terminal(f"confradar follow icml --to {hook.url}").code == 0
        shown = terminal("confradar deliver")

    assert (shown.code, shown.err) == (0, "0 sent, 0 wait\n")


@pytest.mark.parametrize("word", ["icml-2026", "sec-2026-2"])
def test_a_word_with_a_year_is_a_conference(word: str) -> None:
    """As slugs are."""
    assert EDITION.fullmatch(word)


@pytest.mark.parametrize("word", ["icml", "vldb-2", "2026"])
def test_any_other_word_is_a_series(word: str) -> None:
    """As their keys are."""
    assert not EDITION.fullmatch(word)
