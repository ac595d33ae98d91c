"""Asking an assistant the questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from assistant.core.errors import QuestionError, StoreError
from assistant.core.records import Answer
from eval.questions import Question
from eval.runner import outcomes


@dataclass
class Listening:
    """Notes what it is asked in which conversation; raises the errors in `refuses`."""

    heard: list[tuple[int, str]] = field(default_factory=list)
    opened: int = 0
    refuses: dict[str, Exception] = field(default_factory=dict)

    def ask(self, question: str, /) -> Answer:
        return self._heard(0, question)

    def conversation(self) -> Talk:
        self.opened += 1
        return Talk(self.opened, self._heard)

    def _heard(self, number: int, question: str) -> Answer:
        self.heard.append((number, question))
        if question in self.refuses:
            raise self.refuses[question]
        return Answer(question, question)


@dataclass
class Talk:
    number: int
    hear: Callable[[int, str], Answer]

    def ask(self, question: str, /) -> Answer:
        return self.hear(self.number, question)


def question(words: str, conversation: str | None = None) -> Question:
    return Question(words, "fact", words, ("A",), conversation=conversation)


QUESTIONS = (question("a"), question("b", "c1"), question("c", "c1"), question("d", "c2"), question("e"))


def test_turns_go_to_their_own_conversation_in_order() -> None:
    assistant = Listening()
    results = outcomes(assistant, QUESTIONS)
    assert assistant.heard == [(0, "a"), (1, "b"), (1, "c"), (2, "d"), (0, "e")]
    assert [outcome.question for outcome in results] == list(QUESTIONS)
    assert all(outcome.verdict == "declined" and outcome.seconds >= 0.0 for outcome in results)


def test_an_error_is_an_outcome_and_does_not_stop_the_rest() -> None:
    assistant = Listening(refuses={"b": StoreError("gone"), "e": QuestionError("empty")})
    results = outcomes(assistant, QUESTIONS)
    assert [outcome.verdict for outcome in results] == ["declined", "failed", "declined", "declined", "failed"]
    assert (results[1].answer, results[1].error) == (None, "StoreError: gone")
    assert assistant.heard[2] == (1, "c")


def test_any_other_error_stops_the_run() -> None:
    with pytest.raises(KeyError, match="slip"):
        outcomes(Listening(refuses={"c": KeyError("slip")}), QUESTIONS)


def test_progress_is_shown_only_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)
    outcomes(Listening(), QUESTIONS)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    outcomes(Listening(), QUESTIONS)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "5/5" in shown.err


def test_without_questions_there_are_no_outcomes() -> None:
    assert outcomes(Listening(), ()) == ()
