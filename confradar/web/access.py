"""Who may use the operator pages: an operator who signed in, one named by a trusted proxy, or this machine itself."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi import Depends, Form
from itsdangerous import BadSignature, TimestampSigner
from starlette.exceptions import HTTPException
from starlette.requests import Request

from confradar.settings import Settings

COOKIE = "confradar"
SESSION_SECONDS = 12 * 3600
TRIES, TRIES_SECONDS = 5, 15 * 60
CLIENTS = 10_000  # whose tries are remembered
_HOST = re.compile(r"(?P<name>[a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.IGNORECASE)
FORWARDING = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts: the name that the ledger gets, and what their forms' tokens are made for."""

    name: str
    session: str


class SignInNeeded(HTTPException):
    """Nobody is signed in. A page leads to the form, the API answers 401."""

    def __init__(self) -> None:
        super().__init__(401, "sign in first")


class Access:
    """The rules of one server, whose keys end with it: a restart signs everybody out."""

    def __init__(self, settings: Settings) -> None:
        self._hash, self._header = settings.operator_hash, settings.proxy_header
        self._metrics_token = settings.metrics_token
        self._proxies = settings.trusted_proxies
        self._key = secrets.token_bytes(32)
        self._signer = TimestampSigner(self._key)
        self._ended: OrderedDict[str, float] = OrderedDict()
        self._tries: OrderedDict[str, list[float]] = OrderedDict()
        self._one_at_a_time = threading.Lock()  # a password costs 64 MiB and 50 ms to compare

    @property
    def by_password(self) -> bool:
        """Whether there is a password to sign in with."""
        return bool(self._hash)

    def operator(self, request: Request) -> Operator:
        """Who asks. Raises SignInNeeded, or HTTPException 403 where no sign-in would help.

        Judges by the connection's other end. Headers are believed from a trusted proxy only.
        """
        if self._header and self._is_proxy(request) and (name := request.headers.get(self._header, "").strip()):
            return Operator(name[:100], f"proxy:{name}")
        if session := self._session(request.cookies.get(COOKIE, "")):
            return Operator("operator", session)
        if self._hash:
            raise SignInNeeded
        if self._header:
            raise HTTPException(403, "these pages are reached through the reverse proxy only, signed in there")
        if not _local(request):
            raise HTTPException(
                403,
                "these pages answer on the machine itself only, as http://127.0.0.1 or http://localhost, because no "
                "operator's password is set (CONFRADAR_OPERATOR_HASH; `confradar operator-password` makes it)",
            )
        return Operator("local", "local")

    def may_scrape(self, request: Request) -> None:
        """Raise HTTPException 401 or 403 unless who asks has the token of the metrics, or is an operator."""
        token = self._metrics_token
        given = request.headers.get("authorization", "")
        if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return
        try:
            self.operator(request)
        except SignInNeeded:
            told = "the metrics are for operators, and for who has the token of CONFRADAR_METRICS_TOKEN"
            raise HTTPException(401, told, headers={"WWW-Authenticate": "Bearer"}) from None

    def client(self, request: Request) -> str:
        """The address that limits count by: the connection's other end, or whom a trusted proxy names."""
        peer = _peer(request)
        if self._is_proxy(request):
            named = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
            peer = _address(named) or peer
        if isinstance(peer, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((peer, 64), strict=False))
        return str(peer)

    def sign_in(self, request: Request, password: str) -> str | None:
        """The value of a new session's cookie, or None for a wrong password.

        Raises HTTPException 429 for a client that tried too often, whatever it says.
        """
        client, now = self.client(request), time.monotonic()
        with self._one_at_a_time:
            tries = [then for then in self._tries.get(client, ()) if then > now - TRIES_SECONDS]
            if len(tries) >= TRIES:
                raise HTTPException(429, "too many tries; wait 15 minutes", headers={"Retry-After": str(TRIES_SECONDS)})
            self._tries[client] = [*tries, now]
            if len(self._tries) > CLIENTS:
                self._tries.popitem(last=False)
            try:
                PasswordHasher().verify(self._hash, password)
            except (VerificationError, InvalidHashError):
                return None
            del self._tries[client]
        self.sign_out(request)
        return self._signer.sign(secrets.token_urlsafe(16)).decode()

    def sign_out(self, request: Request) -> None:
        """End the session of that request, also for copies of its cookie."""
        if session := self._session(request.cookies.get(COOKIE, "")):
            self._ended[session] = time.monotonic()
        while self._ended and next(iter(self._ended.values())) < time.monotonic() - SESSION_SECONDS:
            self._ended.popitem(last=False)

    def token(self, session: str) -> str:
        """A token for a form of that session; each call gives another, so that compression tells nothing of it."""
        salt = secrets.token_hex(8)
        return f"{salt}.{self._proof(salt, session)}"

    def confirms(self, session: str, token: str) -> bool:
        """Whether a token was made for that session by this server."""
        salt, _, proof = token.partition(".")
        return hmac.compare_digest(proof.encode(), self._proof(salt, session).encode())

    def behind_tls(self, request: Request) -> bool:
        """Whether the browser speaks https, directly or to a trusted proxy."""
        told = request.headers.get("x-forwarded-proto", "") if self._is_proxy(request) else ""
        return "https" in (request.url.scheme, told)

    def _proof(self, salt: str, session: str) -> str:
        return hmac.new(self._key, f"{salt}/{session}".encode(), hashlib.sha256).hexdigest()

    def _session(self, cookie: str) -> str | None:
        try:
            session = self._signer.unsign(cookie, max_age=SESSION_SECONDS).decode()
        except BadSignature:
            return None
        return None if session in self._ended else session

    def _is_proxy(self, request: Request) -> bool:
        peer = _peer(request)
        return peer is not None and any(peer in network for network in self._proxies)


def _peer(request: Request) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address at the other end of the connection."""
    return _address(request.client.host) if request.client else None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _local(request: Request) -> bool:
    """Whether a program of this machine asks for this machine.

    Another Host is a page elsewhere whose name was pointed at us (DNS rebinding); a forwarding header means that
    somebody else stands behind the connection.
    """
    peer = _peer(request)
    host = _HOST.fullmatch(request.headers.get("host", ""))
    named = host is not None and _is_loopback(host["name"].strip("[]"))
    return peer is not None and peer.is_loopback and named and not any(name in request.headers for name in FORWARDING)


def _is_loopback(name: str) -> bool:
    """Whether that name or address is this machine's own."""
    address = _address(name)
    return name == "localhost" if address is None else address.is_loopback


def operator(request: Request) -> Operator:
    """Dependency of every operator's route: who asks."""
    access: Access = request.app.state.access
    return access.operator(request)


def scraper(request: Request) -> None:
    """Dependency of the metrics."""
    access: Access = request.app.state.access
    access.may_scrape(request)


def same_origin(request: Request) -> None:
    """Dependency of every route that changes something: raises 403 for a request that another site's page sent.

    Browsers always say where a POST comes from; what says nothing is no browser, and carries nobody's cookie.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = origin is None or origin.partition("://")[2] == request.headers.get("host", "")
    if not (ours if site is None else site == "same-origin"):  # a proxy may have changed the Host, but not the former
        raise HTTPException(403, "this was sent from a page of another site; nothing was done")


def own_form(
    request: Request,
    who: Annotated[Operator, Depends(operator)],
    token: Annotated[str, Form(max_length=200)] = "",
) -> None:
    """Dependency of every operator's form: raises 403 unless it is a form of ours, for this operator."""
    access: Access = request.app.state.access
    if not access.confirms(who.session, token):
        raise HTTPException(403, "the form is not from this session; load its page again")


Who = Annotated[Operator, Depends(operator)]
