"""bounds: what is longer than its kind may be is refused at every door, and soon."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.chain import Assistant
from assistant.core.bounds import DAY, EXCERPT, QUESTION, SENTENCE, TITLE, WORDS, bounded, excerpt
from assistant.core.errors import PaperNotFound, QuestionError

from ..live import client, made, opened
from ..pages import Visitor, serving
from ..papers import PAIRS

LONG = "orchard pear " * 5000
"""65 kB."""


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with opened(tmp_path_factory.mktemp("bounds") / "home") as one:
        yield one


def test_a_text_may_be_as_long_as_its_limit_and_no_longer() -> None:
    assert bounded("x" * 7, 7, "name") == "x" * 7
    with pytest.raises(QuestionError, match=r"The name has 1,234 characters, more than 1,000\. Shorten it\."):
        bounded("x" * 1234, 1000, "name")


def test_an_error_repeats_only_the_beginning_of_a_text() -> None:
    assert excerpt("x" * EXCERPT) == "x" * EXCERPT
    assert excerpt("x" * EXCERPT + "y") == "x" * EXCERPT + "…"


def test_from_python_no_text_is_longer_than_at_any_door(assistant: Assistant) -> None:
    title = PAIRS[0][0]
    with pytest.raises(QuestionError, match=f"The question has .* more than {QUESTION:,}"):
        assistant.ask(LONG)
    with pytest.raises(QuestionError, match=f"The sentence has .* more than {SENTENCE:,}"):
        assistant.check(LONG, title)
    with pytest.raises(QuestionError, match=f"The search has .* more than {WORDS:,}"):
        assistant.papers(LONG)
    with pytest.raises(QuestionError, match=f"The listing's name has .* more than {TITLE:,}"):
        assistant.papers(listing=LONG)
    with pytest.raises(QuestionError, match=f"The last day has .* more than {DAY}"):
        assistant.papers(until=LONG)
    with pytest.raises(PaperNotFound) as error:
        assistant.ask("What is it?", papers=[LONG])
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/ask", {"question": LONG}),
        ("/api/ask", {"question": "What is it?", "papers": [LONG]}),
        ("/api/ask", {"question": "What is it?", "conversation": LONG}),
        ("/api/check", {"sentence": LONG, "paper": PAIRS[0][0]}),
        ("/api/check", {"sentence": "It is.", "paper": LONG}),
        ("/api/conversations", {"title": LONG}),
    ],
)
def test_the_interface_refuses_longer_texts(assistant: Assistant, path: str, body: dict[str, object]) -> None:
    async def scene() -> int:
        with made(assistant) as app:
            async with client(app) as calling:
                return (await calling.post(path, json=body)).status_code

    assert asyncio.run(scene()) == 422


def test_the_page_keeps_nothing_of_a_longer_question(tmp_path: Path) -> None:
    async def scene(url: str) -> list[str]:
        visitor = await Visitor.arrive(url)
        messages = [str(await visitor.does("question", "submit", ["pear " * 1000, None]))]
        messages.append(str(await visitor.does("search", "submit", [], {"words": "pear " * 1000})))
        messages.append(str(await visitor.does("search", "select", [], {"paper": "pear " * 1000})))
        await visitor.leave()
        return messages

    with serving(tmp_path / "home", PAIRS[:2]) as served:
        asked, searched, opened_ = asyncio.run(scene(served.url))
    assert f"more than {QUESTION:,}. Shorten it." in asked
    assert "found" in searched
    assert "no longer here" in opened_


def test_an_unknown_title_of_any_length_is_answered_quickly(assistant: Assistant) -> None:
    begun = time.monotonic()
    for _ in range(20):
        with pytest.raises(PaperNotFound, match="No paper here is called"):
            assistant.paper(LONG * 20)
    assert time.monotonic() - begun < 20
