"""Questions that may refer to the ones before in, answers out; the turns are remembered as they are answered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from .records import Answer, Event, Turn


class Answerer(Protocol):
    """The seam: who answers a question after some turns."""

    def ask(self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = ()) -> Answer: ...

    def stream(self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = ()) -> Iterator[Event]: ...


class Conversation:
    """Questions that may refer to the ones before. Not for use by several threads at once."""

    def __init__(self, assistant: Answerer) -> None:
        self._assistant = assistant
        self._turns: list[Turn] = []

    @property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(self._turns)

    def ask(self, question: str, *, papers: Collection[str] = ()) -> Answer:
        """`Assistant.ask` with the turns so far; the turn is remembered once it is answered or declined."""
        answer = self._assistant.ask(question, self.turns, papers=papers)
        self._turns.append(Turn(question, answer))
        return answer

    def stream(self, question: str, *, papers: Collection[str] = ()) -> Iterator[Event]:
        """`Assistant.stream` with the turns so far."""
        for event in self._assistant.stream(question, self.turns, papers=papers):
            if event.answer:
                self._turns.append(Turn(question, event.answer))
            yield event

    def clear(self) -> None:
        """Forget the turns."""
        self._turns.clear()
