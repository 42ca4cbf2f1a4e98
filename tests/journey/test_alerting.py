"""Alerts on a terminal: what is wrong, and whether word of it would arrive."""

import pytest

from confradar import settings, steps
from confradar.storage import alerts, database
from tests.receivers import webhook

from .conftest import Terminal

pytestmark = pytest.mark.integration


def test_what_is_wrong_is_shown_first(terminal: Terminal) -> None:
    """With since when and whom it was told; in JSON the rows."""
    assert "Nothing is wrong, nor was." in terminal("confradar alerts").out
    url = settings.load(data_dir=terminal.data).database
    with database.transaction(f"sqlite:///{terminal.data / 'confradar.sqlite'}" if "sqlite" in url else url) as open_:
        now = steps.now_utc()
        for condition in ("night missing", "night late"):
            alerts.open_alert(open_, condition, f"{condition}, it is", now=now)
        alerts.resolve(open_, "night late", now=now)

    shown, rows = terminal("confradar alerts").out.split(), terminal("confradar alerts --json").json()

    assert [row["condition"] for row in rows] == ["night missing", "night late"]
    assert (rows[0]["resolved_at"], rows[1]["resolved_at"] is not None) == (None, True)
    assert {"missing,", "still", "nobody"} <= set(shown)
    assert "night missing, it is" in terminal("confradar doctor").out


def test_a_test_says_what_came_of_each_address(terminal: Terminal) -> None:
    """One that takes it, one that apprise does not know: exit code 1, and no secret."""
    with webhook() as hook:
        given = {
            "CONFRADAR_ALERT_TO": f"{hook.url}?+x=secret nothing://me:secret@x",
            "CONFRADAR_ALLOW_PRIVATE_HOSTS": "1",
        }
        said = terminal("confradar alerts test", **given)

        assert [post["title"] for post in hook.posts] == ["ConfRadar: a test"]
    assert said.code == 1
    assert f"json://127.0.0.1:{hook.port}/…: taken" in said.out
    assert "address 2 of CONFRADAR_ALERT_TO: address: 'nothing'" in said.out
    assert "secret" not in said.out + said.err + terminal("confradar config", **given).out
