"""Requests to `/mcp` in, responses of the protocol out, once the doorkeeper has let them in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ...core.bounds import BODY
from ...service.doorkeeper import Doorkeeper, Refused
from ...service.problems import MEDIA, problem_of

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from .server import Server


def routes(server: Server, doorkeeper: Doorkeeper) -> APIRouter:
    """The route, and what it needs to live. No session is kept: each request stands alone, also after a restart."""
    sessions = StreamableHTTPSessionManager(server.protocol, stateless=True, max_request_body_size=BODY)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with sessions.run():
            yield

    return APIRouter(routes=[Route("/mcp", Door(sessions, doorkeeper), include_in_schema=False)], lifespan=lifespan)


class Door:
    """The route as an ASGI application."""

    def __init__(self, sessions: StreamableHTTPSessionManager, doorkeeper: Doorkeeper) -> None:
        self._sessions, self._doorkeeper = sessions, doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            caller = await self._doorkeeper.caller(request.client.host if request.client else "", request.headers)
        except Refused as refused:
            problem = problem_of(refused)
            await JSONResponse(problem.body, problem.status, problem.headers, MEDIA)(scope, receive, send)
            return
        await self._sessions.handle_request({**scope, "caller": caller}, receive, send)
