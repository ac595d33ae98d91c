"""The followed sources: `/api/sources`. They are followed and left on the command line only."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from ...library.following import Followed
from ...library.following.targets import shown
from . import bodies
from .backend import Backend, MayRead, MayWrite, TheBackend

router = APIRouter(tags=["sources"])


@router.get("/api/sources", response_model=bodies.SourceList)
async def sources(backend: TheBackend, _: MayRead) -> Response:
    """List the sources that are followed, when each was last synced, and what that brought."""
    return JSONResponse(await asyncio.to_thread(_listed, backend))


@router.post("/api/sources/sync", response_model=bodies.SourceList, status_code=202)
async def sync(backend: TheBackend, _: MayWrite) -> Response:
    """Begin to sync all sources, which may take minutes; `syncing` is false once that is done."""
    if await asyncio.to_thread(backend.assistant.followed):
        backend.syncer.ask()
    return JSONResponse(await asyncio.to_thread(_listed, backend), 202)


def _listed(backend: Backend) -> dict[str, Any]:
    every = backend.assistant.followed()
    return {"sources": [_values(one) for one in every], "syncing": backend.syncer.running}


def _values(one: Followed) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "target": shown(one.kind, one.target),
        "synced": one.synced.isoformat() if one.synced else None,
        "added": one.brought.added,
        "updated": one.brought.updated,
        "unchanged": one.brought.unchanged,
        "rejected": one.brought.rejected,
        "remark": one.remark,
        "fault": one.fault,
    }
