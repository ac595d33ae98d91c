"""Questions and sentences in, answers, verdicts and hits out: `/api/ask`, `/api/check`, `/api/search`."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field

from ...core import bounds
from ...core.export import as_json
from ...core.records import Answer, Event, Turn
from ...service.doorkeeper import Caller
from . import bodies
from .desk import Asking, At, Desk, unless_gone
from .telling import EVENTS, HEADERS, MEDIA, Finished, described, or_problem, paced, told

MOST_HITS = 50

router = APIRouter(tags=["questions"])


@router.post(
    "/api/ask",
    response_model=bodies.Answer,
    responses={200: {"content": {MEDIA: described(EVENTS)}}},
)
async def ask(body: bodies.Ask, request: Request, desk: At, caller: Asking) -> Response:
    """Answer a question, every sentence of it cited and checked, or say why there is no answer.

    With `stream`, or where `text/event-stream` is accepted, the events `stage`, `claim`, `withdrawn` (the claims so far
    are taken back) and last `answer` or `error` come as they happen. Hanging up stops the work.
    """
    turns = await _before(desk, caller, body.conversation)
    events = desk.answering.events(body.question, turns, papers=body.papers)
    finished = functools.partial(_finished, desk, caller, body)
    if body.stream or MEDIA in request.headers.get("accept", ""):
        return await streamed(request, events, finished)
    answer = await unless_gone(request, desk.answering.answer(body.question, turns, papers=body.papers))
    return JSONResponse(await finished(answer))


async def streamed(request: Request, events: AsyncGenerator[Event, None], finished: Finished) -> Response:
    """The events as they come, once there is a first: what is wrong with the question has a status of its own."""
    first = await unless_gone(request, anext(events))

    async def all_of_them() -> AsyncGenerator[Event | None, None]:
        yield first
        async for event in paced(events):
            yield event

    return StreamingResponse(or_problem(told(all_of_them(), finished)), media_type=MEDIA, headers=HEADERS)


async def _before(desk: Desk, caller: Caller, conversation: str) -> Sequence[Turn]:
    """The turns of a conversation that a question may refer to."""
    if not conversation:
        return ()
    kept = await asyncio.to_thread(desk.conversations.turns, caller.owner, conversation, limit=desk.memory_turns)
    return [one.turn for one in kept]


async def _finished(desk: Desk, caller: Caller, body: bodies.Ask, answer: Answer) -> dict[str, Any]:
    """The answer as JSON, counted and, in a conversation, kept."""
    desk.metrics.answer(answer)
    number = None
    if body.conversation:
        turn = Turn(answer.question, answer)
        number = await asyncio.to_thread(desk.conversations.append, caller.owner, body.conversation, turn)
    return as_json(answer) | {"conversation": body.conversation, "turn": number}


@router.post("/api/check", response_model=bodies.Verdict)
async def check(body: bodies.Check, desk: At, _: Asking) -> Response:
    """Say whether the abstract of a paper supports a sentence."""
    paper = await asyncio.to_thread(desk.assistant.paper, body.paper)
    verdict = await desk.answering.aside(functools.partial(desk.assistant.check, body.sentence, paper.title))
    return JSONResponse({**asdict(verdict), "score": float(verdict.score), "title": paper.title})


class Searched(bodies.Wanted):
    """What is searched for."""

    question: str = Field(
        min_length=1, max_length=bounds.QUESTION, examples=["stereo vocoders"], json_schema_extra=bodies.HAS_WORDS
    )
    limit: int = Field(default=10, ge=1, le=MOST_HITS)


@router.get("/api/search", response_model=bodies.Found)
async def search(desk: At, _: Asking, wanted: Annotated[Searched, Query()]) -> Response:
    """Find the papers that a question is about, best first, without answering it."""
    asked, hits = await desk.answering.aside(functools.partial(desk.assistant.understood, wanted.question))
    found = as_json(Answer(asked.text, asked.text, hits=tuple(hits[: wanted.limit])))["hits"]
    return JSONResponse({"question": asked.text, "kind": asked.kind, "hits": found})
