"""The readers' part of the API document, taken at its word: no answer that it does not describe, and no failure."""

from collections.abc import Callable

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from .conftest import Client
from .store import NOW, fill

DESCRIBED = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


def test_every_answer_is_described(serve: Callable[..., Client]) -> None:
    """Whatever is asked, well or badly; what operators do has tests of its own."""
    client = serve(now=lambda: NOW, web_requests_per_second=10_000)
    fill(client.settings.database)
    document = schemathesis.openapi.from_url(f"http://127.0.0.1:{client.port}/api/v1/openapi.json")
    asked: set[str] = set()

    for operation in (found.ok() for found in document.exclude(path_regex="/ops").get_all_operations()):

        @given(case=st.one_of(operation.as_strategy(mode) for mode in GenerationMode))
        @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate(checks=list(DESCRIBED))

        ask()
        asked.add(operation.path)

    assert {"/api/v1/deadlines", "/api/v1/changes", "/feeds/deadlines.ics", "/conferences/{slug}.ics"} <= asked
