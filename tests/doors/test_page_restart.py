"""A server killed and restarted under an open page: no question is lost, and a line says what happened."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..pages import apart
from .test_page import NARROW, Visit, chromium, pytestmark

__all__ = ["chromium", "pytestmark"]
PEAR, STORM = "What is PearRank?", "What is Ragnarök?"
AGAIN = 60_000
"""Milliseconds within which the page has to find the restarted server; it tries every two seconds."""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def visiting(chromium: Any, port: int) -> Iterator[Callable[[], Visit]]:
    """Opens the page on a first visit."""
    visits: list[Visit] = []

    def open_page() -> Visit:
        visits.append(Visit(chromium, f"http://127.0.0.1:{port}"))
        return visits[-1]

    yield open_page
    for visit in visits:
        visit.context.close()


def back_again(visit: Visit, question: str) -> None:
    """Wait until the page has found the server again and put the question into the box."""
    restored = "([question]) => !window.before && document.querySelector('#question textarea')?.value === question"
    visit.page.wait_for_function(restored, arg=[question], timeout=AGAIN)


def test_a_question_to_a_killed_server_can_be_asked_when_it_is_back(
    tmp_path: Path, port: int, visiting: Callable[[], Visit]
) -> None:
    with apart(tmp_path / "home", port) as server:
        visit = visiting()
        visit.ask(PEAR)
        visit.page.evaluate("window.before = true")
        visit.page.set_viewport_size(NARROW)
        server.kill()
        server.wait()
        visit.page.fill("#question textarea", STORM)
        visit.page.keyboard.press("Enter")
        visit["#unsent"].get_by_text("The server cannot be reached. Your question is saved").wait_for()
        assert visit.page.input_value("#question textarea") == STORM
        visit.page.wait_for_timeout(700)  # scrolling may not have ended
        assert -5 < visit["#current .question"].bounding_box()["y"] < NARROW["height"] / 2, (
            "the answer so far is out of sight"
        )
        visit.page.keyboard.press("Enter")  # asked again, it does not look as if it were being answered
        assert visit["#sent"].count() == 0
    with apart(tmp_path / "home", port):
        back_again(visit, STORM)
        visit["#unsent"].get_by_text("your question was not answered").wait_for()
        assert visit.texts(".question") == [PEAR]
        visit["#question textarea"].press("Enter")
        visit.answered(STORM)
        assert visit.texts(".question") == [PEAR, STORM]
        assert visit["#unsent"].inner_text() == ""
        visit.page.reload()
        visit["#current .answer"].wait_for()
        assert visit.page.input_value("#question textarea") == ""


def test_a_question_that_was_being_answered_is_back_in_the_box(
    tmp_path: Path, port: int, visiting: Callable[[], Visit]
) -> None:
    question = f"{PEAR} Tell me slowly."
    with apart(tmp_path / "home", port) as server:
        visit = visiting()
        visit.page.evaluate("window.before = true")
        visit.page.fill("#question textarea", question)
        visit.page.keyboard.press("Enter")
        visit["#current .stage"].wait_for()
        server.kill()
        server.wait()
        visit["#unsent"].get_by_text("The server cannot be reached").wait_for()
        assert visit.page.input_value("#question textarea") == question
    with apart(tmp_path / "home", port):
        back_again(visit, question)
        visit["#unsent"].get_by_text("your question was not answered").wait_for()


def test_typed_text_survives_a_reload(tmp_path: Path, port: int, visiting: Callable[[], Visit]) -> None:
    with apart(tmp_path / "home", port):
        visit = visiting()
        visit.page.fill("#question textarea", "Half a ques")
        visit.page.evaluate("window.before = true")
        visit.page.reload()
        back_again(visit, "Half a ques")
        assert visit["#unsent"].inner_text() == ""
