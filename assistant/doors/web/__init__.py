"""An assistant in, its page out: a conversation with its evidence beside it, in a browser.

Gradio is loaded when a page is made, not before; it takes two seconds and must be told first to keep to itself.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from ...core.errors import MissingExtra
from .rules import ANYBODY, Rules

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from ...chain import Assistant

GRADIO = {
    "GRADIO_ANALYTICS_ENABLED": "False",  # else it asks addresses elsewhere
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",  # else it counts up, after every event, the last ten thousand
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9),
    "MPLBACKEND": "agg",  # else it has matplotlib look for a screen on the first event
    "MATPLOTLIBRC": os.devnull,  # else that makes a folder for settings in ~/.config
}
"""Read while Gradio is imported and its queue made."""
HOST, PORT = "127.0.0.1", 7860
__all__ = ["Rules", "app", "serve"]
NOTHING: Mapping[str, APIRouter] = MappingProxyType({})


def app(assistant: Assistant, *, rules: Rules = ANYBODY, beside: Mapping[str, APIRouter] = NOTHING) -> FastAPI:
    """The page over `assistant` as an application for any ASGI server; raises `MissingExtra`.

    `beside` are routes of other doors over the same assistant, by the path they stand under; they see for themselves
    who may come in.
    """
    _prepare()
    from .page import app as made

    return made(assistant, rules, beside)


def serve(
    assistant: Assistant,
    *,
    host: str = HOST,
    port: int = PORT,
    announce: Callable[[str], None] = print,
    rules: Rules = ANYBODY,
    beside: Mapping[str, APIRouter] = NOTHING,
) -> None:
    """Serve the page until Ctrl-C; `announce` is called with its address. Raises `AddressError`, `MissingExtra`.

    Port 0 takes any that is free.
    """
    _prepare()
    from .serving import bound, run

    with bound(host, port) as listening:
        run(app(assistant, rules=rules, beside=beside), listening, host, announce, proxies=rules.proxies)


def _prepare() -> None:
    if any(importlib.util.find_spec(name) is None for name in ("gradio", "fastapi", "uvicorn")):
        raise MissingExtra("web")
    os.environ.update(GRADIO)
