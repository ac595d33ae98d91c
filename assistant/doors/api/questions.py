"""Asking, checking and searching: `/api/ask`, `/api/check`, `/api/check-draft`, `/api/search`."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from sse_starlette import ServerSentEvent

from ...core.export import as_json, draft_as_json, plain
from ...core.records import STARTING_OVER, Answer, Claim, Event, Turn
from ...service.doorkeeper import Caller
from ...service.problems import problem_of
from ...show.styles import references
from . import bodies
from .backend import Backend, MayAsk, TheBackend, unless_hung_up
from .sse import MEDIA, Events, described, event, event_stream

EVENTS = {
    "stage": bodies.ref("Stage"),
    "claim": bodies.ref("Claim"),
    "withdrawn": bodies.ref("Stage"),
    "answer": bodies.ref("Answer"),
    "error": bodies.ref("ProblemDetails"),
}
"""The events of an answer, and the schema of the JSON in each."""

Finish = Callable[[Answer], Awaitable[dict[str, Any]]]
"""Counts an answer, keeps it if it belongs to a conversation, and returns its JSON."""

router = APIRouter(tags=["questions"])


@router.post(
    "/api/ask",
    response_model=bodies.AnswerValues,
    responses={200: {"content": {MEDIA: described(EVENTS)}}},
)
async def ask(body: bodies.AskRequest, request: Request, backend: TheBackend, caller: MayAsk) -> Response:
    """Answer a question with every sentence cited and checked, or say why there is no answer.

    With `stream`, or if the client accepts `text/event-stream`, events are sent as they happen: `stage`, `claim`,
    `withdrawn` (the claims so far no longer hold) and last `answer` or `error`. Hanging up stops the work.
    """
    where = body.where.filter().owned_by(caller.collector)
    if body.references:
        references((), body.references)  # fails before the question is asked, not after it
    turns = await _earlier_turns(backend, caller, body.conversation)
    finish = functools.partial(_finish, backend, caller, body)
    if body.stream or MEDIA in request.headers.get("accept", ""):
        events = backend.answering.events(body.question, turns, papers=body.papers, where=where)
        first = await unless_hung_up(request, anext(events))  # an error until here gets a status of its own
        return event_stream(answer_events(first, events, finish), _failed)
    answering = backend.answering.answer(body.question, turns, papers=body.papers, where=where)
    answer = await unless_hung_up(request, answering)
    return JSONResponse(await finish(answer))


async def answer_events(first: Event, others: AsyncGenerator[Event, None], finish: Finish) -> Events:
    """Stages, claims with the numbers that they will carry, and the answer once it is finished."""
    claims: tuple[Claim, ...] = ()
    async with aclosing(others):
        async for one in _joined(first, others):
            if one.answer:
                yield event(await finish(one.answer), "answer")
            elif one.claim:
                claims = (*claims, one.claim)
                yield event(as_json(Answer("", "", claims))["claims"][-1], "claim")
            elif one.stage == STARTING_OVER:
                claims = ()
                yield event({"stage": one.stage}, "withdrawn")
            else:
                yield event({"stage": one.stage}, "stage")


async def _joined(first: Event, others: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    yield first
    async for one in others:
        yield one


def _failed(error: Exception) -> ServerSentEvent:
    return event(problem_of(error).body, "error")


async def _earlier_turns(backend: Backend, caller: Caller, conversation: str) -> Sequence[Turn]:
    """The turns of a conversation that a question may refer to."""
    if not conversation:
        return ()
    turns = functools.partial(backend.conversations.turns, caller.owner, conversation, limit=backend.memory_turns)
    return [kept.turn for kept in await asyncio.to_thread(turns)]


async def _finish(backend: Backend, caller: Caller, body: bodies.AskRequest, answer: Answer) -> dict[str, Any]:
    backend.metrics.answer(answer)
    number = None
    if body.conversation:
        turn = Turn(answer.question, answer)
        number = await asyncio.to_thread(backend.conversations.append, caller.owner, body.conversation, turn)
    written = await asyncio.to_thread(references, answer, body.references) if body.references else ""
    return as_json(answer) | {"conversation": body.conversation, "turn": number, "references": written}


@router.post("/api/check", response_model=bodies.CheckValues)
async def check(body: bodies.CheckRequest, backend: TheBackend, _: MayAsk) -> Response:
    """Check whether the abstract of a paper supports a sentence."""
    paper = await asyncio.to_thread(backend.assistant.paper, body.paper)
    verdict = await backend.answering.aside(functools.partial(backend.assistant.check, body.sentence, paper.title))
    return JSONResponse({**plain(verdict), "title": paper.title})


@router.post("/api/check-draft", response_model=bodies.DraftValues)
async def check_draft(body: bodies.CheckDraftRequest, request: Request, backend: TheBackend, _: MayAsk) -> Response:
    """Check each sentence of a draft against the abstracts of the papers that it cites.

    A long draft takes a minute or more. Hanging up stops the work.
    """
    work = backend.answering.checked_draft(body.draft, body.bibliography)
    return JSONResponse(draft_as_json(await unless_hung_up(request, work)))


@router.get("/api/search", response_model=bodies.SearchResults)
async def search(backend: TheBackend, _: MayAsk, parameters: Annotated[bodies.SearchParameters, Query()]) -> Response:
    """Find the papers that a question is about, best first, without answering it."""
    understood = functools.partial(backend.assistant.understood, parameters.question)
    asked, hits = await backend.answering.aside(understood)
    values = as_json(Answer(asked.text, asked.text, hits=tuple(hits[: parameters.limit])))
    return JSONResponse({"question": asked.text, "kind": asked.kind, "hits": values["hits"]})
