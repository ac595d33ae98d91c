"""An assistant in, its HTTP interface as an application out, with its description and what it needs to live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from ... import __version__
from ...core.bounds import UPLOAD
from ...core.errors import AssistantError
from ...service.problems import MEDIA
from ...service.receiving import Receiving
from . import asking, bodies, dialect, papers, responses, talks
from .counting import Counted
from .desk import At, Desk, Reading
from .entry import Entry
from .errors import on_error, on_http, on_validation
from .metrics import MEDIA as METRICS
from .page import page

SUMMARY = "Answers questions about a collection of papers; every sentence cites a paper, and every citation is checked."
PROBLEM = {"model": bodies.Problem, "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {**PROBLEM, "description": "What was asked cannot be done; `detail` says why."},
    "5XX": {**PROBLEM, "description": "The machine cannot do it now; `detail` says when to come again."},
}
NOT_YET: dict[int | str, dict[str, Any]] = {503: {"model": bodies.State, "description": "Papers are being indexed."}}

router = APIRouter(tags=["service"])


@router.get("/healthz", response_model=bodies.State)
async def health() -> Response:
    """Whether the service runs."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", response_model=bodies.State, responses=NOT_YET)
def ready(desk: At) -> Response:
    """Whether questions can be answered."""
    status = desk.assistant.status()
    waiting = status.papers and not status.indexed_revision
    return JSONResponse({"status": "indexing" if waiting else "ready"}, 503 if waiting else 200)


@router.get("/metrics", responses={200: {"content": {METRICS: {"schema": {"type": "string"}}}}}, response_model=None)
def metrics(desk: At, _: Reading) -> Response:
    """Numbers for Prometheus."""
    return Response(desk.metrics.shown(), media_type=METRICS)


@router.get("/api/openapi.json", include_in_schema=False)
async def description(request: Request) -> Response:
    """The description for programs."""
    return JSONResponse(request.app.openapi())


@router.get("/api/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The description for people."""
    return HTMLResponse(page(request.app.openapi()))


def application(desk: Desk) -> FastAPI:
    """The interface; it closes the desk when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()

    app = FastAPI(
        title="paper-assistant",
        summary=SUMMARY,
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        responses=PROBLEMS,
        exception_handlers={
            HTTPException: on_http,
            RequestValidationError: on_validation,
            AssistantError: on_error,
            Exception: on_error,
        },
    )
    app.state.desk = desk
    app.add_middleware(Receiving, most={"/api/papers": UPLOAD})
    app.add_middleware(Entry, doorkeeper=desk.doorkeeper)
    app.add_middleware(Counted, metrics=desk.metrics)
    for some in (asking.router, papers.router, talks.router, dialect.router, responses.router, router):
        app.include_router(some)
    return app
