"""Questions typed in, the conversation and its evidence beside it out: the tab "Ask"."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

import gradio as gr
from markupsafe import Markup

from ...answer.dialogue import cost_of, usage_of
from ...core import bounds
from ...core.errors import AssistantError, PaperNotFound
from ...core.filters import ALL
from ...core.records import Turn, fold
from ...library.sample import sample_files
from ...llm.ledger import bill
from ...people.conversations import Thumb
from . import adding, answers, evidence, shelves
from .asking import Failure, failure
from .drawer import Drawer
from .markup import render
from .sessions import OpenConversation
from .shared import EACH, QUIETLY, Services, Updates, component, filter_sent, page_of, sent

TITLE = "Ask"
ON_ARRIVAL = """
trigger("apply", { talk: new URLSearchParams(location.search).get("talk") ?? "" });
"""
MOST_CHOSEN = 12
"""Papers that questions can be limited to: as many as one answer names."""
NO_EVIDENCE = "The papers that an answer cites appear here, with the passages it quotes."
EVIDENCE_TO_COME = "The papers that this answer cites will appear here."

_IDLE: Any = {"submit_btn": "Ask", "stop_btn": False}
_BUSY: Any = {"submit_btn": False, "stop_btn": "Stop"}


def build(services: Services) -> None:
    """Lay out the tab in the page that is being built."""
    ConversationTab(services).listen()


class ConversationTab:
    """The components of the tab and the handlers of their events; what people ask is kept in the sessions."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.name = gr.State("")
        with gr.Row(elem_id="desk"):
            self.drawer = Drawer(services)
            with gr.Column(elem_id="talk", scale=3, min_width=300):
                with gr.Column(elem_id="thread"):
                    self.past = component("past")
                    first = render("answers.before_arrival", self._welcome())  # until it is known whose page it is
                    self.current = component("current", first, js=ON_ARRIVAL)
                with gr.Column(elem_id="composer"):
                    self.opinion = component("opinion")  # never seen: own/page.js moves its content to the answer
                    self.chip = component("chip")
                    self.box = _box()
            with gr.Column(elem_id="side", scale=2, min_width=300):
                self.evidence = component("evidence", evidence.nothing(NO_EVIDENCE))

    def listen(self) -> None:
        """Connect events and handlers."""
        everything = [self.name, self.past, self.current, self.chip, self.box, self.evidence]

        self.current.apply(self.arrived, None, everything, **QUIETLY)
        typed = self.box.submit(self.ask, [self.box, self.name], everything, **QUIETLY)
        clicked = self.current.submit(self.ask_again, [self.name], everything, **QUIETLY)
        sampled = self.current.input(self.sampled, [self.name], [self.current], **QUIETLY)
        asks: Any = [typed, clicked, sampled]
        for asked in (typed, clicked):
            asked.then(self.offered, [self.name], [self.current], **QUIETLY)
        self.box.stop(self.stopped, [self.name], everything, cancels=asks, **QUIETLY)
        self.current.clear(self.begun_anew, [self.name], everything, cancels=asks, **QUIETLY)
        self.current.edit(self.edited, [self.name], [self.chip, self.box], **QUIETLY)
        self.chip.clear(self.kept, [self.name], [self.chip], **QUIETLY)
        self.chip.select(self.chose, [self.name], [self.name, self.chip], **QUIETLY)
        self.chip.input(self.collected, [self.name], [self.name, self.chip], **QUIETLY)
        self.chip.delete(self.left, [self.name], [self.chip], **QUIETLY)
        self.current.select(self.pointed, [self.name], [self.evidence], **QUIETLY)
        self.current.tick(self.renewed, [self.name], [self.current], **EACH)
        self.drawer.markup.select(self.opened, None, everything, cancels=asks, **QUIETLY)
        self.drawer.listen()
        self.opinion.like(self.rated, [self.name], [self.opinion], **EACH)

    # -- handlers

    async def arrived(self, event: gr.EventData, request: gr.Request) -> Updates:
        """The conversation that the address names, if it is this browser's; else a new one."""
        try:
            talk = await self._talk(sent(event, "talk", bounds.ID), request)
        except AssistantError as error:
            return {self.current: render("answers.unavailable", str(error))}
        talk.instead = False
        self._services.sessions.show(page_of(request), talk)
        shown = await self._at_rest(talk)
        if not event.talk and self._services.sessions.is_held(talk):  # a question came in before this was ready
            return {self.name: talk.name}
        return {self.name: talk.name, **shown}

    async def opened(self, event: gr.EventData, request: gr.Request) -> Updates:
        """A conversation from the drawer in place of the open one, whose unanswered question is given up."""
        return {**await self.arrived(event, request), self.box: gr.update(value="", **_IDLE)}

    async def begun_anew(self, name: str, request: gr.Request) -> Updates:
        """A new conversation; the old one stays at its address."""
        talk = await self._talk(name, request)
        fresh = self._services.sessions.fresh(talk.owner) if talk.turns else talk
        self._services.sessions.show(page_of(request), fresh)
        return {self.name: fresh.name, **await self._at_rest(fresh), self.box: gr.update(value="", **_IDLE)}

    async def ask(self, question: str, name: str, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """The answer in the making, then the answer, or why there is none."""
        if question.strip():
            async with aclosing(self._answered(await self._talk(name, request), question)) as updates:
                async for update in updates:
                    yield update

    async def _answered(
        self, talk: OpenConversation, question: str, *, alone: bool = False
    ) -> AsyncGenerator[Updates, None]:
        self._services.sessions.keep(talk)
        number, begun, shown = talk.coming, False, (0, 0)
        talk.answered = False
        async with aclosing(self._services.asker.ask(talk, question, alone=alone)) as steps:
            async for step in steps:
                if isinstance(step, Turn):
                    yield {**await self._at_rest(talk), self.past: gr.skip()}
                elif isinstance(step, Failure):
                    reason = answers.ended(question, number, step.message, error=step.error, instead=talk.instead)
                    yield await self._ended(talk, reason)
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
        """The same for a question that was clicked on; with `again` its answer replaces the last."""
        talk = await self._talk(name, request)
        talk.instead = bool(event.again) and bool(talk.turns)
        question, alone = sent(event, "question", bounds.QUESTION), getattr(event, "alone", None) is True
        async with aclosing(self._answered(talk, question, alone=alone)) as updates:
            async for update in updates:
                yield update

    async def offered(self, name: str, request: gr.Request) -> Updates:
        """The answer just given, with questions that may come next under it."""
        talk = await self._talk(name, request)
        if not talk.answered or talk.asking or talk.chosen:
            return {self.current: gr.skip()}
        turn = talk.turns[-1]
        onward = await self._services.onward(turn.answer, talk.where)
        gone = not self._services.sessions.is_shown(page_of(request), talk)  # to another conversation
        if not onward or gone or talk.asking or turn is not talk.turns[-1]:
            return {self.current: gr.skip()}
        talk.onward = onward
        return {self.current: _placed(talk, _last(talk))}

    async def stopped(self, name: str, request: gr.Request) -> Updates:
        """The question alone, when its answer was stopped in the making."""
        talk = await self._talk(name, request)
        if talk.keeping:
            await asyncio.wait([talk.keeping])
        if not talk.stopped:  # it was answered just before
            return await self._at_rest(talk)
        message = "Stopped. This question was not saved."
        return await self._ended(talk, answers.ended(talk.stopped, talk.coming, message, instead=talk.instead))

    async def edited(self, name: str, event: gr.EventData, request: gr.Request) -> Updates:
        """The last question in the box again; the next question replaces it."""
        talk = await self._talk(name, request)
        talk.instead = bool(event.again) and bool(talk.turns)
        return {self.chip: self._chip(talk), self.box: gr.update(value=sent(event, "question", bounds.QUESTION))}

    async def kept(self, name: str, request: gr.Request) -> Updates:
        """The next question follows the last one after all."""
        talk = await self._talk(name, request)
        talk.instead = False
        return {self.chip: self._chip(talk)}

    async def chose(self, name: str, event: gr.EventData, request: gr.Request) -> Updates:
        """The next questions limited to one more paper or, if none is named, to what passes the filter."""
        talk = await self._talk(name, request)
        chosen = sent(event, "paper", bounds.TITLE)
        if not chosen:
            talk.where = filter_sent(event, talk.collector)
            self._services.sessions.keep(talk)
            return {self.name: talk.name, self.chip: self._chip(talk)}
        with suppress(PaperNotFound):  # it was removed since it was shown
            paper = await asyncio.to_thread(self._services.assistant.paper, chosen)
            if paper not in talk.chosen and len(talk.chosen) < MOST_CHOSEN:
                talk.chosen = (*talk.chosen, paper)
                self._services.sessions.keep(talk)
        return {self.name: talk.name, self.chip: self._chip(talk)}

    async def collected(self, name: str, event: gr.EventData, request: gr.Request) -> Updates:
        """The next questions limited to another collection, or to none; the rest of the filter stays."""
        talk = await self._talk(name, request)
        chosen = sent(event, "collection", bounds.COLLECTION)
        talk.where = replace(talk.where, collection=chosen, owner=talk.collector)
        self._services.sessions.keep(talk)
        return {self.name: talk.name, self.chip: self._chip(talk)}

    async def left(self, name: str, event: gr.EventData, request: gr.Request) -> Updates:
        """The next questions no longer limited to a paper or, if none is named, to what passes the filter."""
        talk = await self._talk(name, request)
        if not event.paper:  # the collection is left in its own list
            kept = self._services.assistant.collections.of(talk.collector).names()
            stays = fold(talk.where.collection) in map(fold, kept)
            talk.where = replace(ALL, collection=talk.where.collection, owner=talk.collector) if stays else ALL
        talk.chosen = tuple(paper for paper in talk.chosen if paper.id != event.paper)
        return {self.chip: self._chip(talk)}

    async def pointed(self, name: str, event: gr.EventData, request: gr.Request) -> Updates:
        """The evidence of an earlier answer."""
        talk = await self._talk(name, request)
        if not talk.turn(event.turn):
            return {self.evidence: gr.skip()}
        return {self.evidence: self._evidence(talk, event.turn)}

    async def rated(self, name: str, event: gr.EventData, request: gr.Request) -> Updates:
        """A thumb given, changed or taken back, with a comment or without."""
        thumb = None if event.good is None else Thumb(bool(event.good), sent(event, "comment", bounds.COMMENT).strip())
        try:
            talk = await self._talk(name, request)
            if not talk.turn(event.turn):
                return {self.opinion: gr.skip()}
            await self._services.sessions.rate(talk, event.turn, thumb)
        except AssistantError as error:
            return {self.opinion: render("parts.failed", failure(error).message)}
        serial = sent(event, "serial", bounds.ID)  # tells own/page.js which of its requests this answers
        return {self.opinion: render("answers.saved_feedback", talk.name, serial, event.turn, thumb)}

    async def renewed(self, name: str, request: gr.Request) -> Updates:
        """The welcome, if papers were added since it was shown."""
        talk = await self._talk(name, request)
        return {self.current: gr.skip() if talk.begun else _placed(talk, await asyncio.to_thread(self._welcome))}

    async def sampled(self, name: str, request: gr.Request) -> AsyncGenerator[Updates, None]:
        """The progress of the sample papers, then the welcome."""
        talk = await self._talk(name, request)
        self._services.intake.sample(talk.owner)
        async with aclosing(self._services.intake.states(talk.owner)) as states:
            async for state in states:
                if talk.begun:
                    return
                progress = [] if state.done else [render("answers.adding_sample", adding.shown(state, 0))]
                welcome = [await asyncio.to_thread(self._welcome)] if state.over else []
                yield {self.current: _placed(talk, *progress, *welcome)}

    # -- what is shown

    async def _talk(self, name: str, request: gr.Request) -> OpenConversation:
        talk = await self._services.talk(name, request)
        talk.collector = self._services.collector(request)
        return talk

    async def _at_rest(self, talk: OpenConversation) -> Updates:
        current = _last(talk) if talk.turns else await asyncio.to_thread(self._welcome)
        return {
            self.past: await _past(talk, talk.turns[:-1]),
            self.current: _placed(talk, current),
            self.chip: self._chip(talk),
            self.box: gr.update(**_IDLE),
            self.evidence: self._evidence(talk, talk.last),
        }

    async def _at_work(self, talk: OpenConversation, state: answers.AnswerInProgress, number: int) -> Updates:
        return {
            self.past: await _past(talk, talk.before),
            self.current: _placed(talk, answers.making(state, number)),
            self.chip: shelves.chips(talk.chosen, talk.where),
            self.box: gr.update(value="", **_BUSY),
            self.evidence: evidence.nothing(EVIDENCE_TO_COME),
        }

    async def _ended(self, talk: OpenConversation, reason: Markup) -> Updates:
        return {
            self.past: await _past(talk, talk.turns),
            self.current: _placed(talk, reason),
            self.chip: self._chip(talk),
            self.box: gr.update(**_IDLE),
            self.evidence: self._evidence(talk, talk.last),
        }

    def _evidence(self, talk: OpenConversation, number: int) -> Markup:
        if not (turn := talk.turn(number)):
            return evidence.nothing(NO_EVIDENCE)
        usage, cost = usage_of(talk.turns), cost_of(talk.turns)
        so_far = bill(usage, cost) if usage else ""
        return evidence.shown(turn.answer, number, self._services.listings(), so_far=so_far)

    def _so_far(self, state: answers.AnswerInProgress, number: int) -> Markup:
        return evidence.making(state.so_far, number, self._services.listings())

    def _chip(self, talk: OpenConversation) -> Markup:
        """The papers that the next question is limited to, and whether it replaces the last one."""
        names = self._services.assistant.collections.of(talk.collector).names()
        chosen = fold(talk.where.collection)
        shown = replace(talk.where, collection="") if chosen in map(fold, names) else talk.where
        choices = [(name, fold(name) == chosen) for name in names]
        return render("answers.chip", shelves.chips(talk.chosen, shown), talk.instead, choices)

    def _welcome(self) -> Markup:
        status = self._services.assistant.status()
        sample = bool(sample_files())
        return answers.welcome(status.papers, self._services.suggestions(), status.notice, sample=sample)


def _last(talk: OpenConversation) -> Markup:
    """The last turn, with the questions that may come next."""
    return answers.finished(talk.turns[-1], talk.last, last=True, thumb=talk.thumbs.get(talk.last), onward=talk.onward)


async def _past(talk: OpenConversation, turns: tuple[Turn, ...]) -> Markup:
    """The earlier turns; made in a thread, for there may be hundreds."""

    def made() -> Markup:
        note = [answers.earlier(talk.name, talk.earlier)] if talk.earlier else []
        shown = (
            answers.finished(turn, number, last=False, thumb=talk.thumbs.get(number))
            for number, turn in enumerate(turns, start=talk.earlier + 1)
        )
        return render("parts.all", [*note, *shown])

    return await asyncio.to_thread(made)


def _placed(talk: OpenConversation, *content: Markup) -> Markup:
    """Content with the name of its conversation, so that the page's address can name it; "" if nothing was asked."""
    return render("answers.placed", talk.name if talk.begun else "", content)


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
