"""A limit on every request's body: how long it may be, and how slowly it may come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from ..core.bounds import BODY, BODY_RATE, BODY_WAIT

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CLOSE = {"Connection": "close"}
"""The rest of a refused body is not waited for."""


class Receiving:
    """ASGI middleware over every route of an application; a body may have `default` bytes, or `most` at its path.

    Reading past the limit raises an `HTTPException`, 413 or 408, which the application's own handlers turn into a
    response. A body that the application does not read is not read here either.
    """

    def __init__(self, app: ASGIApp, most: Mapping[str, int] = MappingProxyType({}), *, default: int = BODY) -> None:
        self._app, self._most, self._default = app, most, default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            length = dict(scope["headers"]).get(b"content-length", b"0")
            receive = _Body(receive, length, self._most.get(scope["path"], self._default))
        await self._app(scope, receive, send)


class _Body:
    """The messages of one request, as long as its body stays within the limits."""

    def __init__(self, receive: Receive, length: bytes, most: int) -> None:
        self._receive, self._most = receive, most
        self._too_long = not length.isdigit() or len(length) > 15 or int(length) > most
        self._read, self._whole = 0, False
        self._until = time.monotonic() + BODY_WAIT

    async def __call__(self) -> Message:
        if self._whole:  # what comes now is the disconnect, however late
            return await self._receive()
        if not self._too_long:
            try:
                async with asyncio.timeout(self._until - time.monotonic()):
                    message = await self._receive()
            except TimeoutError as error:
                raise HTTPException(408, "The body came too slowly. Send it again.", CLOSE) from error
            self._note(message)
        if self._too_long:
            raise HTTPException(413, f"The body is longer than {self._most // 1024:,} kB.", CLOSE)
        return message

    def _note(self, message: Message) -> None:
        size = len(message.get("body", b""))
        self._read += size
        self._too_long = self._read > self._most
        self._whole = not message.get("more_body", False)
        self._until = min(self._until + size / BODY_RATE, time.monotonic() + BODY_WAIT)
