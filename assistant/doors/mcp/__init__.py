"""A tool's call in, what the papers say out: the Model Context Protocol, for agents, over stdio and HTTP."""

from __future__ import annotations

import asyncio
import importlib.util
from contextlib import closing
from typing import TYPE_CHECKING

from ...core.errors import MissingExtra

if TYPE_CHECKING:
    from fastapi import APIRouter

    from ...chain import Assistant
    from ...service.answering import Answering
    from ...service.doorkeeper import Doorkeeper


def installed() -> bool:
    """Whether the extra is there."""
    return importlib.util.find_spec("mcp") is not None


def serve(assistant: Assistant) -> None:
    """Answer one agent over the standard input and output until it hangs up; raises `MissingExtra`."""
    _needed()
    from ...service.answering import Answering
    from .server import Server

    with closing(Answering(assistant)) as answering:
        asyncio.run(Server(assistant, answering).over_stdio())


def router(assistant: Assistant, answering: Answering, doorkeeper: Doorkeeper) -> APIRouter:
    """The route `/mcp` for an app to include; raises `MissingExtra`."""
    _needed()
    from .http import routes
    from .server import Server

    return routes(Server(assistant, answering, doorkeeper), doorkeeper)


def _needed() -> None:
    if not installed():
        raise MissingExtra("mcp")
