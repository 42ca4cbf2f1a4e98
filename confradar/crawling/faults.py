"""Why a page was not read, in the words of the ledger: a reason code, and a sentence for a person."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

# Conditions that pass: asking again later may help.
PASSING_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
BLOCKED_STATUSES = frozenset({401, 403, 451})


@dataclass(frozen=True, slots=True)
class Fault:
    """What was wrong with a page. `retry_after` is the wait that the site asked for, in seconds."""

    reason: str
    detail: str
    worth_retrying: bool = False
    retry_after: float | None = None


def of_status(host: str, status: int, retry_after: float | None = None) -> Fault:
    """The fault of an answer that is not a page."""
    try:
        words = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        words = str(status)
    reason = "blocked" if status in BLOCKED_STATUSES else f"http_{status}"
    return Fault(reason, f"{host}: answered {words}", status in PASSING_STATUSES, retry_after)
