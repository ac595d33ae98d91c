"""A conversation: follow-up questions are asked together with the turns before them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from ..core.filters import ALL, Filter
from ..core.records import Answer, Event, Turn


class Answerer(Protocol):
    """The seam: answers a question that may refer to earlier turns."""

    def ask(
        self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = (), where: Filter = ALL
    ) -> Answer: ...

    def stream(
        self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = (), where: Filter = ALL
    ) -> Iterator[Event]: ...


class Conversation:
    """Questions that may refer to earlier ones. Do not share it between threads."""

    def __init__(self, assistant: Answerer) -> None:
        self._assistant = assistant
        self._turns: list[Turn] = []

    @property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(self._turns)

    @property
    def usage(self) -> Mapping[str, int]:
        """What language models used for its turns; empty if none was called."""
        return usage_of(self._turns)

    @property
    def cost(self) -> float | None:
        """US dollars for its turns; None if a price is unknown."""
        return cost_of(self._turns)

    def ask(self, question: str, *, papers: Collection[str] = (), where: Filter = ALL) -> Answer:
        """`Assistant.ask` with the turns so far; this turn is remembered once it is answered or declined."""
        answer = self._assistant.ask(question, self.turns, papers=papers, where=where)
        self._turns.append(Turn(question, answer))
        return answer

    def stream(self, question: str, *, papers: Collection[str] = (), where: Filter = ALL) -> Iterator[Event]:
        """`Assistant.stream` with the turns so far."""
        for event in self._assistant.stream(question, self.turns, papers=papers, where=where):
            if event.answer:
                self._turns.append(Turn(question, event.answer))
            yield event

    def clear(self) -> None:
        """Forget the turns."""
        self._turns.clear()


def usage_of(turns: Sequence[Turn]) -> dict[str, int]:
    """What language models used for these turns; empty if none was called."""
    total: Counter[str] = Counter()
    for turn in turns:
        total.update(turn.answer.usage)
    return dict(total)


def cost_of(turns: Sequence[Turn]) -> float | None:
    """US dollars for these turns; None if a price is unknown."""
    costs = [turn.answer.cost for turn in turns]
    return None if None in costs else math.fsum(cost for cost in costs if cost is not None)
