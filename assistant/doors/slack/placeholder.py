"""A message that shows the stages of an answer until the answer takes its place; and the reply to a command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from slack_bolt.async_app import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from .blocks import Block, notice

LOOKING = "Looking into the papers …"
PACE = 2.0
"""Seconds between two updates of a placeholder, at least: Slack takes about fifty updates a minute in all."""

OnStage = Callable[[str], None]


class Placeholder:
    """A message of ours that changes as its answer is made."""

    def __init__(self, client: AsyncWebClient, channel: str, ts: str) -> None:
        self._client, self._channel, self._ts = client, channel, ts
        self._stage = ""

    async def becomes(self, text: str, blocks: list[Block]) -> None:
        """Replace its content."""
        await self._client.chat_update(channel=self._channel, ts=self._ts, text=text, blocks=blocks)

    @asynccontextmanager
    async def showing_stages(self) -> AsyncIterator[OnStage]:
        """A function that takes the stages; they are shown at a pace, and none after this ends."""
        answered = asyncio.Event()
        updating = asyncio.create_task(self._update(answered))

        def on_stage(stage: str) -> None:
            self._stage = stage

        try:
            yield on_stage
        finally:
            answered.set()
            await updating  # a stage must not come after the answer

    async def _update(self, answered: asyncio.Event) -> None:
        shown = ""
        while True:
            try:
                await asyncio.wait_for(answered.wait(), PACE)
                return
            except TimeoutError:
                stage = self._stage
            if stage != shown:
                shown, text = stage, f"{stage[0].upper()}{stage[1:]} …"
                try:
                    await self.becomes(text, notice(text))
                except SlackApiError:
                    return  # the answer is what matters


class CommandReply:
    """The reply to a command. Slack takes five of them within half an hour, so no stages are shown."""

    def __init__(self, address: str) -> None:
        self._respond = AsyncRespond(response_url=address)

    async def becomes(self, text: str, blocks: list[Block]) -> None:
        """Reply, visible to everyone in the channel."""
        await self._respond(text=text, blocks=blocks, response_type="in_channel")

    async def refuses(self, text: str) -> None:
        """Reply to whoever gave the command, and nobody else."""
        await self._respond(text=text, blocks=notice(text), response_type="ephemeral")

    @asynccontextmanager
    async def showing_stages(self) -> AsyncIterator[None]:
        """Show nothing."""
        yield None
