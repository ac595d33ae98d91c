"""topics: earlier questions in, what they are about out."""

from __future__ import annotations

import pytest

from assistant.question.topics import defines, topic


@pytest.mark.parametrize(
    ("questions", "about"),
    [
        ([], ""),
        (["What is throat cancer?"], "throat cancer"),
        (["Tell me about the Bronze Age collapse.", "+What is the evidence for it?"], "Bronze Age collapse"),
        (["What is throat cancer?", "+Is it treatable?", "+What are its symptoms?"], "throat cancer"),
        (["What is throat cancer?", "+What about Botox?"], "throat cancer and Botox"),
        (["What is throat cancer?", "+What about Botox?", "+Tell me about smoking."], "throat cancer and smoking"),
        (["What are the types of sharks?"], "sharks"),
        (["Do shoulder braces help?", "+And a cold bath?"], "shoulder braces"),
        (["Who owns the Firebase?", "+Is the Boise a river?"], "Firebase and Boise"),
        (
            ["What is throat cancer?", "How do sled dogs pull heavy loads over rough snow?"],
            "sled dogs pull heavy loads",
        ),
        (["Why?", "What is rain?"], "rain"),
        (["Interesting. What about snow?"], "snow"),
    ],
)
def test_a_conversation_is_about_its_subject_and_what_came_up_last(questions: list[str], about: str) -> None:
    assert topic([(question.removeprefix("+"), question.startswith("+")) for question in questions]) == about


@pytest.mark.parametrize(
    "question", ["What is taurine?", "what's an umbrella?", "Tell me about lung cancer.", "Explain weak supervision"]
)
def test_a_question_that_asks_what_something_is_stands_alone(question: str) -> None:
    assert defines(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is it?",
        "What are its symptoms?",
        "What is the baseline?",
        "What are common treatments?",
        "What are limitations?",
        "What about snow?",
        "And the cost?",
        "Tell me about another one.",
        "Is it treatable?",
    ],
)
def test_one_that_asks_it_of_something_else_does_not(question: str) -> None:
    assert not defines(question)
