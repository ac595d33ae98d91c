"""Named sets of papers to limit questions to: `/api/collections`."""

from __future__ import annotations

import asyncio
import functools
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from ...core import bounds
from ...core.filters import Collection
from . import bodies
from .backend import MayRead, TheBackend

Name = Annotated[
    str, InPath(max_length=bounds.COLLECTION, description="A collection's name.", examples=["audio codecs"])
]

router = APIRouter(tags=["collections"])


@router.get("/api/collections", response_model=bodies.CollectionList)
async def collections(backend: TheBackend, caller: MayRead) -> Response:
    """List the collections that the caller may use: its own, those of the home, and shared ones."""
    listed = await asyncio.to_thread(backend.assistant.collections.of(caller.collector).listed)
    return JSONResponse({"collections": [_summary(one) for one in listed]})


@router.post("/api/collections", response_model=bodies.CollectionSummary, status_code=201)
async def create(backend: TheBackend, caller: MayRead, body: bodies.NewCollection) -> Response:
    """Make a collection; send its name as `where.collection` to `/api/ask`."""
    own = backend.assistant.collections.of(caller.collector)
    create = functools.partial(own.create, body.name, *body.papers, where=body.where.filter(), shared=body.shared)
    return JSONResponse(_summary(await asyncio.to_thread(create)), 201)


@router.patch("/api/collections/{name:path}", response_model=bodies.CollectionSummary)
async def change(backend: TheBackend, caller: MayRead, name: Name, body: bodies.CollectionChange) -> Response:
    """Put papers into a collection, or take them out; they stay in the library."""
    own = backend.assistant.collections.of(caller.collector)

    def changed() -> Collection:
        own.add(name, *body.add)
        return own.remove(name, *body.remove)

    return JSONResponse(_summary(await asyncio.to_thread(changed)))


@router.delete("/api/collections/{name:path}", status_code=204)
async def delete(backend: TheBackend, caller: MayRead, name: Name) -> Response:
    """Delete a collection; its papers stay in the library."""
    await asyncio.to_thread(backend.assistant.collections.of(caller.collector).delete, name)
    return Response(status_code=204)


def _summary(one: Collection) -> dict[str, Any]:
    return {
        "name": one.name,
        "papers": one.papers,
        "where": one.where.words,
        "shared": one.shared,
        "own": one.own,
    }
