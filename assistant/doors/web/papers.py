"""Words, listings and days in, the papers that fit and a map of all out: the tab "Papers"."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import gradio as gr

from ...core import bounds
from ...core.errors import AssistantError, EmbedderError, MissingExtra, PaperNotFound, QuestionError
from ...core.readable import readable
from . import chart, shelves
from .asking import failure
from .desk import Desk
from .markup import Html, joined, tag
from .parts import sent

TITLE = "Papers"
SHOWN = """
element.addEventListener("assistant", (event) => trigger(event.detail.name, event.detail.data));
let hidden = true;
new IntersectionObserver((seen) => {
  const now = seen[seen.length - 1];
  if (!now.boundingClientRect.width) hidden = true;
  else if (now.isIntersecting && hidden) {
    hidden = false;
    const form = document.querySelector("#search form");
    const typed = form ? Object.fromEntries(new FormData(form)) : {};
    trigger("apply", { ...typed, revision: element.querySelector("[data-revision]")?.dataset.revision ?? "" });
  }
}).observe(element);
"""
"""Runs in the browser: each time the tab is opened, what it shows is brought up to date."""
TOLD = (QuestionError, PaperNotFound)
"""Errors about what was looked for."""
NO_MAP = (EmbedderError, MissingExtra)
"""Why there may be none; their text says what to do."""
MOST = 10_000
"""Papers listed at most, however often more are asked for."""

_QUIETLY: Any = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}
_EACH: Any = {**_QUIETLY, "trigger_mode": "multiple"}

Updates = dict[Any, Any]


def build(desk: Desk) -> None:
    """Lay out the tab in the page that is being built."""
    Tab(desk).listen()


class Tab:
    """The components of the tab and what happens in them; nothing about a person is kept."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._chart: tuple[int, Html] = (-1, joined([]))
        with gr.Row(elem_id="shelves"):
            with gr.Column(elem_id="shelf", scale=2, min_width=300):
                self.search = _markup("search", tag("p", {"class": "quiet"}, "One moment …"), js=SHOWN)
                self.found = _markup("found")
            with gr.Column(elem_id="table", scale=3, min_width=300):
                self.paper = _markup("paper")
                self.map = _markup("map", tag("p", {"class": "quiet"}, "One moment …"), js=SHOWN)

    def listen(self) -> None:
        """Say what happens on which event."""
        self.search.apply(self.arrived, None, [self.search, self.found], **_EACH)
        self.search.submit(self.looked_for, None, [self.found], **_EACH)
        self.search.select(self.opened, None, [self.paper], **_EACH)
        removal = self.search.delete(self.removed, None, [self.paper, self.found], **_EACH)
        removal.then(self.redrawn, None, [self.map], **_QUIETLY)
        self.map.apply(self.mapped, None, [self.map], **_QUIETLY)

    async def arrived(self, event: gr.EventData) -> Updates:
        """The form, where the library has changed since it was made, and what it finds now."""
        revision = await asyncio.to_thread(self._revision)
        known = sent(event, "revision", bounds.ID) == str(revision)
        form = gr.skip() if known else await asyncio.to_thread(self._form, revision)
        wanted = _wanted(event) if known else shelves.Wanted(words=sent(event, "words", bounds.WORDS))
        return {self.search: form, self.found: await asyncio.to_thread(self._found, wanted)}

    async def looked_for(self, event: gr.EventData) -> Updates:
        """The papers that fit what is typed and chosen; `serial` tells own/papers.js which of its requests this is."""
        found = await asyncio.to_thread(self._found, _wanted(event))
        return {self.found: tag("div", {"data-serial": sent(event, "serial", bounds.ID)}, found)}

    async def opened(self, event: gr.EventData, request: gr.Request) -> Updates:
        """One paper, whole; none where none is named."""
        name, removable = sent(event, "paper", bounds.TITLE), self._desk.may_remove(request)
        return {self.paper: await asyncio.to_thread(self._opened, name, removable=removable) if name else joined([])}

    async def removed(self, event: gr.EventData, request: gr.Request) -> Updates:
        """One paper less, and what fits without it."""
        if not self._desk.may_remove(request):
            return {self.paper: shelves.unfound("Papers can be removed only by a logged-in user or from this machine.")}
        outcome = await asyncio.to_thread(self._removed, sent(event, "paper", bounds.TITLE))
        return {self.paper: outcome, self.found: await asyncio.to_thread(self._found, _wanted(event))}

    async def mapped(self, event: gr.EventData) -> AsyncGenerator[Updates, None]:
        """The map of what is held now, unless it is there already."""
        status = await asyncio.to_thread(self._desk.assistant.status)
        if sent(event, "revision", bounds.ID) == str(status.revision):
            yield {self.map: gr.skip()}
            return
        async with aclosing(self.redrawn()) as steps:
            async for step in steps:
                yield step

    async def redrawn(self) -> AsyncGenerator[Updates, None]:
        """The map of what is held now; while it is drawn, that this takes a while."""
        status = await asyncio.to_thread(self._desk.assistant.status)
        if self._chart[0] != status.revision:
            yield {self.map: tag("p", {"class": "quiet stage"}, f"Drawing the map of {status.papers:,} papers …")}
        yield {self.map: await self._desk.aside(self._drawn)}

    # -- what is shown; each of these may take a while and runs in a thread

    def _revision(self) -> int:
        return self._desk.assistant.status().revision

    def _form(self, revision: int) -> Html:
        listings = self._desk.listings()
        dates = {paper.published for paper in self._desk.assistant.papers()} | {*listings.values()}
        return shelves.search(listings, dates, revision)

    def _found(self, wanted: shelves.Wanted) -> Html:
        try:
            papers = self._desk.assistant.papers(
                wanted.words, listing=wanted.listing, since=wanted.since, until=wanted.until
            )
        except AssistantError as error:
            return shelves.unfound(_sentence(error))
        return shelves.listed(papers, wanted, self._desk.listings())

    def _removed(self, name: str) -> Html:
        try:
            title = self._desk.assistant.paper(name).title
            self._desk.assistant.remove(name)
        except PaperNotFound:
            return shelves.unfound("This paper is not here any more.")
        except AssistantError as error:
            return shelves.unfound(_sentence(error, what="The paper could not be removed"))
        return shelves.removed(title)

    def _opened(self, name: str, *, removable: bool) -> Html:
        try:
            return shelves.opened(self._desk.assistant.paper(name), self._desk.listings(), removable=removable)
        except PaperNotFound:
            return shelves.unfound("This paper is not here any more.")

    def _drawn(self) -> Html:
        """The map; made once for each state of the library."""
        revision = self._revision()
        if self._chart[0] != revision:
            try:
                atlas = self._desk.assistant.atlas()
            except AssistantError as error:
                return tag("p", {"class": "quiet"}, str(error) if isinstance(error, NO_MAP) else _sentence(error))
            titles = {paper.id: readable(paper.title) for paper in self._desk.assistant.papers()}
            self._chart = (revision, chart.chart(atlas, titles, revision))
        return self._chart[1]


def _sentence(error: AssistantError, *, what: str = "The papers cannot be shown") -> str:
    """What to tell of an error; what is about the machine stays in the log."""
    if isinstance(error, TOLD):
        return str(error)
    told = failure(error, what=what)
    return f"{told.message} The log tells more under the id {told.error}." if told.error else told.message


def _wanted(event: gr.EventData) -> shelves.Wanted:
    shown = sent(event, "shown", bounds.ID)
    return shelves.Wanted(
        words=sent(event, "words", bounds.WORDS),
        listing=sent(event, "listing", bounds.TITLE),
        since=sent(event, "since", bounds.DAY),
        until=sent(event, "until", bounds.DAY),
        shown=min(int(shown), MOST) if shown.isdecimal() and len(shown) < 6 else shelves.PAGE,
    )


def _markup(name: str, content: str = "", *, js: str | None = None) -> gr.HTML:
    """A place for markup of ours."""
    return gr.HTML(content, elem_id=name, js_on_load=js, apply_default_css=False)
