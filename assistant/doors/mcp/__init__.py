"""The Model Context Protocol: tools with which agents ask the papers, over stdio and HTTP.

In reading order: `tools` (what each takes and returns), `prompts`, `server` (the protocol over an assistant).
"""

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
    """Whether the extra is installed."""
    return importlib.util.find_spec("mcp") is not None


def serve(assistant: Assistant, *, adding: bool = False) -> None:
    """Serve one agent over standard input and output until it hangs up; raises `MissingExtra`.

    `adding`: it may add papers.
    """
    _require()
    from ...service.answering import Answering
    from .server import Server

    with closing(Answering(assistant)) as answering:
        asyncio.run(Server(assistant, answering, adding=adding).over_stdio())


def router(assistant: Assistant, answering: Answering, doorkeeper: Doorkeeper) -> APIRouter:
    """The route `/mcp` for an app to include; raises `MissingExtra`."""
    _require()
    from .server import Server, routes

    return routes(Server(assistant, answering, doorkeeper), doorkeeper)


def _require() -> None:
    if not installed():
        raise MissingExtra("mcp")
