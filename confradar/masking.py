"""What nobody else may see: which settings hold a secret, and addresses without their passwords."""

from __future__ import annotations

import re

_SECRET_NAME = re.compile(r"(?i)password|secret|token|(?<!public)_key|basic_auth|openai|operator_hash|alert_to")


def is_secret(name: str) -> bool:
    """Whether a variable of that name holds what nobody else may know."""
    return bool(_SECRET_NAME.search(name))


def masked(url: str) -> str:
    """An address without its password, whether it stands before the host or among the parameters."""
    url = re.sub(r"(?<=//)([^/@:]*):.*@", r"\1:***@", url)
    return re.sub(r"(password=)[^&]*", r"\1***", url)
