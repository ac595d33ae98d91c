"""A question and its conversation in, each state of its answer in the making out.

`answering` makes it as for every door; but people see how many are before them, and whatever fails is told in words.
"""

from __future__ import annotations

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
from ...people.limits import Limits
from ...question.understanding import accepted
from ...service.answering import AT_ONCE, LONGEST, Answering
from .answers import Making
from .line import Line, LineFull
from .sessions import Talk, Unknown

if TYPE_CHECKING:
    from ...chain import Assistant

NEWS = 1.0
"""Seconds between two tellings of one's place in the line: told at every step, a long line has no time for answers."""
FIT_TO_SHOW = (QuestionError, PaperNotFound, ConversationNotFound, LibraryBusy, LineFull, Unknown)
"""Errors about what a person asked or when; others are about the machine and stay in the log."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """What is told of a failure; more stands in the log under `error`, which is "" where there is no more to know."""

    message: str
    error: str = ""


Step = Making | Turn | Failure
Remember = Callable[[Talk, Turn], Awaitable[None]]
"""What makes a turn part of its conversation, before it is shown."""


class Busy(QuestionError):
    """A conversation takes one question after the other."""


class TooOften(QuestionError):
    """Somebody asked more often than one person may."""


class Asker:
    """Puts questions to the assistant for many people at once, first come, first served."""

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
        """Have the index opened and the model loaded, before anybody asks; a fault shows when somebody does."""

        def work() -> None:
            also()
            self._assistant.search("What is here?")

        return self._answering.meanwhile(work)

    def close(self) -> None:
        self._answering.close()

    async def ask(self, talk: Talk, question: str) -> AsyncGenerator[Step, None]:
        """The states of an answer, then the turn, which `talk` remembers; or what went wrong.

        When this is closed early, as when the person stops it, nothing is remembered.
        """
        if talk.asking:
            yield failure(Busy("This conversation is still busy with your last question. Wait for it, or stop it."))
            return
        if wait := self._limits.allow(talk.owner, self._per_minute):
            yield failure(self._too_often(wait))
            return
        try:
            accepted(question)
        except QuestionError as error:
            yield failure(error)
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

    def _too_often(self, wait: float) -> TooOften:
        seconds = math.ceil(wait)
        return TooOften(
            f"You asked {self._per_minute} questions within a minute, and more are not answered. "
            f"Ask again in {seconds} second{'s' * (seconds != 1)}."
        )

    async def _steps(self, talk: Talk, question: str) -> AsyncGenerator[Step, None]:
        try:
            async with aclosing(self._line.wait()) as places:
                told = -NEWS
                async for place in places:
                    if not place or time.monotonic() - told >= NEWS:
                        told = time.monotonic()
                        yield Making(question, before=place)
                    if not place:
                        break
                async with aclosing(self._answered(question, talk)) as steps:
                    async for step in steps:
                        if isinstance(step, Turn):
                            talk.stopped = ""  # from here on it is no longer stopped, but kept
                            await self._remember(talk, step)
                        yield step
        except AssistantError as error:
            yield failure(error)

    async def _answered(self, question: str, talk: Talk) -> AsyncGenerator[Step, None]:
        """The states of an answer, less those that are out of date already, then the turn."""
        state, papers = Making(question), [paper.title for paper in talk.chosen]
        async with aclosing(self._answering.batches(question, talk.before, papers=papers)) as batches:
            async for batch in batches:
                if isinstance(batch, BaseException):
                    yield failure(batch)
                    return
                for event in batch:
                    told = () if event.stage == STARTING_OVER else state.claims
                    claims = (*told, event.claim) if event.claim else told
                    state = Making(question, stage=event.stage, claims=claims, hits=event.hits or state.hits)
                yield Turn(question, batch[-1].answer) if batch[-1].answer else state


def failure(error: BaseException, *, what: str = "This question could not be answered") -> Failure:
    """What to tell of an error; the whole of it goes to the log, under an id."""
    if isinstance(error, FIT_TO_SHOW):
        return Failure(str(error))
    name = secrets.token_hex(4)
    log.error("%s, error %s", what, name, exc_info=error)
    return Failure(f"{what}: something failed here.", name)
