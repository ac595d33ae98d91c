"""Turns what a question asks for into judged hits, or says why it has no answer. Read in this order.

this file       the steps joined: retrieve, judge, bridge
retrieval       the candidates of a question, ranked
evidence        the signals of each: how the paper and its sentences match the question
relevance       how probable it is that an answer should cite a hit
readings        which of the ways to read a question its hits bear out, and the two sides of a comparison
applying        the conditions of a question, which its hits meet or not
bridging        the papers that the first hit leads to
declining       why a question has no answer here, among others because of
    particulars what it asks for that an abstract does not state
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..core.records import Hit
from ..index.searchable import Index
from ..question.understanding import ASIDE, Asked, understand
from .applying import applied, meeting
from .bridging import leads, with_mentioned
from .declining import decline
from .readings import chosen, sides
from .relevance import judged, kept
from .retrieval import Retriever

Steps = Callable[[Asked], Sequence[str]]
"""Splits a question of several steps into plain questions; none for a question of one step."""


@dataclass(frozen=True)
class Search:
    """Answers questions with hits from one index; if that has no embedder, by keywords and names alone."""

    index: Index

    @functools.cached_property
    def _retriever(self) -> Retriever:
        return Retriever(self.index)

    def understood(self, question: str) -> Asked:
        """What a self-contained question asks for."""
        return understand(question, self.index, self.index.library.listings())

    def read(self, asked: Asked, steps: Steps | None = None) -> tuple[Asked, tuple[Hit, ...]]:
        """The reading of a question that its evidence bears out, and the hits of that reading, best first."""
        asked = chosen(asked, self._judged(asked)) if asked.alternatives or asked.kind in ASIDE else asked
        hits = self.hits(asked, steps)
        asked = applied(asked, hits)
        return asked, tuple(meeting(asked, hits))

    def hits(self, asked: Asked, steps: Steps | None = None) -> list[Hit]:
        """The judged hits, best first, with the papers that the question or its first hit leads to."""
        hits = self._judged(asked)
        led_to = self._of_steps(asked, hits, steps) or leads(asked, hits, self.index)[:1]
        if not led_to and asked.kind in ("compare", "steps"):
            led_to = sides(asked, self._alone)
        if led_to:
            return self._judged(asked, led_to)
        return with_mentioned(asked, hits, self.index, functools.partial(self._judged, asked))

    def _judged(self, asked: Asked, also: Sequence[str] = ()) -> list[Hit]:
        return kept(asked, judged(asked, self._retriever.retrieve(replace(asked, text=asked.topic), also=also)))

    def _of_steps(self, asked: Asked, hits: Sequence[Hit], steps: Steps | None) -> list[str]:
        """The ids of the papers, other than the first hit, that answer the steps of a question."""
        paper_ids: list[str] = []
        for step in steps(asked) if steps and not decline(asked, hits) else ():
            best = self._alone(step, asked)
            paper_ids += [best.paper.id] if best else []
        return [paper_id for paper_id in dict.fromkeys(paper_ids) if paper_id != hits[0].paper.id]

    def _alone(self, question: str, asked: Asked) -> Hit | None:
        """The best hit of a part of what was asked, taken as a question about one paper; None if it has no answer."""
        one = replace(self.understood(question), kind="fact", sources=asked.sources, papers=asked.papers)
        hits = self._judged(one)
        return None if decline(one, hits) else hits[0]
