"""The events of an answer in, Server-Sent Events out, as soon as there are any.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

from ...core.errors import AssistantError
from ...core.export import as_json
from ...core.records import STARTING_OVER, Answer, Claim, Event
from ...service.problems import problem_of

MEDIA = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""What keeps proxies from holding events back."""
SILENCE = 15
"""Seconds without an event after which a comment says that the connection lives."""
WAITING = ": waiting\n\n"
EVENTS: dict[str, dict[str, Any]] = {
    "stage": {"$ref": "#/components/schemas/Stage"},
    "claim": {"$ref": "#/components/schemas/Claim"},
    "withdrawn": {"$ref": "#/components/schemas/Stage"},
    "answer": {"$ref": "#/components/schemas/Answer"},
    "error": {"$ref": "#/components/schemas/Problem"},
}
"""The events of an answer, and what the JSON of each holds."""

Finished = Callable[[Answer], Awaitable[dict[str, Any]]]
"""What is done with an answer before it is told: it is counted and, in a conversation, kept."""


def described(events: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A stream of such events as OpenAPI has it: https://spec.openapis.org/oas/v3.2.0#server-sent-events."""
    data = {"type": "string", "contentMediaType": "application/json"}
    kinds = [
        {"properties": {"event": {"const": name}, "data": {**data, "contentSchema": schema}}}
        for name, schema in events.items()
    ]
    return {"itemSchema": {"type": "object", "required": ["event", "data"], "oneOf": kinds}}


def event(name: str, data: Any) -> str:
    """One event; its data is JSON, which has no line breaks of its own."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


async def paced(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event | None, None]:
    """The events, and None after each silence; when this is closed, so are they."""
    pending: asyncio.Task[Event | None] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(events, None))
            done, _ = await asyncio.wait((pending,), timeout=SILENCE)
            if not done:
                yield None
                continue
            found, pending = pending.result(), None
            if found is None:
                return
            yield found
    finally:
        if pending:
            pending.cancel()
            await asyncio.wait((pending,))
        await events.aclose()


async def told(events: AsyncIterator[Event | None], finished: Finished) -> AsyncGenerator[str, None]:
    """Stages, claims with the numbers they will bear, and the answer once it is finished."""
    claims: tuple[Claim, ...] = ()
    async for one in events:
        if one is None:
            yield WAITING
        elif one.answer:
            yield event("answer", await finished(one.answer))
        elif one.claim:
            claims = (*claims, one.claim)
            yield event("claim", as_json(Answer("", "", claims))["claims"][-1])
        elif one.stage == STARTING_OVER:
            claims = ()
            yield event("withdrawn", {"stage": one.stage})
        else:
            yield event("stage", {"stage": one.stage})


async def or_problem(parts: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """The parts; where making them fails, the problem in their place, for a status was told by then."""
    try:
        async for part in parts:
            yield part
    except AssistantError as error:
        yield event("error", problem_of(error).body)
    except Exception as error:
        yield event("error", problem_of(error).body)
        raise
    finally:
        await parts.aclose()
