"""answering: one line for all, events as they are made, and no work for those who left."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any

import pytest

from assistant.chain import Assistant
from assistant.core.drafts import CheckedDraft
from assistant.core.errors import QuestionError
from assistant.core.records import Answer, Event
from assistant.service.answering import Answering, LineTooLong, Update, Waiting

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

    def stream(
        self, question: str, turns: object = (), *, papers: object = (), where: object = None
    ) -> Generator[Event, None, None]:
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


def test_an_invalid_question_raises(assistant: Assistant) -> None:
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


def test_a_waiting_question_is_not_begun_if_its_client_left() -> None:
    slow = Slow()

    async def scene(line: Answering) -> None:
        first = asyncio.ensure_future(line.answer("slowly"))
        await asyncio.to_thread(slow.begun.wait, 20)
        second = asyncio.ensure_future(line.answer("after it"))
        while line.waiting < 2:
            await asyncio.sleep(0)
        with pytest.raises(LineTooLong, match="Too many questions are waiting"):
            await line.answer("one too many")
        with pytest.raises(LineTooLong):
            await line.aside(list)
        second.cancel()
        await asyncio.wait([second])
        slow.go.set()
        assert (await first).question == "slowly"

    with closing(answering(slow, at_once=1, longest=1)) as line:
        asyncio.run(scene(line))
    assert (slow.ended, line.waiting) == (1, 0)


def test_a_waiting_question_shows_how_many_are_ahead() -> None:
    slow = Slow()

    async def updates(line: Answering, question: str, seen: list[Update]) -> None:
        async for update in line.updates(question):
            seen.append(update)

    async def scene(line: Answering) -> list[list[Update]]:
        seen: list[list[Update]] = [[], [], []]
        tasks = []
        for number, updates_of in enumerate(seen):
            tasks.append(asyncio.ensure_future(updates(line, f"number {number}", updates_of)))
            await asyncio.sleep(0)
        await asyncio.to_thread(slow.begun.wait, 20)
        assert (seen[1], seen[2]) == ([Waiting(1)], [Waiting(2)])
        slow.go.set()
        await asyncio.gather(*tasks)
        return seen

    with closing(answering(slow, at_once=1)) as line:
        first, second, third = asyncio.run(scene(line))
    assert [update for update in first if isinstance(update, Waiting)] == [Waiting(0)]
    assert [update for update in second if isinstance(update, Waiting)] == [Waiting(1), Waiting(0)]
    assert [update for update in third if isinstance(update, Waiting)] == [Waiting(2), Waiting(1), Waiting(0)]
    for updates_of in (first, second, third):
        events = [event for update in updates_of if isinstance(update, list) for event in update]
        assert [event.stage for event in events] == ["reading", "writing", "answered"]


def test_an_error_is_the_last_update(assistant: Assistant) -> None:
    async def scene(line: Answering) -> list[Update]:
        return [update async for update in line.updates("?!")]

    with closing(answering(assistant)) as line:
        *_, last = asyncio.run(scene(line))
    assert isinstance(last, QuestionError)


def test_the_stages_are_passed_on(assistant: Assistant) -> None:
    stages: list[str] = []
    with closing(answering(assistant)) as line:
        asyncio.run(line.answer("What does PearRank learn from?", on_stage=stages.append))
    assert stages[0].startswith("searching ")
    assert stages[-1] != "answered"


# -- the line


def test_nobody_overtakes_in_the_line(assistant: Assistant) -> None:
    async def scene() -> list[str]:
        line, order = Answering(assistant, at_once=2, longest=9), []

        async def stand(name: str, steps: int) -> None:
            async with aclosing(line.line()) as places:
                async for before in places:
                    order.append(f"{name}{before}")
                    if not before:
                        break
                for _ in range(steps):
                    await asyncio.sleep(0)

        await asyncio.gather(*(stand(name, steps) for name, steps in zip("abcde", (5, 9, 1, 1, 1), strict=True)))
        return order

    order = asyncio.run(scene())
    assert order[:5] == ["a0", "b0", "c1", "d2", "e3"]
    assert [place for place in order if place.endswith("0")] == ["a0", "b0", "c0", "d0", "e0"]
    assert order.index("d1") < order.index("d0")


def test_leaving_the_line_makes_room_whether_served_or_not(assistant: Assistant) -> None:
    async def scene() -> list[int]:
        line = Answering(assistant, at_once=1, longest=5)
        served, left, last = line.line(), line.line(), line.line()
        first = [await anext(served), await anext(left), await anext(last)]
        await left.aclose()
        first.append(await anext(last))
        await served.aclose()
        first.append(await anext(last))
        return first

    assert asyncio.run(scene()) == [0, 1, 2, 1, 0]


def test_a_line_that_is_full_says_so(assistant: Assistant) -> None:
    async def scene() -> None:
        line = Answering(assistant, at_once=1, longest=1)
        one, two = line.line(), line.line()
        await anext(one)
        await anext(two)
        with pytest.raises(LineTooLong, match="Ask again in a minute"):
            await anext(line.line())

    asyncio.run(scene())


class SlowDrafts:
    """An assistant that reports two steps of a draft, the second when `go` is set."""

    def __init__(self) -> None:
        self.go, self.given_up = threading.Event(), threading.Event()

    def check_draft(self, draft: str, *, bibliography: str, progress: Callable[[str, int, int], None]) -> CheckedDraft:
        progress("checking", 0, 2)
        self.go.wait(20)
        try:
            progress("checking", 1, 2)
        except Exception:
            self.given_up.set()
            raise
        return CheckedDraft()


def test_a_draft_reports_its_progress_and_then_what_the_assistant_says(assistant: Assistant) -> None:
    async def scene(line: Answering) -> list[object]:
        return [step async for step in line.draft("It is so [1]. It was [2].")]

    with closing(answering(assistant)) as line:
        steps = asyncio.run(scene(line))
    assert steps == [(0, 2), (1, 2), assistant.check_draft("It is so [1]. It was [2].")]


def test_a_draft_that_nobody_waits_for_is_given_up() -> None:
    slow = SlowDrafts()

    async def scene(line: Answering) -> None:
        async with aclosing(line.draft("It is so.")) as steps:
            assert await anext(steps) == (0, 2)
        slow.go.set()
        assert await asyncio.to_thread(slow.given_up.wait, 20)

    with closing(answering(slow)) as line:
        asyncio.run(scene(line))
    assert line.waiting == 0


def test_a_draft_that_cannot_be_checked_raises(assistant: Assistant) -> None:
    with closing(answering(assistant)) as line, pytest.raises(QuestionError, match="no words"):
        asyncio.run(line.checked_draft(" "))
