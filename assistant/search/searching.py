"""A question in, what it asks for and its judged hits out: the steps from question to hits joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..core.records import Hit
from ..index.embedding import Embedder
from ..index.searchable import Index
from ..library.papers import Library
from ..question.understanding import Asked, understand
from .bridging import leads, with_mentioned
from .declining import decline
from .relevance import judged, kept
from .retrieval import Retriever

Steps = Callable[[Asked], Sequence[str]]
"""A question of several steps in, these as plain questions out; none for a question of one step."""


@dataclass(frozen=True, slots=True)
class Search:
    """The papers as one question finds them; `embedder` None searches by words alone."""

    index: Index
    library: Library
    embedder: Embedder | None

    def understood(self, question: str) -> Asked:
        """What a self-contained question asks for."""
        return understand(question, self.index, self.library.listings())

    def hits(self, asked: Asked, steps: Steps | None = None) -> list[Hit]:
        """The judged hits, best first; where the question or the first of them leads on to other papers, these too."""
        retriever = Retriever(self.index, self.library, self.embedder)

        def found(also: Sequence[str] = ()) -> list[Hit]:
            return kept(asked, judged(asked, retriever.retrieve(asked, also=also)))

        led_to = self._of_steps(asked, hits := found(), steps) or leads(asked, hits, self.index)[:1]
        return found(led_to) if led_to else with_mentioned(asked, hits, self.index, found)

    def _of_steps(self, asked: Asked, hits: Sequence[Hit], steps: Steps | None) -> list[str]:
        """The ids of the papers, other than the first hit, that answer the steps of a question or are its sides."""
        found: list[str] = []
        for step in asked.unnamed_sides or (steps(asked) if steps and not decline(asked, hits) else ()):
            one = replace(self.understood(step), sources=asked.sources, papers=asked.papers)
            best = self.hits(one)
            found += [] if decline(one, best) else [best[0].paper.id]
        return [paper_id for paper_id in dict.fromkeys(found) if paper_id != hits[0].paper.id]
