"""Exceptions as responses with problem details, which for OpenAI's dialect also contain its own form of error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from ...service.problems import MEDIA, Problem, problem_of
from .chats import UNSUPPORTED, as_error

DETAILS = {
    404: "There is nothing at this address. See /api/openapi.json for what there is.",
    405: "This address takes other methods; the header Allow names them.",
    499: "The client hung up.",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def response(problem: Problem, path: str, *, param: str | None = None, code: str = "") -> Response:
    """The problem as a response to a request for that path; `param` and `code` are only for OpenAI's dialect."""
    dialect = path.startswith("/v1/")
    more = {"error": as_error(problem.status, problem.detail, param=param, code=code)} if dialect else {}
    return JSONResponse(problem.body | more, problem.status, problem.headers, MEDIA)


async def on_http(request: Request, error: Exception) -> Response:
    """Whatever the framework or a route refuses."""
    assert isinstance(error, HTTPException)
    plain = error.detail in ("", "Not Found", "Method Not Allowed")
    detail = DETAILS.get(error.status_code, error.detail) if plain else error.detail
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request))
    return response(Problem(error.status_code, detail, headers), request.url.path)


async def on_validation(request: Request, error: Exception) -> Response:
    """A request that does not fit the description; its values are not repeated."""
    assert isinstance(error, RequestValidationError)
    faults = [_fault(details) for details in error.errors()]
    for details, fault in zip(error.errors(), faults, strict=True):
        if details["type"] == UNSUPPORTED:
            problem = Problem(400, fault["detail"], more={"errors": [fault]})
            return response(problem, request.url.path, param=str(details["loc"][1]), code=UNSUPPORTED)
    reasons = "; ".join(f"{fault['at']}: {fault['detail']}" for fault in faults[:3])
    problem = Problem(422, f"The request does not fit the description. {reasons}.", more={"errors": faults})
    return response(problem, request.url.path)


async def on_error(request: Request, error: Exception) -> Response:
    """An error raised on purpose, or any other."""
    return response(problem_of(error), request.url.path)


def _methods(request: Request) -> list[str]:
    """The methods of all routes at the path of a request; the framework names those of the first route only."""
    routes = request.app.routes
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    return [
        method for method, scope in scopes.items() if any(route.matches(scope)[0] is Match.FULL for route in routes)
    ]


def _fault(details: Mapping[str, Any]) -> dict[str, str]:
    return {"at": ".".join(str(part) for part in details["loc"]), "detail": str(details["msg"])}
