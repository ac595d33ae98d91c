"""The HTTP interface, served on a loopback port or called without one."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from assistant.answer.writing import Writer
from assistant.chain import Assistant
from assistant.core.settings import Settings
from assistant.doors import api
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from assistant.service.answering import Answering
from assistant.service.doorkeeper import Doorkeeper

from .doubles import HashEmbedder
from .papers import PAIRS, write_listing


async def at_once(_: float) -> None:
    """A sleep that takes no time."""


@contextmanager
def opened(home: Path, writer: Writer | None = None) -> Iterator[Assistant]:
    """An assistant over the small corpus."""
    with Assistant(Holdings(Library(home), HashEmbedder()), writer=writer) as assistant:
        assistant.ingest(write_listing(home / "listing.txt", PAIRS))
        yield assistant


@contextmanager
def made(assistant: Assistant, answering: Answering | None = None, **settings: str) -> Iterator[FastAPI]:
    """The interface over an assistant; `answering` closes with it."""
    home = assistant.status().home
    chosen = Settings(home=home, **settings)
    answering = answering or Answering(assistant)
    doorkeeper = Doorkeeper(home, always=chosen.keys_needed == "always", sleep=at_once)
    with closing(answering), closing(doorkeeper):
        yield api.application(assistant, answering, doorkeeper, chosen)


@asynccontextmanager
async def client(app: FastAPI, *, address: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
    """A client that calls the application from an address, without a socket."""
    transport = httpx.ASGITransport(app, client=(address, 5000), raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as calling,
    ):
        yield calling


class Live:
    """An application served at `url` inside a `with`, in a thread of this process."""

    def __init__(self, app: FastAPI) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1, ws="none", lifespan="on")
        )
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve([self._listening])))

    def __enter__(self) -> Live:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
