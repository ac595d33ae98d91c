"""A request in, the same request out with its caller known; of strangers only the health checks are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request

from ...service.doorkeeper import Doorkeeper, Refused
from ...service.problems import problem_of
from .errors import response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

OPEN = ("/healthz", "/readyz")
"""What answers without a key from anywhere."""


class Entry:
    """ASGI middleware before all routes, so that none can be forgotten; the scope's `caller` is who asks."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper) -> None:
        self._app, self._doorkeeper = app, doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN:
            request = Request(scope)
            try:
                address = request.client.host if request.client else ""
                scope["caller"] = await self._doorkeeper.caller(address, request.headers)
            except Refused as refused:
                await response(problem_of(refused), scope["path"])(scope, receive, send)
                return
        await self._app(scope, receive, send)
