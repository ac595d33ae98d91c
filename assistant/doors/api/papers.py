"""Listing files, titles and words in, papers out: `/api/papers`."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Response, UploadFile
from fastapi import Path as InPath
from fastapi.responses import JSONResponse
from pydantic import Field
from pydantic.config import JsonDict

from ...chain import Assistant
from ...core import bounds
from ...core.errors import NoSuchDays, QuestionError
from ...core.export import paper_as_json
from ...core.records import Ingested
from . import bodies
from .desk import At, Reading, Writing

MOST = 1000
"""Papers of one response."""
UPLOAD = "listing.txt"
"""What a file without a usable name is called."""

Name = Annotated[str, InPath(max_length=bounds.TITLE, description="Id or title.", examples=["5f2c0a9be1d34a77"])]
DATES = "As 2025-03-12, 2025-03, 2025 or Mar 12; both days are included."
DATE: JsonDict = {
    "pattern": "^([0-9]{4}(-(0?[1-9]|1[0-2])(-(0?[1-9]|[12][0-9]|3[01]))?)?"
    "|(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (0?[1-9]|[12][0-9]|3[01]))?$"
}
"""Told of a date, which `browsing` reads."""


router = APIRouter(tags=["papers"])


class Listed(bodies.Wanted):
    """Which papers are listed."""

    words: str = Field(
        default="", max_length=bounds.WORDS, description="Words to find; the best fifty come, best first."
    )
    listing: str = Field(default="", max_length=bounds.TITLE, description="A listing's file or date.")
    since: str = Field(default="", max_length=bounds.DAY, description=DATES, json_schema_extra=DATE)
    until: str = Field(default="", max_length=bounds.DAY, description=DATES, json_schema_extra=DATE)
    limit: int = Field(default=100, ge=0, le=MOST)
    offset: int = Field(default=0, ge=0, le=10**9)


@router.get("/api/papers", response_model=bodies.Papers)
async def papers(desk: At, _: Reading, wanted: Annotated[Listed, Query()]) -> Response:
    """List the papers held, by title, or those that words find; where `until` lies before `since`, none fit."""
    fitting = functools.partial(
        desk.assistant.papers, wanted.words, listing=wanted.listing, since=wanted.since, until=wanted.until
    )
    try:
        found = await asyncio.to_thread(fitting)
    except NoSuchDays:
        found = []
    some = found[wanted.offset : wanted.offset + wanted.limit]
    return JSONResponse({"total": len(found), "papers": [paper_as_json(paper) for paper in some]})


@router.get("/api/papers/{name:path}", response_model=bodies.Paper)
async def paper(desk: At, _: Reading, name: Name) -> Response:
    """One paper."""
    return JSONResponse(paper_as_json(await asyncio.to_thread(desk.assistant.paper, name)))


@router.post("/api/papers", response_model=bodies.Ingested)
async def add(
    desk: At, _: Writing, file: Annotated[UploadFile, File(description="A listing file, UTF-8 text.")]
) -> Response:
    """Take in a listing file. What cannot go in is in `rejects`; the rest goes in all the same.

    The same file again changes nothing; of a file of the same name that says something else, the papers are updated.
    """
    done = await asyncio.to_thread(_taken_in, desk.assistant, file.filename or "", await file.read())
    return JSONResponse(_ingested(done))


@router.delete("/api/papers/{name:path}", response_model=bodies.Ingested)
async def remove(desk: At, _: Writing, name: Name) -> Response:
    """Forget a paper."""
    return JSONResponse(_ingested(await asyncio.to_thread(desk.assistant.remove, name)))


def _taken_in(assistant: Assistant, name: str, content: bytes) -> Ingested:
    """What became of a file; it is not kept, so that the next of its name is the same listing."""
    name = "".join(sign for sign in Path(name.replace("\\", "/")).name if sign.isprintable())[-100:].strip(". ")
    with TemporaryDirectory(prefix="papers-") as folder:
        path = Path(folder) / (name or UPLOAD)
        try:
            path.write_bytes(content)
        except (OSError, ValueError) as error:
            raise QuestionError(f"The file cannot be taken in under its name: {error}. Rename it.") from error
        return assistant.ingest(path)


def _ingested(done: Ingested) -> dict[str, Any]:
    return {
        "added": done.added,
        "updated": done.updated,
        "unchanged": done.unchanged,
        "removed": done.removed,
        "rejects": [{"source": r.source, "line": r.line, "reason": r.reason} for r in done.rejects],
    }
