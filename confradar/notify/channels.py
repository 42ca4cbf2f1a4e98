"""The addresses to which messages go: mail, webhooks, and the services that apprise knows."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from confradar.errors import AddressRefused

ADDRESS_MAX = 2000
ERROR_MAX = 300
MAIL = re.compile(r"[^@\s:/?#&,;<>\"]{1,64}@[A-Za-z0-9.-]{1,253}")
WEBHOOKS = ("json", "jsons", "xml", "xmls", "form", "forms")  # whose path may be a secret
PLAIN = ("mailto", "mailtos", *WEBHOOKS)  # nothing in a text means more than its letters there
_CALL = re.compile(r"(?<![\w.+-])@")  # of people in a chat; a mail address has letters before it
# What speaks to this machine and no further.
LOCAL = ("blink1", "dbus", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows")
KNOWN = "ada@example.org, mailto://, json:// (a webhook), slack://, matrix://, tgram://, … as apprise writes them"


@dataclass(frozen=True, slots=True)
class Address:
    """An address that can be sent to, and how it is shown: without what is secret in it."""

    written: str
    shown: str


def check(written: str, *, mail_url: str = "") -> Address:
    """The address that is written so. `mail_url` is the mail server by which bare mail addresses are reached.

    Raises AddressRefused. Loads apprise, which takes a second or two.
    """
    written = written.strip()
    if len(written) > ADDRESS_MAX or not re.fullmatch(r"[^\0-\x20\x7f]+", written):
        raise AddressRefused(f"address: found {len(written)} characters, wanted one of at most {ADDRESS_MAX}: {KNOWN}")
    if MAIL.fullmatch(written):
        if not mail_url:
            raise AddressRefused("address: mail needs a server; name it in CONFRADAR_MAIL_URL (mailtos://user:pw@host)")
        channel(written, mail_url)
        return Address(written, written)
    found = channel(written, mail_url)
    parts = urlsplit(found.url(privacy=True))
    path = "/…" if parts.scheme in WEBHOOKS and parts.path.strip("/") else parts.path
    return Address(written, urlunsplit((parts.scheme, parts.netloc, path[:80], "", "")))


def channel(written: str, mail_url: str) -> Any:
    """Apprise's own object for an address; a bare mail address goes by `mail_url`. Raises AddressRefused."""
    import apprise  # noqa: PLC0415 - with all its channels it takes longer than any command should to start

    url = written
    if MAIL.fullmatch(written):
        url = f"{mail_url}{'&' if '?' in mail_url else '?'}to={quote(written)}"
    scheme = url.partition(":")[0].casefold()
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it tells what it refuses, secrets included
    asset = apprise.AppriseAsset(
        app_id="ConfRadar", app_desc="ConfRadar", app_url="", http_redirects=False, async_mode=False
    )
    found = None if scheme in LOCAL else apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if found is None:
        raise AddressRefused(
            f"address: {scheme[:40]!r} with what stands behind it is none that is known; wanted {KNOWN}"
        )
    return found


def uncalled(text: str) -> str:
    """A text in which no word calls people, as @everyone would in a chat, whoever wrote it."""
    return _CALL.sub("@\u200b", text)


def send(written: str, subject: str, body: str, *, mail_url: str, headers: dict[str, str]) -> str | None:
    """Hand a message to its channel, as plain text; returns None, or why the channel did not take it.

    `headers` go along where a channel has such: mail and webhooks. Blocks as long as the channel does.
    """
    import apprise  # noqa: PLC0415 - as above

    try:
        found = channel(written, mail_url)
    except AddressRefused as error:
        return str(error)
    if "overflow=" not in written:
        found.overflow_mode = apprise.OverflowMode.SPLIT  # where a service takes fewer letters than we have
    if isinstance(getattr(found, "headers", None), dict):
        found.headers.update(headers)
    sender = apprise.Apprise(asset=found.asset)
    sender.add(found)
    if not MAIL.fullmatch(written) and written.partition(":")[0].casefold() not in PLAIN:
        subject, body = uncalled(subject), uncalled(body)
    captured = apprise.LogCapture(level=logging.WARNING, fmt="%(message)s")  # type: ignore[no-untyped-call]  # it has none
    with captured as said:
        taken = sender.notify(body=body, title=subject, body_format=apprise.NotifyFormat.TEXT)
        why = " ".join(said.getvalue().split())
    return None if taken else (why or "it was not taken, and no reason was given")[:ERROR_MAX]
