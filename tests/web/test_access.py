"""Who may use the operator pages: on loopback without a password, with one, and behind a trusted proxy."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request

from confradar import settings
from confradar.web.access import Access, SignInNeeded
from confradar.web.app import create

from .conftest import HASH, PASSWORD, Client

Serve = Callable[..., Client]
PUBLIC = {"/", "/changes", "/calendar", "/sources", "/api", "/conferences/{slug}", "/conferences/{slug}/why"}
PUBLIC |= {"/login", "/logout", "/static/{name}", "/healthz", "/readyz", "/version", "/api/v1/openapi.json"}
PUBLIC |= {f"/api/v1/{path}" for path in ("deadlines", "conferences", "changes", "sources")}
PUBLIC |= {f"/api/v1/conferences/{{slug}}{more}" for more in ("", "/history")}
PUBLIC |= {
    f"/feeds/{name}" for name in ("deadlines.ics", "deadlines.atom", "deadlines.csv", "changes.atom", "changes.csv")
}
PUBLIC |= {"/conferences/{slug}.ics", "/conferences/{slug}/copies/{digest}", "/unfollow/{number}/{proof}"}


def request(peer: str, **headers: str) -> Request:
    """A request as the server makes it, from any address."""
    told = {"host": "localhost:3000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in told.items()]
    return Request(
        {"type": "http", "client": (peer, 4711), "headers": raw, "scheme": "http", "path": "/", "method": "GET"}
    )


def access(folder: Path, **values: str) -> Access:
    return Access(settings.load(data_dir=folder, **values))


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("203.0.113.9", {}),
        ("10.0.0.4", {}),
        ("::ffff:203.0.113.9", {}),
        ("testclient", {}),
        ("203.0.113.9", {"x_forwarded_for": "127.0.0.1"}),
        ("203.0.113.9", {"x_forwarded_for": "127.0.0.1", "host": "127.0.0.1:3000"}),
        ("127.0.0.1", {"x_forwarded_for": "127.0.0.1"}),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}),
        ("127.0.0.1", {"x_real_ip": "203.0.113.9"}),
        ("127.0.0.1", {"host": "rebound.example"}),
        ("127.0.0.1", {"host": "127.0.0.1.rebound.example"}),
        ("127.0.0.1", {"host": "localhost@rebound.example"}),
        ("127.0.0.1", {"host": "[::1"}),
        ("127.0.0.1", {"host": ""}),
    ],
)
@pytest.mark.fault("F2", "no forged Host or forwarding header opens anything")
def test_without_a_sign_in_nobody_else_is_let_in(tmp_path: Path, peer: str, headers: dict[str, str]) -> None:
    """Not from elsewhere, whatever the headers say; not through a proxy; not by a name that was pointed at us."""
    with pytest.raises(HTTPException) as refused:
        access(tmp_path).operator(request(peer, **headers))
    assert refused.value.status_code == 403


@pytest.mark.parametrize(
    ("peer", "host"), [("127.0.0.1", "127.0.0.1:3000"), ("::1", "[::1]:3000"), ("127.0.0.5", "localhost")]
)
def test_without_a_sign_in_this_machine_is_let_in(tmp_path: Path, peer: str, host: str) -> None:
    """By any of its own names."""
    assert access(tmp_path).operator(request(peer, host=host)).name == "local"


def test_with_a_password_this_machine_signs_in_too(tmp_path: Path) -> None:
    """Whoever sits before the machine is not the operator."""
    with pytest.raises(SignInNeeded):
        access(tmp_path, operator_hash=HASH).operator(request("127.0.0.1"))


@pytest.mark.parametrize(
    ("peer", "headers", "name"),
    [
        ("10.0.0.7", {"x_user": "ada"}, "ada"),
        ("10.0.0.7", {}, None),
        ("10.0.0.7", {"x_user": " "}, None),
        ("10.0.0.8", {"x_user": "ada"}, None),
        ("127.0.0.1", {"x_user": "ada"}, None),
        ("127.0.0.1", {}, None),
        ("203.0.113.9", {"x_user": "ada", "x_forwarded_for": "10.0.0.7"}, None),
    ],
)
@pytest.mark.fault("F2", "no forged Host or forwarding header opens anything")
def test_only_the_trusted_proxy_names_the_operator(
    tmp_path: Path, peer: str, headers: dict[str, str], name: str | None
) -> None:
    """Its header, on its own connections."""
    rules = access(tmp_path, proxy_header="X-User", trusted_proxy="10.0.0.7")
    if name:
        assert rules.operator(request(peer, **headers)).name == name
    else:
        with pytest.raises(HTTPException) as refused:
            rules.operator(request(peer, **headers))
        assert refused.value.status_code == 403


@pytest.mark.fault("F2", "no forged Host or forwarding header opens anything")
def test_limits_count_by_whom_the_trusted_proxy_names(tmp_path: Path) -> None:
    """The last entry only, which the proxy itself wrote; of others the connection's own address. /64 is one client."""
    rules = access(tmp_path, proxy_header="X-User", trusted_proxy="10.0.0.7")

    assert rules.client(request("10.0.0.7", x_forwarded_for="1.2.3.4, 203.0.113.9")) == "203.0.113.9"
    assert rules.client(request("10.0.0.7", x_forwarded_for="nonsense")) == "10.0.0.7"
    assert rules.client(request("10.0.0.9", x_forwarded_for="203.0.113.9")) == "10.0.0.9"
    assert rules.client(request("2001:db8::1")) == rules.client(request("2001:db8::2"))


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Each method and address that the application answers."""
    found = []
    for route in app.routes:
        for inner in getattr(getattr(route, "original_router", None), "routes", [route]):
            found += [(method, inner.path) for method in inner.methods]
    return found


@pytest.mark.fault("F1", "every route is refused without a sign-in unless it is on the public list; no open Flower")
def test_everything_but_the_public_list_is_refused_without_a_sign_in(serve: Serve) -> None:
    """Every route and method; pages lead to the form, the API answers 401."""
    ask = serve(operator_hash=HASH)
    found = routes(create(ask.settings))
    assert {path for _, path in found} >= PUBLIC
    for method, path in found:
        if path not in PUBLIC:
            answer = ask(method, path.replace("{", "").replace("}", ""))
            wanted = 401 if path.startswith(("/api/", "/metrics")) else 303
            assert answer.status == wanted, f"{method} {path}"
            if wanted == 303:
                assert answer.headers["Location"].startswith("/login?next=/ops")


def test_the_password_opens_and_nothing_else_does(serve: Serve) -> None:
    """A wrong one is told; the right one leads to the page that was asked for, with a cookie no script can read."""
    ask = serve(operator_hash=HASH)
    assert "That is not the password" in ask.post("/login", {"password": "another of twelve"}).text

    answer = ask.post("/login", {"password": PASSWORD, "next": "/ops/runs?status=failed"})

    assert (answer.status, answer.headers["Location"]) == (303, "/ops/runs?status=failed")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=lax" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "asked",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/opsevil",
        "/ops\r\nX: y",
        "javascript:alert(1)",
        "",
    ],
)
@pytest.mark.fault("F7", "no traversal, no header of the asker's, no way to another site")
def test_signing_in_never_leads_elsewhere(serve: Serve, asked: str) -> None:
    """Whatever the form was made to say."""
    answer = serve(operator_hash=HASH).post("/login", {"password": PASSWORD, "next": asked})

    assert (answer.status, answer.headers["Location"]) == (303, "/ops")
    assert answer.headers["X"] is None


@pytest.mark.fault("F4", "guessing ends: 429, the same answer for right and wrong")
def test_guessing_ends_after_five_tries(serve: Serve) -> None:
    """Then right and wrong get the same answer."""
    ask = serve(operator_hash=HASH)
    for _ in range(5):
        assert ask.post("/login", {"password": "a wrong guess of it"}).status == 403

    wrong, right = ask.post("/login", {"password": "a wrong guess of it"}), ask.post("/login", {"password": PASSWORD})

    assert wrong.status == right.status == 429
    assert wrong.body == right.body
    assert wrong.headers["Retry-After"] == right.headers["Retry-After"] == "900"
    assert "Set-Cookie" not in right.headers


@pytest.mark.fault("F5", "a fixed, reused, forged or old session is none")
def test_a_session_that_was_ended_changed_or_chosen_by_others_is_none(serve: Serve) -> None:
    """Copies of a cookie end with it; a cookie that was set before is not the one that is given."""
    ask = serve(operator_hash=HASH)
    ask.cookies["confradar"] = "chosen"
    ask.post("/login", {"password": PASSWORD})
    given = ask.cookies["confradar"]
    rules = access(ask.settings.data_dir, operator_hash=HASH)  # another server, as after a restart

    assert given != "chosen"
    with pytest.raises(SignInNeeded):
        rules.operator(request("127.0.0.1", cookie=f"confradar={given}"))
    ask.post("/logout")
    assert ask.cookies["confradar"] == ""
    for cookie in (given, given[:-1] + ("a" if given[-1] != "a" else "b"), "chosen", ""):
        ask.cookies["confradar"] = cookie
        assert ask.post("/login", {"password": "wrong"}).status in (403, 422)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site", "origin": "http://127.0.0.1"}, 403),
        ({"sec_fetch_site": "same-origin"}, 303),
        ({"sec_fetch_site": "same-origin", "origin": "https://radar.example"}, 303),
        ({}, 303),
    ],
)
@pytest.mark.fault("F3", "another site's POST gets 403, a GET changes nothing")
def test_another_sites_page_cannot_sign_anybody_in_or_out(serve: Serve, headers: dict[str, str], status: int) -> None:
    """Browsers say where a form comes from."""
    ask = serve(operator_hash=HASH)

    assert ask.post("/login", {"password": PASSWORD}, **headers).status == status
    assert ask.post("/logout", **headers).status == status


def test_a_form_counts_for_its_own_session_only(tmp_path: Path) -> None:
    """Tokens differ each time, and none is of use in another session or on another server."""
    rules, other = access(tmp_path), access(tmp_path)
    token = rules.token("mine")

    assert token != rules.token("mine")
    assert rules.confirms("mine", token)
    assert not rules.confirms("yours", token)
    assert not other.confirms("mine", token)
    assert not rules.confirms("mine", "")
    assert not rules.confirms("mine", "é.é")


def test_the_cookie_is_for_https_where_the_browser_speaks_it(tmp_path: Path) -> None:
    """As the trusted proxy tells; nobody else is believed."""
    rules = access(tmp_path, trusted_proxy="10.0.0.0/24")

    assert rules.behind_tls(request("10.0.0.7", x_forwarded_proto="https"))
    assert not rules.behind_tls(request("10.0.1.7", x_forwarded_proto="https"))


def test_the_metrics_are_given_for_their_token(serve: Serve) -> None:
    """Which opens nothing else."""
    ask = serve(operator_hash=HASH, metrics_token="scrape-me-please")

    assert ask.get("/metrics", Authorization="Bearer scrape-me-please").status == 200
    for given in ("Bearer wrong", "Basic scrape-me-please", "Bearer ", "é"):
        refused = ask("GET", "/metrics", headers={"Authorization": given.encode().decode("latin-1")})
        assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert ask.get("/api/v1/ops/runs", Authorization="Bearer scrape-me-please").status == 401
