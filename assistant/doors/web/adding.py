"""Dropped files in, their progress and what came of them out: the tab "Add papers"."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import gradio as gr
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse

from ...core import bounds
from . import additions
from .desk import Desk
from .intake import MOST_FILES, Refused, State
from .markup import Html
from .parts import sent
from .sessions import Unknown

if TYPE_CHECKING:
    from fastapi import FastAPI

TITLE = "Add papers"
ARRIVE = """
element.addEventListener("assistant", (event) => trigger(event.detail.name, event.detail.data));
trigger("apply", {});
"""

_QUIETLY: Any = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}

Updates = dict[Any, Any]


def build(desk: Desk) -> None:
    """Lay out the tab in the page that is being built."""
    Tab(desk).listen()


def mount(served: FastAPI, desk: Desk) -> None:
    """Let files come in at PUT /upload?batch=...&name=..., one a request, into a batch of who sends it."""

    @served.put("/upload")
    async def upload(request: Request, batch: str = "", name: str = "") -> PlainTextResponse:
        length = request.headers.get("content-length", "")
        try:
            owner = desk.entrance.owner(request.cookies)
            size = int(length) if length.isdecimal() else None
            await desk.intake.receive(owner, batch[: bounds.ID], name[: bounds.TITLE], size, request.stream())
        except (Refused, Unknown) as error:
            return PlainTextResponse(str(error), 403 if isinstance(error, Unknown) else 400)
        except ClientDisconnect:
            return PlainTextResponse("The file did not come whole.", 400)
        return PlainTextResponse("", 200)


class Tab:
    """The components of the tab and what happens in them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        with gr.Column(elem_id="adding"):
            gr.HTML(additions.drop(), elem_id="drop", js_on_load=None, apply_default_css=False)
            self.batch = gr.HTML("", elem_id="batch", js_on_load=ARRIVE, apply_default_css=False)

    def listen(self) -> None:
        """Say what happens on which event."""
        self.batch.apply(self.looked_at, None, [self.batch], **_QUIETLY)
        self.batch.submit(self.begun, None, [self.batch], **_QUIETLY)

    async def begun(self, event: gr.EventData, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """How the uploaded files are taken in, to the end; `lost` are the names of those that could not be sent."""
        lost = getattr(event, "lost", [])
        names = (str(name)[: bounds.TITLE] for name in (lost[:MOST_FILES] if isinstance(lost, list) else []))
        owner = self._desk.entrance.owner(request.cookies)
        self._desk.intake.begin(owner, sent(event, "batch", bounds.ID), names)
        async with aclosing(self.looked_at(request)) as steps:
            async for step in steps:
                yield step

    async def looked_at(self, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """How far this browser's files are, to the end, wherever the taking in was begun."""
        async with aclosing(self._desk.intake.states(self._desk.entrance.owner(request.cookies))) as states:
            async for state in states:
                yield {self.batch: await asyncio.to_thread(self._shown, state)}

    def _shown(self, state: State) -> Html:
        return additions.shown(state, self._desk.assistant.status().papers if state.over else 0)
