"""A click on a thumb in, the thumb kept with its answer and shown out."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ...core.bounds import COMMENT, ID
from ...core.errors import AssistantError
from ...people.conversations import Thumb
from . import thumbs
from .asking import failure
from .desk import Desk
from .markup import tag
from .parts import QUIETLY, component, sent

Updates = dict[Any, Any]


class Opinions:
    """What people think of answers. The component is never seen: own/page.js puts what stands in it in its place."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.markup = component("opinion")

    def listen(self, name: gr.State) -> None:
        """Say what happens on which event; `name` is that of the conversation on the page."""
        self.markup.like(self.given, [name], [self.markup], trigger_mode="multiple", **QUIETLY)

    async def given(self, name: str, event: gr.EventData, request: gr.Request) -> Updates:
        """A thumb given, changed or taken back, with a comment or without."""
        thumb = None if event.good is None else Thumb(bool(event.good), sent(event, "comment", COMMENT).strip())
        try:
            talk = await self._desk.talk(name, request)
            if not talk.turn(event.turn):
                return {self.markup: gr.skip()}
            await self._desk.sessions.rate(talk, event.turn, thumb)
        except AssistantError as error:
            return {self.markup: tag("p", {"class": "failed"}, failure(error).message)}
        about = {"data-talk": talk.name, "data-serial": sent(event, "serial", ID)}
        return {self.markup: tag("div", about, thumbs.asked(event.turn, thumb))}
