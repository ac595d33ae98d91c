"""Questions typed in, the conversation and its evidence beside it out: the tab "Ask"."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

import gradio as gr

from ...answer.dialogue import cost_of, usage_of
from ...core import bounds
from ...core.errors import AssistantError, PaperNotFound
from ...core.records import Turn
from ...library.sample import sample_files
from ...llm.ledger import bill
from . import additions, answers, evidence, shelves
from .asking import Failure
from .desk import Desk
from .drawer import Drawer
from .markup import Html, joined, tag
from .opinions import Opinions
from .parts import QUIETLY, component, sent
from .sessions import Talk

TITLE = "Ask"
ARRIVE = """
trigger("apply", { talk: new URLSearchParams(location.search).get("talk") ?? "" });
"""
MOST_CHOSEN = 12
"""Papers that questions keep to at most: as many as one answer names."""
UNREAD = "Each paper that an answer cites stands here, with the words it is cited for."

_IDLE: Any = {"submit_btn": "Ask", "stop_btn": False}
_BUSY: Any = {"submit_btn": False, "stop_btn": "Stop"}

Updates = dict[Any, Any]
"""What becomes of which component."""


def build(desk: Desk) -> None:
    """Lay out the tab in the page that is being built."""
    Tab(desk).listen()


class Tab:
    """The components of the tab and what happens in them. Whatever a person says is kept in the desk's sessions."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.name = gr.State("")
        with gr.Row(elem_id="desk"):
            self.drawer = Drawer(desk)
            with gr.Column(elem_id="talk", scale=3, min_width=300):
                with gr.Column(elem_id="thread"):
                    self.past = component("past")
                    first = tag("div", {"class": "first"}, self._welcome())  # until it is known whose page it is
                    self.current = component("current", first, js=ARRIVE)
                with gr.Column(elem_id="composer"):
                    self.opinions = Opinions(desk)
                    self.chip = component("chip")
                    self.box = _box()
            with gr.Column(elem_id="side", scale=2, min_width=300):
                self.evidence = component("evidence", evidence.nothing(UNREAD))

    def listen(self) -> None:
        """Say what happens on which event."""
        everything = [self.name, self.past, self.current, self.chip, self.box, self.evidence]

        self.current.apply(self.arrived, None, everything, **QUIETLY)
        typed = self.box.submit(self.ask, [self.box, self.name], everything, **QUIETLY)
        clicked = self.current.submit(self.ask_again, [self.name], everything, **QUIETLY)
        sampled = self.current.input(self.sampled, [self.name], [self.current], **QUIETLY)
        asks: Any = [typed, clicked, sampled]
        self.box.stop(self.stopped, [self.name], everything, cancels=asks, **QUIETLY)
        self.current.clear(self.begun_anew, [self.name], everything, cancels=asks, **QUIETLY)
        self.current.edit(self.edited, [self.name], [self.chip, self.box], **QUIETLY)
        self.chip.clear(self.kept, [self.name], [self.chip], **QUIETLY)
        self.chip.select(self.chose, [self.name], [self.name, self.chip], **QUIETLY)
        self.chip.delete(self.left, [self.name], [self.chip], **QUIETLY)
        self.current.select(self.pointed, [self.name], [self.evidence], **QUIETLY)
        self.current.tick(self.renewed, [self.name], [self.current], **QUIETLY)
        self.drawer.markup.select(self.opened, None, everything, cancels=asks, **QUIETLY)
        self.drawer.listen()
        self.opinions.listen(self.name)

    # -- what happens

    async def arrived(self, event: gr.EventData, request: gr.Request) -> Updates:
        """The conversation that the address names, if it is this browser's; else a new one."""
        try:
            talk = await self._talk(sent(event, "talk", bounds.ID), request)
        except AssistantError as error:
            return {self.current: tag("p", {"class": "failed", "data-talk": ""}, str(error))}
        talk.instead = False
        shown = await self._at_rest(talk)
        if not event.talk and self._desk.sessions.is_held(talk):  # a question came in before this was ready
            return {self.name: talk.name}
        return {self.name: talk.name, **shown}

    async def opened(self, event: gr.EventData, request: gr.Request) -> Updates:
        """A conversation from the drawer in place of the one that is open; a question on its way is given up."""
        return {**await self.arrived(event, request), self.box: gr.update(value="", **_IDLE)}

    async def begun_anew(self, name: str, request: gr.Request) -> Updates:
        """A new conversation; the one so far stays where its address leads."""
        talk = await self._talk(name, request)
        fresh = self._desk.sessions.fresh(talk.owner) if talk.turns else talk
        return {self.name: fresh.name, **await self._at_rest(fresh), self.box: gr.update(value="", **_IDLE)}

    async def ask(self, question: str, name: str, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """The answer in the making, then the answer, or why there is none."""
        if not question.strip():
            return
        talk = await self._talk(name, request)
        self._desk.sessions.keep(talk)
        number, begun, shown = talk.coming, False, (0, 0)
        async with aclosing(self._desk.asker.ask(talk, question)) as steps:
            async for step in steps:
                if isinstance(step, Turn):
                    yield {**await self._at_rest(talk), self.past: gr.skip()}
                elif isinstance(step, Failure):
                    told = answers.ended(question, number, step.message, error=step.error, instead=talk.instead)
                    yield await self._ended(talk, told)
                elif begun:
                    papers = len(step.hits), len(step.so_far.titles)
                    yield {
                        self.current: _placed(talk, answers.making(step, number)),
                        self.evidence: self._so_far(step, number) if papers != shown else gr.skip(),
                    }
                    shown = papers
                else:
                    begun = True
                    yield {self.name: talk.name, **await self._at_work(talk, step, number)}

    async def ask_again(self, name: str, event: gr.EventData, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """The same for a question that was clicked on; `again` puts its answer in place of the last."""
        talk = await self._talk(name, request)
        talk.instead = bool(event.again) and bool(talk.turns)
        async with aclosing(self.ask(str(event.question), talk.name, request)) as steps:
            async for step in steps:
                yield step

    async def stopped(self, name: str, request: gr.Request) -> Updates:
        """What is left when an answer in the making was stopped: nothing of it, only the question."""
        talk = await self._talk(name, request)
        if talk.keeping:
            await asyncio.wait([talk.keeping])
        if not talk.stopped:  # it was answered just before
            return await self._at_rest(talk)
        message = "Stopped. Nothing of this question is remembered."
        told = answers.ended(talk.stopped, talk.coming, message, instead=talk.instead)
        return await self._ended(talk, told)

    async def edited(self, name: str, event: gr.EventData, request: gr.Request) -> Updates:
        """The last question in the box again; what is asked next replaces it."""
        talk = await self._talk(name, request)
        talk.instead = bool(event.again) and bool(talk.turns)
        return {self.chip: _chip(talk), self.box: gr.update(value=sent(event, "question", bounds.QUESTION))}

    async def kept(self, name: str, request: gr.Request) -> Updates:
        """The next question follows the last one after all."""
        talk = await self._talk(name, request)
        talk.instead = False
        return {self.chip: _chip(talk)}

    async def chose(self, name: str, event: gr.EventData, request: gr.Request) -> Updates:
        """One paper more that the next questions keep to."""
        talk = await self._talk(name, request)
        with suppress(PaperNotFound):  # it was removed since it was shown
            paper = await asyncio.to_thread(self._desk.assistant.paper, sent(event, "paper", bounds.TITLE))
            if paper not in talk.chosen and len(talk.chosen) < MOST_CHOSEN:
                talk.chosen = (*talk.chosen, paper)
                self._desk.sessions.keep(talk)
        return {self.name: talk.name, self.chip: _chip(talk)}

    async def left(self, name: str, event: gr.EventData, request: gr.Request) -> Updates:
        """One paper less of these."""
        talk = await self._talk(name, request)
        talk.chosen = tuple(paper for paper in talk.chosen if paper.id != event.paper)
        return {self.chip: _chip(talk)}

    async def pointed(self, name: str, event: gr.EventData, request: gr.Request) -> Updates:
        """The evidence of an earlier answer."""
        talk = await self._talk(name, request)
        if not talk.turn(event.turn):
            return {self.evidence: gr.skip()}
        return {self.evidence: self._evidence(talk, event.turn)}

    async def renewed(self, name: str, request: gr.Request) -> Updates:
        """What stands where nothing was asked yet, when papers came in since it was shown."""
        talk = await self._talk(name, request)
        return {self.current: gr.skip() if talk.begun else _placed(talk, await asyncio.to_thread(self._welcome))}

    async def sampled(self, name: str, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """How far the sample papers are taken in, then what can be asked of them."""
        talk = await self._talk(name, request)
        self._desk.intake.sample(talk.owner)
        async with aclosing(self._desk.intake.states(talk.owner)) as states:
            async for state in states:
                if talk.begun:
                    return
                over = [await asyncio.to_thread(self._welcome)] if state.over else []
                heading = tag("h2", {}, "Taking in the sample papers")
                going = [] if state.done else [tag("div", {"class": "welcome"}, heading, additions.shown(state, 0))]
                yield {self.current: _placed(talk, *going, *over)}

    # -- what is shown

    async def _talk(self, name: str, request: gr.Request) -> Talk:
        return await self._desk.talk(name, request)

    async def _at_rest(self, talk: Talk) -> Updates:
        turns = talk.turns
        last = [answers.finished(turns[-1], talk.last, last=True, thumb=talk.thumbs.get(talk.last))] if turns else []
        return {
            self.past: await _past(talk, turns[:-1]),
            self.current: _placed(talk, *(last or [await asyncio.to_thread(self._welcome)])),
            self.chip: _chip(talk),
            self.box: gr.update(**_IDLE),
            self.evidence: self._evidence(talk, talk.last),
        }

    async def _at_work(self, talk: Talk, state: answers.Making, number: int) -> Updates:
        return {
            self.past: await _past(talk, talk.before),
            self.current: _placed(talk, answers.making(state, number)),
            self.chip: shelves.chips(talk.chosen),
            self.box: gr.update(value="", **_BUSY),
            self.evidence: evidence.nothing("The papers of the answer will stand here."),
        }

    async def _ended(self, talk: Talk, told: Html) -> Updates:
        return {
            self.past: await _past(talk, talk.turns),
            self.current: _placed(talk, told),
            self.chip: _chip(talk),
            self.box: gr.update(**_IDLE),
            self.evidence: self._evidence(talk, talk.last),
        }

    def _evidence(self, talk: Talk, number: int) -> Html:
        if not (turn := talk.turn(number)):
            return evidence.nothing(UNREAD)
        usage, cost = usage_of(talk.turns), cost_of(talk.turns)
        so_far = bill(usage, cost) if usage else ""
        return evidence.shown(turn.answer, number, self._desk.listings(), so_far=so_far)

    def _so_far(self, state: answers.Making, number: int) -> Html:
        return evidence.making(state.so_far, number, self._desk.listings())

    def _welcome(self) -> Html:
        status = self._desk.assistant.status()
        sample = bool(sample_files())
        return answers.welcome(status.papers, self._desk.suggestions(), status.notice, sample=sample)


async def _past(talk: Talk, turns: tuple[Turn, ...]) -> Html:
    """The earlier turns; made in a thread, for there may be hundreds."""
    note = [answers.earlier(talk.name, talk.earlier)] if talk.earlier else []
    shown = (
        answers.finished(turn, number, last=False, thumb=talk.thumbs.get(number))
        for number, turn in enumerate(turns, start=talk.earlier + 1)
    )
    return await asyncio.to_thread(joined, [*note, *shown])


def _placed(talk: Talk, *content: Html) -> Html:
    """Content that says which conversation it belongs to, so that the address can name it."""
    return tag("div", {"data-talk": talk.name if talk.begun else ""}, *content)


def _chip(talk: Talk) -> Html:
    """What says that the next question replaces the last one, or keeps to some papers, until that is called off."""
    chosen = shelves.chips(talk.chosen)
    if not talk.instead:
        return chosen
    off = tag("button", {"type": "button", "class": "plain", "data-do": "keep"}, "Keep both")
    return joined([chosen, tag("p", {"class": "chip"}, "Replaces your last question", off)])


def _box() -> gr.Textbox:
    return gr.Textbox(
        elem_id="question",
        label="Your question",
        placeholder="Ask about the papers",
        show_label=False,
        container=False,
        lines=1,
        max_lines=8,
        submit_btn="Ask",
    )
