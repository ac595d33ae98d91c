"""What the routes work with, who may call them, and work that ends when the client hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from ...chain import Assistant
from ...core.settings import Settings
from ...people.accounts import Right
from ...people.conversations import Conversations
from ...service.answering import Answering
from ...service.doorkeeper import Caller, Doorkeeper
from ...service.syncer import Syncer
from .metrics import Metrics

HUNG_UP = 499
"""The status of a request whose client hung up; nobody reads it."""
BEARER = HTTPBearer(
    auto_error=False, description="A key made with `assistant keys add`. Programs on the same machine need none."
)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Backend:
    """What all routes work with. The line of questions and the doorkeeper are shared with other doors."""

    assistant: Assistant
    answering: Answering
    doorkeeper: Doorkeeper
    conversations: Conversations
    metrics: Metrics
    memory_turns: int
    syncer: Syncer

    def close(self) -> None:
        self.syncer.close()
        self.conversations.close()


def open_backend(
    assistant: Assistant,
    answering: Answering,
    doorkeeper: Doorkeeper,
    settings: Settings,
    syncer: Syncer | None = None,
) -> Backend:
    """A backend over the conversations of the assistant's home."""
    return Backend(
        assistant,
        answering,
        doorkeeper,
        Conversations(assistant.data_home),
        Metrics(papers=lambda: assistant.status().papers, waiting=lambda: answering.waiting),
        settings.memory_turns,
        syncer or Syncer(assistant),
    )


def backend_of(request: Request) -> Backend:
    """The backend of the application that a request came to."""
    backend: Backend = request.app.state.backend
    return backend


def _admitted(request: Request, right: Right, *, question: bool = False) -> Caller:
    caller: Caller = request.scope["caller"]  # set by `Entry`
    backend_of(request).doorkeeper.admit(caller, right, question=question)
    return caller


Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
"""For the OpenAPI description only; the doorkeeper reads the header itself."""


async def _reader(request: Request, _: Bearer) -> Caller:
    return _admitted(request, "ask")


async def _asker(request: Request, _: Bearer) -> Caller:
    return _admitted(request, "ask", question=True)


async def _writer(request: Request, _: Bearer) -> Caller:
    return _admitted(request, "write")


async def _backend(request: Request) -> Backend:
    return backend_of(request)


TheBackend = Annotated[Backend, Depends(_backend)]
MayRead = Annotated[Caller, Security(_reader)]
"""A caller that may read."""
MayAsk = Annotated[Caller, Security(_asker)]
"""A caller that may ask, and whose question has been counted."""
MayWrite = Annotated[Caller, Security(_writer)]
"""A caller that may change the papers."""


async def unless_hung_up(request: Request, work: Awaitable[Result]) -> Result:
    """What `work` returns; it is cancelled as soon as the client of the request hangs up."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise HTTPException(HUNG_UP)
    finally:
        leaving.cancel()
        working.cancel()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
