"""A question in, the events of its answer out: made in a thread beside the event loop, given up when nobody waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing, closing, contextmanager
from typing import TypeVar

from ..chain import Assistant
from ..core.errors import AssistantError
from ..core.records import Answer, Event, Turn

AT_ONCE = 8
"""Questions answered at the same time: more only slow each other down."""
LONGEST = 200
"""Questions that may wait behind them."""

Made = TypeVar("Made")


class Busy(AssistantError):
    """So many questions wait already that another would wait too long."""


class Answering:
    """Has one assistant answer for many at once, first come, first served; used from one event loop."""

    def __init__(self, assistant: Assistant, *, at_once: int = AT_ONCE, longest: int = LONGEST) -> None:
        self._assistant, self._most = assistant, at_once + longest
        self._workers = ThreadPoolExecutor(at_once, thread_name_prefix="answering")
        self.waiting = 0
        """Those who wait for an answer, also one that is being made."""

    def close(self) -> None:
        self._workers.shutdown(cancel_futures=True)

    async def events(
        self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = ()
    ) -> AsyncGenerator[Event, None]:
        """The events of `Assistant.stream`. Closed early, it has the work end at its next event.

        Raises `Busy`, and what `Assistant.stream` raises.
        """
        async with aclosing(self.batches(question, turns, papers=papers)) as batches:
            async for batch in batches:
                if isinstance(batch, BaseException):
                    raise batch
                for event in batch:
                    yield event

    async def batches(
        self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = ()
    ) -> AsyncGenerator[list[Event] | BaseException, None]:
        """The same, each time all events that came meanwhile: what is out of date already need not be shown.

        What `Assistant.stream` raises comes last, to be told. Raises `Busy`.
        """
        loop, stopped = asyncio.get_running_loop(), threading.Event()
        made: asyncio.Queue[Event | None] = asyncio.Queue()

        def work() -> None:
            try:
                with closing(self._assistant.stream(question, turns, papers=papers)) as events:
                    for event in events:
                        if stopped.is_set():
                            return
                        loop.call_soon_threadsafe(made.put_nowait, event)
            finally:
                loop.call_soon_threadsafe(made.put_nowait, None)

        with self._place():
            done = loop.run_in_executor(self._workers, work)
            try:
                going = True
                while going:
                    came = [await made.get()]
                    while not made.empty():
                        came.append(made.get_nowait())
                    going = came[-1] is not None
                    if batch := [event for event in came if event]:
                        yield batch
                await asyncio.wait([done])
                if error := done.exception():
                    yield error
            finally:
                stopped.set()
                done.cancel()  # if it has not begun

    async def answer(self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = ()) -> Answer:
        """`Assistant.ask`; cancelled, it has the work end."""
        answer: Answer | None = None
        async with aclosing(self.events(question, turns, papers=papers)) as events:
            async for event in events:
                answer = event.answer or answer
        assert answer is not None, "the last event of a stream is the answer"
        return answer

    async def aside(self, work: Callable[[], Made]) -> Made:
        """What `work`, which takes about as long as an answer, returns; it waits in the same line."""
        with self._place():
            return await asyncio.get_running_loop().run_in_executor(self._workers, work)

    def meanwhile(self, work: Callable[[], Made]) -> Future[Made]:
        """Have `work` done, for which nobody waits in line."""
        return self._workers.submit(work)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self.waiting >= self._most:
            raise Busy("Too many questions are waiting. Ask again in a minute.")
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1
