"""A layer before the routes of a door: whoever is not let in gets the reason, everyone else is named in the scope."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .doorkeeper import Doorkeeper, NotAdmitted
from .problems import MEDIA, Problem, problem_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def response_of(problem: Problem, path: str = "") -> Response:
    """The problem details as a response, the same at every path."""
    return JSONResponse(problem.body, problem.status, problem.headers, MEDIA)


class Entry:
    """ASGI middleware that lets a request pass with its `Caller` as the scope's `caller`, or responds with a problem.

    It covers all routes of an application, so none can be forgotten; `public` are the paths that need no caller.
    """

    def __init__(
        self,
        app: ASGIApp,
        doorkeeper: Doorkeeper,
        *,
        public: Collection[str] = (),
        respond: Callable[[Problem, str], Response] = response_of,
    ) -> None:
        self._app, self._doorkeeper, self._public, self._respond = app, doorkeeper, public, respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in self._public:
            request = Request(scope)
            try:
                address = request.client.host if request.client else ""
                scope["caller"] = await self._doorkeeper.caller(address, request.headers)
            except NotAdmitted as error:
                await self._respond(problem_of(error), scope["path"])(scope, receive, send)
                return
        await self._app(scope, receive, send)
