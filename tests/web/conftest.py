"""A real web server over a real database, and a client that can send what no browser would."""

import http.client
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
import uvicorn

from confradar import settings, steps
from confradar.settings import Settings
from confradar.storage import database
from confradar.web import serving

PASSWORD = "a password of twelve"
# Of that password, made cheap: one pass over 8 KiB.
HASH = "$argon2id$v=19$m=8,t=1,p=1$mSlLckgJbP+9v7HVp/o+tw$mYEuIvpNpcy3yyYsz/sIkL8fZPaMK4Ue4GPRFKB7jXk"


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Client:
    """Asks one server, keeps its cookies, follows no redirect."""

    port: int
    settings: Settings
    cookies: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, method: str, path: str, body: bytes | str | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        given = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **(headers or {})}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, {name: value for name, value in given.items() if value})
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self(
            "POST", path, urlencode(fields or {}), {"Content-Type": "application/x-www-form-urlencoded", **given}
        )


@contextmanager
def running(server: uvicorn.Server, chosen: Settings) -> Iterator[Client]:
    """A server of these settings in a thread of this process."""
    with serving.listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield Client(listening.getsockname()[1], chosen)
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def serve(tmp_path: Path, sqlite_template: Path) -> Iterator[Callable[..., Client]]:
    """Bring up a server with these settings over an empty database."""
    with ExitStack() as exits:

        def served(**values: Any) -> Client:
            now = values.pop("now", steps.now_utc)
            file = tmp_path / sqlite_template.name
            if "url" not in values and not file.exists():
                shutil.copy(sqlite_template, file)
            url = values.pop("url", f"sqlite:///{file}")
            patient = {"web_requests_per_second": 1000, "web_seconds": 30}  # a busy machine is no finding
            chosen = settings.load(data_dir=tmp_path, CONFRADAR_DATABASE_URL=url, **{**patient, **values})
            if database.outdated(url):
                database.upgrade(url)
            return exits.enter_context(running(serving.server(chosen, now=now), chosen))

        yield served
