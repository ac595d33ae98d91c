"""Clicks in the list of one's conversations in, the list brought up to date out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import gradio as gr

from ...core.bounds import ID, TITLE
from ...core.errors import AssistantError, ConversationNotFound
from . import titles
from .asking import failure
from .desk import Desk
from .markup import Html, tag
from .parts import QUIETLY, component, sent

MOST = 2000
"""Conversations listed at most, however often earlier ones are asked for."""

Updates = dict[Any, Any]


class Drawer:
    """The list of a person's conversations. Opening one is left to the tab: own/drawer.js tells it which."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.markup = component("drawer")

    def listen(self) -> None:
        """Say what happens on which event."""
        for event, deed in (
            (self.markup.apply, self.shown),
            (self.markup.edit, self.renamed),
            (self.markup.delete, self.deleted),
        ):
            event(deed, None, [self.markup], trigger_mode="multiple", **QUIETLY)

    async def shown(self, event: gr.EventData, request: gr.Request) -> Updates:
        """The list as it is now."""
        return {self.markup: await self._listed(event, request.cookies)}

    async def renamed(self, event: gr.EventData, request: gr.Request) -> Updates:
        """A conversation under another title; under a blank one it bears its first question again."""
        owner = self._desk.entrance.owner(request.cookies)
        with suppress(ConversationNotFound):  # the list will show that it is gone
            await asyncio.to_thread(
                self._desk.conversations.rename, owner, sent(event, "talk", ID), sent(event, "title", TITLE)
            )
        return await self.shown(event, request)

    async def deleted(self, event: gr.EventData, request: gr.Request) -> Updates:
        """One conversation less."""
        owner = self._desk.entrance.owner(request.cookies)
        with suppress(ConversationNotFound):
            await self._desk.sessions.delete(owner, sent(event, "talk", ID))
        return await self.shown(event, request)

    async def _listed(self, event: gr.EventData, cookies: Mapping[str, str]) -> Html:
        shown = min(max(_number(event.shown), titles.PAGE), MOST)
        try:
            owner, user = self._desk.entrance.owner(cookies), self._desk.entrance.user(cookies)
            kept = await asyncio.to_thread(self._desk.conversations.listed, owner, limit=shown + 1)
        except AssistantError as error:
            return tag("p", {"class": "failed"}, failure(error).message)
        return titles.listed(
            [one for one in kept if one.length],
            shown=shown,
            now=datetime.now(UTC),
            minutes=_number(event.minutes),
            user=user.name if user else "",
        )


def _number(told: object) -> int:
    """A number that a browser told, or 0."""
    return int(told) if isinstance(told, int | float) and abs(told) < 10**6 else 0
