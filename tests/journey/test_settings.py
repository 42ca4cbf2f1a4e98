"""What is set wrong stops what is started: with the setting's name, what was found (masked), and what is wanted."""

import re
from pathlib import Path

import pytest

from confradar import settings
from confradar.environment import SOURCE_FIELDS
from confradar.errors import SettingError
from confradar.servers import valkey
from confradar.settings import DEVELOPMENT_HASH, Settings, variable

from .conftest import Terminal

ROOT = Path(__file__).resolve().parent.parent.parent
# Of each setting what it cannot be. A new setting fails here until it is in one of the two.
WRONG = {
    "database_url": ["mysql://ada:hidden@host/x", "nonsense", "sqlite://"],
    "readers_database_url": ["oracle://ada:hidden@host/x"],
    "broker_url": ["amqp://guest:hidden@localhost", "localhost:6379"],
    "flower_port": ["0", "65536", "-1", "web"],
    "flower_url": ["ftp://flower", "flower"],
    "zone": ["Mars", "Europe/Nowhere", "../../etc/passwd"],
    "public": ["perhaps"],
    "public_url": ["radar.example.org", "javascript:alert(1)"],
    "web_port": ["0", "65536", "web"],
    "data_licence": ["CC\nBY", "x" * 201],
    "report_url": ["javascript:alert(1)"],
    "operator_hash": ["a password that is hidden", "$argon2id$ x"],
    "proxy_header": ["X User", "X:User\r\n"],
    "trusted_proxy": ["everybody", "10.0.0.0/33"],
    "mail_url": ["smtp.example.org", "smtp://ada:hidden@host"],
    "log_format": ["xml"],
}
SECONDS = ["web_seconds", "web_requests_per_second", "closing_seconds", "watchdog_seconds", "silent_days",
           "lease_seconds", "lost_after_seconds", "waiting_seconds", "store_grace_seconds",
           "response_seconds"]  # fmt: skip
COUNTS = ["worker_concurrency", "visibility_seconds", "run_deadline_seconds", "missing_after_seconds", "keep_days",
          "keep_audit_days", "archive_days", "archive_bytes", "response_bytes", "memory_bytes",
          "log_bytes"]  # fmt: skip
WRONG |= {name: ["0", "-1", "soon", ""] for name in SECONDS}
WRONG |= {name: ["0", "-1", "1.5", "many"] for name in COUNTS}
WRONG |= {"retry_after_seconds": ["-1", "soon"]}
WRONG |= {name: ["perhaps"] for name in ("allow_private_hosts", "use_proxy", "autothrottle")}
WRONG |= {name: ["soon", "-1", "nan", "inf", ""] for name in ("retry_waits", "terminal_retry_waits")}
WRONG |= {"page_retry_waits": WRONG["retry_waits"]}
ANY_TEXT = {"data_dir", "postgres_user", "postgres_password", "postgres_hostname", "postgres_db", "contact",
            "metrics_token", "flower_basic_auth", "follows", "alert_to"}  # fmt: skip


def test_every_setting_has_its_wrong_values() -> None:
    assert {*WRONG} | ANY_TEXT == {*Settings.model_fields}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_told_with_what_is_wanted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A password in it, or a value that is one, is not told."""
    monkeypatch.setenv(variable(name), value)

    with pytest.raises(SettingError) as refused:
        settings.load()

    told = str(refused.value)
    assert re.match(rf"{variable(name)}: found .+, wanted: \S", told)
    assert "hidden" not in told
    assert "\n" not in told


@pytest.mark.parametrize(
    "line",
    ["confradar crawl --dry-run", "confradar serve --port 0", "confradar up", "confradar watchdog", "confradar list",
     "celery worker", "celery beat", "celery flower", "celery call confradar.crawl_all"],
)  # fmt: skip
def test_whatever_is_started_stops_with_code_2(terminal: Terminal, line: str) -> None:
    """One line on standard error, before anything is opened."""
    said = terminal(line, CONFRADAR_RUN_DEADLINE_SECONDS="-1")

    assert said.code == 2
    assert said.err == ("confradar: CONFRADAR_RUN_DEADLINE_SECONDS: found '-1', wanted: greater than or equal to 1\n")


@pytest.mark.parametrize(
    "line", ["confradar crawl", "confradar serve --port 0", "confradar up", "confradar watchdog", "celery worker"]
)
def test_a_setting_of_a_source_that_there_is_not_stops_it_too(terminal: Terminal, line: str) -> None:
    """It would change nothing, and nobody would know; the near one is named."""
    said = terminal(line, CONFRADAR_SOURCE_WIKICPF_DELAY="5", CONFRADAR_BROKER_URL="redis://127.0.0.1:1/0")

    assert said.code == 2, said
    assert "confradar: CONFRADAR_SOURCE_WIKICPF_DELAY: there is no such source; did you mean " in said.err
    assert "CONFRADAR_SOURCE_WIKICFP_" in said.err


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        ({"CONFRADAR_OPERATOR_HASH": DEVELOPMENT_HASH}, "CONFRADAR_OPERATOR_HASH"),
        ({"POSTGRES_PASSWORD": "development-only"}, "POSTGRES_PASSWORD"),
        ({"CONFRADAR_DATABASE_URL": "postgresql://a:development-only@h/x"}, "CONFRADAR_DATABASE_URL"),
        ({"CONFRADAR_BROKER_URL": "redis://:development-only@redis:6379/0"}, "CONFRADAR_BROKER_URL"),
        ({"FLOWER_BASIC_AUTH": "operator:development-only"}, "FLOWER_BASIC_AUTH"),
    ],
)
def test_in_public_no_secret_is_known_to_all(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], setting: str
) -> None:
    """Those of the compose file are for a machine that nobody else reaches."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings.load()
    monkeypatch.setenv("CONFRADAR_PUBLIC", "1")

    with pytest.raises(SettingError, match=f"^{setting}: found ") as refused:
        settings.load()

    assert "development-only" not in str(refused.value)


def test_in_public_there_is_a_sign_in(terminal: Terminal) -> None:
    """Also where a proxy on the same machine is the only one that can connect."""
    said = terminal("confradar serve --port 0", CONFRADAR_PUBLIC="true")

    assert (said.code, said.err.partition(". ")[0]) == (
        2, "confradar: CONFRADAR_PUBLIC: this can be reached from elsewhere, and there is no sign-in"
    )  # fmt: skip


@pytest.mark.integration
@pytest.mark.fault("A14", "a broker that throws messages away is refused at the start")
@pytest.mark.parametrize("line", ["celery worker", "celery beat"])
def test_a_broker_that_may_lose_messages_is_refused(terminal: Terminal, tmp_path: Path, line: str) -> None:
    """With the policy that it has and the one that it must have; exit code 2."""
    from redis import Redis  # noqa: PLC0415 - of this test alone

    with valkey(tmp_path) as broker:
        Redis(unix_socket_path=broker.removeprefix("redis+socket://").partition("?")[0]).config_set(
            "maxmemory-policy", "allkeys-lru"
        )
        said = terminal(line, CONFRADAR_BROKER_URL=broker)

    assert said.code == 2, said
    assert "has the maxmemory-policy 'allkeys-lru', wanted: 'noeviction'" in said.err


def test_the_example_explains_every_setting() -> None:
    """Each with a sentence before it, and its default as the model has it."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    written = dict(line[1:].split("=", 1) for line in lines if re.match(r"#[A-Z_]+=", line))
    defaults = {variable(name): field.get_default() for name, field in Settings.model_fields.items()}

    of_sources = {name for name in written if name.startswith("CONFRADAR_SOURCE_")}
    assert {*written} - of_sources == {*defaults}
    fields = {name.removeprefix("CONFRADAR_SOURCE_WIKICFP_").lower() for name in of_sources}
    assert {name for name in fields if not name.startswith("feed_")} == {*SOURCE_FIELDS}
    for number, line in enumerate(lines):
        if re.match(r"#[A-Z_]+=", line):
            assert lines[number - 1].startswith("# "), line
    for name, default in defaults.items():
        if name != "CONFRADAR_DATA_DIR":
            told = ",".join(f"{part:g}" for part in default) if isinstance(default, tuple) else str(default)
            assert written[name] == (told.lower() if isinstance(default, bool) else told), name
