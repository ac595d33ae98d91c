"""An error in, its problem details out, as RFC 9457 has them: a status, its name, and what to do in words.

https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ..core.errors import AssistantError, ConversationNotFound, IndexMismatch, LibraryBusy, PaperNotFound, QuestionError
from .answering import Busy
from .doorkeeper import Refused

MEDIA = "application/problem+json"
SOON = 5
"""Seconds after which to come again where the library is being written or too many are asking."""
STATUSES: dict[type[AssistantError], int] = {
    QuestionError: 422,
    PaperNotFound: 404,
    ConversationNotFound: 404,
    IndexMismatch: 503,
    LibraryBusy: 503,
    Busy: 503,
}
"""Errors about what was asked or when, whose text is for whoever asked. All others are the machine's."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is told of an error: to programs by the status, to people by `detail`."""

    status: int
    detail: str
    headers: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The members of the problem; `type` is left out, which says that the status tells all of it."""
        return {"title": titled(self.status), "status": self.status, "detail": self.detail, **self.more}


def titled(status: int) -> str:
    """The name of a status; a client that is gone reads none."""
    return HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "Client Closed Request"


def problem_of(error: BaseException) -> Problem:
    """The problem that an error is. What is about the machine goes to the log, under an id that is told."""
    if isinstance(error, Refused):
        return Problem(error.status, str(error), dict(error.headers))
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            return Problem(status, str(error), {"Retry-After": str(SOON)} if status == 503 else {})
    name = secrets.token_hex(4)
    log.error("a request failed, error %s", name, exc_info=error)
    return Problem(500, "Something failed here. Its log tells more, under the id in “error”.", more={"error": name})
