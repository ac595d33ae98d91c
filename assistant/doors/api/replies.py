"""A chat in, the stages and then the reply out, as `/v1/chat/completions` and `/v1/responses` both tell it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from fastapi import HTTPException, Request

from ...core.readable import readable
from ...core.records import Answer, Event
from ...core.tokens import count_tokens
from ...service.doorkeeper import Caller
from ...show.markdown import address, marks, of_answer
from .chats import Message, question_in, turns_in
from .chores import reply_to
from .desk import Desk, unless_gone
from .telling import paced

MODEL = "papers"
PIECE = 400
"""Characters of a streamed piece of the answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says: Markdown, the places where it cites, tokens, and what the dialect has no words for."""

    content: str
    citations: Sequence[dict[str, Any]] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def pieces(self) -> list[str]:
        """The content as it is streamed."""
        return [self.content[start : start + PIECE] for start in range(0, len(self.content), PIECE)]


Step = str | Reply | None
"""A stage or a claim that passed, the reply, which comes last, or None for a silence."""


def known(model: str) -> None:
    """Refuse a model that is not here."""
    if model != MODEL:
        raise HTTPException(404, f"There is no model of that name here. There is: {MODEL}.")


async def steps(
    request: Request, desk: Desk, caller: Caller, messages: Sequence[Message]
) -> AsyncGenerator[Step, None]:
    """The steps to a reply, once there is a first: what is wrong with the question has a status of its own.

    A client's background request is no question: it is answered at once, and counted nowhere.
    """
    question = question_in(messages)
    reply = reply_to(question)
    desk.doorkeeper.admit(caller, "ask", question=reply is None)
    sent = await asyncio.to_thread(lambda: sum(count_tokens(message.text) for message in messages))
    if reply is not None:
        return _at_once(Reply(reply, prompt_tokens=sent, completion_tokens=count_tokens(reply)))
    turns = await asyncio.to_thread(turns_in, desk.assistant, messages, desk.memory_turns)
    events = desk.answering.events(question, turns)
    first = await unless_gone(request, anext(events))
    return _answering(desk, first, events, sent)


async def last(request: Request, ahead: AsyncGenerator[Step, None]) -> Reply:
    """The last of the steps; they end when the sender of the request hangs up."""

    async def awaited() -> Reply:
        async with aclosing(ahead):
            return [step async for step in ahead if isinstance(step, Reply)][-1]

    return await unless_gone(request, awaited())


async def _at_once(reply: Reply) -> AsyncGenerator[Step, None]:
    yield reply


async def _answering(
    desk: Desk, first: Event, events: AsyncGenerator[Event, None], sent: int
) -> AsyncGenerator[Step, None]:
    one: Event | None = first
    async with aclosing(paced(events)) as coming:
        while one is None or not one.answer:
            yield None if one is None else readable(one.claim.text) if one.claim else one.stage
            one = await anext(coming)
    desk.metrics.answer(one.answer)
    yield await asyncio.to_thread(_reply, one.answer, sent)


def _reply(answer: Answer, sent: int) -> Reply:
    content = of_answer(answer)
    sources = answer.sources
    cited = [
        {"start_index": start, "end_index": end, "title": source.title, "url": address(source.title, source.url)}
        for start, end, source in ((start, end, sources[number - 1]) for start, end, number in marks(answer))
    ]
    return Reply(content, cited, sent, count_tokens(content), _more(answer))


def _more(answer: Answer) -> dict[str, Any]:
    citations = [
        {"number": source.number, "title": source.title, "url": source.url, "quotes": list(source.quotes)}
        for source in answer.sources
    ]
    whole = {"text": answer.text, "titles": list(answer.titles), "answered": answer.answered}
    return {"citations": citations, "answer": whole}
