"""Slack's events in, answers in its threads out, by slack_bolt; over HTTP and Socket Mode alike."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncBoltRequest, AsyncRespond
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from ...core.errors import AssistantError, ConversationNotFound, SettingsError
from ...core.records import Answer
from ...core.settings import Settings
from .blocks import Block, escaped, evidence, fallback, notice, reply, unescaped
from .desk import Desk, Message, Tell, nobody
from .placeholder import LOOKING, Job, Placeholder, Reply

SCOPES = frozenset({"app_mentions:read", "chat:write", "commands"})
"""What a bot token must be allowed, at least; the manifest asks for more, to follow threads and direct messages."""
PATIENCE = 3
"""Times that a call is made again after Slack asked to wait."""
FROM_PEOPLE = frozenset({None, "file_share", "thread_broadcast"})
"""Subtypes of messages that somebody wrote; the others tell of edits, deletions, joins and bots."""
FAILED = (
    "Something went wrong, and there is no answer. Ask again; whoever runs the assistant finds the cause in its log."
)
FORGOTTEN = "This answer is not kept any more. Ask the question again."

Next = Callable[[], Awaitable[None]]
"""What a middleware calls to have bolt go on to the listener."""

log = logging.getLogger(__name__)

_SENT = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


def plain(text: str) -> str:
    """What somebody typed, of the text of a message: without mentions of people, and links as they were shown."""
    words = _SENT.sub(lambda m: "" if m[1] in ("@", "!") else ("#" if m[1] == "#" else "") + (m[3] or m[2]), text)
    return " ".join(unescaped(words).split())


class Slack:
    """The app; `check` before it is used, so that a bad token is told at start."""

    def __init__(self, desk: Desk, settings: Settings, address: str) -> None:
        self._desk, self._address = desk, address
        self._tokens = settings.slack_bot_token.replace(",", " ").split()
        self._teams: dict[str, AuthorizeResult] = {}
        """By the workspace that a token opens, or the organisation whose workspaces it opens all."""

        async def authorize(team_id: str | None, enterprise_id: str | None) -> Any:  # bolt takes no method here
            return self._teams.get(team_id or "") or self._teams.get(enterprise_id or "")

        self.app = AsyncApp(
            client=self._client(), signing_secret=settings.slack_signing_secret, authorize=authorize, name="papers"
        )
        # Slack is told that a thing has arrived when a listener acknowledges it. What a kill must not lose is taken on
        # before that, in the middleware of its listener.
        self.app.event("app_mention", middleware=[self._mention])(self._begin)
        self.app.event("message", middleware=[self._message])(self._begin)
        self.app.event(re.compile(".*"))(self._other)  # what nobody takes would be a 404, which Slack counts
        self.app.command("/papers", middleware=[self._command])(self._begin)
        self.app.shortcut("ask_about_this", middleware=[self._shortcut])(self._begin)
        self.app.action("evidence")(self._evidence)
        self.app.action("again")(self._again)
        self.app.action(re.compile("^thumb_(up|down)$"))(self._thumb)

    def _client(self, token: str | None = None) -> AsyncWebClient:
        client = AsyncWebClient(token, base_url=self._address)
        client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=PATIENCE))
        return client

    async def check(self) -> list[str]:
        """The names of the workspaces that the tokens open; `SettingsError` for one that opens none or too little."""
        names = []
        for token in self._tokens:
            try:
                found = await AsyncWebClient(token, base_url=self._address).auth_test()
            except SlackApiError as error:
                reason = error.response.get("error", "no reason given")
                raise SettingsError(
                    f"Slack does not take ASSISTANT_SLACK_BOT_TOKEN ({reason}). Install the app anew in your "
                    "workspace, and copy the token that begins with xoxb- from its page OAuth & Permissions."
                ) from error
            except (OSError, aiohttp.ClientError) as error:
                raise SettingsError(f"Slack cannot be reached ({error}). Is there a network?") from error
            held = found.headers.get("x-oauth-scopes", "").replace(",", " ").split()
            if held and SCOPES - set(held):
                raise SettingsError(
                    f"The Slack app lacks the scopes {', '.join(sorted(SCOPES - set(held)))}. Add them on its page "
                    "OAuth & Permissions, or paste the manifest anew, and install the app again."
                )
            installed = AuthorizeResult(
                enterprise_id=found.get("enterprise_id"),
                team_id=None if found.get("is_enterprise_install") else found.get("team_id"),
                bot_user_id=found["user_id"],
                bot_id=found["bot_id"],
                bot_token=token,
            )
            self._teams[_named(installed)] = installed
            names.append(str(found.get("team") or found.get("enterprise") or _named(installed)))
        return names

    async def dispatch(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, dict[str, str]]:
        """What Slack sent over HTTP, and the status, body and headers it gets."""
        done = await self.app.async_dispatch(
            AsyncBoltRequest(body=body.decode(errors="replace"), headers=dict(headers))
        )
        return done.status, done.body, dict(done.first_headers())

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
        """A direct message, or a follow-up in a thread where something was answered; a mention comes by itself."""
        if event.get("subtype") not in FROM_PEOPLE or event.get("bot_id") or "edited" in event or not event.get("user"):
            return None
        team, direct = _team(context), event.get("channel_type") == "im"
        if not direct and (not event.get("thread_ts") or f"<@{context.bot_user_id}>" in event.get("text", "")):
            return None
        if not direct and not await asyncio.to_thread(self._desk.knows, _asked(event, team).owner):
            return None
        return await self._event(event, body, context, next_)

    async def _other(self) -> None:
        """Nothing is to be done."""

    async def _event(
        self, event: dict[str, Any], body: dict[str, Any], context: AsyncBoltContext, next_: Next
    ) -> BoltResponse | None:
        """Take on a message, once, however often and in however many events it comes."""
        message = _asked(event, _team(context))
        thread = event.get("thread_ts") or (None if event.get("channel_type") == "im" else event["ts"])
        ids = (f"event:{body['event_id']}", f"message:{message.id}")
        return await self._take(ids, Job(message, thread), context, next_)

    async def _command(self, command: dict[str, Any], context: AsyncBoltContext, next_: Next) -> BoltResponse | None:
        user, channel, id_ = command["user_id"], command["channel_id"], command["trigger_id"]
        text, team = plain(command.get("text", "")), _team(context)
        job = Job(Message(text, user, f"command:{user}", team, channel, id_), None, reply_to=command["response_url"])
        return await self._take((f"command:{id_}",), job, context, next_)

    async def _shortcut(self, shortcut: dict[str, Any], context: AsyncBoltContext, next_: Next) -> BoltResponse | None:
        """Take on what somebody wrote, because somebody asks for it; the answer goes into its thread."""
        source, team, channel = shortcut["message"], _team(context), shortcut["channel"]["id"]
        thread, user, id_ = source.get("thread_ts") or source["ts"], shortcut["user"]["id"], shortcut["trigger_id"]
        job = Job(Message(plain(source.get("text", "")), user, thread, team, channel, id_), thread)
        return await self._take((f"shortcut:{id_}",), job, context, next_)

    async def _take(
        self, ids: tuple[str, ...], job: Job, context: AsyncBoltContext, next_: Next
    ) -> BoltResponse | None:
        """Write down that a job is ours, then go on to `_begin`; what was taken on before is only acknowledged."""
        claims, id_ = self._desk.claims, job.message.id
        if not await asyncio.to_thread(claims.claim, ids, id_=id_, job=job.as_text()):
            return BoltResponse(status=200)
        context["job"] = job
        await next_()
        return None

    # -- answers

    async def _begin(self, ack: AsyncAck, context: AsyncBoltContext, client: AsyncWebClient) -> None:
        """Acknowledge a job that was taken on, then answer it or say why not."""
        job: Job = context["job"]
        message = job.message
        await ack(text=LOOKING) if job.reply_to else await ack()
        if not (refusal := self._refusal(message)):
            await self._post(job, client)
            return
        if job.reply_to:
            await Reply(job.reply_to).refuses(refusal)
        else:
            await client.chat_postEphemeral(
                channel=message.channel, user=message.user, thread_ts=job.thread, text=refusal, blocks=notice(refusal)
            )
        await asyncio.to_thread(self._desk.claims.finish, message.id)

    async def _post(self, job: Job, client: AsyncWebClient) -> None:
        """A placeholder that tells the stages, then the answer in its place; a command has a reply for one."""
        message, claims = job.message, self._desk.claims
        place = Reply(job.reply_to) if job.reply_to else await self._placeholder(job, client)
        try:
            async with place.telling() as tell:
                text, blocks = await self._answer(message, tell=tell)
        except Exception:  # bolt logs it; the placeholder must not stand there for ever
            await place.becomes(FAILED, notice(FAILED))
            await asyncio.to_thread(claims.finish, message.id)
            raise
        await place.becomes(text, blocks)
        await asyncio.to_thread(claims.finish, message.id)

    async def _placeholder(self, job: Job, client: AsyncWebClient) -> Placeholder:
        """The placeholder of a message, posted unless it was before."""
        if not job.placed:
            made = await client.chat_postMessage(
                channel=job.message.channel, thread_ts=job.thread, text=LOOKING, blocks=notice(LOOKING)
            )
            job = replace(job, placed=made["ts"])
            await asyncio.to_thread(self._desk.claims.note, job.message.id, job.as_text())
        return Placeholder(client, job.message.channel, job.placed)

    async def go_on(self) -> None:
        """Answer what a process that was killed had taken on and not answered."""
        jobs = [Job.of_text(text) for text in await asyncio.to_thread(self._desk.claims.left_behind)]
        known = [(job, team) for job in jobs if (team := self._teams.get(job.message.team))]
        going = (self._post(job, self._client(team.bot_token)) for job, team in known)
        for (job, _), done in zip(known, await asyncio.gather(*going, return_exceptions=True), strict=True):
            if isinstance(done, Exception):
                log.error("the message %s could not be answered after a restart", job.message.id, exc_info=done)

    def _refusal(self, message: Message) -> str:
        """Why a message is not answered now; "" where it is."""
        if not self._desk.admits(message.channel):
            return "This channel is not among those I answer in. Write to me directly instead."
        wait = self._desk.wait(message)
        return f"That is more questions a minute than I answer. Ask again in {wait} s." if wait else ""

    async def _answer(
        self, message: Message, before: int | None = None, tell: Tell = nobody
    ) -> tuple[str, list[Block]]:
        """The text and the blocks of the answer to a message, or of the error."""
        try:
            told = await self._desk.soon(lambda: self._desk.ask(message, before=before, tell=tell))
        except AssistantError as error:
            return escaped(str(error)), notice(str(error))
        return fallback(told.answer), reply(told.answer, f"{told.number} {message.thread}")

    # -- buttons

    async def _evidence(
        self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext, client: AsyncWebClient
    ) -> None:
        await ack()
        pressed, number = _pressed(body, _team(context))
        told = await asyncio.to_thread(self._desk.told, pressed.owner, number)
        view = evidence(told.answer) if told else {**evidence(Answer("", "")), "blocks": notice(FORGOTTEN)}
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def _thumb(
        self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext, respond: AsyncRespond
    ) -> None:
        await ack()
        pressed, number = _pressed(body, _team(context))
        good, giver = body["actions"][0]["action_id"] == "thumb_up", f"slack:{pressed.team}:{pressed.user}"
        text = "Thank you, that is noted."
        try:
            await asyncio.to_thread(self._desk.rate, pressed.owner, number, good=good, giver=giver)
        except ConversationNotFound:
            text = FORGOTTEN
        thread = body.get("message", {}).get("thread_ts")
        await respond(text=text, response_type="ephemeral", replace_original=False, thread_ts=thread)

    async def _again(
        self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext, respond: AsyncRespond
    ) -> None:
        """Ask the same question anew, with what was said before it in mind; the answer takes the place of the old."""
        pressed, number = _pressed(body, _team(context))
        new = await asyncio.to_thread(self._desk.claim, f"again:{pressed.id}")
        await ack()
        if not new:
            return
        told = await asyncio.to_thread(self._desk.told, pressed.owner, number)
        refusal = self._refusal(pressed) if told else FORGOTTEN
        if not told or refusal:
            await respond(text=refusal, response_type="ephemeral", replace_original=False)
            return
        text, blocks = await self._answer(replace(pressed, text=told.answer.question), number)
        await respond(text=text, blocks=blocks, replace_original=True)


def _named(installed: AuthorizeResult) -> str:
    """What an installation is known by: its workspace, or the organisation that has it in all of its workspaces."""
    return installed.team_id or installed.enterprise_id or ""


def _team(context: AsyncBoltContext) -> str:
    """The installation that a request is for; in an organisation, people and channels of all workspaces differ."""
    assert context.authorize_result is not None, "bolt lets nothing through that is not authorized"
    return _named(context.authorize_result)


def _asked(event: dict[str, Any], team: str) -> Message:
    """The message of an event. What stands in no thread of a direct message is one conversation."""
    channel = event["channel"]
    thread = event.get("thread_ts") or ("direct" if event.get("channel_type") == "im" else event["ts"])
    id_ = f"{team}:{channel}:{event['ts']}"
    return Message(plain(event.get("text", "")), event["user"], thread, team, channel, id_)


def _pressed(body: dict[str, Any], team: str) -> tuple[Message, int]:
    """Who pressed a button of which conversation, without text, and the number of the turn it stands under."""
    number, _, thread = body["actions"][0]["value"].partition(" ")
    channel = body["channel"]["id"]
    return Message("", body["user"]["id"], thread, team, channel, body["trigger_id"]), int(number)
