"""The stages of an answer in, a message that tells them out, until the answer takes its place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, Self

from slack_bolt.async_app import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from .blocks import Block, notice
from .desk import Message, Tell, nobody

LOOKING = "Looking into the papers …"
PACE = 2.0
"""Seconds between two stages that are told, at least: Slack takes about fifty updates a minute, all in all."""


@dataclass(frozen=True, slots=True)
class Job:
    """A message that is to be answered: in which thread, and where its placeholder is, once it is posted.

    `reply_to` is the address that Slack takes the answer to a command at, "" for what is answered by a message.
    """

    message: Message
    thread: str | None
    placed: str = ""
    reply_to: str = ""

    def as_text(self) -> str:
        """The job as text that can be kept."""
        return json.dumps(asdict(self))

    @classmethod
    def of_text(cls, text: str) -> Self:
        """The job that was kept."""
        values: dict[str, Any] = json.loads(text)
        return cls(**{**values, "message": Message(**values["message"])})


class Placeholder:
    """A message of ours that is changed as its answer is made."""

    def __init__(self, client: AsyncWebClient, channel: str, ts: str) -> None:
        self._client, self._channel, self._ts = client, channel, ts
        self._stage = ""

    async def becomes(self, text: str, blocks: list[Block]) -> None:
        """Put this in its place."""
        await self._client.chat_update(channel=self._channel, ts=self._ts, text=text, blocks=blocks)

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[Tell]:
        """What takes the stages, from any thread; they are told at a pace, and no more once this ends."""
        answered = asyncio.Event()
        teller = asyncio.create_task(self._tell(answered))

        def tell(stage: str) -> None:
            self._stage = stage

        try:
            yield tell
        finally:
            answered.set()
            await teller  # a stage must not come after the answer

    async def _tell(self, answered: asyncio.Event) -> None:
        told = ""
        while True:
            try:
                await asyncio.wait_for(answered.wait(), PACE)
                return
            except TimeoutError:
                stage = self._stage
            if stage != told:
                told, text = stage, f"{stage[0].upper()}{stage[1:]} …"
                try:
                    await self.becomes(text, notice(text))
                except SlackApiError:
                    return  # the answer is what matters


class Reply:
    """The reply to a command. Slack takes five at an address, for half an hour, so that no stages are told in it."""

    def __init__(self, address: str) -> None:
        self._respond = AsyncRespond(response_url=address)

    async def becomes(self, text: str, blocks: list[Block]) -> None:
        """Reply with this, for all in the channel to see."""
        await self._respond(text=text, blocks=blocks, response_type="in_channel")

    async def refuses(self, text: str) -> None:
        """Reply with this to whoever gave the command, and nobody else."""
        await self._respond(text=text, blocks=notice(text), response_type="ephemeral")

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[Tell]:
        """What takes the stages, and tells nobody."""
        yield nobody
