"""Titles and ids in, one's kept conversations out: `/api/conversations`."""

from __future__ import annotations

import asyncio
import functools
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Path as InPath
from fastapi.responses import JSONResponse
from pydantic import Field

from ...core import bounds
from ...people.conversations import Kept, exported
from . import bodies
from .desk import At, Reading

Id = Annotated[
    str, InPath(max_length=bounds.ID, description="A conversation's id.", examples=["kZ3v0nJm2bXh5Qw8sT1yLg"])
]
MOST_TURNS = 100

router = APIRouter(tags=["conversations"])


class Last(bodies.Wanted):
    """How many conversations are listed."""

    limit: int = Field(default=50, ge=0, le=1000)


class Some(bodies.Wanted):
    """Which turns of a conversation are shown."""

    limit: int = Field(default=20, ge=0, le=MOST_TURNS, description="So many of its last turns.")
    before: int | None = Field(default=None, ge=1, le=10**9, description="Only turns before this number.")


@router.get("/api/conversations", response_model=bodies.Conversations)
async def conversations(desk: At, caller: Reading, wanted: Annotated[Last, Query()]) -> Response:
    """List the conversations of the key that asks, those used last first."""
    listed = functools.partial(desk.conversations.listed, caller.owner, limit=wanted.limit)
    return JSONResponse({"conversations": [_kept(kept) for kept in await asyncio.to_thread(listed)]})


@router.post("/api/conversations", response_model=bodies.Conversation, status_code=201)
async def begin(desk: At, caller: Reading, body: bodies.Named) -> Response:
    """Begin a conversation; name its id in `/api/ask`, so that a question may refer to those before it."""
    id_ = await asyncio.to_thread(functools.partial(desk.conversations.begin, caller.owner, title=body.title))
    return JSONResponse(_kept(await asyncio.to_thread(desk.conversations.get, caller.owner, id_)), 201)


@router.get("/api/conversations/{id}", response_model=bodies.Whole)
async def conversation(desk: At, caller: Reading, id: Id, wanted: Annotated[Some, Query()]) -> Response:
    """One conversation with its turns, oldest first."""
    kept = await asyncio.to_thread(desk.conversations.get, caller.owner, id)
    turns = functools.partial(desk.conversations.turns, caller.owner, id, limit=wanted.limit, before=wanted.before)
    return JSONResponse(exported(kept, await asyncio.to_thread(turns)))


@router.patch("/api/conversations/{id}", response_model=bodies.Conversation)
async def rename(desk: At, caller: Reading, id: Id, body: bodies.Named) -> Response:
    """Give a conversation another title."""
    await asyncio.to_thread(desk.conversations.rename, caller.owner, id, body.title)
    return JSONResponse(_kept(await asyncio.to_thread(desk.conversations.get, caller.owner, id)))


@router.delete("/api/conversations/{id}", status_code=204)
async def delete(desk: At, caller: Reading, id: Id) -> Response:
    """Forget a conversation and its answers, for good."""
    await asyncio.to_thread(desk.conversations.delete, caller.owner, id)
    return Response(status_code=204)


def _kept(kept: Kept) -> dict[str, Any]:
    begun, used = kept.begun.isoformat(), kept.used.isoformat()
    return {"id": kept.id, "title": kept.title, "begun": begun, "used": used, "length": kept.length}
