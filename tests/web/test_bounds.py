"""What a request may be at most, and what every answer carries."""

import select
import socket
import threading
from collections.abc import Callable

import pytest

from .conftest import Answer, Client

Serve = Callable[..., Client]


@pytest.mark.fault("F10", "no private page is kept by a shared cache")
def test_every_answer_carries_the_rules_for_browsers(serve: Serve) -> None:
    """Success, error and file alike: nothing but our own script runs, nobody frames us, nothing private is kept."""
    ask = serve()
    for answer in (ask.get("/"), ask.get("/nope"), ask("PUT", "/"), ask.get("/static/radar.css"), ask.get("/healthz")):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert ask.get("/login").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/" + "a" * 4097, {}, 414),
        ("/?q=" + "a" * 4097, {}, 414),
        ("/", {"X-Large": "a" * 16_400}, 431),
        ("/healthz?" + "&".join(f"p{n}=1" for n in range(21)), {}, 400),
        ("/healthz?" + "&".join(["p=1"] * 151), {}, 400),
        ("/login?next=%00", {}, 400),
        ("/login%0d%0aSet-Cookie:%20a=b", {}, 400),
        ("/healthz?" + "&".join(f"p{n % 20}=1" for n in range(150)), {}, 200),
    ],
)
@pytest.mark.fault("F8", "oversize, many fields, slow clients: 4xx, others served")
def test_a_request_beyond_the_bounds_is_refused(serve: Serve, path: str, headers: dict[str, str], status: int) -> None:
    """Address, headers, parameters: a clear 4xx for what crosses a bound, and an answer for what just does not."""
    assert serve()("GET", path, headers=headers).status == status


@pytest.mark.fault("F8", "oversize, many fields, slow clients: 4xx, others served")
def test_a_large_body_is_refused_however_it_is_announced(serve: Serve) -> None:
    """By its length, or piece by piece."""
    ask = serve()
    large = b"password=" + b"a" * 17_000

    assert ask("POST", "/login", large).status == 413
    assert ask("POST", "/login", iter([large[:9000], large[9000:]])).status == 413  # type: ignore[arg-type]
    assert ask.post("/login", {"password": "a" * 16_000}).status in (404, 422)


@pytest.mark.fault("F8", "oversize, many fields, slow clients: 4xx, others served")
def test_who_asks_too_often_waits_and_others_do_not(serve: Serve) -> None:
    """Ten a second with five seconds' worth at once; each answer beyond says when to come again."""
    ask = serve(web_requests_per_second=0.2)

    assert ask.get("/healthz").status == 200
    refused = ask.get("/healthz")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1")


@pytest.mark.fault("F8", "oversize, many fields, slow clients: 4xx, others served")
def test_a_slow_client_is_cut_and_others_are_served(serve: Serve) -> None:
    """A body that does not come is answered 408; meanwhile others have their answers."""
    ask = serve(web_seconds=0.5)
    with socket.create_connection(("127.0.0.1", ask.port)) as slow:
        slow.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\npass")
        assert ask.get("/healthz").status == 200
        assert slow.makefile("rb").readline() == b"HTTP/1.1 408 Request Timeout\r\n"


@pytest.mark.fault("F8", "oversize, many fields, slow clients: 4xx, others served")
def test_one_client_has_not_all_connections(serve: Serve) -> None:
    """Of more than 128 idle connections of one address the newest is closed, while the first is still open."""
    ask = serve()
    idle = [socket.create_connection(("127.0.0.1", ask.port)) for _ in range(140)]
    try:
        assert idle[-1].recv(1) == b""
        assert select.select([idle[0]], [], [], 0)[0] == []
    finally:
        for connection in idle:
            connection.close()


@pytest.mark.parametrize("path", ["/", "/nope", "/healthz", "/static/radar.css"])
def test_head_is_get_without_its_body(serve: Serve, path: str) -> None:
    """Status and headers are the same."""
    ask = serve()
    head, get = ask("HEAD", path), ask("GET", path)

    assert (head.status, head.body) == (get.status, b"")
    assert {n: v for n, v in head.headers.items() if n != "date"} == {
        n: v for n, v in get.headers.items() if n != "date"
    }


def test_answers_are_compressed_for_who_wants_it(serve: Serve) -> None:
    """With Vary, so that a cache keeps them apart."""
    ask = serve()
    plain, packed = ask.get("/static/radar.css"), ask.get("/static/radar.css", Accept_Encoding="gzip")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.body) < len(plain.body) / 2
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*", '"other"', "{}x"])
@pytest.mark.fault("F9", "304 exactly when equal, in every form of a tag")
def test_a_file_is_sent_again_only_if_it_differs(serve: Serve, form: str) -> None:
    """304 exactly when one of the tags is ours, weak or strong."""
    ask = serve()
    tag = ask.get("/static/radar.css").headers["ETag"].removeprefix("W/")
    answer = ask.get("/static/radar.css", If_None_Match=form.format(tag))

    known = form not in ('"other"', "{}x")
    assert (answer.status, answer.body == b"") == (304 if known else 200, known)
    assert answer.headers["ETag"].endswith(tag)


@pytest.mark.fault("F7", "no traversal, no header of the asker's, no way to another site")
def test_an_address_cannot_leave_the_folder_of_files(serve: Serve) -> None:
    """Whatever dots and slashes it has."""
    ask = serve()
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"):
        assert ask.get(path).status == 404


def test_a_broken_request_leaves_the_server_well(serve: Serve) -> None:
    """Garbage and a head without end get 400 or nothing; the next one is answered."""
    ask = serve()
    for broken in (b"\x16\x03\x01\x00\xff", b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000):
        with socket.create_connection(("127.0.0.1", ask.port), timeout=5) as connection:
            connection.sendall(broken + b"\r\n\r\n")
            assert b" 400 " in connection.recv(100)
    assert ask.get("/healthz").status == 200


def test_many_are_answered_at_once(serve: Serve) -> None:
    """Forty clients together, each with its page."""
    ask = serve()
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(ask.get("/"))) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 40
