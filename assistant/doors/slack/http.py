"""HTTP requests in, answers out: Slack itself, signed JSON from any program, and Mattermost's two dialects.

| route | what it takes |
| --- | --- |
| `/events` | all that Slack sends: events, buttons, shortcuts and slash commands |
| `/hook` | JSON `{"text", "user", "thread"}`, signed as Slack signs |
| `/mattermost` | an outgoing webhook or a slash command of Mattermost's, by its token |
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from ...chain import Assistant
from ...core.errors import AssistantError
from ...core.notebook import escaped
from ...core.records import Answer
from ...core.settings import Settings
from .blocks import notice, reply, shown
from .desk import Desk, Message
from .signing import SIGNATURE, Refused, read, signed

Handler = Callable[[Request], Awaitable[Response]]
Dispatch = Callable[[bytes, Mapping[str, str]], Awaitable[tuple[int, str, dict[str, str]]]]
SHAPE = 'The body is to be {"text": "...", "user": "...", "thread": "..."}; the thread may be left out.'


def routes(assistant: Assistant, settings: Settings, address: str) -> APIRouter:
    """The routes that the settings have a secret for; the desk behind them closes with the app."""
    desk = Desk(assistant, settings)
    door = Door(desk, settings)
    starting: list[Callable[[], Awaitable[object]]] = []
    beside: list[Callable[[], Coroutine[Any, Any, None]]] = []
    handlers: dict[str, Handler] = {}
    if settings.slack_signing_secret:
        handlers["/hook"] = door.hook
        if settings.slack_bot_token:
            from .app import Slack

            slack = Slack(desk, settings, address)
            starting.append(slack.check)
            beside.append(slack.go_on)
            handlers["/events"] = door.events(slack.dispatch)
    if settings.mattermost_tokens:
        handlers["/mattermost"] = door.mattermost

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            for start in starting:
                await start()
            tasks = [asyncio.create_task(go_on()) for go_on in beside]
            yield
            for task in tasks:  # what is not done by now is done after the next start
                task.cancel()
        finally:
            desk.close()

    router = APIRouter(lifespan=lifespan)
    for path, handler in handlers.items():
        router.add_api_route(path, _guarded(handler), methods=["POST"], response_model=None, include_in_schema=False)
    return router


def _guarded(handler: Handler) -> Handler:
    """The handler, whose refusals become statuses."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as refused:
            return JSONResponse({"error": str(refused)}, refused.status)

    return guarded


class Door:
    """What is done with each kind of request, once it is let in."""

    def __init__(self, desk: Desk, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self._desk, self._clock = desk, clock
        self._secret = settings.slack_signing_secret
        self._tokens = settings.mattermost_tokens.replace(",", " ").split()

    def events(self, dispatch: Dispatch) -> Handler:
        """The route for Slack; `dispatch` gets only what Slack signed."""

        async def events(request: Request) -> Response:
            body = await signed(request.headers, request.stream(), self._secret, self._clock())
            status, text, headers = await dispatch(body, request.headers)
            return Response(text, status, headers)

        return events

    async def hook(self, request: Request) -> Response:
        """Answer a signed message; the same request again changes nothing."""
        body = await signed(request.headers, request.stream(), self._secret, self._clock())
        given = _json(body)
        text, user, thread = (given.get(name, "") for name in ("text", "user", "thread"))
        if not all(isinstance(value, str) for value in (text, user, thread)) or not text or not user:
            raise Refused(400, SHAPE)
        place = f"thread:{thread}" if thread else f"user:{user}"
        message = Message(text, user, place, "hook", id=request.headers[SIGNATURE])
        return await self._answered(message, _as_hook)

    async def mattermost(self, request: Request) -> Response:
        """Answer an outgoing webhook in its thread, a slash command to whoever gave it."""
        body = await read(request.headers, request.stream())
        kind = request.headers.get("content-type", "")
        given = _json(body) if kind.startswith("application/json") else _form(body)
        token = str(given.get("token", "")).encode(errors="replace")
        if not any([hmac.compare_digest(token, held.encode()) for held in self._tokens]):
            raise Refused(401, "The token is not one of ASSISTANT_MATTERMOST_TOKENS.")
        text, trigger = str(given.get("text", "")), str(given.get("trigger_word", ""))
        channel, user = str(given.get("channel_id", "")), str(given.get("user_id", ""))
        place = f"{channel}:{user}"
        id_ = str(given.get("post_id") or given.get("trigger_id") or "")
        asked = text.removeprefix(trigger).strip()
        message = Message(asked, user, place, f"mattermost/{given.get('team_id', '')}", channel, id_)
        return await self._answered(message, _as_command if given.get("command") else _as_comment)

    async def _answered(self, message: Message, shape: Callable[[str, list[Any], Answer | None], Any]) -> Response:
        if message.channel and not self._desk.admits(message.channel):
            return JSONResponse(shape("This channel is not among those I answer in.", [], None))
        if wait := self._desk.wait(message):
            text = f"That is more questions a minute than I answer. Ask again in {wait} s."
            return JSONResponse(shape(text, notice(text), None), 429, {"Retry-After": str(wait)})
        try:
            told = await self._desk.soon(lambda: self._desk.ask(message))
        except AssistantError as error:
            return JSONResponse(shape(str(error), notice(str(error)), None))
        return JSONResponse(shape(told.answer.text, reply(told.answer), told.answer))


def _json(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Refused(400, "The body is no JSON object.")
    return given


def _form(body: bytes) -> dict[str, Any]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise Refused(400, "The body is no form.") from error


def _as_hook(text: str, blocks: list[Any], answer: Answer | None) -> dict[str, Any]:
    titles = list(answer.titles) if answer else []
    return {"answered": bool(answer and answer.answered), "text": text, "titles": titles, "blocks": blocks}


def _as_comment(text: str, blocks: list[Any], answer: Answer | None) -> dict[str, str]:
    return {"response_type": "comment", "text": _markdown(text, blocks)}


def _as_command(text: str, blocks: list[Any], answer: Answer | None) -> dict[str, str]:
    return {"response_type": "in_channel" if answer else "ephemeral", "text": _markdown(text, blocks)}


def _markdown(text: str, blocks: list[Any]) -> str:
    """The blocks in Mattermost's Markdown; what a paper says calls nobody."""
    return shown(blocks or notice(text), escape=escaped).replace("@", "&#64;")
