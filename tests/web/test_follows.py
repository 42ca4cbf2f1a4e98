"""Following on the pages: an operator's form, and the link by which a reader ends it."""

import re
from collections.abc import Callable

import pytest

from confradar import steps
from confradar.deadlines.selection import Selection

from .conftest import Client

Serve = Callable[..., Client]
HOOK = "json://me:secret@hooks.example.org/secret"


@pytest.fixture
def ask(serve: Serve) -> Client:
    return serve()


def token(ask: Client) -> dict[str, str]:
    found = re.search(r'name="token" value="([^"]+)"', ask.get("/ops/follows").text)
    assert found
    return {"token": found[1]}


def ending(ask: Client, query: str = "topic=vision") -> str:
    """The path of the link of a new follow."""
    begun = steps.follow(Selection.parse(query), HOOK, ask.settings, by="ada")
    return steps.followers.ending(begun.follow, ask.settings).removeprefix(ask.settings.site)


def test_an_operator_begins_and_ends_a_follow(ask: Client) -> None:
    """The selection may be the address of a page; the address is shown without its secrets."""
    given = {"selection": "http://127.0.0.1:3000/?topic=vision", "to": HOOK, "remind": "7d", "zone": "Europe/Berlin"}
    assert ask.post("/ops/follows", {**token(ask), **given}).status == 303

    page = ask.get("/ops/follows").text
    assert "json://me:****@hooks.example.org/…" in page
    assert "secret" not in page
    assert '<a href="/?topic=vision">topic=vision</a>' in page

    assert ask.post("/ops/follows/1/end", token(ask)).status == 303
    assert "Nobody follows anything yet." in ask.get("/ops/follows").text
    assert ask.post("/ops/follows/1/end", token(ask)).status == 404


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("to", "nothing://<b>x", "address: &#39;nothing&#39;"),
        ("selection", "topic=<i>", "topic: found"),
        ("zone", "Mars", "zone: found"),
        ("remind", "soon", "remind: found"),
    ],
)
def test_what_cannot_be_followed_is_said_in_the_form(ask: Client, field: str, value: str, said: str) -> None:
    """The other fields keep what was typed, but for the address, which may hold a secret."""
    given = {"selection": "topic=vision", "to": HOOK, "remind": "7d", "zone": "UTC", field: value}
    answer = ask.post("/ops/follows", {**token(ask), **given})

    assert answer.status == 422
    assert said in answer.text
    assert "secret" not in answer.text
    assert "<i>" not in answer.text
    assert steps.followed(ask.settings) == []


@pytest.mark.fault("F3", "another site's POST gets 403, a GET changes nothing")
def test_follows_are_begun_and_ended_by_our_own_forms_only(ask: Client) -> None:
    """Not without a token, nor from another site's page."""
    fields = {"to": HOOK}
    for path in ("/ops/follows", "/ops/follows/1/end"):
        assert ask.post(path, fields).status == 403
        assert ask.post(path, {**fields, **token(ask)}, Sec_Fetch_Site="cross-site").status == 403
    assert ask.get("/ops/follows/1/end").status == 405
    assert steps.followed(ask.settings) == []


def test_looking_at_the_link_ends_nothing_and_its_button_does(ask: Client) -> None:
    """Mail filters follow links; who presses the button, or whose mail program does, hears no more."""
    path = ending(ask)

    page = ask.get(path)
    assert (page.status, page.headers["Cache-Control"]) == (200, "no-store")
    assert "json://me:****@hooks.example.org/… is told when dates move of topic=vision." in page.text
    assert len(steps.followed(ask.settings)) == 1

    assert ask.post(path, {"List-Unsubscribe": "One-Click"}).status == 200
    assert steps.followed(ask.settings) == []
    assert "hears no more of" in ask.get(path).text
    assert ask.post(path).status == 200


def test_a_link_that_is_not_ours_ends_nothing(ask: Client) -> None:
    """Neither a made-up proof, nor that of another follow."""
    one, other = ending(ask), ending(ask, "topic=language")
    for path in (f"{one}x", one[:-3], other.replace("/unfollow/2/", "/unfollow/1/"), "/unfollow/99/abc"):
        assert ask.post(path).status == 404
        assert ask.get(path).status == 404
    assert ask.post(one, Sec_Fetch_Site="cross-site").status == 403
    assert len(steps.followed(ask.settings)) == 2
