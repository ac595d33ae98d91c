"""Events as a response of Server-Sent Events, and how OpenAPI describes such a stream.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from fastapi import Response
from sse_starlette import EventSourceResponse, JSONServerSentEvent, ServerSentEvent

from ...core.errors import AssistantError

MEDIA = "text/event-stream"
PING = 15.0
"""Seconds between the comments that show that the connection is alive."""

Events = AsyncGenerator[ServerSentEvent, None]


def event(data: Any, name: str | None = None) -> ServerSentEvent:
    """An event whose data is JSON."""
    return JSONServerSentEvent(data, event=name, sep="\n")


def event_stream(events: Events, failed: Callable[[Exception], ServerSentEvent]) -> Response:
    """The events as a response. If making them fails, `failed` tells it as the last event: the status is already sent.

    When the client hangs up, `events` are closed.
    """
    return EventSourceResponse(_until_failure(events, failed), ping=PING, ping_message_factory=_ping, sep="\n")


def _ping() -> ServerSentEvent:
    return ServerSentEvent(comment="waiting", sep="\n")


async def _until_failure(events: Events, failed: Callable[[Exception], ServerSentEvent]) -> Events:
    try:
        async with aclosing(events):
            async for one in events:
                yield one
    except AssistantError as error:
        yield failed(error)
    except Exception as error:
        yield failed(error)
        raise


def described(events: dict[str, dict[str, str]]) -> dict[str, Any]:
    """A stream of these events, by name with the schema of their data, as OpenAPI describes it.

    https://spec.openapis.org/oas/v3.2.0#server-sent-events
    """
    data = {"type": "string", "contentMediaType": "application/json"}
    kinds = [
        {"properties": {"event": {"const": name}, "data": {**data, "contentSchema": schema}}}
        for name, schema in events.items()
    ]
    return {"itemSchema": {"type": "object", "required": ["event", "data"], "oneOf": kinds}}
