"""answering: events come as they are made, and nothing is done for those who left."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from assistant.chain import Assistant
from assistant.core.errors import QuestionError
from assistant.core.records import Answer, Event
from assistant.service.answering import Answering, Busy

from ..live import opened


@pytest.fixture
def assistant(home: Path) -> Iterator[Assistant]:
    with opened(home) as one:
        yield one


class Slow:
    """An assistant whose first event comes at once, and whose next only when `go` is set; counts how far each got."""

    def __init__(self) -> None:
        self.go, self.begun, self.closed = threading.Event(), threading.Event(), threading.Event()
        self.ended = 0

    def stream(self, question: str, turns: object = (), *, papers: object = ()) -> Generator[Event, None, None]:
        try:
            self.begun.set()
            yield Event("reading")
            self.go.wait(20)
            yield Event("writing")
            self.ended += 1
            yield Event("answered", answer=Answer(question, question))
        finally:
            self.closed.set()


def answering(assistant: Any, **limits: int) -> Answering:
    return Answering(assistant, **limits)


def test_the_answer_is_that_of_the_assistant(assistant: Assistant) -> None:
    with closing(answering(assistant)) as line:
        answer = asyncio.run(line.answer("What does PearRank learn from?"))
    asked = assistant.ask("What does PearRank learn from?")
    assert (answer.text, answer.titles) == (asked.text, asked.titles)
    assert line.waiting == 0


def test_what_is_wrong_with_a_question_is_raised(assistant: Assistant) -> None:
    with closing(answering(assistant)) as line, pytest.raises(QuestionError, match="no words"):
        asyncio.run(line.answer("?!"))
    assert line.waiting == 0


def test_the_work_ends_at_its_next_event_once_nobody_waits() -> None:
    slow = Slow()

    async def scene(line: Answering) -> None:
        asking = asyncio.ensure_future(line.answer("slowly"))
        await asyncio.to_thread(slow.begun.wait, 20)
        assert line.waiting == 1
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert line.waiting == 0
        slow.go.set()
        assert await asyncio.to_thread(slow.closed.wait, 20)

    with closing(answering(slow)) as line:
        asyncio.run(scene(line))
    assert slow.ended == 0


def test_what_waits_in_line_is_not_begun_for_those_who_left() -> None:
    slow = Slow()

    async def scene(line: Answering) -> None:
        first = asyncio.ensure_future(line.answer("slowly"))
        await asyncio.to_thread(slow.begun.wait, 20)
        second = asyncio.ensure_future(line.answer("after it"))
        while line.waiting < 2:
            await asyncio.sleep(0)
        with pytest.raises(Busy, match="Too many questions are waiting"):
            await line.answer("one too many")
        with pytest.raises(Busy):
            await line.aside(list)
        second.cancel()
        await asyncio.wait([second])
        slow.go.set()
        assert (await first).question == "slowly"

    with closing(answering(slow, at_once=1, longest=1)) as line:
        asyncio.run(scene(line))
    assert (slow.ended, line.waiting) == (1, 0)
