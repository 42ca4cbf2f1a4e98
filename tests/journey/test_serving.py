"""`confradar serve` and its password, as they are typed."""

import urllib.request

import pytest
from argon2 import PasswordHasher

from .conftest import Terminal, interrupt, line_with

pytestmark = pytest.mark.integration
PASSWORD = "a password of twelve"


def test_the_server_says_where_it_is_and_ends_with_ctrl_c(terminal: Terminal) -> None:
    """On a free port; its database is made on the way."""
    process = terminal.start("confradar serve --port 0")
    port = line_with(process, "serving http://127.0.0.1:").split(":")[2].split()[0]

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        assert answer.read() == b'{"status":"ok"}'
    assert interrupt(process) == 0


def test_nobody_else_is_served_without_a_sign_in(terminal: Terminal) -> None:
    """An address that others can reach needs a password or a trusted proxy."""
    said = terminal("confradar serve --host 0.0.0.0 --port 0")

    assert said.code == 2
    assert (
        "--host: 0.0.0.0 can be reached from elsewhere, and there is no sign-in. Set CONFRADAR_OPERATOR_HASH"
        in said.err
    )


def test_the_operators_password_is_shown_nowhere(terminal: Terminal) -> None:
    """Its hash is printed once, by the command that makes it."""
    made = terminal(f"echo '{PASSWORD}' | confradar operator-password")
    hashed = made.out.strip()

    assert PasswordHasher().verify(hashed, PASSWORD)
    shown = terminal("confradar config", CONFRADAR_OPERATOR_HASH=hashed)
    assert "CONFRADAR_OPERATOR_HASH=***" in shown.out
    assert hashed not in shown.out


UNUSABLE = [
    (
        "echo short | confradar operator-password",
        {},
        "password: found 5 characters, wanted at least 12",
    ),
    (
        "confradar config",
        {"CONFRADAR_OPERATOR_HASH": PASSWORD},
        "CONFRADAR_OPERATOR_HASH: found what is not shown, wanted: what `confradar operator-password` prints",
    ),
    (
        "confradar config",
        {"CONFRADAR_PROXY_HEADER": "X-User"},
        "CONFRADAR_PROXY_HEADER: it is believed from a trusted proxy only; name its address in CONFRADAR_TRUSTED_PROXY",
    ),
    (
        "confradar config",
        {"CONFRADAR_TRUSTED_PROXY": "example.org"},
        "CONFRADAR_TRUSTED_PROXY: found 'example.org', wanted: addresses or networks, with commas between",
    ),
]


@pytest.mark.parametrize(("line", "settings", "told"), UNUSABLE)
def test_what_cannot_be_used_is_one_clear_line(
    terminal: Terminal, line: str, settings: dict[str, str], told: str
) -> None:
    """Which setting, and what is wanted; a password is not repeated."""
    said = terminal(line, **settings)

    assert said.code == 2
    assert said.err.startswith(f"confradar: {told}")
    assert said.err.count("\n") == 1
