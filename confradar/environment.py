"""What the environment says beside the settings: of single sources, what is misspelt, what is secret."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from confradar.errors import SettingError
from confradar.masking import is_secret
from confradar.settings import Settings, variable

SOURCE_FIELDS = (
    "url",
    "expected",
    "floor",
    "delay",
    "concurrency",
    "max_pages",
    "max_items",
    "max_depth",
    "budget",
    "cache",
    "autothrottle",
)


def source_overrides(name: str, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the environment says of one source: CONFRADAR_SOURCE_WIKICFP_URL gives {"url": …}.

    Raises SettingError for a field that no source has.
    """
    prefix = f"CONFRADAR_SOURCE_{name.upper()}_"
    found = {key.removeprefix(prefix).lower(): value for key, value in environ.items() if key.startswith(prefix)}
    for field in found:
        if field not in SOURCE_FIELDS and not field.startswith("feed_"):
            raise SettingError(
                f"{prefix}{field.upper()}: no source has that setting; there are {', '.join(SOURCE_FIELDS)}"
            )
    return found


def refuse_unknown_sources(sources: Iterable[str], environ: Mapping[str, str] = os.environ) -> None:
    """Raise SettingError for a setting of a source that there is not: it would change nothing."""
    known = {f"CONFRADAR_SOURCE_{name.upper()}_": name for name in sources}
    for name in environ:
        if name.startswith("CONFRADAR_SOURCE_") and not name.startswith(tuple(known)):
            near = difflib.get_close_matches(name, known, n=1, cutoff=0)
            there = ", ".join(known.values())
            raise SettingError(f"{name}: there is no such source; did you mean {near[0]}…? There are {there}")


def given(environ: Mapping[str, str], *, sources: Iterable[str], others: Iterable[str] = ()) -> list[str]:
    """The names of our settings that the environment has; `others` are read elsewhere.

    Raises SettingError for one that begins as ours do but is none, with a near one: what is misspelt changes nothing.
    """
    known = {variable(name) for name in Settings.model_fields}
    known |= {"DATABASE_URL", *others}
    of_sources = tuple(f"CONFRADAR_SOURCE_{name.upper()}_" for name in sources)
    for name in environ:
        if name.startswith("CONFRADAR_") and name not in known and not name.startswith(of_sources):
            near = difflib.get_close_matches(name, [*known, *of_sources], n=1)
            hint = f"; did you mean {near[0]}?" if near else "; `confradar config` prints all"
            raise SettingError(f"{name} is no setting{hint}")
    return [name for name in environ if name in known or name.startswith(of_sources)]


def secrets(settings: Settings, environ: Mapping[str, str] = os.environ) -> set[str]:
    """What no log may show: the passwords of the settings, and every value of the environment that is named as one.

    A word that stands openly elsewhere in the settings, such as a user who is his own password, cannot be hidden.
    """
    found = {
        password
        for url in (
            settings.database,
            settings.readers_database,
            settings.broker,
            settings.flower_url,
            settings.mail_url,
        )
        for pattern in (r"//[^/@:]*:(.+)@", r"password=([^&]+)")
        for password in re.findall(pattern, url)
    }
    found |= {unquote(password) for password in found}
    found |= {value for name, value in environ.items() if is_secret(name)}
    found |= {address for address in settings.alert_addresses if "://" in address}  # what opens a channel
    return found - {"confradar", "postgres", settings.postgres_user, settings.postgres_hostname, settings.postgres_db}
