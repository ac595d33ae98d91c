"""An assistant in, its page out: a conversation with its evidence beside it, in a browser.

Gradio takes two seconds to load, so that happens when a page is made; its settings have to be in place before.

In reading order:

    markup      views in, markup out; the only place where text becomes HTML      [jinja2, markupsafe]
    templates/  the markup itself, one file for each part of the page
    rules       who may use the page, and how much
    sessions    whose conversation it is
    entrance    who the caller is; the log-in page
    asking      a question in, the states of its answer out
    intake      uploaded files in, what became of their papers out
    answers     an answer as the conversation shows it
    evidence    its evidence beside it
    shelves     papers: search form, list, one paper, the map
    sources     followed sources, and what is new at them
    shared      what the tabs share
    drawer      the list of conversations
    links       an answer behind an address of its own
    references  what is cited, as references to copy or keep
    model       the dialog that says who writes the answers
    adding, talk, papers, evaluation    the tabs
    guard       what is refused, and the content security policy
    assets      files from memory
    page        all of it as one application
    serving     the application on a socket
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
    from ...service.answering import Answering

GRADIO = {
    "GRADIO_ANALYTICS_ENABLED": "False",  # else it calls other servers
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",  # else it sums up the last ten thousand events after each one
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9),
    "MPLBACKEND": "agg",  # else matplotlib looks for a screen on the first event
    "MATPLOTLIBRC": os.devnull,  # else matplotlib makes a folder in ~/.config
}
"""Environment variables that are read when Gradio is imported and makes its queue."""
HOST, PORT = "127.0.0.1", 7860
__all__ = ["Rules", "app", "serve"]
NOTHING: Mapping[str, APIRouter] = MappingProxyType({})


def app(
    assistant: Assistant,
    *,
    rules: Rules = ANYBODY,
    beside: Mapping[str, APIRouter] = NOTHING,
    answering: Answering | None = None,
) -> FastAPI:
    """The page over `assistant` as an application for any ASGI server; raises `MissingExtra`.

    `beside` are routers of other doors over the same assistant, by their path; they check their callers themselves.
    `answering` is the waiting line that they share; without it the page has one of its own.
    """
    _prepare()
    from .page import app as made

    return made(assistant, rules, beside, answering)


def serve(
    assistant: Assistant,
    *,
    host: str = HOST,
    port: int = PORT,
    announce: Callable[[str], None] = print,
    rules: Rules = ANYBODY,
    beside: Mapping[str, APIRouter] = NOTHING,
    answering: Answering | None = None,
) -> None:
    """Serve the page until Ctrl-C; `announce` is called with its address. Raises `AddressError`, `MissingExtra`.

    Port 0 picks a free one.
    """
    _prepare()
    from .serving import bound, run

    with bound(host, port) as listening:
        run(
            app(assistant, rules=rules, beside=beside, answering=answering),
            listening,
            host,
            announce,
            proxies=rules.proxies,
        )


def _prepare() -> None:
    if any(importlib.util.find_spec(name) is None for name in ("gradio", "fastapi", "uvicorn")):
        raise MissingExtra("web")
    os.environ.update(GRADIO)
