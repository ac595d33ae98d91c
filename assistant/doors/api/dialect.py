"""A chat in, the answer to its last question out, in the dialect of OpenAI's models: `/v1`.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import functools
import json
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import ConfigDict, Field

from ...core.errors import AssistantError
from ...service.problems import problem_of
from .chats import MOST_MESSAGES, Format, Loose, Message, NoTools, refused
from .desk import At, Reading
from .replies import MODEL, Reply, Step, known, last, steps
from .telling import HEADERS, MEDIA, WAITING

router = APIRouter(tags=["OpenAI's dialect"])
CHUNKS = {"type": "object", "required": ["data"], "properties": {"data": {"type": "string"}}}
"""An event of a stream: data alone, a chunk as JSON, and `[DONE]` at the end."""


class StreamOptions(Loose):
    """What else a stream tells."""

    include_usage: bool | None = None


class Chat(Loose):
    """The chat so far, ending in a question."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"model": MODEL, "messages": [{"role": "user", "content": "What is SemantiCodec?"}]}]
        },
    )

    model: str = Field(max_length=1000, examples=[MODEL])
    messages: list[Message] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    response_format: Format = None
    tools: NoTools = None
    functions: NoTools = None
    n: Annotated[
        Literal[1] | None,
        refused(lambda n: n not in (None, 1), "A question gets one answer. Leave n out, or ask again."),
    ] = None


class Choice(Loose):
    """The one answer; its message has the sources as `annotations`, too."""

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
    usage: dict[str, int] = Field(description="Tokens of the messages and of the answer, as o200k_base counts them.")
    citations: list[dict[str, Any]] = Field(default=[], description="By number: title, address and the words cited.")
    answer: dict[str, Any] = Field(
        default={}, description="`text` with numbers, `titles`, and whether it is `answered`."
    )


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
    known(model)
    return JSONResponse(_model())


@router.post(
    "/v1/chat/completions",
    response_model=Completion,
    responses={200: {"content": {MEDIA: {"itemSchema": CHUNKS}}}},
)
async def complete(body: Chat, request: Request, desk: At, caller: Reading) -> Response:
    """Answer the last question of a chat; what it refers to is looked for in the messages before.

    The sources stand under the answer as Markdown, in `annotations` with where they are cited, and with the words cited
    in `citations`. A stream tells the stages as `reasoning_content`, and the answer once all of it is checked.
    """
    known(body.model)
    ahead = await steps(request, desk, caller, body.messages)
    if not body.stream:
        return JSONResponse(_whole(await last(request, ahead)))
    usage = bool(body.stream_options and body.stream_options.include_usage)
    return StreamingResponse(_streamed(ahead, usage=usage), media_type=MEDIA, headers=HEADERS)


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": "paper-assistant"}


def _whole(answer: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer.content, "refusal": None, "annotations": _annotations(answer)}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {**_head("chat.completion"), "choices": [choice], "usage": _usage(answer), **answer.more}


def _head(kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{secrets.token_hex(12)}", "object": kind, "created": int(time.time()), "model": MODEL}


def _usage(answer: Reply) -> dict[str, int]:
    total = answer.prompt_tokens + answer.completion_tokens
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": total,
    }


def _annotations(answer: Reply) -> list[dict[str, Any]]:
    return [{"type": "url_citation", "url_citation": dict(cited)} for cited in answer.citations]


async def _streamed(ahead: AsyncGenerator[Step, None], *, usage: bool) -> AsyncGenerator[str, None]:
    """The chunks: stages while it is made, the answer when it is; or the error in their place."""
    chunk = functools.partial(_chunk, _head("chat.completion.chunk"))
    try:
        async with aclosing(ahead):
            yield chunk({"role": "assistant", "content": ""})
            async for step in ahead:
                if step is None:
                    yield WAITING
                elif isinstance(step, str):
                    yield chunk({"reasoning_content": f"{step}\n"})
                else:
                    for part in _last(step, chunk, usage=usage):
                        yield part
    except AssistantError as error:
        yield _broken(error)
    except Exception as error:
        yield _broken(error)
        raise


def _last(answer: Reply, chunk: functools.partial[str], *, usage: bool) -> list[str]:
    """The chunks of the answer itself."""
    content = [chunk({"content": piece}) for piece in answer.pieces]
    annotations = [chunk({"annotations": _annotations(answer)})] if answer.citations else []
    end = [chunk({}, finish="stop", more=answer.more)]
    return [*content, *annotations, *end, *([chunk(None, more={"usage": _usage(answer)})] if usage else []), DONE]


def _chunk(
    head: dict[str, Any], delta: dict[str, Any] | None, *, finish: str | None = None, more: dict[str, Any] | None = None
) -> str:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
    return _data({**head, "choices": choices, **(more or {})})


DONE = "data: [DONE]\n\n"


def _broken(error: Exception) -> str:
    problem = problem_of(error)
    return _data({"error": as_error(problem.status, problem.detail)})


def _data(values: dict[str, Any]) -> str:
    return f"data: {json.dumps(values, ensure_ascii=False)}\n\n"


def as_error(status: int, message: str, *, param: str | None = None, code: str = "") -> dict[str, Any]:
    """An error as this dialect has it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"message": message, "type": kind, "param": param, "code": code or str(status)}
