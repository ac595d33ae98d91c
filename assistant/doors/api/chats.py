"""A chat in the dialect of OpenAI's models, and the reply to its last question, as both of its routes use them.

Nothing is stored: the client sends the whole conversation, and the papers that an earlier answer cited are read from
its text.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import HTTPException, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ...chain import Assistant
from ...core import bounds
from ...core.errors import PaperNotFound, QuestionError
from ...core.readable import readable
from ...core.records import Answer, Citation, Claim, Event, Hit, Passage, Turn
from ...core.tokens import count_tokens
from ...service.doorkeeper import Caller
from ...show.markdown import address, marks, of_answer, titles_in
from .backend import Backend, unless_hung_up
from .background import reply_to

MODEL = "papers"
PIECE = 400
"""Characters of a streamed piece of the answer."""
UNSUPPORTED = "unsupported_parameter"
"""The code by which OpenAI's own models refuse a parameter that they do not support."""
MOST_MESSAGES = 1000
MOST_CHARACTERS = 200_000
"""Of one message: an earlier answer comes back whole, with its quotes."""

# -- what is sent


class Lenient(BaseModel):
    """A part of a request; unknown fields are ignored, as clients of this dialect expect."""

    model_config = ConfigDict(extra="allow", strict=True)


def unsupported(is_asked: Callable[[Any], bool], reason: str) -> BeforeValidator:
    """Refuses values for which `is_asked`; the reason says what to send instead."""

    def validate(value: object) -> object:
        if is_asked(value):
            raise PydanticCustomError(UNSUPPORTED, "{reason}", {"reason": reason})
        return value

    return BeforeValidator(validate)


class TextFormat(Lenient):
    """The one format of answers."""

    type: Literal["text"]


def _is_other_format(value: object) -> bool:
    return value is not None and not (isinstance(value, dict) and value.get("type") == "text")


Format = Annotated[
    TextFormat | None,
    unsupported(_is_other_format, "Answers are text with citations, not JSON. Leave out the format."),
]
NoTools = Annotated[
    list[Any] | None,
    Field(max_length=0),
    unsupported(bool, "Tools are not called here: every answer comes from the papers. Leave out the tools."),
]

TEXTS = ("text", "input_text", "output_text", "refusal")


class MessagePart(Lenient):
    """A part of a message: only text."""

    type: Annotated[
        Literal["text", "input_text", "output_text", "refusal"],
        unsupported(lambda kind: kind not in TEXTS, "Only text is read here. Leave out images, sound and files."),
    ]
    text: str = Field(default="", max_length=MOST_CHARACTERS)


class ChatMessage(Lenient):
    """A message of the chat; only those of the user and the assistant are read."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: (
        Annotated[str, Field(max_length=MOST_CHARACTERS)]
        | Annotated[list[MessagePart], Field(max_length=MOST_MESSAGES)]
        | None
    ) = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.text)
        return self.content or ""


def question_in(messages: Sequence[ChatMessage]) -> str:
    """The last message, which must be the user's; otherwise raises `QuestionError`."""
    dialogue = _dialogue(messages)
    if not dialogue or dialogue[-1].role != "user":
        raise QuestionError("The last message must be the user's and contain the question.")
    return dialogue[-1].text


def turns_in(assistant: Assistant, messages: Sequence[ChatMessage], most: int) -> list[Turn]:
    """The last `most` turns before the question."""
    pairs = [
        (first.text, second.text)
        for first, second in itertools.pairwise(_dialogue(messages))
        if (first.role, second.role) == ("user", "assistant")
    ]
    recent = pairs[-most:] if most else []
    return [_turn(assistant, question, answer) for question, answer in recent]


def _dialogue(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    return [message for message in messages if message.role in ("user", "assistant")]


def _turn(assistant: Assistant, question: str, markdown: str) -> Turn:
    """As much of an earlier turn as a question may refer to: the papers cited, if they are still in the library."""
    hits = []
    for title in titles_in(markdown)[: bounds.PAPERS]:
        try:
            paper = assistant.paper(title)
        except PaperNotFound:
            continue
        hits.append(Hit(paper, Passage(paper.id, paper.title, paper.abstract, 0), 0.0))
    claims = tuple(Claim(hit.paper.title, (Citation(hit.passage, hit.passage.text, 1.0, "quoted"),)) for hit in hits)
    return Turn(question, Answer(question, question, claims, hits=tuple(hits)))


# -- what is returned


@dataclass(frozen=True, slots=True)
class ChatReply:
    """What the model says: Markdown, its citations with their places, token counts, and `more` than the dialect has."""

    content: str
    citations: Sequence[Mapping[str, Any]] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pieces(self) -> list[str]:
        """The content as it is streamed."""
        return [self.content[start : start + PIECE] for start in range(0, len(self.content), PIECE)]


Step = str | ChatReply
"""A stage or a claim that passed; or, last, the reply."""


def require_model(name: str) -> None:
    """Refuse any model but the one there is."""
    if name != MODEL:
        raise HTTPException(404, f"There is no model of that name here. There is: {MODEL}.")


async def steps(
    request: Request, backend: Backend, caller: Caller, messages: Sequence[ChatMessage]
) -> AsyncGenerator[Step, None]:
    """The steps to a reply, once there is a first: an error in the question gets a status of its own.

    A client's background request is not a question: it is answered at once and counted nowhere.
    """
    question = question_in(messages)
    reply = reply_to(question)
    backend.doorkeeper.admit(caller, "ask", question=reply is None)
    tokens = await asyncio.to_thread(lambda: sum(count_tokens(message.text) for message in messages))
    if reply is not None:
        return _at_once(ChatReply(reply, prompt_tokens=tokens, completion_tokens=count_tokens(reply)))
    turns = await asyncio.to_thread(turns_in, backend.assistant, messages, backend.memory_turns)
    events = backend.answering.events(question, turns)
    first = await unless_hung_up(request, anext(events))
    return _answering(backend, first, events, tokens)


async def last(request: Request, ahead: AsyncGenerator[Step, None]) -> ChatReply:
    """The reply, which is the last of the steps; they end when the client hangs up."""

    async def reply() -> ChatReply:
        async with aclosing(ahead):
            return [step async for step in ahead if isinstance(step, ChatReply)][-1]

    return await unless_hung_up(request, reply())


async def _at_once(reply: ChatReply) -> AsyncGenerator[Step, None]:
    yield reply


async def _answering(
    backend: Backend, event: Event, others: AsyncGenerator[Event, None], tokens: int
) -> AsyncGenerator[Step, None]:
    async with aclosing(others):
        while not event.answer:
            yield readable(event.claim.text) if event.claim else event.stage
            event = await anext(others)
    backend.metrics.answer(event.answer)
    yield await asyncio.to_thread(_reply, event.answer, tokens)


def _reply(answer: Answer, prompt_tokens: int) -> ChatReply:
    content = of_answer(answer)
    sources = answer.sources
    places = [(start, end, sources[number - 1]) for start, end, number in marks(answer)]
    citations = [
        {"start_index": start, "end_index": end, "title": source.title, "url": address(source.title, source.url)}
        for start, end, source in places
    ]
    return ChatReply(content, citations, prompt_tokens, count_tokens(content), _more(answer))


def _more(answer: Answer) -> dict[str, Any]:
    citations = [
        {"number": source.number, "title": source.title, "url": source.url, "quotes": list(source.quotes)}
        for source in answer.sources
    ]
    summary = {"text": answer.text, "titles": list(answer.titles), "answered": answer.answered}
    return {"citations": citations, "answer": summary}


def as_error(status: int, message: str, *, param: str | None = None, code: str = "") -> dict[str, Any]:
    """An error as this dialect has it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"message": message, "type": kind, "param": param, "code": code or str(status)}
