"""The steps of a question in, what a tracer is told of them out: when each began and ended, and a few figures.

By default nobody is told, and a step costs next to nothing. A step begins inside the one that is going on, which is
known by the context: no step is handed a tracer.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Protocol, TypeVar

from .records import Answer

T = TypeVar("T")
R = TypeVar("R")
Figure = str | int | float | bool


class Step(Protocol):
    """One step that was begun."""

    def tell(self, figures: Mapping[str, Figure]) -> None:
        """Add what is known of it by now: counts, names of models, never a text."""
        ...

    def end(self, error: BaseException | None = None) -> None: ...


class Tracer(Protocol):
    """The seam: begins steps. Those that begin before this one ends, in the same context, are inside it."""

    questions: bool
    """Whether it may be told the texts of questions."""

    def begin(self, name: str) -> Step: ...

    def close(self) -> None: ...


class Untold:
    """A step that nobody is told of."""

    def tell(self, figures: Mapping[str, Figure]) -> None: ...

    def end(self, error: BaseException | None = None) -> None: ...


UNTOLD = Untold()
_TRACER: ContextVar[Tracer | None] = ContextVar("tracer", default=None)


@contextmanager
def step(name: str) -> Iterator[Step]:
    """A step that lasts as long as the block, and ends with its error."""
    tracer = _TRACER.get()
    begun = tracer.begin(name) if tracer else UNTOLD
    try:
        yield begun
    except BaseException as error:
        begun.end(error)
        raise
    else:
        begun.end()


@contextmanager
def traced(tracer: Tracer | None, name: str) -> Iterator[Step]:
    """A step, of which and of those inside it `tracer` is told."""
    token = _TRACER.set(tracer)
    try:
        with step(name) as begun:
            yield begun
    finally:
        _TRACER.reset(token)


def in_own_context(events: Generator[T, None, R]) -> Generator[T, None, R]:
    """The same generator, whose pieces all run in one context, whichever thread asks for them.

    So a step may last from one event to a later one, and what is done in between is not inside it.
    """
    context = copy_context()
    try:
        while True:
            try:
                event = context.run(next, events)
            except StopIteration as stop:
                result: R = stop.value
                return result
            yield event
    finally:
        context.run(events.close)


def outcome(answer: Answer) -> dict[str, Figure]:
    """What a trace is told of an answer."""
    tokens = {name: answer.usage[name] for name in ("prompt_tokens", "completion_tokens") if name in answer.usage}
    return {
        "kind": answer.kind,
        "outcome": answer.declined.kind if answer.declined else "answered",
        "read_by": answer.read_by,
        "written_by": answer.written_by,
        "hits": len(answer.hits),
        "claims": len(answer.claims),
        "rejections": len(answer.rejections),
        **tokens,
    }
