"""The caller's kept conversations: `/api/conversations`."""

from __future__ import annotations

import asyncio
import functools
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from ...core import bounds
from ...people.conversations import KeptConversation, exported
from ...show.styles import of_answers
from . import bodies
from .backend import MayRead, TheBackend

Id = Annotated[
    str, InPath(max_length=bounds.ID, description="A conversation's id.", examples=["kZ3v0nJm2bXh5Qw8sT1yLg"])
]

router = APIRouter(tags=["conversations"])


@router.get("/api/conversations", response_model=bodies.ConversationList)
async def conversations(
    backend: TheBackend, caller: MayRead, parameters: Annotated[bodies.ConversationsParameters, Query()]
) -> Response:
    """List the conversations of the caller's key, last used first."""
    listed = functools.partial(backend.conversations.listed, caller.owner, limit=parameters.limit)
    return JSONResponse({"conversations": [_summary(kept) for kept in await asyncio.to_thread(listed)]})


@router.post("/api/conversations", response_model=bodies.ConversationSummary, status_code=201)
async def begin(backend: TheBackend, caller: MayRead, body: bodies.TitleRequest) -> Response:
    """Begin a conversation; send its id to `/api/ask`, so that a question may refer to earlier ones."""
    id_ = await asyncio.to_thread(functools.partial(backend.conversations.begin, caller.owner, title=body.title))
    return JSONResponse(_summary(await asyncio.to_thread(backend.conversations.get, caller.owner, id_)), 201)


@router.get("/api/conversations/{id}", response_model=bodies.ConversationExport)
async def conversation(
    backend: TheBackend, caller: MayRead, id: Id, parameters: Annotated[bodies.TurnsParameters, Query()]
) -> Response:
    """Return a conversation with its turns, oldest first."""
    kept = await asyncio.to_thread(backend.conversations.get, caller.owner, id)
    turns = functools.partial(
        backend.conversations.turns, caller.owner, id, limit=parameters.limit, before=parameters.before
    )
    listed, written = await asyncio.to_thread(turns), ""
    if parameters.references:
        answers = [each.turn.answer for each in listed]
        written = await asyncio.to_thread(of_answers, answers, parameters.references)
    return JSONResponse({**exported(kept, listed), "references": written})


@router.patch("/api/conversations/{id}", response_model=bodies.ConversationSummary)
async def rename(backend: TheBackend, caller: MayRead, id: Id, body: bodies.TitleRequest) -> Response:
    """Give a conversation another title."""
    await asyncio.to_thread(backend.conversations.rename, caller.owner, id, body.title)
    return JSONResponse(_summary(await asyncio.to_thread(backend.conversations.get, caller.owner, id)))


@router.delete("/api/conversations/{id}", status_code=204)
async def delete(backend: TheBackend, caller: MayRead, id: Id) -> Response:
    """Delete a conversation and its answers, for good."""
    await asyncio.to_thread(backend.conversations.delete, caller.owner, id)
    return Response(status_code=204)


def _summary(kept: KeptConversation) -> dict[str, Any]:
    begun, used = kept.begun.isoformat(), kept.used.isoformat()
    return {"id": kept.id, "title": kept.title, "begun": begun, "used": used, "length": kept.length}
