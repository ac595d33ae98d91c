"""An address in, the references of an answer, a conversation or a list of papers out, as a text to copy or keep."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response

from ...core import bounds
from ...core.errors import (
    AssistantError,
    ConversationNotFound,
    ExportError,
    MissingExtra,
    PaperNotFound,
    QuestionError,
)
from ...core.filters import Filter
from ...core.records import Answer
from ...show.styles import Form, of_answers, references
from .asking import failure
from .sessions import Unidentified
from .shared import Services

STATUSES: dict[type[AssistantError], int] = {
    ConversationNotFound: 404,
    Unidentified: 404,
    PaperNotFound: 404,
    QuestionError: 422,
    ExportError: 422,
    MissingExtra: 501,
}
"""Errors whose text is shown; all others are about the machine and stay in the log."""
ENDINGS: dict[str, str] = {"bibtex": "bib", "ris": "ris", "csl": "json"}
"""What the name of a file ends in; that of references in a style, in "txt"."""

Words = Annotated[str, Query(max_length=bounds.WORDS)]
Name = Annotated[str, Query(max_length=bounds.TITLE)]
Day = Annotated[str, Query(max_length=bounds.DAY)]


def router(services: Services) -> APIRouter:
    """The addresses: what a conversation cites is for its owner, the papers are for everyone who may open the page."""
    routes = APIRouter()

    @routes.get("/references/{form}/conversation/{name}")
    def cited(form: Form, name: str, request: Request, turn: Annotated[int, Query(ge=0, le=10**9)] = 0) -> Response:
        """What a conversation cites; with `turn`, what that answer cites."""
        try:
            owner, kept = services.entrance.owner(request.cookies), services.conversations
            if not turn:
                answers: list[Answer] = [each.turn.answer for each in kept.every(owner, name)]
                return _file(of_answers(answers, form), form)
            last = kept.turns(owner, name, limit=1, before=turn + 1)
            if not last or last[0].number != turn:
                raise ConversationNotFound("This answer is no longer kept.")
            return _file(references(last[0].turn.answer, form), form)
        except AssistantError as error:
            return _refused(error)

    @routes.get("/references/{form}/papers")
    def listed(  # noqa: PLR0913, PLR0917 - each is a field of the form
        request: Request,
        form: Form,
        words: Words = "",
        listing: Name = "",
        since: Day = "",
        until: Day = "",
        author: Name = "",
        venue: Name = "",
        collection: Name = "",
    ) -> Response:
        """The papers that match what is typed and chosen in the tab "Papers"."""
        where = Filter(since, until, (author,), (venue,), listing, collection=collection)
        where = where.owned_by(services.collector(request))
        try:
            return _file(references(services.assistant.papers(words, where=where), form), form)
        except AssistantError as error:
            return _refused(error)

    return routes


def _file(text: str, form: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="references-{form}.{ENDINGS.get(form, "txt")}"',
        "Cache-Control": "no-store",
    }
    return Response(text.encode(errors="replace"), media_type="text/plain; charset=utf-8", headers=headers)


def _refused(error: AssistantError) -> Response:
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            return PlainTextResponse(str(error), status)
    shown = failure(error, what="The references could not be made")
    return PlainTextResponse(f"{shown.message} Details are in the server log under ID {shown.error}.", 500)
