"""Errors as problem details of RFC 9457: a status, its name, and in words what to do next.

https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ..core.errors import (
    AssistantError,
    CollectionError,
    ConversationNotFound,
    IndexMismatch,
    LibraryBusy,
    MissingExtra,
    PaperNotFound,
    QuestionError,
)
from .answering import LineTooLong
from .doorkeeper import NotAdmitted

MEDIA = "application/problem+json"
SOON = 5
"""Seconds after which to try again when the library is being written or too many questions are waiting."""
STATUSES: dict[type[AssistantError], int] = {
    CollectionError: 409,
    QuestionError: 422,
    PaperNotFound: 404,
    ConversationNotFound: 404,
    IndexMismatch: 503,
    LibraryBusy: 503,
    LineTooLong: 503,
    MissingExtra: 501,
}
"""Errors about the request or its timing, whose text is shown to the caller. All others are about the machine."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """What a caller learns of an error: programs read the status, people read `detail`."""

    status: int
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The members of the problem. There is no `type`, which means that the status says what kind it is."""
        return {"title": status_name(self.status), "status": self.status, "detail": self.detail, **self.more}


def status_name(status: int) -> str:
    """The name of a status, including 499, which the standard does not have."""
    return HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "Client Closed Request"


def problem_of(error: BaseException) -> Problem:
    """The problem that describes an error. Errors about the machine go to the log, under an id that the caller gets."""
    if isinstance(error, NotAdmitted):
        return Problem(error.status, str(error), error.headers)
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            return Problem(status, str(error), {"Retry-After": str(SOON)} if status == 503 else {})
    name = secrets.token_hex(4)
    log.error("a request failed, error %s", name, exc_info=error)
    return Problem(
        500, "Something failed here. The log has the details, under the id in “error”.", more={"error": name}
    )
