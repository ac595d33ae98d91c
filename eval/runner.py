"""Asks an assistant the questions and collects the outcomes.

Anything with the two methods of `Assistant` can be measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from assistant.core.errors import AssistantError
from assistant.core.records import Answer

from .metrics import Outcome
from .questions import Question


class Conversation(Protocol):
    """Questions in order; each may refer to earlier ones."""

    def ask(self, question: str, /) -> Answer: ...


class Assistant(Protocol):
    """What is measured: single questions and conversations."""

    def ask(self, question: str, /) -> Answer: ...

    def conversation(self) -> Conversation: ...


def outcomes(assistant: Assistant, questions: Sequence[Question]) -> tuple[Outcome, ...]:
    """One outcome for each question, in order. Shows progress if standard error is a terminal.

    An AssistantError becomes a failed outcome. Any other error is a bug and stops the run.
    """
    with _progress(len(questions)) as advance:
        return tuple(_asked(assistant, questions, advance))


def _asked(assistant: Assistant, questions: Iterable[Question], advance: Callable[[], None]) -> Iterator[Outcome]:
    open_ones: dict[str, Conversation] = {}
    for question in questions:
        name = question.conversation
        if name is None:
            yield _outcome(assistant.ask, question)
        else:
            if name not in open_ones:
                open_ones[name] = assistant.conversation()
            yield _outcome(open_ones[name].ask, question)
        advance()


def _outcome(ask: Callable[[str], Answer], question: Question) -> Outcome:
    started = time.perf_counter()
    try:
        answer = ask(question.question)
    except AssistantError as error:
        words = f"{type(error).__name__}: {error}"
        return Outcome(question, None, words, time.perf_counter() - started)
    return Outcome(question, answer, "", time.perf_counter() - started)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda: None
        return
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("asking", total=total)
        yield lambda: progress.advance(task)
