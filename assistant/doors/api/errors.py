"""An exception in, its problem details as a response out; for OpenAI's dialect its own error stands in them, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from ...service.problems import MEDIA, Problem, problem_of
from .chats import UNSUPPORTED
from .dialect import as_error

DETAILS = {
    404: "There is nothing at this address. The description at /api/openapi.json says what there is.",
    405: "This address is there for other methods; the header Allow names them.",
    499: "The sender hung up.",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def response(problem: Problem, path: str, *, param: str | None = None, code: str = "") -> Response:
    """The problem as a response to a request of that path; `param` and `code` are for OpenAI's dialect alone."""
    dialect = path.startswith("/v1/")
    more = {"error": as_error(problem.status, problem.detail, param=param, code=code)} if dialect else {}
    return JSONResponse(problem.body | more, problem.status, problem.headers, MEDIA)


async def on_http(request: Request, error: Exception) -> Response:
    """What the framework or a route refuses."""
    assert isinstance(error, HTTPException)
    plain = error.detail in ("", "Not Found", "Method Not Allowed")
    detail = DETAILS.get(error.status_code, error.detail) if plain else error.detail
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request))
    return response(Problem(error.status_code, detail, headers), request.url.path)


async def on_validation(request: Request, error: Exception) -> Response:
    """What does not fit the description; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    faults = [_fault(one) for one in error.errors()]
    for met, fault in zip(error.errors(), faults, strict=True):
        if met["type"] == UNSUPPORTED:
            problem = Problem(400, fault["detail"], more={"errors": [fault]})
            return response(problem, request.url.path, param=str(met["loc"][1]), code=UNSUPPORTED)
    told = "; ".join(f"{one['at']}: {one['detail']}" for one in faults[:3])
    return response(Problem(422, f"What was sent does not fit. {told}.", more={"errors": faults}), request.url.path)


async def on_error(request: Request, error: Exception) -> Response:
    """What went wrong on purpose, or not."""
    return response(problem_of(error), request.url.path)


def _methods(request: Request) -> list[str]:
    """What can be done at the path of a request; the framework names the methods of its first route alone."""
    routes = request.app.routes
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    return [m for m, scope in scopes.items() if any(route.matches(scope)[0] is Match.FULL for route in routes)]


def _fault(one: Mapping[str, Any]) -> dict[str, str]:
    return {"at": ".".join(str(part) for part in one["loc"]), "detail": str(one["msg"])}
