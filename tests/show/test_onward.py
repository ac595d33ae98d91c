"""Questions to go on with, from an answer and what else the papers say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.chain import Assistant
from assistant.core.records import Answer, Decline, Hit
from assistant.question.understanding import Asked
from assistant.show.onward import MOST, next_questions


@pytest.fixture(scope="module")
def sample(sample_home: Path) -> Iterator[Assistant]:
    with Assistant.open(sample_home) as assistant:
        yield assistant


QUESTIONS = (
    "What is VILA?",
    "How does VILA differ from MM1?",
    "Which papers are about visual language models?",
    "How much does training a diffusion model cost?",
    "What do papers say about retrieval augmented generation?",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_has_an_answer_that_says_something_else(sample: Assistant, question: str) -> None:
    first = sample.ask(question)
    offered = next_questions(first, sample.understood)
    assert 2 <= len(offered) <= MOST
    assert len({*offered, question}) == len(offered) + 1
    for other in offered:
        answer = sample.ask(other)
        assert answer.answered, other
        assert {claim.text for claim in answer.claims} != {claim.text for claim in first.claims}, other


def test_they_ask_for_an_aspect_a_comparison_and_a_topic(sample: Assistant) -> None:
    offered = next_questions(sample.ask("What does TREAD do?"), sample.understood)
    assert offered == (
        "What are the results of TREAD?",
        "How does TREAD differ from FasterDiT?",
        "Which papers are about diffusion training?",
    )


def test_a_question_that_is_declined_is_not_offered(sample: Assistant) -> None:
    answer, tried = sample.ask("What is VILA?"), list[str]()

    def nothing(question: str) -> tuple[Asked, Sequence[Hit]]:
        tried.append(question)
        asked, _ = sample.understood(question)
        return asked, ()

    assert next_questions(answer, nothing) == ()
    assert 3 <= len(tried) <= 12


def test_what_is_quoted_already_is_not_asked_for_again(sample: Assistant) -> None:
    results = sample.ask("What are the results of TREAD?")
    assert not any("results of TREAD" in question for question in next_questions(results, sample.understood))
    again = next_questions(replace(results, query="Something else"), sample.understood)
    assert not any("results of TREAD" in question for question in again)


def test_a_decline_is_followed_by_questions_about_the_nearest_papers(sample: Assistant) -> None:
    answer = sample.ask("What is VILA?")
    declined = replace(answer, claims=(), declined=Decline("unstated", "It does not say.", answer.titles[:1]))
    assert any("VILA" in question for question in next_questions(declined, sample.understood))


def test_without_papers_nothing_is_offered(sample: Assistant) -> None:
    greeting = Answer("Hello", "Hello", declined=Decline("off-corpus", "Hello."), kind="talk")
    assert next_questions(greeting, sample.understood) == ()
