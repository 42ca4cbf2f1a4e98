"""ConfRadar: which conference deadlines are coming, and when one moves."""

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    """Offer the application as `celery -A confradar` looks for it, without making Celery part of each import."""
    if name == "celery":
        return importlib.import_module("confradar.app").app
    raise AttributeError(f"module 'confradar' has no attribute {name!r}")
