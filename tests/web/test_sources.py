"""The sources as readers, operators and programs are told of them: one standing, in the words of each."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import update

from confradar.storage import database
from confradar.storage.run_tables import step_run
from confradar.web.origins import SAID

from .conftest import HASH, PASSWORD, Client
from .history import BEGAN, seed

Serve = Callable[..., Client]
NAMES = ("ai_deadlines", "acl_web", "chairing_tool", "elra", "wikicfp")


@pytest.fixture
def ask(serve: Serve) -> Client:
    """A server half an hour after the last of three nights."""
    client = serve(now=lambda: BEGAN + timedelta(minutes=30), operator_hash=HASH)
    seed(client.settings.database)
    client.post("/login", {"password": PASSWORD})
    return client


def told(ask: Client, path: str) -> str:
    """What a page says, without its markup."""
    answer = ask.get(path)
    assert answer.status == 200, answer.text
    return " ".join(unescape(re.sub("<[^>]*>", " ", answer.text.partition("<main")[2])).split())


def put(ask: Client, status: str, reason: str | None = None) -> None:
    """Let that be how elra's last crawl stands."""
    values = {"status": status, "reason": reason}
    if status == "running":
        values |= {"finished_at": None, "count": None}  # type: ignore[dict-item]
    newest = (step_run.c.run_id == 3, step_run.c.step == "elra_conferences")
    with database.transaction(ask.settings.database) as connection:
        connection.execute(update(step_run).where(*newest).values(values))


def test_a_source_that_was_never_read_says_so(serve: Serve) -> None:
    """Each by its name."""
    page = told(serve(), "/sources")

    for name in NAMES:
        assert f"{name} its deadlines not read yet none yet –" in page


@pytest.mark.parametrize(("status", "words"), [
    ("running", "being read now"),
    ("ok", "read well"),
    ("degraded", "read in part (needs browser)"),
    ("quarantined", "held back: what came looked wrong, the dates of before stay until somebody has looked"),
    ("failed", "could not be read, the dates of before stay (timeout)"),
    ("lost", "could not be read to the end, the dates of before stay"),
    ("cancelled", "not read this time"),
    ("skipped", "not read this time (deferred)"),
])  # fmt: skip
def test_each_standing_is_told_to_all_alike(ask: Client, status: str, words: str) -> None:
    """Readers by words with the reason, operators and programs by its name; the last good crawl stays beside it."""
    reason = words.partition("(")[2].rstrip(")").replace(" ", "_") or None
    put(ask, status, reason)

    assert f"elra its deadlines {words} Tue 3 Feb 2026 02:00 UTC 30 min ago 7 " in told(ask, "/sources")
    assert re.search(rf"elra {status}\b.*{reason or ''}", told(ask, "/ops/sources"))
    [for_all] = [one for one in json.loads(ask.get("/api/v1/sources").text)["sources"] if one["name"] == "elra"]
    [for_operators] = [one for one in json.loads(ask.get("/api/v1/ops/sources").text) if one["name"] == "elra"]
    assert (for_all["last"]["status"], for_operators["state"]) == (status, status)
    assert for_all["last"]["listings"] == for_operators["listings"]


def test_every_status_of_a_step_has_words_for_readers() -> None:
    """So that a new one is not told as something else."""
    assert set(SAID) == {"running", "ok", "degraded", "quarantined", "failed", "lost", "cancelled", "skipped"}
