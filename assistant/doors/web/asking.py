"""A question and its conversation in, each state of its answer out.

Answers are made as for every other door; in addition, people see their place in the line, and failures are explained.
"""

from __future__ import annotations

import logging
import math
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from ...core.errors import AssistantError, ConversationNotFound, LibraryBusy, PaperNotFound, QuestionError
from ...core.records import STARTING_OVER, Turn
from ...core.text import counted
from ...people.limits import Limits, RateLimits
from ...question.understanding import checked_question
from ...service.answering import Answering, LineTooLong, Waiting
from .answers import AnswerInProgress
from .sessions import OpenConversation, Unidentified

NEWS = 1.0
"""Minimum seconds between updates of a place in the line; more would slow the answers."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure in words; `error` is the ID of the log entry that says more, "" if there is none."""

    message: str
    error: str = ""


Step = AnswerInProgress | Turn | Failure
Remember = Callable[[OpenConversation, Turn], Awaitable[None]]
"""Adds a turn to its conversation, before it is shown."""


class AlreadyAnswering(QuestionError):
    """A conversation takes one question after the other."""


class TooManyQuestions(QuestionError):
    """Someone reached the limit on questions a minute."""


FIT_TO_SHOW = (QuestionError, PaperNotFound, ConversationNotFound, LibraryBusy, LineTooLong, Unidentified)
"""Errors about what a person asked or when; all others are about the machine and stay in the log."""


class Asker:
    """Puts the questions of many people to the assistant, first come, first served."""

    def __init__(
        self, answering: Answering, remember: Remember, *, per_minute: int, limits: RateLimits | None = None
    ) -> None:
        self._answering, self._remember = answering, remember
        self._limits, self._per_minute = limits or Limits(), per_minute

    def close(self) -> None:
        self._limits.close()

    async def ask(self, talk: OpenConversation, question: str, *, alone: bool = False) -> AsyncGenerator[Step, None]:
        """The states of an answer, then the turn, which `talk` remembers; or why there is none.

        `alone`: the question refers to nothing that was asked before. When this is closed early, as when the person
        stops it, nothing is remembered.
        """
        if reason := self._refused(talk, question):
            yield failure(reason)
            return
        talk.asking = talk.stopped = question
        turns = () if alone else talk.before
        try:
            async with aclosing(self._steps(talk, question, turns)) as steps:
                async for step in steps:
                    if not isinstance(step, AnswerInProgress):
                        talk.stopped = ""
                    yield step
        finally:
            talk.asking = ""

    def _refused(self, talk: OpenConversation, question: str) -> QuestionError | None:
        """Why a question is not accepted; None if it is."""
        if talk.asking:
            return AlreadyAnswering("Your last question is still being answered. Wait for the answer, or stop it.")
        if wait := self._limits.allow(talk.owner, self._per_minute):
            limit, seconds = counted(self._per_minute, "question"), counted(math.ceil(wait), "second")
            return TooManyQuestions(f"You have reached the limit of {limit} a minute. Ask again in {seconds}.")
        try:
            checked_question(question)
        except QuestionError as error:
            return error
        return None

    async def _steps(self, talk: OpenConversation, question: str, turns: Sequence[Turn]) -> AsyncGenerator[Step, None]:
        """The places in the line, the states of the answer without those already out of date, then the turn."""
        state, updated, papers = AnswerInProgress(question), -NEWS, [paper.title for paper in talk.chosen]
        try:
            waiting = self._answering.updates(question, turns, papers=papers, where=talk.where)
            async with aclosing(waiting) as updates:
                async for update in updates:
                    if isinstance(update, BaseException):
                        yield failure(update)
                        return
                    if isinstance(update, Waiting):
                        if not update.ahead or time.monotonic() - updated >= NEWS:
                            updated = time.monotonic()
                            yield AnswerInProgress(question, before=update.ahead)
                        continue
                    for event in update:
                        before = () if event.stage == STARTING_OVER else state.claims
                        claims = (*before, event.claim) if event.claim else before
                        state = AnswerInProgress(
                            question, stage=event.stage, claims=claims, hits=event.hits or state.hits
                        )
                    if answer := update[-1].answer:
                        turn = Turn(question, answer)
                        talk.stopped = ""  # from here on it cannot be stopped, for it is being kept
                        await self._remember(talk, turn)
                        yield turn
                    else:
                        yield state
        except AssistantError as error:
            yield failure(error)


def failure(error: BaseException, *, what: str = "This question could not be answered") -> Failure:
    """An error in words fit for a person; the whole of it goes to the log, under an ID."""
    if isinstance(error, FIT_TO_SHOW):
        return Failure(str(error))
    name = secrets.token_hex(4)
    log.error("%s, error %s", what, name, exc_info=error)
    return Failure(f"{what}: something went wrong on the server.", name)
