"""A chat in, the answer to its last question out, in the dialect of OpenAI's models: `/v1`.

Nothing is kept here: who asks sends the whole conversation along, and the papers that an earlier answer cited are read
from its text. https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from .. import bounds
from ..chain import Assistant
from ..errors import AssistantError, PaperNotFound, QuestionError
from ..markdown import of_answer, titles_in
from ..problems import problem_of
from ..readable import readable
from ..records import Answer, Citation, Claim, Event, Hit, Passage, Turn
from .desk import Asking, At, Desk, Reading, unless_gone
from .telling import HEADERS, MEDIA, WAITING, paced

MODEL = "papers"
MOST_MESSAGES = 1000
MOST_CHARACTERS = 200_000
"""Of one message: an earlier answer with its quotes comes back whole."""
PIECE = 400
"""Characters of a streamed piece of the answer."""

router = APIRouter(tags=["OpenAI's dialect"])


class Loose(BaseModel):
    """What is sent in this dialect: fields that mean nothing here are passed over, as its clients expect."""

    model_config = ConfigDict(extra="allow")


class Part(Loose):
    """A part of a message; only text is read."""

    type: str = Field(max_length=100)
    text: str = Field(default="", max_length=MOST_CHARACTERS)


class Message(Loose):
    """A message of the chat; of those that nobody said, such as the system's, nothing is read."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = Field(default=None, max_length=MOST_CHARACTERS)

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.text)
        return self.content or ""


class StreamOptions(Loose):
    """What else a stream tells."""

    include_usage: bool | None = None


class Chat(Loose):
    """The chat so far, ending in a question."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [{"model": MODEL, "messages": [{"role": "user", "content": "What is SemantiCodec?"}]}]
        },
    )

    model: str = Field(max_length=1000, examples=[MODEL])
    messages: list[Message] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None


class Choice(Loose):
    """The one answer."""

    index: int
    message: dict[str, Any]
    finish_reason: str


class Completion(Loose):
    """The answer as a completion; `citations` and `answer` say more than the dialect knows."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: dict[str, int]
    citations: list[dict[str, Any]] = Field(description="By number: title, address and the words cited.")
    answer: dict[str, Any] = Field(description="`text` with numbers, `titles`, and whether it is `answered`.")


class Model(Loose):
    """A model that can be asked."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class Models(Loose):
    """All models that can be asked."""

    object: Literal["list"]
    data: list[Model]


@router.get("/v1/models", response_model=Models)
async def models(_: Reading) -> Response:
    """The one model: the assistant over its papers."""
    return JSONResponse({"object": "list", "data": [_model()]})


@router.get("/v1/models/{model}", response_model=Model)
async def model(_: Reading, model: str) -> Response:
    """The model of that name."""
    _known(model)
    return JSONResponse(_model())


@router.post(
    "/v1/chat/completions",
    response_model=Completion,
    responses={200: {"content": {MEDIA: {"schema": {"type": "string"}}}}},
)
async def complete(body: Chat, request: Request, desk: At, _: Asking) -> Response:
    """Answer the last question of a chat; what it refers to is looked for in the messages before.

    The sources stand under the answer as Markdown, and once more as the field `citations`. A stream tells the stages as
    `reasoning_content`, and the answer once all of it is checked.
    """
    _known(body.model)
    question, turns = await asyncio.to_thread(_conversation, desk.assistant, body.messages, desk.memory_turns)
    events = desk.answering.events(question, turns)
    if not body.stream:
        answer = await unless_gone(request, desk.answering.answer(question, turns))
        desk.metrics.answer(answer)
        return JSONResponse(_whole(answer))
    first = await unless_gone(request, anext(events))
    usage = bool(body.stream_options and body.stream_options.include_usage)
    return StreamingResponse(_streamed(desk, first, events, usage=usage), media_type=MEDIA, headers=HEADERS)


def _known(model: str) -> None:
    if model != MODEL:
        raise HTTPException(404, f"There is no model of that name here. There is: {MODEL}.")


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": "paper-assistant"}


# -- what was said before


def _conversation(assistant: Assistant, messages: Sequence[Message], most: int) -> tuple[str, list[Turn]]:
    """The last question, and the turns before it, at most so many."""
    said = [message for message in messages if message.role in ("user", "assistant")]
    if not said or said[-1].role != "user":
        raise QuestionError("The last message is to be the user's, and hold the question.")
    pairs = [(one.text, other.text) for one, other in itertools.pairwise(said) if _turn(one, other)]
    recent = pairs[-most:] if most else []
    return said[-1].text, [_remembered(assistant, question, answer) for question, answer in recent]


def _turn(one: Message, other: Message) -> bool:
    return one.role == "user" and other.role == "assistant"


def _remembered(assistant: Assistant, question: str, told: str) -> Turn:
    """An earlier turn, as much as a question may refer to of it: the papers cited, where they are still here."""
    hits = []
    for title in titles_in(told)[: bounds.PAPERS]:
        try:
            paper = assistant.paper(title)
        except PaperNotFound:
            continue
        hits.append(Hit(paper, Passage(paper.id, paper.title, paper.abstract, 0), 0.0))
    claims = tuple(Claim(hit.paper.title, (Citation(hit.passage, hit.passage.text, 1.0, "quoted"),)) for hit in hits)
    return Turn(question, Answer(question, question, claims, hits=tuple(hits)))


# -- what is answered


def _whole(answer: Answer) -> dict[str, Any]:
    message = {"role": "assistant", "content": of_answer(answer), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {**_head("chat.completion"), "choices": [choice], "usage": _usage(answer), **_more(answer)}


def _head(kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{secrets.token_hex(12)}", "object": kind, "created": int(time.time()), "model": MODEL}


def _usage(answer: Answer) -> dict[str, int]:
    sent, written = (answer.usage.get(name, 0) for name in ("prompt_tokens", "completion_tokens"))
    return {"prompt_tokens": sent, "completion_tokens": written, "total_tokens": sent + written}


def _more(answer: Answer) -> dict[str, Any]:
    """What the dialect has no words for."""
    urls = {hit.paper.title: hit.paper.url for hit in answer.hits}
    cited = [citation for claim in answer.claims for citation in claim.citations]
    citations = [
        {
            "number": number,
            "title": title,
            "url": urls.get(title, ""),
            "quotes": list(dict.fromkeys(one.quote for one in cited if one.passage.title == title)),
        }
        for number, title in enumerate(answer.titles, start=1)
    ]
    told = {"text": answer.text, "titles": list(answer.titles), "answered": answer.answered}
    return {"citations": citations, "answer": told}


async def _streamed(
    desk: Desk, first: Event, events: AsyncGenerator[Event, None], *, usage: bool
) -> AsyncGenerator[str, None]:
    """The chunks: stages while it is made, the answer when it is; or the error in their place."""
    chunk = functools.partial(_chunk, _head("chat.completion.chunk"))
    waiting = paced(events)
    try:
        yield chunk({"role": "assistant", "content": ""})
        one: Event | None = first
        while one is None or not one.answer:
            yield (
                WAITING
                if one is None
                else chunk({"reasoning_content": f"{readable(one.claim.text) if one.claim else one.stage}\n"})
            )
            one = await anext(waiting)
        desk.metrics.answer(one.answer)
        content = of_answer(one.answer)
        for start in range(0, len(content), PIECE):
            yield chunk({"content": content[start : start + PIECE]})
        yield chunk({}, finish="stop", more=_more(one.answer))
        if usage:
            yield chunk(None, more={"usage": _usage(one.answer)})
        yield "data: [DONE]\n\n"
    except AssistantError as error:
        yield _data({"error": as_error(problem_of(error).status, problem_of(error).detail)})
    except Exception as error:
        problem = problem_of(error)
        yield _data({"error": as_error(problem.status, problem.detail)})
        raise
    finally:
        await waiting.aclose()


def _chunk(
    head: dict[str, Any], delta: dict[str, Any] | None, *, finish: str | None = None, more: dict[str, Any] | None = None
) -> str:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
    return _data({**head, "choices": choices, **(more or {})})


def _data(values: dict[str, Any]) -> str:
    return f"data: {json.dumps(values, ensure_ascii=False)}\n\n"


def as_error(status: int, message: str) -> dict[str, Any]:
    """An error as this dialect has it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"message": message, "type": kind, "param": None, "code": str(status)}
