"""Alerts on the operator's page and in the API: what is wrong, and a message to try the channel."""

import re
from collections.abc import Callable

from confradar import steps
from confradar.storage import alerts, database
from tests.receivers import webhook

from .conftest import Client

Serve = Callable[..., Client]


def test_an_operator_sees_what_is_wrong_and_tries_the_channel(serve: Serve) -> None:
    """The page and the API say the same; a test message goes to each address, which is shown without its secrets."""
    with webhook() as hook:
        ask = serve(alert_to=f"{hook.url}?+x=secret", allow_private_hosts=True)
        with database.transaction(ask.settings.database) as connection:
            alerts.open_alert(connection, "night <b>late</b>", "it is", now=steps.now_utc())
        page = ask.get("/ops/alerts").text
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token
        assert "night &lt;b&gt;late&lt;/b&gt;" in page
        assert '"condition":"night <b>late</b>"' in ask.get("/api/v1/ops/alerts").text.replace(": ", ":")

        said = ask.post("/ops/alerts/test", {"token": token[1]})

        assert [post["title"] for post in hook.posts] == ["ConfRadar: a test"]
    assert (said.status, "/…: taken" in said.text) == (200, True)
    assert "secret" not in page + said.text
