"""What is shipped: the lock, the image, the compose file."""

import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import jsonschema.validators
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

import celeryconfig
from confradar.masking import is_secret
from confradar.settings import DEVELOPMENT, DEVELOPMENT_HASH

ROOT = Path(__file__).resolve().parent.parent.parent
TOP = {"confradar", "migrations", "tests", ".ci", "pyproject.toml", "celeryconfig.py", "alembic.ini"}
TOP |= {"Dockerfile", "docker-compose.yml", ".dockerignore", ".env.example", "Makefile", ".gitignore"}
TOP |= {"requirements.lock", "README.md", "CHANGELOG.md", "LICENSE"}


@pytest.fixture
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_nothing_else_lies_at_the_top() -> None:
    """What a command leaves in a checkout does not become a part of it."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    tracked = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True).stdout

    assert {name.partition("/")[0] for name in tracked.splitlines()} == TOP


@pytest.mark.parametrize("name", ["requirements.lock", "tests/requirements.lock"])
def test_a_lock_has_hashes_and_no_addresses(name: str) -> None:
    """Each requirement is pinned with at least one hash, and nothing names a place to get it from."""
    text = (ROOT / name).read_text()
    requirements = re.split(r"\n(?=\S)", text.strip())

    assert "://" not in text
    assert all("==" in requirement and "--hash=sha256:" in requirement for requirement in requirements)


def test_the_tests_lock_has_all_that_runs() -> None:
    """What is tested is what is shipped: the run-time lock is part of the tests' lock, to the letter."""
    ours = set(re.findall(r"^\S+==\S+", (ROOT / "requirements.lock").read_text(), re.MULTILINE))

    assert ours <= set(re.findall(r"^\S+==\S+", (ROOT / "tests/requirements.lock").read_text(), re.MULTILINE))


def test_the_composition_is_one_by_the_schema_of_compose(compose: dict[str, Any]) -> None:
    """The published schema of compose files finds nothing that Compose would not read."""
    schema = get_builtin_schema("vendor.compose-spec")
    found = jsonschema.validators.validator_for(schema)(schema).iter_errors(compose)

    assert [f"{error.json_path}: {error.message}" for error in found] == []


def test_the_composition_has_its_services_and_scales(compose: dict[str, Any]) -> None:
    """Eight services; no fixed container name stands in the way of more workers; only loopback is open."""
    services = compose["services"]

    assert set(services) == {"redis", "postgres", "migrate", "beat", "watchdog", "worker", "web", "flower"}
    assert not any("container_name" in service for service in services.values())
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert "FLOWER_BASIC_AUTH" in services["flower"]["environment"]
    assert "CONFRADAR_OPERATOR_HASH" in services["web"]["environment"]


OURS = ("migrate", "beat", "watchdog", "worker", "web", "flower")


@pytest.mark.parametrize("name", ["redis", "postgres", *OURS])
def test_a_service_may_do_no_more_than_it_must(compose: dict[str, Any], name: str) -> None:
    """No root, nothing to write on but volumes and memory, no way to more rights, an end to its memory."""
    service = compose["services"][name]

    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["stop_grace_period"]
    assert name in OURS or service["user"].split(":")[0] not in ("0", "root")
    assert name == "migrate" or service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert not service.get("privileged")
    assert isinstance(service["command"] if name in OURS else [], list), "a shell would keep the signal to end"


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("redis", "redis-cli ping"),
        ("postgres", "pg_isready"),
        ("worker", "celery inspect ping -d celery@$$HOSTNAME"),
        ("beat", "celery inspect ping -d celerybeat@$$HOSTNAME"),
        ("watchdog", "confradar watchdog --check"),
        ("web", "http://127.0.0.1:3000/healthz"),
        ("flower", "http://127.0.0.1:5555/healthcheck"),
    ],
)
def test_each_role_is_asked_for_its_own_health(compose: dict[str, Any], name: str, asked: str) -> None:
    """Who is alive and does nothing is found out, each by what it is there for."""
    assert asked in " ".join(compose["services"][name]["healthcheck"]["test"])
    assert compose["services"][name]["restart"] == "unless-stopped"


def test_a_worker_has_the_time_to_hand_back_what_it_has(compose: dict[str, Any]) -> None:
    """The soft shutdown is over before the container is killed."""
    seconds = int(compose["services"]["worker"]["stop_grace_period"].removesuffix("s"))

    assert seconds > celeryconfig.worker_soft_shutdown_timeout + 10
    assert "noeviction" in compose["services"]["redis"]["command"]


def test_the_secrets_of_development_are_those_that_are_refused_in_public(compose: dict[str, Any]) -> None:
    """Each default of the file is one that CONFRADAR_PUBLIC refuses."""
    given = compose["services"]["web"]["environment"] | compose["services"]["flower"]["environment"]
    secret = {name: value for name, value in given.items() if is_secret(name) or ("_URL" in name and "@" in value)}

    assert {*secret} >= {"POSTGRES_PASSWORD", "CONFRADAR_BROKER_URL", "CONFRADAR_READERS_DATABASE_URL",
                         "CONFRADAR_OPERATOR_HASH", "FLOWER_BASIC_AUTH"}  # fmt: skip
    for name, value in secret.items():
        default = value.partition(":-")[2]
        assert default.startswith("}") or DEVELOPMENT in default or DEVELOPMENT_HASH in default.replace("$$", "$"), name


def test_the_image_runs_as_nobody_in_particular() -> None:
    """The image is of the slim Python, built in two stages from the lock, and its user is not root."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()

    assert [line for line in lines if line.startswith("FROM python:3.11-slim")] == [
        "FROM python:3.11-slim AS build",
        "FROM python:3.11-slim",
    ]
    assert any("--require-hashes -r requirements.lock" in line for line in lines)
    [user] = [line for line in lines if line.startswith("USER")]
    assert user != "USER root"


def test_the_readme_names_what_is_installed_and_each_is_used() -> None:
    """Every direct dependency by its licence, in the version of the lock; none is installed that nobody imports."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = [re.match(r"[A-Za-z0-9._-]+", one)[0] for one in declared]  # type: ignore[index]
    lock = dict(re.findall(r"^([a-z0-9-]+)(?:\[\S+\])?==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    told = (ROOT / "README.md").read_text().partition("## What it is made of")[2].partition("MIT licence.")[0]
    listed = dict(re.findall(r"([A-Za-z][A-Za-z0-9.-]+) ([0-9][\w.]*[\w])[,.]", " ".join(told.split())))

    assert {name: listed.get(name) for name in names} == {
        name: lock[re.sub(r"[._]", "-", name.lower())] for name in names
    }
    code = " ".join(
        file.read_text()
        for file in [*ROOT.glob("confradar/**/*.py"), *ROOT.glob("*.py"), *ROOT.glob("migrations/*.py")]
    )
    modules: dict[str, set[str]] = {}
    for module, owners in packages_distributions().items():
        for owner in owners:
            modules.setdefault(re.sub(r"[._]", "-", owner.lower()), set()).add(module)
    for name in {*names} - {"flower", "tzdata", "psycopg2-binary", "python-multipart"}:  # run, or loaded by others
        found = modules[re.sub(r"[._]", "-", name.lower())]
        assert any(re.search(rf"(import|from) {module}\b", code) for module in found), name
