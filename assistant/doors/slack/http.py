"""Requests over HTTP, let in by signature or token before anything is parsed.

| route | what it takes |
| --- | --- |
| `/events` | all that Slack sends: events, buttons, shortcuts and slash commands |
| `/hook` | JSON `{"text", "user", "thread"}`, signed as Slack signs |
| `/mattermost` | an outgoing webhook or a slash command of Mattermost's, with its token |

The signature is Slack's v0: https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route, request_response

from ...chain import Assistant
from ...core.bounds import SLACK
from ...core.errors import AssistantError
from ...core.records import Answer
from ...core.settings import Settings
from ...service.answering import Answering
from ...service.receiving import Receiving
from .blocks import notice, reply, shown
from .claims import IncomingMessage
from .responder import Responder, too_often

Handler = Callable[[Request], Awaitable[Response]]
Dispatch = Callable[[bytes, Mapping[str, str]], Awaitable[tuple[int, str, dict[str, str]]]]
SHAPE = 'The body must be {"text": "...", "user": "...", "thread": "..."}; the thread is optional.'
MAX_AGE = 5 * 60
"""Seconds for which a signature is valid, as Slack recommends."""
OPTIONAL = ("user", "text", "thread_ts", "channel_type", "subtype", "bot_id")
"""What a message may have; all of it is text."""
TIMESTAMP, SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"


def routes(assistant: Assistant, settings: Settings, answering: Answering | None, address: str) -> APIRouter:
    """The routes that the settings have a secret for; what they open closes with the app."""
    line = answering or Answering(assistant)
    responder = Responder(assistant, line, settings)
    door = Door(responder, settings)
    starting: list[Callable[[], Awaitable[object]]] = []
    beside: list[Callable[[], Coroutine[Any, Any, None]]] = []
    handlers: dict[str, Handler] = {}
    if settings.slack_signing_secret:
        handlers["/hook"] = door.hook
        if settings.slack_bot_token:
            from .app import Slack

            slack = Slack(responder, settings, address)
            starting.append(slack.check)
            beside.append(slack.resume)
            handlers["/events"] = door.events(slack.dispatch)
    if settings.mattermost_tokens:
        handlers["/mattermost"] = door.mattermost

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            for start in starting:
                await start()
            tasks = [asyncio.create_task(work()) for work in beside]
            yield
            for task in tasks:  # what is not done by now is done after the next start
                task.cancel()
        finally:
            if answering is None:
                line.close()
            responder.close()

    return APIRouter(routes=[_route(path, handler) for path, handler in handlers.items()], lifespan=lifespan)


def _route(path: str, handler: Handler) -> Route:
    """The handler at a path, with a limit on bodies; refusals become JSON."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except HTTPException as error:
            return JSONResponse({"error": error.detail}, error.status_code, error.headers)

    limited = Receiving(request_response(guarded), default=SLACK)
    return Route(path, limited, methods=["POST"], include_in_schema=False)


class Door:
    """What happens to each kind of request."""

    def __init__(self, responder: Responder, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self._responder, self._clock = responder, clock
        self._secret = settings.slack_signing_secret
        self._tokens = settings.mattermost_tokens.replace(",", " ").split()

    def events(self, dispatch: Dispatch) -> Handler:
        """The route for Slack; `dispatch` gets only what Slack signed."""

        async def events(request: Request) -> Response:
            body = await signed(request.headers, request.body, self._secret, self._clock())
            if body.lstrip().startswith((b"{", b"[")):
                _check_event(_json(body))
            status, text, headers = await dispatch(body, request.headers)
            return Response(text, status, headers)

        return events

    async def hook(self, request: Request) -> Response:
        """Answer a signed message; repeating the same request changes nothing."""
        body = await signed(request.headers, request.body, self._secret, self._clock())
        values = _json(body)
        text, user, thread = (values.get(name, "") for name in ("text", "user", "thread"))
        if not all(isinstance(value, str) for value in (text, user, thread)) or not text or not user:
            raise HTTPException(400, SHAPE)
        place = f"thread:{thread}" if thread else f"user:{user}"
        message = IncomingMessage(text, user, place, "hook", id=request.headers[SIGNATURE])
        return await self._answered(message, _as_hook)

    async def mattermost(self, request: Request) -> Response:
        """Answer an outgoing webhook in its thread, or a slash command."""
        body = await request.body()
        kind = request.headers.get("content-type", "")
        values = _json(body) if kind.startswith("application/json") else _form(body)
        token = str(values.get("token", "")).encode(errors="replace")
        if not any([hmac.compare_digest(token, known.encode()) for known in self._tokens]):
            raise HTTPException(401, "The token is not one of ASSISTANT_MATTERMOST_TOKENS.")
        text, trigger = str(values.get("text", "")), str(values.get("trigger_word", ""))
        channel, user = str(values.get("channel_id", "")), str(values.get("user_id", ""))
        team, id_ = values.get("team_id", ""), str(values.get("post_id") or values.get("trigger_id") or "")
        question = text.removeprefix(trigger).strip()
        message = IncomingMessage(question, user, f"{channel}:{user}", f"mattermost/{team}", channel, id_)
        return await self._answered(message, _as_command if values.get("command") else _as_comment)

    async def _answered(
        self, message: IncomingMessage, shape: Callable[[str, list[Any], Answer | None], Any]
    ) -> Response:
        if message.channel and not self._responder.answers_in(message.channel):
            return JSONResponse(shape("I do not answer in this channel.", [], None))
        if wait := self._responder.wait(message):
            text = too_often(wait)
            return JSONResponse(shape(text, notice(text), None), 429, {"Retry-After": str(wait)})
        try:
            answer = (await self._responder.answer(message)).answer
        except AssistantError as error:
            return JSONResponse(shape(str(error), notice(str(error)), None))
        return JSONResponse(shape(answer.text, reply(answer), answer))


# -- signatures


async def signed(headers: Mapping[str, str], body: Callable[[], Awaitable[bytes]], secret: str, now: float) -> bytes:
    """The body of a request, if the secret signed it; raises `HTTPException`.

    The body is read only after the age of the signature is checked.
    """
    timestamp, sent = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if not timestamp or not sent:
        raise HTTPException(401, f"The request is not signed: it needs the headers {TIMESTAMP} and {SIGNATURE}.")
    valid = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16
    if not valid or abs(now - int(timestamp)) > MAX_AGE:
        raise HTTPException(401, "The signature is too old, or the clocks differ by more than five minutes.")
    content = await body()
    if not hmac.compare_digest(signature(secret, timestamp, content).encode(), sent.encode(errors="replace")):
        raise HTTPException(401, "The signature is wrong. Make sure that both sides have the same secret.")
    return content


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body sent at a time, in seconds since 1970."""
    base = f"v0:{timestamp}:".encode() + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


# -- bodies


def _json(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise HTTPException(400, "The body is not a JSON object.")
    return values


def _check_event(values: Mapping[str, Any]) -> None:
    """Refuse an event that lacks what every event of Slack's has, before anything relies on it."""
    event, installed = values.get("event", {}), values.get("authorizations") or []
    right = isinstance(event, dict) and isinstance(event.get("type", ""), str)
    right = right and isinstance(installed, list) and all(isinstance(one, dict) for one in installed)
    right = right and all(isinstance(values.get(name) or "", str) for name in ("type", "team_id", "api_app_id"))
    if right and event.get("type") in ("app_mention", "message"):
        needed = ("channel", "ts") if event.get("bot_id") or event["type"] == "message" else ("channel", "ts", "user")
        right = isinstance(values.get("event_id"), str) and all(isinstance(event.get(name), str) for name in needed)
        right = right and all(isinstance(event.get(name, ""), str) for name in OPTIONAL)
    if not right:
        raise HTTPException(400, "The body is no event of Slack: a field is missing, or of another type.")


def _form(body: bytes) -> dict[str, Any]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise HTTPException(400, "The body is not a form.") from error


def _as_hook(text: str, blocks: list[Any], answer: Answer | None) -> dict[str, Any]:
    titles = list(answer.titles) if answer else []
    return {"answered": bool(answer and answer.answered), "text": text, "titles": titles, "blocks": blocks}


def _as_comment(text: str, blocks: list[Any], answer: Answer | None) -> dict[str, str]:
    return {"response_type": "comment", "text": _markdown(text, blocks)}


def _as_command(text: str, blocks: list[Any], answer: Answer | None) -> dict[str, str]:
    return {"response_type": "in_channel" if answer else "ephemeral", "text": _markdown(text, blocks)}


def _markdown(text: str, blocks: list[Any]) -> str:
    """The blocks in Mattermost's Markdown; an @ in a paper mentions nobody."""
    return shown(blocks or notice(text), markdown=True).replace("@", "&#64;")
