"""Clicks in a person's list of conversations in, the updated list out; and each conversation as a file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from itertools import groupby
from typing import Literal

import gradio as gr
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from markupsafe import Markup

from ...core.bounds import ID, TITLE, WORDS
from ...core.errors import AssistantError, ConversationNotFound
from ...core.text import content_words, parts
from ...people import conversations
from ...people.conversations import KeptConversation, exported
from ...show.markdown import of_conversation
from .asking import failure
from .markup import render
from .sessions import Unidentified
from .shared import EACH, Services, Updates, component, sent

PAGE = 50
"""Conversations listed at once."""
MOST = 2000
"""Conversations listed at most, however often earlier ones are requested."""
FARTHEST = 14 * 60
"""Largest offset of a time zone from UTC, in minutes."""
FILE_WORDS = 6
"""Words of a conversation's title in the name of its file."""


class Drawer:
    """The list of a person's conversations. The conversation tab opens them: own/drawer.js tells it which."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.markup = component("drawer")

    def listen(self) -> None:
        """Connect events and handlers."""
        for event, handler in (
            (self.markup.apply, self.shown),
            (self.markup.edit, self.renamed),
            (self.markup.delete, self.deleted),
        ):
            event(handler, None, [self.markup], **EACH)

    async def shown(self, event: gr.EventData, request: gr.Request) -> Updates:
        """The list as it is now."""
        return {self.markup: await self._listed(event, request.cookies)}

    async def renamed(self, event: gr.EventData, request: gr.Request) -> Updates:
        """A conversation under a new title; a blank one brings back its first question as the title."""
        owner = self._services.entrance.owner(request.cookies)
        name, title = sent(event, "talk", ID), sent(event, "title", TITLE)
        with suppress(ConversationNotFound):  # the list will show that it is gone
            await asyncio.to_thread(self._services.conversations.rename, owner, name, title)
        return await self.shown(event, request)

    async def deleted(self, event: gr.EventData, request: gr.Request) -> Updates:
        """The list without a conversation."""
        owner = self._services.entrance.owner(request.cookies)
        with suppress(ConversationNotFound):
            await self._services.sessions.delete(owner, sent(event, "talk", ID))
        return await self.shown(event, request)

    async def _listed(self, event: gr.EventData, cookies: Mapping[str, str]) -> Markup:
        shown, words = min(max(_number(event.shown), PAGE), MOST), sent(event, "words", WORDS).strip()
        try:
            owner, user = self._services.entrance.owner(cookies), self._services.entrance.user(cookies)
            kept = await asyncio.to_thread(self._kept, owner, words, shown + 1)
        except AssistantError as error:
            return render("parts.failed", failure(error).message)
        asked = [each for each in kept if each.length]
        minutes, name = _number(event.minutes), user.name if user else ""
        return listed(asked, shown=shown, now=datetime.now(UTC), minutes=minutes, user=name, words=words)

    def _kept(self, owner: str, words: str, limit: int) -> list[KeptConversation]:
        """The owner's conversations; those with these words, if there are any."""
        kept = self._services.conversations
        return kept.matching(owner, words, limit=limit) if words else kept.listed(owner, limit=limit)


def _number(value: object) -> int:
    """A number that a browser sent, or 0."""
    return int(value) if isinstance(value, int | float) and abs(value) < 10**6 else 0


def listed(
    kept: Sequence[KeptConversation], *, shown: int, now: datetime, minutes: int, user: str, words: str = ""
) -> Markup:
    """The first `shown` of these, by day in a time zone that is `minutes` ahead of UTC; `user` is logged in.

    They are those that have the `words`, if there are any.
    """
    zone = timezone(timedelta(minutes=max(-FARTHEST, min(minutes, FARTHEST))))
    today = now.astimezone(zone)
    groups = groupby(kept[:shown], key=lambda each: _day(each.used.astimezone(zone), today))
    days = [(name, list(group)) for name, group in groups]
    next_shown = shown + PAGE if len(kept) > shown else 0
    return render("drawer.listed", days, next_shown, user, conversations.TITLE, words)


def _day(used: datetime, today: datetime) -> str:
    """The name of a day, seen from today."""
    ago = (today.date() - used.date()).days
    if ago <= 1:
        return "Yesterday" if ago == 1 else "Today"
    day = f"{used:%A}, {used.day} {used:%B}" if ago < 7 else f"{used.day} {used:%B}"
    return day if used.year == today.year else f"{used.day} {used:%B} {used.year}"


# -- one conversation as a file


def router(services: Services) -> APIRouter:
    """An address for each conversation and format, which only its owner can open."""
    routes = APIRouter()

    @routes.get("/conversations/{name}.{kind}")
    def download(name: str, kind: Literal["md", "json"], request: Request) -> Response:
        try:
            owner = services.entrance.owner(request.cookies)
            kept, turns = services.conversations.get(owner, name), services.conversations.every(owner, name)
        except (ConversationNotFound, Unidentified) as error:
            return PlainTextResponse(str(error), 404)
        if kind == "md":
            content, media = of_conversation(kept, turns), "text/markdown"
        else:
            content, media = json.dumps(exported(kept, turns), ensure_ascii=False, indent=1), "application/json"
        attachment = f'attachment; filename="{_file_name(kept)}.{kind}"'
        headers = {"Content-Disposition": attachment, "Cache-Control": "no-store"}
        return Response(content.encode(errors="replace"), media_type=media, headers=headers)

    return routes


def _file_name(kept: KeptConversation) -> str:
    """A file name that every system accepts: the first content words of the title in ASCII letters, and the day."""
    plain = (
        [part for part in parts(word) or [word] if part.isascii() and part.isalnum()]
        for word in content_words(kept.title)
    )
    words = ["-".join(some) for some in plain if some]
    return "-".join([*words[:FILE_WORDS], f"{kept.used:%Y-%m-%d}"])
