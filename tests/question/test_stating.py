"""stating: what a question asks the truth of, or takes for granted."""

from __future__ import annotations

import pytest

from assistant.question.stating import Stated, stated


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("Does PearRank need labels?", "PearRank need labels"),
        ("doesn't PearRank need labels", "PearRank need labels"),
        ("Is PearRank faster than BM25?", "PearRank faster than BM25"),
        ("In orchards, can PearRank do without labels?", "In orchards, PearRank do without labels"),
        ("When pears are rare, does PearRank help?", "When pears are rare, PearRank help"),
        ("PearRank: was it tested on quinces?", "PearRank: it tested on quinces"),
        ("Can you train PearRank without labels?", "you train PearRank without labels"),
    ],
)
def test_a_question_for_yes_or_no_asks_the_truth_of_a_statement(question: str, statement: str) -> None:
    assert stated(question) == Stated(statement, asked=True)


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("Why is PearRank slower than BM25?", "PearRank slower than BM25"),
        ("How come PearRank needs labels?", "PearRank needs labels"),
        ("By how much does PearRank lose?", "PearRank lose"),
        ("On OrchardBench, why does PearRank fail?", "PearRank fail"),
    ],
)
def test_a_question_for_reasons_or_amounts_takes_a_statement_for_granted(question: str, statement: str) -> None:
    assert stated(question) == Stated(statement, asked=False)


@pytest.mark.parametrize(
    "question",
    [
        "What does PearRank learn from?",
        "How does PearRank rank orchards?",
        "Which ranker is best, and does it need labels?",
        "When was PearRank released, and is it public?",
        "Can you tell me how PearRank works?",
        "Is PearRank supervised or unsupervised?",
        "Does it help, and is it public?",
        "PearRank",
        "Why?",
        "?",
    ],
)
def test_all_other_questions_have_none(question: str) -> None:
    assert stated(question) is None
