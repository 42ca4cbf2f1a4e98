"""Which answers pages of other sites may read: those that are the same for everybody."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Last-Modified, Link",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since",
    "Access-Control-Max-Age": "86400",
}


def is_shared(path: str) -> bool:
    """Whether feeds or the readers' API answer there: the operator's part never is."""
    ours = path.startswith(("/feeds/", "/api/")) or (path.startswith("/conferences/") and path.endswith(".ics"))
    return ours and not path.startswith("/api/v1/ops")


class Sharing:
    """Lets pages of other sites read what is shared, errors included, without cookies."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not is_shared(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def shared(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if scope["method"] == "OPTIONS" and "access-control-request-method" in Request(scope).headers:
            await Response(None, 204, PREFLIGHT)(scope, receive, shared)
        else:
            await self._app(scope, receive, shared)
