"""The questions that the page offers under an answer."""

from __future__ import annotations

import asyncio
import html
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from assistant.doors.web import shared
from assistant.doors.web.sessions import Sessions
from assistant.show import onward

from ..pages import Served, Visitor, serving
from ..papers import PAIRS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("onward") / "home", PAIRS) as page:
        yield page


def offered(markup: object) -> list[str]:
    """The questions offered in markup."""
    buttons = re.finditer(r'data-do="next" data-question="(.*?)"', str(markup))
    return [html.unescape(button[1]) for button in buttons]


async def offers(visitor: Visitor) -> list[str]:
    """What the page gets when it asks for the questions that may come next."""
    return offered(await visitor.does("question", "submit", [None], afterwards=True))


def test_they_come_after_the_answer_and_are_answered_as_if_nothing_was_asked_before(served: Served) -> None:
    async def scene() -> None:
        visitor = await Visitor.arrive(served.url)
        answer = await visitor.does("question", "submit", ["What is PearRank?", None])
        assert offered(answer) == []  # the answer does not wait for them
        questions = await offers(visitor)
        assert questions
        about = {"question": questions[0], "again": False, "alone": True}
        clicked = str(await visitor.does("current", "submit", [None], about))
        assert 'class="declined"' not in clicked
        assert "Read as" not in clicked
        await visitor.leave()

    asyncio.run(scene())


def test_nothing_is_offered_under_a_question_that_failed(served: Served) -> None:
    async def scene() -> None:
        visitor = await Visitor.arrive(served.url)
        await visitor.does("question", "submit", ["What is PearRank?", None])
        failed: list[Any] = await visitor.does("question", "submit", ["x" * 5000, None])
        assert 'class="stopped"' in str(failed)
        assert await offers(visitor) == []
        await visitor.leave()

    asyncio.run(scene())


def test_those_that_come_late_do_not_replace_a_new_conversation(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, anew, at_once, show = threading.Event(), threading.Event(), onward.next_questions, Sessions.show

    def late(*values: Any) -> tuple[str, ...]:
        waiting.set()
        assert anew.wait(30)
        return at_once(*values)

    def shown(*values: Any) -> None:
        show(*values)
        anew.set()

    async def scene() -> None:
        visitor = await Visitor.arrive(served.url)
        await visitor.does("question", "submit", ["What is PearRank?", None])
        monkeypatch.setattr(shared, "next_questions", late)
        monkeypatch.setattr(Sessions, "show", shown)
        offering = asyncio.create_task(offers(visitor))
        assert await asyncio.to_thread(waiting.wait, 30)
        await visitor.begins("current", "clear", [None])
        assert await offering == []
        await visitor.leave()

    asyncio.run(scene())
