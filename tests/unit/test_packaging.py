"""What is shipped: the lock, the image, the compose file."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


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
