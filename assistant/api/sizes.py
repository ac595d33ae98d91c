"""A request in, handed on out, unless its body is longer than is taken; every request is timed and counted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fastapi import HTTPException

from ..problems import Problem
from .errors import response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .metrics import Metrics

BODY, UPLOAD = 1024 * 1024, 20 * 1024 * 1024
"""Bytes of a body, at most; and of a listing file that is sent to be taken in."""


class Sizes:
    """ASGI middleware. Of a body that does not say how long it is, no more is read than is allowed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = UPLOAD if scope["path"] == "/api/papers" else BODY
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if not told.isdigit() or len(told) > 15 or int(told) > most:
            await response(Problem(413, _too_long(most)), scope["path"])(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, _too_long(most))
            return message

        await self._app(scope, counted, send)


class Counted:
    """ASGI middleware that tells how long each request took and how it ended, by its route."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path_format", "none")
            method = "any" if route == "none" or status == 405 else scope["method"]
            self._metrics.request(route, method, status, time.perf_counter() - begun)


def _too_long(most: int) -> str:
    return f"The body is longer than {most // 1024:,} kB."
