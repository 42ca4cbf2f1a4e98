"""The pages' frame: templates, static files, and the health line that every page has."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from confradar.settings import Settings
from confradar.sources.base import readers
from confradar.web.access import Access, Operator
from confradar.web.filters import FILTERS
from confradar.web.form import ZONES
from confradar.web.health import Health, health

HEALTH_SECONDS = 5  # that a health line is good for
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Pages:
    """Renders the templates of one server."""

    def __init__(self, settings: Settings, access: Access) -> None:
        self._settings, self._access = settings, access
        self.static = {
            file.name: Static.of(file.name, file.read_bytes())
            for file in files(__package__).joinpath("static").iterdir()
        }
        self.environment = Environment(
            loader=PackageLoader(__package__),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.globals["static"] = lambda name: f"/static/{name}?v={self.static[name].digest[:12]}"
        self.environment.globals["flower"] = settings.flower_url.rstrip("/")
        self.environment.globals["data_licence"] = settings.data_licence
        self.environment.globals["zones"] = ZONES
        self.environment.globals["source_homes"] = [(one.source.name, one.source.home) for one in readers().values()]
        self.environment.filters.update(FILTERS)
        self._health: tuple[float, Health] | None = None

    def page(
        self, request: Request, template: str, who: Operator | None = None, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page with its health line, for an operator also with their navigation and forms."""
        token = self._access.token(who.session) if who else ""
        return self.plain(
            template, status, health=self.health(), who=who, token=token, path=request.scope["path"], **values
        )

    def plain(self, template: str, status: int, **values: Any) -> HTMLResponse:
        """A page that asks nothing of the database."""
        given = {
            "health": None,
            "who": None,
            "token": "",
            "path": "",
            "view": None,
            "now": None,
            "by_password": self._access.by_password,
            **values,
        }
        return HTMLResponse(self.environment.get_template(template).render(given), status)

    def health(self) -> Health:
        """How the last night was, at most 5 seconds old."""
        if self._health is None or time.monotonic() - self._health[0] > HEALTH_SECONDS:
            self._health = (time.monotonic(), health(self._settings))
        return self._health[1]


@dataclass(frozen=True, slots=True)
class Static:
    """A file that never changes while the server runs."""

    body: bytes
    kind: str
    digest: str

    @classmethod
    def of(cls, name: str, body: bytes) -> Static:
        """The file of that name and content."""
        return cls(body, KINDS[name.rpartition(".")[2]], hashlib.sha256(body).hexdigest())

    def answer(self, request: Request) -> Response:
        """The file, or 304 if the asker has it. The tag is weak, because the body may be compressed on its way."""
        tag = f'W/"{self.digest[:24]}"'
        headers = {"ETag": tag, "Cache-Control": "public, max-age=86400"}
        known = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
        if "*" in known or tag.removeprefix("W/") in known:
            return Response(status_code=304, headers={**headers, "Vary": "Accept-Encoding"})
        return Response(self.body, media_type=self.kind, headers=headers)
