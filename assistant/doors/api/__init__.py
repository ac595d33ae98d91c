"""The HTTP interface for programs, in JSON and events, and the same in the dialect of OpenAI's models.

`/api/openapi.json` describes all of it, and `/api/docs` shows that to people. In reading order:

- `backend`: what the routes work with, and who may call them
- `bodies`, `sse`, `errors`: what is sent and returned: JSON, events, problem details
- `questions`, `papers`, `sources`, `collections`, `conversations`: the routes under `/api`
- `background`, `chats`, `completions`, `responses`: the routes under `/v1`, where a chat goes in
- `metrics`, `docs`, `app`: the numbers, the description as a page, and all of it as one application
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from ...core.errors import MissingExtra

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from ...chain import Assistant
    from ...core.settings import Settings
    from ...service.answering import Answering
    from ...service.doorkeeper import Doorkeeper
    from ...service.syncer import Syncer

PATHS = ("/api", "/api/{rest:path}", "/v1", "/v1/{rest:path}", "/healthz", "/readyz", "/metrics")
"""All requests under these paths are answered here, even if only with 404."""


def application(
    assistant: Assistant,
    answering: Answering,
    doorkeeper: Doorkeeper,
    settings: Settings,
    syncer: Syncer | None = None,
) -> FastAPI:
    """The interface over an assistant as an application for any ASGI server; raises `MissingExtra`.

    It opens the file of conversations, and closes it when it ends. Without a `syncer` it has one of its own.
    """
    needed = ("fastapi", "multipart", "prometheus_client", "sse_starlette")
    if any(importlib.util.find_spec(name) is None for name in needed):
        raise MissingExtra("web")
    from .app import application as build
    from .backend import open_backend

    return build(open_backend(assistant, answering, doorkeeper, settings, syncer))


def router(
    assistant: Assistant,
    answering: Answering,
    doorkeeper: Doorkeeper,
    settings: Settings,
    syncer: Syncer | None = None,
) -> APIRouter:
    """The same as routes for another application to include beside its own."""
    app = application(assistant, answering, doorkeeper, settings, syncer)
    from fastapi import APIRouter
    from starlette.routing import BaseRoute, Route

    routes: list[BaseRoute] = [Route(path, app, include_in_schema=False) for path in PATHS]
    return APIRouter(routes=routes, lifespan=app.router.lifespan_context)
