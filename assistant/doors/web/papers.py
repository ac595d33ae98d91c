"""Words, listings and days in, the papers that match and a map of all papers out: the tab "Papers"."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import gradio as gr
from markupsafe import Markup

from ...core import bounds
from ...core.errors import AssistantError, EmbedderError, MissingExtra, PaperNotFound, QuestionError
from ...core.filters import Filter
from ...core.readable import readable
from ...core.records import digest, fold
from ...core.text import counted
from ...index.collections import Collections
from ...service.news import news_of
from . import shelves, sources
from .asking import failure
from .markup import render
from .shared import EACH, QUIETLY, WHEN_SEEN, Services, Updates, component, filter_sent, sent

TITLE = "Papers"
ABOUT_THE_SEARCH = (QuestionError, PaperNotFound)
"""Errors about what a person searched for."""
NO_MAP = (EmbedderError, MissingExtra)
"""Why there may be no map; their text says what to do."""
DAYS = 7
"""Days for which papers of followed sources are new."""
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
                self.sources = component("sources")
                self.found = component("found")
            with gr.Column(elem_id="table", scale=3, min_width=300):
                self.paper = component("paper")
                self.map = component("map", render("parts.quiet", "One moment …"), js=WHEN_SEEN)

    def listen(self) -> None:
        """Connect events and handlers."""
        arrival = self.search.apply(self.arrived, None, [self.search, self.found], **EACH)
        arrival.then(self.followed, None, [self.sources], **QUIETLY)
        self.search.submit(self.looked_for, None, [self.found], **EACH)
        self.search.edit(self.managed, None, [self.search, self.found, self.paper], **EACH)
        self.search.select(self.opened, None, [self.paper], **EACH)
        removal = self.search.delete(self.removed, None, [self.paper, self.found], **EACH)
        removal.then(self.redrawn, None, [self.map], **QUIETLY)
        self.map.apply(self.mapped, None, [self.map], **QUIETLY)

    async def arrived(self, event: gr.EventData, request: gr.Request) -> Updates:
        """The form, if the library has changed since it was made, and the papers that match it now."""
        owner = self._services.collector(request)
        state = await asyncio.to_thread(self._state, owner)
        known = sent(event, "revision", bounds.ID) == state
        form = gr.skip() if known else await asyncio.to_thread(self._form, state, owner)
        filters = _filters(event, owner) if known else shelves.PaperFilter(words=sent(event, "words", bounds.WORDS))
        return {self.search: form, self.found: await asyncio.to_thread(self._found, filters)}

    async def followed(self, request: gr.Request) -> Updates:
        """The followed sources, and what of their new papers is on the visitor's own questions."""
        return {self.sources: await self._services.aside(lambda: self._followed(request))}

    async def looked_for(self, event: gr.EventData, request: gr.Request) -> Updates:
        """The papers that match what is typed and chosen."""
        papers = await asyncio.to_thread(self._found, _filters(event, self._services.collector(request)))
        serial = sent(event, "serial", bounds.ID)  # tells own/papers.js which of its requests this answers
        return {self.found: render("papers.numbered", serial, papers)}

    async def opened(self, event: gr.EventData, request: gr.Request) -> Updates:
        """One whole paper; nothing if none is named."""
        name, manager = sent(event, "paper", bounds.TITLE), self._manager(request)
        return {self.paper: await asyncio.to_thread(self._opened, name, manager) if name else ""}

    async def managed(self, event: gr.EventData, request: gr.Request) -> Updates:
        """What became of a collection: what is listed saved as one, one deleted, or a paper put in or taken out."""
        owner, manager = self._services.collector(request), self._manager(request)
        if manager is None:
            message = "Collections can be changed only by a logged-in user or at this computer."
            return {self.search: gr.skip(), self.found: gr.skip(), self.paper: shelves.message(message)}
        filters, name = _filters(event, owner), sent(event, "name", bounds.TITLE)
        deed, paper = sent(event, "deed", bounds.ID), sent(event, "paper", bounds.TITLE)
        done = await asyncio.to_thread(self._managed, manager, deed, name, paper, filters)
        if paper:
            return {self.search: gr.skip(), self.found: gr.skip(), self.paper: done}
        names = await asyncio.to_thread(manager.names)
        chosen = name if fold(name) in map(fold, names) else ""
        listed = shelves.PaperFilter(where=Filter(collection=chosen, owner=owner))
        state = await asyncio.to_thread(self._state, owner)
        return {
            self.search: await asyncio.to_thread(self._form, state, owner, chosen),
            self.found: await asyncio.to_thread(self._found, listed),
            self.paper: done,
        }

    async def removed(self, event: gr.EventData, request: gr.Request) -> Updates:
        """The list without a paper."""
        if not self._services.may_remove(request):
            return {self.paper: shelves.message("Papers can be removed only by a logged-in user or at this computer.")}
        outcome = await asyncio.to_thread(self._removed, sent(event, "paper", bounds.TITLE))
        filters = _filters(event, self._services.collector(request))
        return {self.paper: outcome, self.found: await asyncio.to_thread(self._found, filters)}

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

    def _manager(self, request: gr.Request) -> Collections | None:
        """The collections that the caller may change; None for who may change none."""
        if not self._services.may_remove(request):
            return None
        return self._services.assistant.collections.of(self._services.collector(request))

    def _state(self, owner: str) -> str:
        """What the form depends on: the papers and the names of the collections."""
        return f"{self._revision()}-{digest(*self._services.assistant.collections.of(owner).names())}"

    def _form(self, state: str, owner: str, collection: str = "") -> Markup:
        listings, names = self._services.listings(), self._services.assistant.collections.of(owner).names()
        choices = [(name, fold(name) == fold(collection)) for name in names]
        return shelves.search(self._services.assistant.papers(), listings, state, choices)

    def _managed(self, manager: Collections, deed: str, name: str, paper: str, filters: shelves.PaperFilter) -> Markup:
        try:
            if deed == "put":
                manager.add(name, paper)
            elif deed == "take":
                manager.remove(name, paper)
            elif deed == "drop":
                manager.delete(name)
                return shelves.message(f"Deleted the collection {name}. Its papers are still here.")
            elif filters.words.strip():
                matches = self._services.assistant.papers(filters.words, where=filters.where)
                made = manager.create(name, *(one.id for one in matches))
                return shelves.message(f"Saved {counted(made.papers, 'paper')} as {made.name}.")
            else:
                made = manager.create(name, where=filters.where)
                later = "Papers added later that fit are in it, too."
                return shelves.message(f"Saved {counted(made.papers, 'paper')} as {made.name}. {later}")
        except AssistantError as error:
            return shelves.message(_sentence(error, what="The collection could not be changed"))
        return self._opened(paper, manager)

    def _found(self, filters: shelves.PaperFilter) -> Markup:
        try:
            papers = self._services.assistant.papers(filters.words, where=filters.where)
        except AssistantError as error:
            return shelves.message(_sentence(error))
        return shelves.listed(papers, filters, self._services.listings())

    def _followed(self, request: gr.Request) -> Markup | str:
        """Nothing if no source is followed."""
        assistant, services = self._services.assistant, self._services
        try:
            if not (every := assistant.followed()):
                return ""
            new = [paper.id for paper in assistant.news(days=DAYS)]
            news = news_of(assistant, services.conversations, services.entrance.owner(request.cookies), new)
            return sources.shown(every, news)
        except AssistantError as error:
            return shelves.message(_sentence(error, what="The followed sources cannot be shown"))

    def _removed(self, name: str) -> Markup:
        try:
            title = self._services.assistant.paper(name).title
            self._services.assistant.remove(name)
        except PaperNotFound:
            return shelves.message(GONE)
        except AssistantError as error:
            return shelves.message(_sentence(error, what="The paper could not be removed"))
        return shelves.removed(title)

    def _opened(self, name: str, manager: Collections | None) -> Markup:
        """One whole paper; it can be removed, and put into collections, by who may change them."""
        try:
            paper = self._services.assistant.paper(name)
            differing = self._services.assistant.differences(name)
            holding = manager.holding(paper.id) if manager else []
            others = [one for one in manager.names(own=True) if one not in holding] if manager else []
        except PaperNotFound:
            return shelves.message(GONE)
        listings = self._services.listings()
        return shelves.opened(paper, listings, differing, removable=manager is not None, collections=(holding, others))

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


def _filters(event: gr.EventData, owner: str) -> shelves.PaperFilter:
    shown = sent(event, "shown", bounds.ID)
    return shelves.PaperFilter(
        words=sent(event, "words", bounds.WORDS),
        where=filter_sent(event, owner),
        shown=min(int(shown), MOST) if shown.isdecimal() and len(shown) < 6 else shelves.PAGE,
    )
