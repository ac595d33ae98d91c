"""OpenAI's chat completions: a chat in, the answer to its last question out: `/v1/chat/completions`, `/v1/models`.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import functools
import secrets
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field
from sse_starlette import ServerSentEvent

from ...service.problems import problem_of
from .backend import MayRead, TheBackend
from .chats import (
    MODEL,
    MOST_MESSAGES,
    ChatMessage,
    ChatReply,
    Format,
    Lenient,
    NoTools,
    Step,
    as_error,
    last,
    require_model,
    steps,
    unsupported,
)
from .sse import MEDIA, Events, event, event_stream

router = APIRouter(tags=["OpenAI's dialect"])
CHUNKS = {"type": "object", "required": ["data"], "properties": {"data": {"type": "string"}}}
"""An event of a stream: only data, which is a chunk as JSON, and `[DONE]` at the end."""


class StreamOptions(Lenient):
    """What else a stream contains."""

    include_usage: bool | None = None


class CompletionRequest(Lenient):
    """The chat so far, ending in a question."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"model": MODEL, "messages": [{"role": "user", "content": "What is SemantiCodec?"}]}]
        },
    )

    model: str = Field(max_length=1000, examples=[MODEL])
    messages: list[ChatMessage] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    response_format: Format = None
    tools: NoTools = None
    functions: NoTools = None
    n: Annotated[
        Literal[1] | None,
        unsupported(lambda n: n not in (None, 1), "A question gets one answer. Leave n out, or ask again."),
    ] = None


class Choice(Lenient):
    """The one answer; its message also has the sources as `annotations`."""

    index: int
    message: dict[str, Any]
    finish_reason: str


class Completion(Lenient):
    """The answer as a completion; `citations` and `answer` go beyond the dialect."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: dict[str, int] = Field(description="Tokens of the messages and of the answer, counted by o200k_base.")
    citations: list[dict[str, Any]] = Field(default=[], description="By number: title, address and the quotes.")
    answer: dict[str, Any] = Field(
        default={}, description="`text` with numbers, `titles`, and whether it is `answered`."
    )


class Model(Lenient):
    """A model to ask."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class Models(Lenient):
    """All models to ask."""

    object: Literal["list"]
    data: list[Model]


@router.get("/v1/models", response_model=Models)
async def models(_: MayRead) -> Response:
    """The one model: the assistant over its papers."""
    return JSONResponse({"object": "list", "data": [_model()]})


@router.get("/v1/models/{model}", response_model=Model)
async def model(_: MayRead, model: str) -> Response:
    """The model of that name."""
    require_model(model)
    return JSONResponse(_model())


@router.post(
    "/v1/chat/completions",
    response_model=Completion,
    responses={200: {"content": {MEDIA: {"itemSchema": CHUNKS}}}},
)
async def complete(body: CompletionRequest, request: Request, backend: TheBackend, caller: MayRead) -> Response:
    """Answer the last question of a chat, which may refer to earlier messages.

    The sources are listed under the answer in Markdown, in `annotations` with their places, and in `citations` with
    their quotes. A stream sends the stages as `reasoning_content`, and the answer once all of it is checked.
    """
    require_model(body.model)
    ahead = await steps(request, backend, caller, body.messages)
    if not body.stream:
        return JSONResponse(_whole(await last(request, ahead)))
    usage = bool(body.stream_options and body.stream_options.include_usage)
    return event_stream(_chunks(ahead, usage=usage), _failed)


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": "paper-assistant"}


def _whole(answer: ChatReply) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer.content, "refusal": None, "annotations": _annotations(answer)}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {**_head("chat.completion"), "choices": [choice], "usage": _usage(answer), **answer.more}


def _head(kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{secrets.token_hex(12)}", "object": kind, "created": int(time.time()), "model": MODEL}


def _usage(answer: ChatReply) -> dict[str, int]:
    total = answer.prompt_tokens + answer.completion_tokens
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": total,
    }


def _annotations(answer: ChatReply) -> list[dict[str, Any]]:
    return [{"type": "url_citation", "url_citation": dict(cited)} for cited in answer.citations]


async def _chunks(ahead: AsyncGenerator[Step, None], *, usage: bool) -> Events:
    """The stages while the answer is made, then the answer."""
    chunk = functools.partial(_chunk, _head("chat.completion.chunk"))
    async with aclosing(ahead):
        yield chunk({"role": "assistant", "content": ""})
        async for step in ahead:
            if isinstance(step, ChatReply):
                for part in _answer_chunks(step, chunk, usage=usage):
                    yield part
            else:
                yield chunk({"reasoning_content": f"{step}\n"})


def _answer_chunks(
    answer: ChatReply, chunk: functools.partial[ServerSentEvent], *, usage: bool
) -> Iterator[ServerSentEvent]:
    for piece in answer.pieces:
        yield chunk({"content": piece})
    if answer.citations:
        yield chunk({"annotations": _annotations(answer)})
    yield chunk({}, finish="stop", more=answer.more)
    if usage:
        yield chunk(None, more={"usage": _usage(answer)})
    yield ServerSentEvent("[DONE]", sep="\n")


def _chunk(
    head: Mapping[str, Any],
    delta: Mapping[str, Any] | None,
    *,
    finish: str | None = None,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> ServerSentEvent:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
    return event({**head, "choices": choices, **more})


def _failed(error: Exception) -> ServerSentEvent:
    problem = problem_of(error)
    return event({"error": as_error(problem.status, problem.detail)})
