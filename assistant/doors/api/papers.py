"""Listing, reading, adding and removing papers: `/api/papers`."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, File, Query, Response, UploadFile
from fastapi import Path as InPath
from fastapi.responses import JSONResponse

from ...core import bounds
from ...core.errors import NoSuchDays
from ...core.export import paper_as_json, plain
from ...core.filters import Filter
from ...service.uploads import added
from ...show.styles import references
from . import bodies
from .backend import MayRead, MayWrite, TheBackend

Name = Annotated[str, InPath(max_length=bounds.TITLE, description="Id or title.", examples=["5f2c0a9be1d34a77"])]

router = APIRouter(tags=["papers"])


@router.get("/api/papers", response_model=bodies.PapersPage)
async def papers(
    backend: TheBackend, caller: MayRead, parameters: Annotated[bodies.PapersParameters, Query()]
) -> Response:
    """List the papers by title, or those that contain words; if `until` lies before `since`, the list is empty."""
    where = Filter(
        parameters.since,
        parameters.until,
        tuple(parameters.author),
        tuple(parameters.venue),
        parameters.listing,
        collection=parameters.collection,
        owner=caller.collector,
    )
    try:
        listed = await asyncio.to_thread(backend.assistant.papers, parameters.words, where=where)
    except NoSuchDays:
        listed = []
    page = listed[parameters.offset : parameters.offset + parameters.limit]
    written = await asyncio.to_thread(references, page, parameters.references) if parameters.references else ""
    return JSONResponse(
        {"total": len(listed), "papers": [paper_as_json(paper) for paper in page], "references": written}
    )


@router.get("/api/papers/{name:path}", response_model=bodies.PaperValues)
async def paper(backend: TheBackend, _: MayRead, name: Name) -> Response:
    """Return one paper."""
    return JSONResponse(paper_as_json(await asyncio.to_thread(backend.assistant.paper, name)))


@router.post("/api/papers", response_model=bodies.IngestedValues)
async def add(
    backend: TheBackend,
    _: MayWrite,
    file: Annotated[UploadFile, File(description="A file of any format that is read, or an archive of such files.")],
    parameters: Annotated[bodies.IngestParameters, Query()],
) -> Response:
    """Add the papers of a file. Records that cannot be added are in `rejects`; all others are added.

    Sending the same file again changes nothing; a changed file of the same name updates its papers.
    """
    content = await file.read()
    manner = parameters.model_dump(include={"format", "titles_only", "dry_run"})
    ingested = await asyncio.to_thread(added, backend.assistant, file.filename or "", content, **manner)
    return JSONResponse(plain(ingested))


@router.delete("/api/papers/{name:path}", response_model=bodies.IngestedValues)
async def remove(backend: TheBackend, _: MayWrite, name: Name) -> Response:
    """Remove a paper."""
    return JSONResponse(plain(await asyncio.to_thread(backend.assistant.remove, name)))
