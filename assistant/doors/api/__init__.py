"""A request in, JSON, events or problem details out: the HTTP interface, and OpenAI's dialect of it.

Everything is described at `/api/openapi.json` and, for people, at `/api/docs`.
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

PATHS = ("/api", "/api/{rest:path}", "/v1", "/v1/{rest:path}", "/healthz", "/readyz", "/metrics")
"""Everything under these is answered here, also that there is nothing."""


def application(assistant: Assistant, answering: Answering, doorkeeper: Doorkeeper, settings: Settings) -> FastAPI:
    """The interface over an assistant as an application for any ASGI server; raises `MissingExtra`.

    It opens the file of conversations, and closes it when it ends.
    """
    if any(importlib.util.find_spec(name) is None for name in ("fastapi", "multipart", "prometheus_client")):
        raise MissingExtra("web")
    from .app import application as made
    from .desk import opened

    return made(opened(assistant, answering, doorkeeper, settings))


def router(assistant: Assistant, answering: Answering, doorkeeper: Doorkeeper, settings: Settings) -> APIRouter:
    """The same as routes for an app to include, beside what it serves itself."""
    app = application(assistant, answering, doorkeeper, settings)
    from fastapi import APIRouter
    from starlette.routing import BaseRoute, Route

    routes: list[BaseRoute] = [Route(path, app, include_in_schema=False) for path in PATHS]
    return APIRouter(routes=routes, lifespan=app.router.lifespan_context)
