"""The interface as an application: all routes, the description, and the layers in front of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from ... import __version__
from ...core.bounds import DRAFT_BODY, UPLOAD
from ...core.errors import AssistantError
from ...service.entry import Entry
from ...service.problems import MEDIA
from ...service.receiving import Receiving
from . import bodies, collections, completions, conversations, papers, questions, responses, sources
from .backend import Backend, MayRead, TheBackend
from .docs import page
from .errors import on_error, on_http, on_validation, response
from .metrics import MEDIA as METRICS
from .metrics import Counted

SUMMARY = "Answers questions about a collection of papers; every sentence cites a paper, and every citation is checked."
PUBLIC = ("/healthz", "/readyz")
"""The paths that need no key from anywhere."""
PROBLEM = {"model": bodies.ProblemDetails, "content": {MEDIA: {"schema": bodies.ref("ProblemDetails")}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {**PROBLEM, "description": "The request cannot be served; `detail` says why."},
    "5XX": {**PROBLEM, "description": "The server cannot do it now; `detail` says when to try again."},
}
NOT_YET: dict[int | str, dict[str, Any]] = {503: {"model": bodies.Health, "description": "Papers are being indexed."}}

router = APIRouter(tags=["service"])


@router.get("/healthz", response_model=bodies.Health)
async def health() -> Response:
    """Check whether the service is running."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", response_model=bodies.Health, responses=NOT_YET)
def ready(backend: TheBackend) -> Response:
    """Check whether questions can be answered."""
    status = backend.assistant.status()
    waiting = status.papers and not status.indexed_revision
    return JSONResponse({"status": "indexing" if waiting else "ready"}, 503 if waiting else 200)


@router.get("/metrics", responses={200: {"content": {METRICS: {"schema": {"type": "string"}}}}}, response_model=None)
def metrics(backend: TheBackend, _: MayRead) -> Response:
    """Return numbers for Prometheus."""
    return Response(backend.metrics.shown(), media_type=METRICS)


@router.get("/api/openapi.json", include_in_schema=False)
async def description(request: Request) -> Response:
    """The description for programs."""
    return JSONResponse(request.app.openapi())


@router.get("/api/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The description for people."""
    return HTMLResponse(page(request.app.openapi()))


class Described(FastAPI):
    """An application whose description includes the schemas of records."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = bodies.with_records(super().openapi())
        return self.openapi_schema


def application(backend: Backend) -> FastAPI:
    """The interface; it closes the backend when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        backend.close()

    app = Described(
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
    app.state.backend = backend
    app.add_middleware(Receiving, most={"/api/papers": UPLOAD, "/api/check-draft": DRAFT_BODY})
    app.add_middleware(Entry, doorkeeper=backend.doorkeeper, public=PUBLIC, respond=response)
    app.add_middleware(Counted, metrics=backend.metrics)
    for routes in (questions, papers, sources, collections, conversations, completions, responses):
        app.include_router(routes.router)
    app.include_router(router)
    return app
