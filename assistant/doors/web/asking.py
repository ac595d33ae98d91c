"""A question and its conversation in, each state of its answer out.

Answers are made as for every other door; in addition, people see their place in the line, and failures are explained.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.errors import AssistantError, ConversationNotFound, LibraryBusy, PaperNotFound, QuestionError
from ...core.records import STARTING_OVER, Turn
from ...core.text import counted
from ...people.limits import Limits
from ...question.understanding import accepted
from ...service.answering import AT_ONCE, LONGEST, Answering
from .answers import Making
from .sessions import Talk, Unidentified

if TYPE_CHECKING:
    from ...chain import Assistant

NEWS = 1.0
"""Minimum seconds between updates of a place in the line; more would slow the answers."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure in words; `error` is the ID of the log entry that says more, "" if there is none."""

    message: str
    error: str = ""


Step = Making | Turn | Failure
Remember = Callable[[Talk, Turn], Awaitable[None]]
"""Adds a turn to its conversation, before it is shown."""


class AlreadyAnswering(QuestionError):
    """A conversation takes one question after the other."""


class TooManyQuestions(QuestionError):
    """Someone reached the limit on questions a minute."""


class LineFull(AssistantError):
    """So many questions are waiting that another would wait too long."""


FIT_TO_SHOW = (QuestionError, PaperNotFound, ConversationNotFound, LibraryBusy, LineFull, Unidentified)
"""Errors about what a person asked or when; all others are about the machine and stay in the log."""


class Asker:
    """Puts the questions of many people to the assistant, first come, first served."""

    def __init__(
        self,
        assistant: Assistant,
        remember: Remember,
        *,
        at_once: int = AT_ONCE,
        longest: int = LONGEST,
        per_minute: int,
    ) -> None:
        self._assistant = assistant
        self._remember = remember
        self._limits, self._per_minute = Limits(), per_minute
        self._line = Line(at_once=at_once, longest=longest)
        self._answering = Answering(assistant, at_once=at_once)

    def warm(self, also: Callable[[], object]) -> Future[object]:
        """Open the index and load the model before anyone asks; an error shows when someone does."""

        def work() -> None:
            also()
            self._assistant.search("What is here?")

        return self._answering.meanwhile(work)

    def close(self) -> None:
        self._answering.close()

    async def ask(self, talk: Talk, question: str) -> AsyncGenerator[Step, None]:
        """The states of an answer, then the turn, which `talk` remembers; or why there is none.

        When this is closed early, as when the person stops it, nothing is remembered.
        """
        if reason := self._refused(talk, question):
            yield failure(reason)
            return
        talk.asking = talk.stopped = question
        try:
            async with aclosing(self._steps(talk, question)) as steps:
                async for step in steps:
                    if not isinstance(step, Making):
                        talk.stopped = ""
                    yield step
        finally:
            talk.asking = ""

    def _refused(self, talk: Talk, question: str) -> QuestionError | None:
        """Why a question is not put to the assistant."""
        if talk.asking:
            return AlreadyAnswering("Your last question is still being answered. Wait for the answer, or stop it.")
        if wait := self._limits.allow(talk.owner, self._per_minute):
            limit, seconds = counted(self._per_minute, "question"), counted(math.ceil(wait), "second")
            return TooManyQuestions(f"You have reached the limit of {limit} a minute. Ask again in {seconds}.")
        try:
            accepted(question)
        except QuestionError as error:
            return error
        return None

    async def _steps(self, talk: Talk, question: str) -> AsyncGenerator[Step, None]:
        try:
            async with aclosing(self._line.wait()) as places:
                updated = -NEWS
                async for place in places:
                    if not place or time.monotonic() - updated >= NEWS:
                        updated = time.monotonic()
                        yield Making(question, before=place)
                    if not place:
                        break
                async with aclosing(self._answered(question, talk)) as steps:
                    async for step in steps:
                        if isinstance(step, Turn):
                            talk.stopped = ""  # from here on it cannot be stopped, for it is being kept
                            await self._remember(talk, step)
                        yield step
        except AssistantError as error:
            yield failure(error)

    async def _answered(self, question: str, talk: Talk) -> AsyncGenerator[Step, None]:
        """The states of an answer, without those that are out of date already, then the turn."""
        state, papers = Making(question), [paper.title for paper in talk.chosen]
        async with aclosing(self._answering.batches(question, talk.before, papers=papers)) as batches:
            async for batch in batches:
                if isinstance(batch, BaseException):
                    yield failure(batch)
                    return
                for event in batch:
                    before = () if event.stage == STARTING_OVER else state.claims
                    claims = (*before, event.claim) if event.claim else before
                    state = Making(question, stage=event.stage, claims=claims, hits=event.hits or state.hits)
                yield Turn(question, batch[-1].answer) if batch[-1].answer else state


def failure(error: BaseException, *, what: str = "This question could not be answered") -> Failure:
    """An error in words fit for a person; the whole of it goes to the log, under an ID."""
    if isinstance(error, FIT_TO_SHOW):
        return Failure(str(error))
    name = secrets.token_hex(4)
    log.error("%s, error %s", what, name, exc_info=error)
    return Failure(f"{what}: something went wrong on the server.", name)


class Line:
    """A line in which nobody overtakes: `at_once` are served, at most `longest` wait. For one event loop."""

    def __init__(self, *, at_once: int, longest: int) -> None:
        self._at_once, self._longest = at_once, longest
        self._places: list[asyncio.Event] = []

    async def wait(self) -> AsyncGenerator[int, None]:
        """How many are ahead, each time that changes; 0 means being served, until this is closed.

        Raises `LineFull`.
        """
        if len(self._places) >= self._at_once + self._longest:
            raise LineFull("Too many questions are waiting. Ask again in a minute.")
        moved = asyncio.Event()
        self._places.append(moved)
        try:
            while ahead := self._ahead(moved):
                yield ahead
                await moved.wait()
                moved.clear()
            yield 0
        finally:
            self._places.remove(moved)
            for other in self._places:
                other.set()

    def _ahead(self, place: asyncio.Event) -> int:
        return max(0, self._places.index(place) - self._at_once + 1)
