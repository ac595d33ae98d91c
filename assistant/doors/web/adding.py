"""Dropped files in, their progress and what came of them out: the tab "Add papers"."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

import gradio as gr
from fastapi import Request
from markupsafe import Markup
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse

from ...core import bounds
from ...core.records import Ingested
from ...library.sources import FORMATS
from .intake import MOST_FILES, BatchState, Progress, UploadRefused
from .markup import render
from .sessions import Unidentified
from .shared import QUIETLY, Services, Updates, component, sent

if TYPE_CHECKING:
    from fastapi import FastAPI

TITLE = "Add papers"
ON_ARRIVAL = """
trigger("apply", {});
"""
OFFERED = ("title", "abstract", "authors", "year")
"""The fields whose columns in a table can be named, if a file is not recognised."""
SHOWN = 200
"""Rejects shown; the rest are counted."""
EXCERPT = 80
"""Characters shown of a rejected record."""
STAGES = {
    "waiting": ("Waiting for other uploads to finish", ""),
    "opening": ("Opening the files", ""),
    "reading": ("Opening the files", "bytes"),
    "embedding": ("Reading", "passages"),
    "indexing": ("Indexing", "papers"),
}
"""The stages of `intake.Progress` in words, and what is counted in each."""


def build(services: Services) -> None:
    """Lay out the tab in the page that is being built."""
    AddPapersTab(services).listen()


def mount(application: FastAPI, services: Services) -> None:
    """Accept files at PUT /upload?batch=...&name=..., one for each request, into a batch of the sender's."""

    @application.put("/upload")
    async def upload(request: Request, batch: str = "", name: str = "") -> PlainTextResponse:
        length = request.headers.get("content-length", "")
        try:
            owner = services.entrance.owner(request.cookies)
            size = int(length) if length.isdecimal() else None
            await services.intake.receive(owner, batch[: bounds.ID], name[: bounds.TITLE], size, request.stream())
        except (UploadRefused, Unidentified) as error:
            return PlainTextResponse(str(error), 403 if isinstance(error, Unidentified) else 400)
        except ClientDisconnect:
            return PlainTextResponse("The upload was incomplete.", 400)
        return PlainTextResponse("", 200)


class AddPapersTab:
    """The components of the tab and the handlers of their events."""

    def __init__(self, services: Services) -> None:
        self._services = services
        with gr.Column(elem_id="adding"):
            drop = render("adding.drop", MOST_FILES)
            gr.HTML(drop, elem_id="drop", js_on_load=None, apply_default_css=False)
            self.batch = component("batch", js=ON_ARRIVAL)

    def listen(self) -> None:
        """Connect events and handlers."""
        self.batch.apply(self.watched, None, [self.batch], **QUIETLY)
        self.batch.submit(self.begun, None, [self.batch], **QUIETLY)

    async def begun(self, event: gr.EventData, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """The progress of the uploaded files, to the end; `lost` are the names of those that could not be sent."""
        lost = getattr(event, "lost", [])
        names = (str(name)[: bounds.TITLE] for name in (lost[:MOST_FILES] if isinstance(lost, list) else []))
        owner = self._services.entrance.owner(request.cookies)
        form = sent(event, "format", bounds.DAY)
        columns = {field: name for field in OFFERED if (name := sent(event, field, bounds.TITLE).strip())}
        self._services.intake.begin(
            owner, sent(event, "batch", bounds.ID), names, format=form if form in FORMATS else "", columns=columns
        )
        async with aclosing(self.watched(request)) as updates:
            async for update in updates:
                yield update

    async def watched(self, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """The progress of this browser's files, to the end, from whichever of its pages they were sent."""
        async with aclosing(self._services.intake.states(self._services.entrance.owner(request.cookies))) as states:
            async for state in states:
                yield {self.batch: await asyncio.to_thread(self._shown, state)}

    def _shown(self, state: BatchState) -> Markup | str:
        return shown(state, self._services.assistant.status().papers if state.over else 0)


def shown(state: BatchState, papers: int) -> Markup | str:
    """How far a batch is, or what came of it; `papers` are in the library now."""
    if state.running and state.progress:
        stage, things = STAGES.get(state.progress.stage, (state.progress.stage.capitalize(), ""))
        return render("adding.running", state, stage, _progress(state.progress, stage, things))
    if not state.over:
        return ""
    done = state.done or Ingested()
    unread = any(not reject.line for reject in done.rejects)
    choices = (tuple(FORMATS), OFFERED) if unread else ()
    return render("adding.over", state, done, papers, SHOWN, EXCERPT, choices)


def _progress(progress: Progress, stage: str, things: str) -> str:
    facts = [f"{stage} {progress.done:,} of {progress.total:,} {things}".rstrip()]
    facts += [f"{progress.rate:.1f} per second", f"{_duration(progress.left)} left"] if progress.rate else []
    return " · ".join(facts)


def _duration(seconds: float) -> str:
    """A duration in words: `8 s`, `2 min 5 s`, `1 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
