"""Slack itself, through slack_bolt: its events in, answers in its threads out, over HTTP or Socket Mode."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncBoltRequest, AsyncRespond
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from ...core.errors import AssistantError, ConversationNotFound, SettingsError
from ...core.records import Answer
from ...core.settings import Settings
from .blocks import Block, escaped, evidence, fallback, more, notice, reply, unescaped
from .claims import IncomingMessage, Job
from .placeholder import LOOKING, CommandReply, OnStage, Placeholder
from .responder import Responder, too_often

SCOPES = frozenset({"app_mentions:read", "chat:write", "commands"})
"""The least that a bot token must allow; the manifest asks for more, to follow threads and direct messages."""
PATIENCE = 3
"""How often a call is repeated after Slack asked to wait."""
FROM_PEOPLE = frozenset({None, "file_share", "thread_broadcast"})
"""Subtypes of messages that people wrote; the others are about edits, deletions, joins and bots."""
FAILED = (
    "Something went wrong, and there is no answer. Ask again. Whoever runs the assistant can find the cause in its log."
)
FORGOTTEN = "This answer is no longer kept. Ask the question again."

Next = Callable[[], Awaitable[None]]
"""What a middleware calls to have bolt continue with the listener."""

log = logging.getLogger(__name__)

_SENT = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


def plain(text: str) -> str:
    """The text of a message as it was typed: without mentions of people, and with links as they were shown."""
    words = _SENT.sub(lambda m: "" if m[1] in ("@", "!") else ("#" if m[1] == "#" else "") + (m[3] or m[2]), text)
    return " ".join(unescaped(words).split())


class Slack:
    """The app. Call `check` first, so that a bad token is noticed at start."""

    def __init__(self, responder: Responder, settings: Settings, address: str) -> None:
        self._responder, self._address = responder, address
        self._tokens = settings.slack_bot_token.replace(",", " ").split()
        self._teams: dict[str, AuthorizeResult] = {}
        """By the workspace that a token is for, or by the organisation if it is for all of its workspaces."""

        async def authorize(team_id: str | None, enterprise_id: str | None) -> Any:  # bolt does not take a method here
            return self._teams.get(team_id or "") or self._teams.get(enterprise_id or "")

        self.app = AsyncApp(
            client=self._client(), signing_secret=settings.slack_signing_secret, authorize=authorize, name="papers"
        )
        # A listener acknowledges to Slack that something has arrived. Whatever a kill must not lose is taken on before
        # that, in the middleware of the listener.
        self.app.event("app_mention", middleware=[self._mention])(self._begin)
        self.app.event("message", middleware=[self._message])(self._begin)
        self.app.event(re.compile(".*"))(self._other)  # without a listener it would be a 404, which Slack counts
        self.app.command("/papers", middleware=[self._command])(self._begin)
        self.app.shortcut("ask_about_this", middleware=[self._shortcut])(self._begin)
        self.app.action("evidence")(self._evidence)
        self.app.action("more")(self._more)
        self.app.action("again")(self._again)
        self.app.action(re.compile("^thumb_(up|down)$"))(self._thumb)

    def _client(self, token: str | None = None) -> AsyncWebClient:
        client = AsyncWebClient(token, base_url=self._address)
        client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=PATIENCE))
        return client

    async def check(self) -> list[str]:
        """The names of the tokens' workspaces; `SettingsError` for a token that is rejected or allows too little."""
        names = []
        for token in self._tokens:
            try:
                response = await AsyncWebClient(token, base_url=self._address).auth_test()
            except SlackApiError as error:
                reason = error.response.get("error", "no reason given")
                raise SettingsError(
                    f"Slack rejects ASSISTANT_SLACK_BOT_TOKEN ({reason}). Install the app again in your workspace, and "
                    "copy the token that begins with xoxb- from its page OAuth & Permissions."
                ) from error
            except (OSError, aiohttp.ClientError) as error:
                raise SettingsError(f"Slack cannot be reached ({error}). Is there a network?") from error
            scopes = set(response.headers.get("x-oauth-scopes", "").replace(",", " ").split())
            if scopes and SCOPES - scopes:
                raise SettingsError(
                    f"The Slack app lacks the scopes {', '.join(sorted(SCOPES - scopes))}. Add them on its page "
                    "OAuth & Permissions, or paste the manifest again, and reinstall the app."
                )
            installed = AuthorizeResult(
                enterprise_id=response.get("enterprise_id"),
                team_id=None if response.get("is_enterprise_install") else response.get("team_id"),
                bot_user_id=response["user_id"],
                bot_id=response["bot_id"],
                bot_token=token,
            )
            self._teams[_key(installed)] = installed
            names.append(str(response.get("team") or response.get("enterprise") or _key(installed)))
        return names

    async def dispatch(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, dict[str, str]]:
        """Handle a request from Slack over HTTP; returns the status, body and headers of the response."""
        response = await self.app.async_dispatch(
            AsyncBoltRequest(body=body.decode(errors="replace"), headers=dict(headers))
        )
        return response.status, response.body, dict(response.first_headers())

    # -- messages

    async def _mention(
        self, event: dict[str, Any], body: dict[str, Any], context: AsyncBoltContext, next_: Next
    ) -> BoltResponse | None:
        if "edited" in event or event.get("bot_id"):
            return None
        return await self._event(event, body, context, next_)

    async def _message(
        self, event: dict[str, Any], body: dict[str, Any], context: AsyncBoltContext, next_: Next
    ) -> BoltResponse | None:
        """A direct message, or a follow-up in a thread that has an answer; mentions also come as another event."""
        if event.get("subtype") not in FROM_PEOPLE or event.get("bot_id") or "edited" in event or not event.get("user"):
            return None
        team, direct = _team(context), event.get("channel_type") == "im"
        if not direct and (not event.get("thread_ts") or f"<@{context.bot_user_id}>" in event.get("text", "")):
            return None
        if not direct and not await asyncio.to_thread(self._responder.knows, _asked(event, team).owner):
            return None
        return await self._event(event, body, context, next_)

    async def _other(self) -> None:
        """Nothing to do."""

    async def _event(
        self, event: dict[str, Any], body: dict[str, Any], context: AsyncBoltContext, next_: Next
    ) -> BoltResponse | None:
        """Take on a message once, however often and in however many events it comes."""
        message = _asked(event, _team(context))
        thread = event.get("thread_ts") or (None if event.get("channel_type") == "im" else event["ts"])
        ids = (f"event:{body['event_id']}", f"message:{message.id}")
        return await self._take(ids, Job(message, thread), context, next_)

    async def _command(self, command: dict[str, Any], context: AsyncBoltContext, next_: Next) -> BoltResponse | None:
        user, channel, id_ = command["user_id"], command["channel_id"], command["trigger_id"]
        text, team = plain(command.get("text", "")), _team(context)
        job = Job(
            IncomingMessage(text, user, f"command:{user}", team, channel, id_), None, reply_to=command["response_url"]
        )
        return await self._take((f"command:{id_}",), job, context, next_)

    async def _shortcut(self, shortcut: dict[str, Any], context: AsyncBoltContext, next_: Next) -> BoltResponse | None:
        """Take on a message because somebody asks about it; the answer goes into its thread."""
        source, team, channel = shortcut["message"], _team(context), shortcut["channel"]["id"]
        thread, user, id_ = source.get("thread_ts") or source["ts"], shortcut["user"]["id"], shortcut["trigger_id"]
        job = Job(IncomingMessage(plain(source.get("text", "")), user, thread, team, channel, id_), thread)
        return await self._take((f"shortcut:{id_}",), job, context, next_)

    async def _take(
        self, ids: tuple[str, ...], job: Job, context: AsyncBoltContext, next_: Next
    ) -> BoltResponse | None:
        """Claim a job, then continue with `_begin`; a job claimed before is only acknowledged."""
        claims, id_ = self._responder.claims, job.message.id
        if not await asyncio.to_thread(claims.claim, ids, id_=id_, job=job.as_text()):
            return BoltResponse(status=200)
        context["job"] = job
        await next_()
        return None

    # -- answers

    async def _begin(self, ack: AsyncAck, context: AsyncBoltContext, client: AsyncWebClient) -> None:
        """Acknowledge a claimed job, then answer it or say why not."""
        job: Job = context["job"]
        message = job.message
        await ack(text=LOOKING) if job.reply_to else await ack()
        if not (refusal := self._refusal(message)):
            await self._post(job, client)
            return
        if job.reply_to:
            await CommandReply(job.reply_to).refuses(refusal)
        else:
            await client.chat_postEphemeral(
                channel=message.channel, user=message.user, thread_ts=job.thread, text=refusal, blocks=notice(refusal)
            )
        await asyncio.to_thread(self._responder.claims.finish, message.id)

    async def _post(self, job: Job, client: AsyncWebClient) -> None:
        """Post a placeholder that shows the stages, then the answer in its place; a command has its reply instead."""
        message, claims = job.message, self._responder.claims
        place = CommandReply(job.reply_to) if job.reply_to else await self._placeholder(job, client)
        try:
            async with place.showing_stages() as on_stage:
                text, blocks = await self._answer(message, on_stage=on_stage)
        except Exception:  # bolt logs it; the placeholder must not stay
            await place.becomes(FAILED, notice(FAILED))
            await asyncio.to_thread(claims.finish, message.id)
            raise
        await place.becomes(text, blocks)
        await asyncio.to_thread(claims.finish, message.id)

    async def _placeholder(self, job: Job, client: AsyncWebClient) -> Placeholder:
        """The placeholder of a message, posted if it is not there yet."""
        if not job.placed:
            posted = await client.chat_postMessage(
                channel=job.message.channel, thread_ts=job.thread, text=LOOKING, blocks=notice(LOOKING)
            )
            job = replace(job, placed=posted["ts"])
            await asyncio.to_thread(self._responder.claims.note, job.message.id, job.as_text())
        return Placeholder(client, job.message.channel, job.placed)

    async def resume(self) -> None:
        """Answer what a killed process had taken on and not answered."""
        jobs = [Job.of_text(text) for text in await asyncio.to_thread(self._responder.claims.left_behind)]
        known = [(job, team) for job in jobs if (team := self._teams.get(job.message.team))]
        posts = (self._post(job, self._client(team.bot_token)) for job, team in known)
        for (job, _), result in zip(known, await asyncio.gather(*posts, return_exceptions=True), strict=True):
            if isinstance(result, Exception):
                log.error("the message %s could not be answered after a restart", job.message.id, exc_info=result)

    def _refusal(self, message: IncomingMessage) -> str:
        """Why a message is not answered now; "" if it is."""
        if not self._responder.answers_in(message.channel):
            return "I do not answer in this channel. Write to me directly instead."
        wait = self._responder.wait(message)
        return too_often(wait) if wait else ""

    async def _answer(
        self, message: IncomingMessage, *, before: int | None = None, on_stage: OnStage | None = None
    ) -> tuple[str, list[Block]]:
        """The text and the blocks of the answer to a message, or of the error."""
        try:
            turn = await self._responder.answer(message, before=before, on_stage=on_stage)
        except AssistantError as error:
            return escaped(str(error)), notice(str(error))
        return fallback(turn.answer), reply(turn.answer, f"{turn.number} {message.thread}")

    # -- buttons

    async def _evidence(
        self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext, client: AsyncWebClient
    ) -> None:
        await ack()
        await self._open(evidence, body, context, client)

    async def _more(
        self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext, client: AsyncWebClient
    ) -> None:
        await ack()
        await self._open(more, body, context, client)

    async def _open(
        self, modal: Callable[[Answer], Block], body: dict[str, Any], context: AsyncBoltContext, client: AsyncWebClient
    ) -> None:
        pressed, number = _pressed(body, _team(context))
        answer = await asyncio.to_thread(self._responder.kept, pressed.owner, number)
        view = modal(answer) if answer else {**modal(Answer("", "")), "blocks": notice(FORGOTTEN)}
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def _thumb(
        self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext, respond: AsyncRespond
    ) -> None:
        await ack()
        pressed, number = _pressed(body, _team(context))
        good, giver = body["actions"][0]["action_id"] == "thumb_up", f"slack:{pressed.team}:{pressed.user}"
        text = "Thank you for the feedback."
        try:
            await asyncio.to_thread(self._responder.rate, pressed.owner, number, good=good, giver=giver)
        except ConversationNotFound:
            text = FORGOTTEN
        thread = body.get("message", {}).get("thread_ts")
        await respond(text=text, response_type="ephemeral", replace_original=False, thread_ts=thread)

    async def _again(
        self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext, respond: AsyncRespond
    ) -> None:
        """Ask the same question again, after the same earlier turns; the new answer replaces the old."""
        pressed, number = _pressed(body, _team(context))
        new = await asyncio.to_thread(self._responder.claims.claim, (f"again:{pressed.id}",))
        await ack()
        if not new:
            return
        old = await asyncio.to_thread(self._responder.kept, pressed.owner, number)
        refusal = self._refusal(pressed) if old else FORGOTTEN
        if not old or refusal:
            await respond(text=refusal, response_type="ephemeral", replace_original=False)
            return
        text, blocks = await self._answer(replace(pressed, text=old.question), before=number)
        await respond(text=text, blocks=blocks, replace_original=True)


async def serve_socket(responder: Responder, settings: Settings, announce: Callable[[str], None], address: str) -> None:
    """Answer over Socket Mode, on a connection that we open, until cancelled; `announce` gets what to show at start."""
    slack = Slack(responder, settings, address)
    names = await slack.check()
    handler = AsyncSocketModeHandler(slack.app, settings.slack_app_token)
    try:
        await handler.connect_async()
    except SlackApiError as error:
        await handler.close_async()
        reason = error.response.get("error", "no reason given")
        raise SettingsError(
            f"Slack rejects ASSISTANT_SLACK_APP_TOKEN ({reason}). Create a token that begins with xapp- and has the "
            "scope connections:write, on the page Basic Information of your Slack app."
        ) from error
    except (OSError, aiohttp.ClientError) as error:
        await handler.close_async()
        raise SettingsError(f"Slack cannot be reached ({error}). Is there a network?") from error
    announce(
        f"Answering in {', '.join(names)}. Mention the app, write to it directly, or type /papers. Ctrl-C ends it."
    )
    resuming = asyncio.create_task(slack.resume())
    try:
        await asyncio.Event().wait()
    finally:
        resuming.cancel()
        await handler.close_async()


def _key(installed: AuthorizeResult) -> str:
    """What identifies an installation: its workspace, or the organisation if it covers all of its workspaces."""
    return installed.team_id or installed.enterprise_id or ""


def _team(context: AsyncBoltContext) -> str:
    """The installation that a request is for; ids of people and channels are unique within it."""
    assert context.authorize_result is not None, "bolt passes only authorized requests"
    return _key(context.authorize_result)


def _asked(event: dict[str, Any], team: str) -> IncomingMessage:
    """The message of an event. Direct messages outside threads are one conversation."""
    channel = event["channel"]
    thread = event.get("thread_ts") or ("direct" if event.get("channel_type") == "im" else event["ts"])
    id_ = f"{team}:{channel}:{event['ts']}"
    return IncomingMessage(plain(event.get("text", "")), event["user"], thread, team, channel, id_)


def _pressed(body: dict[str, Any], team: str) -> tuple[IncomingMessage, int]:
    """Who pressed a button in which conversation, as a message without text, and the number of the turn above it."""
    number, _, thread = body["actions"][0]["value"].partition(" ")
    channel = body["channel"]["id"]
    return IncomingMessage("", body["user"]["id"], thread, team, channel, body["trigger_id"]), int(number)
