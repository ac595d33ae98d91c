"""Turns what a question asks for into judged hits, or says why it has no answer. Read in this order.

this file       the steps joined: retrieve, judge, bridge
retrieval       the candidates of a question, ranked
evidence        the signals of each: how the paper and its sentences match the question
relevance       how probable it is that an answer should cite a hit
bridging        the papers that the first hit leads to
declining       why a question has no answer here, among others because of
    particulars what it asks for that an abstract does not state
following       a later turn of a conversation: how it is read, by what each reading finds
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..core.records import Hit
from ..index.searchable import Index
from ..question.understanding import Asked, understand
from .bridging import leads, with_mentioned
from .declining import decline
from .relevance import judged, kept
from .retrieval import Retriever

Steps = Callable[[Asked], Sequence[str]]
"""Splits a question of several steps into plain questions; none for a question of one step."""


@dataclass(frozen=True, slots=True)
class Search:
    """Answers questions with hits from one index; if that has no embedder, by keywords and names alone."""

    index: Index

    def understood(self, question: str) -> Asked:
        """What a self-contained question asks for."""
        return understand(question, self.index, self.index.library.listings())

    def hits(self, asked: Asked, steps: Steps | None = None) -> list[Hit]:
        """The judged hits, best first, with the papers that the question or its first hit leads to."""
        retriever = Retriever(self.index)

        def search(also: Sequence[str] = ()) -> list[Hit]:
            return kept(asked, judged(asked, retriever.retrieve(asked, also=also)))

        hits = search()
        led_to = self._of_steps(asked, hits, steps) or leads(asked, hits, self.index)[:1]
        return search(led_to) if led_to else with_mentioned(asked, hits, self.index, search)

    def _of_steps(self, asked: Asked, hits: Sequence[Hit], steps: Steps | None) -> list[str]:
        """The ids of the papers, other than the first hit, that answer the steps of a question or are its sides."""
        paper_ids: list[str] = []
        for step in asked.unnamed_sides or (steps(asked) if steps and not decline(asked, hits) else ()):
            one = replace(self.understood(step), sources=asked.sources, papers=asked.papers)
            best = self.hits(one)
            paper_ids += [] if decline(one, best) else [best[0].paper.id]
        return [paper_id for paper_id in dict.fromkeys(paper_ids) if paper_id != hits[0].paper.id]
