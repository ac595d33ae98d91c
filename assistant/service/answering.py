"""One waiting line for the questions of all doors, and the threads that answer them beside the event loop.

Whoever waits learns how many are ahead. Work for a client that disconnects ends at its next event.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import TypeVar

from ..chain import Assistant
from ..core.drafts import CheckedDraft
from ..core.errors import AssistantError
from ..core.filters import ALL, Filter
from ..core.records import Answer, Event, Turn

AT_ONCE = 8
"""Questions answered at the same time: more only slow each other down."""
DRAFTS = 2
"""Drafts checked at the same time, each as much work as many questions: most of the threads stay free for these."""
LONGEST = 200
"""Questions that may wait behind them."""

Result = TypeVar("Result")


class _DraftGivenUp(Exception):
    """Nobody waits for the draft any more."""


class LineTooLong(AssistantError):
    """So many questions are waiting that another would wait too long."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many questions in the line are ahead of this one; 0 when its answer begins."""

    ahead: int


Update = Waiting | list[Event] | BaseException
"""A change of place in the line; the events since the last update; or, last, the error that ended the answer."""


class Answering:
    """One assistant answering many questions, first come, first served. For one event loop at a time."""

    def __init__(self, assistant: Assistant, *, at_once: int = AT_ONCE, longest: int = LONGEST) -> None:
        self._assistant, self._at_once, self._longest = assistant, at_once, longest
        self._workers = ThreadPoolExecutor(at_once, thread_name_prefix="answering")
        self._drafting = asyncio.Semaphore(DRAFTS)
        self._line: list[asyncio.Event] = []  # each is set when the line moves; the first `at_once` have their turn

    @property
    def waiting(self) -> int:
        """Questions that have no answer yet, including those being answered."""
        return len(self._line)

    def close(self) -> None:
        self._workers.shutdown(cancel_futures=True)

    async def updates(
        self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = (), where: Filter = ALL
    ) -> AsyncGenerator[Update, None]:
        """Everything that happens to a question: its places in the line, then the events of `Assistant.stream`.

        Events that came while nobody looked come together: those that are out of date need not be shown. An error of
        `Assistant.stream` is the last update. Closing this early ends the work at its next event. Raises
        `LineTooLong`.
        """
        async with aclosing(self.line()) as places:
            async for ahead in places:
                yield Waiting(ahead)
                if ahead:
                    continue
                async with aclosing(self._work(question, turns, papers, where)) as updates:
                    async for update in updates:
                        yield update
                return

    async def line(self) -> AsyncGenerator[int, None]:
        """How many are ahead, whenever that changes; 0 says that it is one's turn, which lasts until this is closed.

        Raises `LineTooLong`.
        """
        if len(self._line) >= self._at_once + self._longest:
            raise LineTooLong("Too many questions are waiting. Ask again in a minute.")
        moved = asyncio.Event()
        self._line.append(moved)
        try:
            while ahead := max(0, self._line.index(moved) - self._at_once + 1):
                yield ahead
                await moved.wait()
                moved.clear()
            yield 0
        finally:
            self._line.remove(moved)
            for other in self._line:
                other.set()

    async def _work(
        self, question: str, turns: Sequence[Turn], papers: Collection[str], where: Filter
    ) -> AsyncGenerator[list[Event] | BaseException, None]:
        loop, stopped = asyncio.get_running_loop(), threading.Event()
        queue: asyncio.Queue[Event | None] = asyncio.Queue()

        def stream() -> None:
            try:
                with closing(self._assistant.stream(question, turns, papers=papers, where=where)) as events:
                    for event in events:
                        if stopped.is_set():
                            return
                        loop.call_soon_threadsafe(queue.put_nowait, event)
            finally:
                loop.call_soon_threadsafe(queue.put_nowait, None)

        done = loop.run_in_executor(self._workers, stream)
        try:
            going = True
            while going:
                batch = [await queue.get()]
                while not queue.empty():
                    batch.append(queue.get_nowait())
                going = batch[-1] is not None
                if events := [event for event in batch if event]:
                    yield events
            await asyncio.wait([done])
            if error := done.exception():
                yield error
        finally:
            stopped.set()
            done.cancel()  # if it has not begun

    async def batches(
        self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = (), where: Filter = ALL
    ) -> AsyncGenerator[list[Event] | BaseException, None]:
        """`updates` without the places in the line."""
        async with aclosing(self.updates(question, turns, papers=papers, where=where)) as updates:
            async for update in updates:
                if not isinstance(update, Waiting):
                    yield update

    async def events(
        self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = (), where: Filter = ALL
    ) -> AsyncGenerator[Event, None]:
        """The events of `Assistant.stream`, one by one. Raises `LineTooLong`, and what `Assistant.stream` raises."""
        async with aclosing(self.batches(question, turns, papers=papers, where=where)) as batches:
            async for batch in batches:
                if isinstance(batch, BaseException):
                    raise batch
                for event in batch:
                    yield event

    async def answer(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        *,
        papers: Collection[str] = (),
        where: Filter = ALL,
        on_stage: Callable[[str], None] | None = None,
    ) -> Answer:
        """What `Assistant.ask` returns; `on_stage` is called with each stage. Raises what `events` raises."""
        answer: Answer | None = None
        async with aclosing(self.events(question, turns, papers=papers, where=where)) as events:
            async for event in events:
                answer = event.answer or answer
                if on_stage and not event.answer:
                    on_stage(event.stage)
        assert answer is not None, "the last event of a stream is the answer"
        return answer

    async def draft(self, draft: str, bibliography: str = "") -> AsyncGenerator[tuple[int, int] | CheckedDraft, None]:
        """What `Assistant.check_draft` returns, last; before it, how many sentences are done, and of how many.

        Closing this early ends the work at its next sentence. Raises `LineTooLong`, and what `check_draft` raises.
        """
        loop, stopped = asyncio.get_running_loop(), threading.Event()
        queue: asyncio.Queue[tuple[int, int] | None] = asyncio.Queue()

        def report(_: str, done: int, total: int) -> None:
            if stopped.is_set():
                raise _DraftGivenUp
            loop.call_soon_threadsafe(queue.put_nowait, (done, total))

        def work() -> CheckedDraft:
            try:
                return self._assistant.check_draft(draft, bibliography=bibliography, progress=report)
            finally:
                loop.call_soon_threadsafe(queue.put_nowait, None)

        async with self._drafting, aclosing(self.line()) as places:
            while await anext(places):
                pass
            working = loop.run_in_executor(self._workers, work)
            try:
                while (step := await queue.get()) is not None:
                    yield step
                yield await working
            finally:
                stopped.set()
                working.cancel()  # if it has not begun

    async def checked_draft(
        self, draft: str, bibliography: str = "", *, on_step: Callable[[int, int], Awaitable[None]] | None = None
    ) -> CheckedDraft:
        """The last of `draft`; `on_step` is awaited with what comes before."""
        async with aclosing(self.draft(draft, bibliography)) as steps:
            async for step in steps:
                if isinstance(step, CheckedDraft):
                    return step
                if on_step:
                    await on_step(*step)
        raise AssertionError("the last step is the checked draft")

    async def aside(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, which takes about as long as an answer and waits in the same line."""
        async with aclosing(self.line()) as places:
            while await anext(places):
                pass
            return await asyncio.get_running_loop().run_in_executor(self._workers, work)

    def meanwhile(self, work: Callable[[], Result]) -> Future[Result]:
        """Have `work` done by the same threads, for nobody in the line."""
        return self._workers.submit(work)
