"""An exception in, its problem details as a response out; for OpenAI's dialect its own error stands in them, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ..problems import MEDIA, Problem, problem_of
from .dialect import as_error

DETAILS = {
    404: "There is nothing at this address. The description at /api/openapi.json says what there is.",
    405: "This address is there for other methods; the header Allow names them.",
    499: "The sender hung up.",
}


def response(problem: Problem, path: str) -> Response:
    """The problem as a response to a request of that path."""
    more = {"error": as_error(problem.status, problem.detail)} if path.startswith("/v1/") else {}
    return JSONResponse(problem.body | more, problem.status, problem.headers, MEDIA)


async def on_http(request: Request, error: Exception) -> Response:
    """What the framework or a route refuses."""
    assert isinstance(error, HTTPException)
    plain = error.detail in ("", "Not Found", "Method Not Allowed")
    detail = DETAILS.get(error.status_code, error.detail) if plain else error.detail
    return response(Problem(error.status_code, detail, dict(error.headers or {})), request.url.path)


async def on_validation(request: Request, error: Exception) -> Response:
    """What does not fit the description; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    faults = [_fault(one) for one in error.errors()]
    told = "; ".join(f"{one['at']}: {one['detail']}" for one in faults[:3])
    return response(Problem(422, f"What was sent does not fit. {told}.", more={"errors": faults}), request.url.path)


async def on_error(request: Request, error: Exception) -> Response:
    """What went wrong on purpose, or not."""
    return response(problem_of(error), request.url.path)


def _fault(one: Mapping[str, Any]) -> dict[str, str]:
    return {"at": ".".join(str(part) for part in one["loc"]), "detail": str(one["msg"])}
