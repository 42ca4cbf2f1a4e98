"""The application, made from settings; nothing happens when this is imported."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI

from confradar import steps
from confradar.settings import Settings
from confradar.web import answers, api, feeds, follows, ops, ops_api, public, readers
from confradar.web.access import Access
from confradar.web.bounds import VALUES, Bounds, Rate
from confradar.web.caching import Compression, Kept, Shelf
from confradar.web.pages import Pages
from confradar.web.sharing import Sharing


def create(settings: Settings, *, now: Callable[[], datetime] = steps.now_utc) -> FastAPI:
    """The application of `confradar serve`, with its own sessions and limits; what readers see is of `now`."""
    app = FastAPI(
        title="ConfRadar",
        description="Which conference deadlines are coming, and when one moves.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,  # operation ids that read as what they do
        redirect_slashes=False,  # it would answer with the address that a Host header names
        form_limits={"max_fields": VALUES, "max_files": 0},
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    access = Access(settings)
    app.state.settings, app.state.access, app.state.pages = settings, access, Pages(settings, access)
    app.state.now, app.state.shelf, app.state.events = now, Shelf(settings), Kept()
    # The readers' pages last: `/conferences/{slug}` takes every address there that nobody else has.
    own = (follows.operators, follows.public)
    for router in (public.router, api.router, feeds.router, *own, ops.router, ops_api.router, readers.router):
        app.include_router(router)
    answers.install(app)
    app.add_middleware(Compression)
    app.add_middleware(
        Bounds,
        seconds=settings.web_seconds,
        rate=Rate(settings.web_requests_per_second),
        client=access.client,
        refuse=answers.refusal,
    )
    app.add_middleware(Sharing)
    return app
