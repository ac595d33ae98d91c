"""OpenAI's newer interface: a chat in, the answer to its last question out: `/v1/responses`.

https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field
from sse_starlette import ServerSentEvent

from ...service.problems import problem_of
from .backend import MayRead, TheBackend
from .chats import (
    MODEL,
    MOST_CHARACTERS,
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
EVENTS = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
}
"""An event of a stream: its type, and the event as JSON."""
NOT_KEPT = "Nothing is kept here between requests. Send the conversation along as input."


class InputMessage(ChatMessage):
    """A message of the chat."""

    type: Literal["message"] = "message"


class InputReasoning(Lenient):
    """The stages of an earlier answer, as a stream sent them; not read."""

    type: Literal["reasoning"]


class TextOptions(Lenient):
    """The format of the answer."""

    format: Format = None


class ResponseRequest(Lenient):
    """The chat so far, ending in a question."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": MODEL, "input": "What is SemantiCodec?"}]})

    model: str = Field(max_length=1000, examples=[MODEL])
    input: (
        Annotated[str, Field(max_length=MOST_CHARACTERS)]
        | Annotated[list[InputReasoning | InputMessage], Field(min_length=1, max_length=MOST_MESSAGES)]
    )
    instructions: str | None = Field(default=None, max_length=MOST_CHARACTERS, description="Not read.")
    stream: bool | None = None
    text: TextOptions | None = None
    tools: NoTools = None
    background: Annotated[
        Literal[False] | None, unsupported(bool, "Answers are not made in the background. Leave it out, and wait.")
    ] = None
    previous_response_id: Annotated[None, unsupported(bool, NOT_KEPT)] = None
    conversation: Annotated[None, unsupported(bool, NOT_KEPT)] = None
    prompt: Annotated[None, unsupported(bool, "No prompts are kept here. Send the question as input.")] = None

    @property
    def messages(self) -> list[ChatMessage]:
        """The input as the messages of a chat."""
        if isinstance(self.input, str):
            return [ChatMessage(role="user", content=self.input)]
        return [item for item in self.input if isinstance(item, ChatMessage)]


class ResponseObject(Lenient):
    """The answer as a response; `citations` and `answer` go beyond the dialect."""

    id: str
    object: Literal["response"]
    created_at: int
    status: Literal["completed"]
    model: str
    output: list[dict[str, Any]] = Field(description="One message, with its sources as `annotations`.")
    usage: dict[str, Any] = Field(description="Tokens of the input and of the answer, counted by o200k_base.")
    citations: list[dict[str, Any]] = Field(default=[], description="By number: title, address and the quotes.")
    answer: dict[str, Any] = Field(
        default={}, description="`text` with numbers, `titles`, and whether it is `answered`."
    )


@router.post(
    "/v1/responses",
    response_model=ResponseObject,
    responses={200: {"content": {MEDIA: {"itemSchema": EVENTS}}}},
)
async def respond(body: ResponseRequest, request: Request, backend: TheBackend, caller: MayRead) -> Response:
    """Answer the last question of a chat, which may refer to earlier messages.

    Nothing is kept. A stream sends the stages as a reasoning summary, and the answer once all of it is checked.
    """
    require_model(body.model)
    ahead = await steps(request, backend, caller, body.messages)
    response = Frame(body.instructions)
    stream = StreamEvents()
    if body.stream:
        return event_stream(_events(ahead, response, stream), stream.failed)
    answer = await last(request, ahead)
    return JSONResponse(response.completed([_message(_id("msg"), answer)], answer))


class Frame:
    """The frame of a response, the same in each event of a stream."""

    def __init__(self, instructions: str | None) -> None:
        self._frame = {
            "id": _id("resp"),
            "object": "response",
            "created_at": int(time.time()),
            "model": MODEL,
            "instructions": instructions,
            "error": None,
            "incomplete_details": None,
            "metadata": {},
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "store": False,
            "text": {"format": {"type": "text"}},
            "tool_choice": "none",
            "tools": [],
        }

    def begun(self) -> dict[str, Any]:
        return {**self._frame, "status": "in_progress", "output": [], "usage": None}

    def completed(self, output: list[dict[str, Any]], answer: ChatReply) -> dict[str, Any]:
        usage = {
            "input_tokens": answer.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": answer.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        }
        return {**self._frame, "status": "completed", "output": output, "usage": usage, **answer.more}


def _message(id_: str, answer: ChatReply | None) -> dict[str, Any]:
    """The message of the answer, empty while there is none."""
    status, content = ("completed", [_part(answer)]) if answer else ("in_progress", [])
    return {"type": "message", "id": id_, "status": status, "role": "assistant", "content": content}


def _part(answer: ChatReply | None) -> dict[str, Any]:
    annotations = [{"type": "url_citation", **cited} for cited in answer.citations] if answer else []
    return {
        "type": "output_text",
        "text": answer.content if answer else "",
        "annotations": annotations,
        "logprobs": [],
    }


async def _events(ahead: AsyncGenerator[Step, None], response: Frame, stream: StreamEvents) -> Events:
    """The stages while the answer is made, then the answer."""
    async with aclosing(ahead):
        for kind in ("created", "in_progress"):
            yield stream.one(f"response.{kind}", {"response": response.begun()})
        for part in stream.reasoning_begun():
            yield part
        async for step in ahead:
            if isinstance(step, ChatReply):
                for part in stream.answered(step):
                    yield part
                yield stream.one("response.completed", {"response": response.completed(stream.output, step)})
            else:
                yield stream.stage(f"{step}\n")


class StreamEvents:
    """The numbered events of one stream: first the stages as a reasoning, then the answer as a message."""

    def __init__(self) -> None:
        self._numbers, self._stages = itertools.count(), ""
        self._reasoning: dict[str, Any] = {"type": "reasoning", "id": _id("rs"), "summary": []}
        self.output: list[dict[str, Any]] = []
        """The complete items."""

    def one(self, kind: str, values: dict[str, Any]) -> ServerSentEvent:
        return event({"type": kind, "sequence_number": next(self._numbers)} | values, kind)

    def reasoning_begun(self) -> Iterator[ServerSentEvent]:
        """The events before the first stage."""
        yield self.one("response.output_item.added", {"output_index": 0, "item": self._reasoning})
        yield self._summary("part.added", {"part": {"type": "summary_text", "text": ""}})

    def stage(self, stage: str) -> ServerSentEvent:
        self._stages += stage
        return self._summary("text.delta", {"delta": stage})

    def answered(self, answer: ChatReply) -> Iterator[ServerSentEvent]:
        """The end of the stages, and the answer."""
        summary = {"type": "summary_text", "text": self._stages}
        yield self._summary("text.done", {"text": self._stages})
        yield self._summary("part.done", {"part": summary})
        yield self._done({**self._reasoning, "summary": [summary]})
        id_ = _id("msg")
        place = {"output_index": 1, "item_id": id_, "content_index": 0}
        yield self.one("response.output_item.added", {"output_index": 1, "item": _message(id_, None)})
        yield self.one("response.content_part.added", {**place, "part": _part(None)})
        for piece in answer.pieces:
            yield self.one("response.output_text.delta", {**place, "delta": piece, "logprobs": []})
        part = _part(answer)
        for index, annotation in enumerate(part["annotations"]):
            added = {"annotation_index": index, "annotation": annotation}
            yield self.one("response.output_text.annotation.added", place | added)
        yield self.one("response.output_text.done", {**place, "text": answer.content, "logprobs": []})
        yield self.one("response.content_part.done", {**place, "part": part})
        yield self._done(_message(id_, answer))

    def failed(self, error: Exception) -> ServerSentEvent:
        """An error as the dialect describes it, and again under `error`, where its clients look for it."""
        problem = problem_of(error)
        details = as_error(problem.status, problem.detail)
        return self.one("error", details | {"type": "error", "error": details})

    def _summary(self, kind: str, values: dict[str, Any]) -> ServerSentEvent:
        place = {"item_id": self._reasoning["id"], "output_index": 0, "summary_index": 0}
        return self.one(f"response.reasoning_summary_{kind}", place | values)

    def _done(self, item: dict[str, Any]) -> ServerSentEvent:
        self.output.append(item)
        return self.one("response.output_item.done", {"output_index": len(self.output) - 1, "item": item})


def _id(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(12)}"
