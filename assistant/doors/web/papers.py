"""Words, listings and days in, the papers that match and a map of all papers out: the tab "Papers"."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import gradio as gr
from markupsafe import Markup

from ...core import bounds
from ...core.errors import AssistantError, EmbedderError, MissingExtra, PaperNotFound, QuestionError
from ...core.readable import readable
from . import shelves
from .asking import failure
from .markup import render
from .shared import EACH, QUIETLY, WHEN_SEEN, Services, Updates, component, filter_sent, sent

TITLE = "Papers"
ABOUT_THE_SEARCH = (QuestionError, PaperNotFound)
"""Errors about what a person searched for."""
NO_MAP = (EmbedderError, MissingExtra)
"""Why there may be no map; their text says what to do."""
GONE = "This paper is no longer here."
MOST = 10_000
"""Papers listed at most, however often more are requested."""


def build(services: Services) -> None:
    """Lay out the tab in the page that is being built."""
    PapersTab(services).listen()


class PapersTab:
    """The components of the tab and the handlers of their events; nothing about a person is kept."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._chart: tuple[int, Markup | str] = (-1, "")
        with gr.Row(elem_id="shelves"):
            with gr.Column(elem_id="shelf", scale=2, min_width=300):
                self.search = component("search", render("parts.quiet", "One moment …"), js=WHEN_SEEN)
                self.found = component("found")
            with gr.Column(elem_id="table", scale=3, min_width=300):
                self.paper = component("paper")
                self.map = component("map", render("parts.quiet", "One moment …"), js=WHEN_SEEN)

    def listen(self) -> None:
        """Connect events and handlers."""
        self.search.apply(self.arrived, None, [self.search, self.found], **EACH)
        self.search.submit(self.looked_for, None, [self.found], **EACH)
        self.search.select(self.opened, None, [self.paper], **EACH)
        removal = self.search.delete(self.removed, None, [self.paper, self.found], **EACH)
        removal.then(self.redrawn, None, [self.map], **QUIETLY)
        self.map.apply(self.mapped, None, [self.map], **QUIETLY)

    async def arrived(self, event: gr.EventData) -> Updates:
        """The form, if the library has changed since it was made, and the papers that match it now."""
        revision = await asyncio.to_thread(self._revision)
        known = sent(event, "revision", bounds.ID) == str(revision)
        form = gr.skip() if known else await asyncio.to_thread(self._form, revision)
        filters = _filters(event) if known else shelves.PaperFilter(words=sent(event, "words", bounds.WORDS))
        return {self.search: form, self.found: await asyncio.to_thread(self._found, filters)}

    async def looked_for(self, event: gr.EventData) -> Updates:
        """The papers that match what is typed and chosen."""
        papers = await asyncio.to_thread(self._found, _filters(event))
        serial = sent(event, "serial", bounds.ID)  # tells own/papers.js which of its requests this answers
        return {self.found: render("papers.numbered", serial, papers)}

    async def opened(self, event: gr.EventData, request: gr.Request) -> Updates:
        """One whole paper; nothing if none is named."""
        name, removable = sent(event, "paper", bounds.TITLE), self._services.may_remove(request)
        return {self.paper: await asyncio.to_thread(self._opened, name, removable=removable) if name else ""}

    async def removed(self, event: gr.EventData, request: gr.Request) -> Updates:
        """The list without a paper."""
        if not self._services.may_remove(request):
            return {self.paper: shelves.message("Papers can be removed only by a logged-in user or at this computer.")}
        outcome = await asyncio.to_thread(self._removed, sent(event, "paper", bounds.TITLE))
        return {self.paper: outcome, self.found: await asyncio.to_thread(self._found, _filters(event))}

    async def mapped(self, event: gr.EventData) -> AsyncGenerator[Updates, None]:
        """The map of the library as it is now, unless it is shown already."""
        status = await asyncio.to_thread(self._services.assistant.status)
        if sent(event, "revision", bounds.ID) == str(status.revision):
            yield {self.map: gr.skip()}
            return
        async with aclosing(self.redrawn()) as updates:
            async for update in updates:
                yield update

    async def redrawn(self) -> AsyncGenerator[Updates, None]:
        """The map of the library as it is now; a notice first, for drawing it takes a while."""
        status = await asyncio.to_thread(self._services.assistant.status)
        if self._chart[0] != status.revision:
            yield {self.map: render("parts.wait", f"Drawing the map of {status.papers:,} papers …")}
        yield {self.map: await self._services.aside(self._drawn)}

    # -- what is shown; each of these may take a while and runs in a thread

    def _revision(self) -> int:
        return self._services.assistant.status().revision

    def _form(self, revision: int) -> Markup:
        listings = self._services.listings()
        return shelves.search(self._services.assistant.papers(), listings, revision)

    def _found(self, filters: shelves.PaperFilter) -> Markup:
        try:
            papers = self._services.assistant.papers(filters.words, where=filters.where)
        except AssistantError as error:
            return shelves.message(_sentence(error))
        return shelves.listed(papers, filters, self._services.listings())

    def _removed(self, name: str) -> Markup:
        try:
            title = self._services.assistant.paper(name).title
            self._services.assistant.remove(name)
        except PaperNotFound:
            return shelves.message(GONE)
        except AssistantError as error:
            return shelves.message(_sentence(error, what="The paper could not be removed"))
        return shelves.removed(title)

    def _opened(self, name: str, *, removable: bool) -> Markup:
        try:
            paper = self._services.assistant.paper(name)
            differing = self._services.assistant.differences(name)
        except PaperNotFound:
            return shelves.message(GONE)
        return shelves.opened(paper, self._services.listings(), differing, removable=removable)

    def _drawn(self) -> Markup | str:
        """The map; made once for each state of the library."""
        revision = self._revision()
        if self._chart[0] != revision:
            try:
                atlas = self._services.assistant.atlas()
            except AssistantError as error:
                return render("parts.quiet", str(error) if isinstance(error, NO_MAP) else _sentence(error))
            titles = {paper.id: readable(paper.title) for paper in self._services.assistant.papers()}
            self._chart = (revision, shelves.chart(atlas, titles, revision))
        return self._chart[1]


def _sentence(error: AssistantError, *, what: str = "The papers cannot be shown") -> str:
    """An error in a sentence; details about the machine stay in the log."""
    if isinstance(error, ABOUT_THE_SEARCH):
        return str(error)
    shown = failure(error, what=what)
    return f"{shown.message} Details are in the server log under ID {shown.error}." if shown.error else shown.message


def _filters(event: gr.EventData) -> shelves.PaperFilter:
    shown = sent(event, "shown", bounds.ID)
    return shelves.PaperFilter(
        words=sent(event, "words", bounds.WORDS),
        where=filter_sent(event),
        shown=min(int(shown), MOST) if shown.isdecimal() and len(shown) < 6 else shelves.PAGE,
    )
