"""news: new papers, and which of them are on what a person asked of late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assistant.chain import Assistant
from assistant.core.records import Answer, Decline, Turn
from assistant.people.conversations import Conversations
from assistant.service import news
from assistant.service.news import News, news_of

from ..live import opened
from ..papers import PAIRS

PEAR, PEARS = PAIRS[0][0], "Which papers rank pears in orchards by weak supervision?"
NOW, DAY = 1_000_000_000.0, 86_400.0


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with opened(tmp_path_factory.mktemp("news") / "home") as one:
        yield one


@pytest.fixture
def now() -> list[float]:
    return [NOW]


@pytest.fixture
def conversations(tmp_path: Path, now: list[float]) -> Iterator[Conversations]:
    with closing(Conversations(tmp_path, clock=lambda: now[0])) as kept:
        yield kept


def ask(conversations: Conversations, owner: str, question: str, answer: Answer | None = None) -> None:
    turn = Turn(question, answer or Answer(question, question))
    conversations.append(owner, conversations.begin(owner), turn)


def news_for(assistant: Assistant, conversations: Conversations, owner: str = "me") -> News:
    new = [paper.id for paper in assistant.papers()]
    return news_of(assistant, conversations, owner, new, clock=lambda: NOW)


def test_new_papers_are_matched_to_what_was_asked(assistant: Assistant, conversations: Conversations) -> None:
    ask(conversations, "me", PEARS)
    done = news_for(assistant, conversations)
    assert [(one.question, one.titles) for one in done.asked] == [(PEARS, [PEAR])]
    assert done.summary == f"{len(PAIRS)} new papers, 1 on what you asked last week"


def test_papers_that_are_not_new_are_not_told(assistant: Assistant, conversations: Conversations) -> None:
    ask(conversations, "me", PEARS)
    others = [paper.id for paper in assistant.papers() if paper.title != PEAR]
    done = news_of(assistant, conversations, "me", others, clock=lambda: NOW)
    assert (done.asked, done.summary) == ((), f"{len(others)} new papers")
    assert news_of(assistant, conversations, "me", []).summary == "No new papers"


def test_what_others_asked_is_theirs(assistant: Assistant, conversations: Conversations) -> None:
    ask(conversations, "you", PEARS)
    assert news_for(assistant, conversations).asked == ()


def test_questions_of_another_week_are_forgotten(
    assistant: Assistant, conversations: Conversations, now: list[float]
) -> None:
    now[0] = NOW - 8 * DAY
    ask(conversations, "me", PEARS)
    assert news_for(assistant, conversations).asked == ()


def test_a_follow_up_is_searched_for_as_it_was_understood(assistant: Assistant, conversations: Conversations) -> None:
    ask(conversations, "me", "And of pears?", Answer("And of pears?", PEARS))
    assert [one.question for one in news_for(assistant, conversations).asked] == [PEARS]


def test_a_question_that_had_no_answer_counts_and_talk_does_not(
    assistant: Assistant, conversations: Conversations
) -> None:
    ask(conversations, "me", PEARS, Answer(PEARS, PEARS, declined=Decline("absent", "No paper is about it.")))
    ask(conversations, "me", "Thanks, pears!", Answer("Thanks, pears!", PEARS + "?", kind="talk"))
    ask(conversations, "me", "How many pears?", Answer("How many pears?", PEARS + "!", message="Eight."))
    assert [one.question for one in news_for(assistant, conversations).asked] == [PEARS]


def test_few_questions_are_searched_for(
    assistant: Assistant, conversations: Conversations, monkeypatch: pytest.MonkeyPatch, now: list[float]
) -> None:
    monkeypatch.setattr(news, "QUESTIONS", 2)
    for number, question in enumerate([PEARS, "What do kites remember?", "Thanks?"]):
        now[0] = NOW - 100 + number
        ask(conversations, "me", question)
    assert PEARS not in [one.question for one in news_for(assistant, conversations).asked]


def test_damaged_and_overlong_questions_are_passed_over(assistant: Assistant, conversations: Conversations) -> None:
    ask(conversations, "me", PEARS)
    conversations._db.rows("update turns set answer = x'00'")
    ask(conversations, "me", "x" * 5000)
    ask(conversations, "me", "?")
    assert news_for(assistant, conversations).asked == ()
