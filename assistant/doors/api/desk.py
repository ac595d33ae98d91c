"""An assistant in, what the routes share out: who asks, the line of questions, the conversations, the numbers."""

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
from .metrics import Metrics

GONE = 499
"""The status of a request whose sender hung up; nobody reads it."""
BEARER = HTTPBearer(
    auto_error=False, description="A key that `assistant keys add` made. Programs on the same machine need none."
)

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Desk:
    """What all routes work with."""

    assistant: Assistant
    answering: Answering
    doorkeeper: Doorkeeper
    conversations: Conversations
    metrics: Metrics
    memory_turns: int

    def close(self) -> None:
        self.conversations.close()


def opened(assistant: Assistant, answering: Answering, doorkeeper: Doorkeeper, settings: Settings) -> Desk:
    """A desk over the conversations of the assistant's home; the answering and the doorkeeper may be others' too."""
    return Desk(
        assistant,
        answering,
        doorkeeper,
        Conversations(assistant.status().home),
        Metrics(papers=lambda: assistant.status().papers, waiting=lambda: answering.waiting),
        settings.memory_turns,
    )


def desk_of(request: Request) -> Desk:
    """The desk of the application that a request came to."""
    found: Desk = request.app.state.desk
    return found


def _let_in(request: Request, right: Right, *, question: bool = False) -> Caller:
    caller: Caller = request.scope["caller"]  # `Entry` knows whose request it is
    desk_of(request).doorkeeper.admit(caller, right, question=question)
    return caller


Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
"""Told in the OpenAPI description; the doorkeeper reads the header himself."""


async def reading(request: Request, _: Bearer) -> Caller:
    """Whoever may read."""
    return _let_in(request, "ask")


async def asking(request: Request, _: Bearer) -> Caller:
    """Whoever may ask one question more."""
    return _let_in(request, "ask", question=True)


async def writing(request: Request, _: Bearer) -> Caller:
    """Whoever may change the papers."""
    return _let_in(request, "write")


async def _desk(request: Request) -> Desk:
    return desk_of(request)


At = Annotated[Desk, Depends(_desk)]
Reading = Annotated[Caller, Security(reading)]
Asking = Annotated[Caller, Security(asking)]
Writing = Annotated[Caller, Security(writing)]


async def unless_gone(request: Request, work: Awaitable[Made]) -> Made:
    """What `work` comes to; it is cancelled as soon as the sender of the request hangs up."""
    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise HTTPException(GONE)
    finally:
        gone.cancel()
        working.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
