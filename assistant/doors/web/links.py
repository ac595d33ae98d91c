"""A click on "Copy link" in, an address out that shows the answer as it was to whoever may open the page.

The address cannot be guessed. Its page has no scripts, and only who made the link can withdraw it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from markupsafe import Markup

from ...core.bounds import ID
from ...core.errors import AssistantError, ConversationNotFound, PaperNotFound, QuestionError
from ...core.records import Paper
from ...core.text import counted
from ...people.conversations import KeptTurn
from ...show.showing import readable_answer
from .answers import AnswerView, Piece, answer_view, decline_pieces
from .asking import failure
from .evidence import EvidenceView, evidence_view
from .markup import render
from .sessions import Unidentified
from .shared import Services

UNFOUND = (ConversationNotFound, Unidentified)
NOT_INDEXED = {"X-Robots-Tag": "noindex, nofollow"}


@dataclass(frozen=True, slots=True)
class LinkedView:
    """An answer behind a link: as it was when it was asked, and how its papers have changed since.

    `withdrawal`: where who made the link can withdraw it; "" for anybody else.
    """

    question: str
    read_as: str
    asked: str
    filtered: str
    changes: str
    answer: AnswerView
    decline: tuple[Piece, ...]
    evidence: EvidenceView
    withdrawal: str


def router(services: Services) -> APIRouter:
    """The address of each linked answer, and those at which links are made and withdrawn."""
    routes = APIRouter()

    @routes.post("/answer")
    def share(
        request: Request,
        talk: Annotated[str, Query(max_length=ID)],
        turn: Annotated[int, Query(ge=1, le=10**9)],
    ) -> Response:
        try:
            link = services.conversations.share(services.entrance.owner(request.cookies), talk, turn)
        except AssistantError as error:
            return _refused(error)
        return PlainTextResponse(f"/answer/{link}", 201, {"Cache-Control": "no-store"})

    @routes.get("/answer/{link}")
    def answer(request: Request, link: str) -> Response:
        try:
            kept = services.conversations.shared(link[:ID])
            owner = _owner(services, request)
            may = bool(owner) and services.conversations.may_withdraw(owner, link)
            withdrawal = f"/answer/{link}/withdraw" if may else ""
            return HTMLResponse(shown(kept, _changes(services, kept), withdrawal), headers=NOT_INDEXED)
        except ConversationNotFound as error:
            return HTMLResponse(render("linked.gone", str(error)), 404, NOT_INDEXED)
        except AssistantError as error:
            return _refused(error)

    @routes.post("/answer/{link}/withdraw")
    def withdraw(request: Request, link: str) -> Response:
        try:
            services.conversations.withdraw(services.entrance.owner(request.cookies), link[:ID])
        except AssistantError as error:
            return _refused(error)
        return RedirectResponse(f"/answer/{link[:ID]}", 303)

    return routes


def shown(kept: KeptTurn, changes: str, withdrawal: str = "") -> Markup:
    """The whole page of an answer; `changes` says how its papers have changed, `withdrawal` where it is withdrawn."""
    answer = readable_answer(kept.turn.answer)
    view = LinkedView(
        answer.question,
        "" if answer.query == answer.question else answer.query,
        f"{kept.asked.day} {kept.asked:%B %Y, %H:%M} UTC",
        answer.filtered,
        changes,
        answer_view(answer),
        decline_pieces(answer.declined) if answer.declined else (),
        evidence_view(answer, 1, {}),
        withdrawal,
    )
    return render("linked.page", view)


def changed_since(papers: Sequence[Paper], now: Sequence[Paper | None]) -> str:
    """How papers have changed since an answer was made of them, in words; "" if they have not."""
    pairs = [*zip(papers, now, strict=True)]
    gone = sum(one is None for _, one in pairs)
    edited = sum(one is not None and (one.title, one.abstract) != (paper.title, paper.abstract) for paper, one in pairs)
    parts = [f"{counted(gone, 'paper')} removed"] * bool(gone)
    parts += [f"{counted(edited, 'paper')} edited"] * bool(edited)
    return " and ".join(parts)


def _changes(services: Services, kept: KeptTurn) -> str:
    papers = [source.paper for source in kept.turn.answer.sources if source.paper.abstract]
    return changed_since(papers, [_now(services, paper) for paper in papers])


def _now(services: Services, paper: Paper) -> Paper | None:
    try:
        return services.assistant.paper(paper.id)
    except PaperNotFound:
        return None


def _owner(services: Services, request: Request) -> str:
    """Who opens a link; "" for a browser that was never here."""
    try:
        return services.entrance.owner(request.cookies)
    except Unidentified:
        return ""


def _refused(error: AssistantError) -> Response:
    if isinstance(error, (*UNFOUND, QuestionError)):
        return PlainTextResponse(str(error), 404 if isinstance(error, UNFOUND) else 422)
    lost = failure(error, what="The link could not be used")
    return PlainTextResponse(f"{lost.message} Details are in the server log under ID {lost.error}.", 500)
