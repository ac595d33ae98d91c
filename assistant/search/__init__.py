"""Turns what a question asks for into judged hits, or says why it has no answer. Read in this order.

this file       the steps joined: retrieve, judge, bridge
retrieval       the candidates of a question, ranked
evidence        the signals of each: how the paper and its sentences match the question
relevance       how probable it is that an answer should cite a hit
bridging        the papers that the first hit leads to
declining       why a question has no answer here, among others because of
    particulars what it asks for that an abstract does not state
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..core.errors import NoSuchDays
from ..core.filters import ALL, Filter
from ..core.logistic import model
from ..core.records import Hit
from ..core.text import words
from ..index.searchable import Index
from ..question.filtering import Filtered, filtered
from ..question.understanding import Asked, understand
from .bridging import leads, with_mentioned
from .declining import decline
from .relevance import judged, kept
from .retrieval import HITS, Retriever

ANY_TOPIC = "What is proposed, and what is the main result?"
"""What a question without a topic is taken to ask of each paper."""
Steps = Callable[[Asked], Sequence[str]]
"""Splits a question of several steps into plain questions; none for a question of one step."""


@dataclass(frozen=True, slots=True)
class Search:
    """Answers questions with hits from one index; if that has no embedder, by keywords and names alone."""

    index: Index

    def understood(self, question: str, where: Filter = ALL) -> Asked:
        """What a self-contained question asks for, of the papers that pass its own filter and `where`."""
        stated = filtered(question, self.index)
        asked = self._limited(stated, where)
        if stated.years and self._is_about(stated.years, question, asked, where):
            asked = self._limited(filtered(question, self.index, years=False), where)
        return asked

    def _limited(self, stated: Filtered, where: Filter) -> Asked:
        asked = understand(stated.text, self.index, self.index.library.listings())
        filters = tuple(one for one in (stated.where, where) if one)
        passing = [ids for one in filters if (ids := self._fitting(one)) is not None]
        allowed = frozenset(set.intersection(*passing)) if passing else None
        asked = replace(asked, where=filters, allowed=allowed, strangers=stated.strangers)
        if filters and stated.topicless:
            kind = asked.kind if asked.several else "list"
            asked = replace(
                asked, kind=kind, text=ANY_TOPIC, named=(), coined=(), unknown=(), nowhere=(), everything=True
            )
        return asked

    def _fitting(self, where: Filter) -> set[str] | None:
        """The ids of the papers that pass a filter, None if all do; none if its last day is before its first."""
        try:
            return self.index.library.fitting(where)
        except NoSuchDays:
            return set()

    def _is_about(self, years: Sequence[str], question: str, asked: Asked, where: Filter) -> bool:
        """Whether years are part of what a question is about: it names a paper of other years, or an abstract has them.

        Only what is searched for without the filter of the years can tell.
        """
        if asked.allowed is not None and any(
            name.exact and asked.allowed.isdisjoint(name.paper_ids) for name in asked.named
        ):
            return True
        if not any(self.index.document_counts(years).values()):
            return False
        best = self.hits(self._limited(filtered(question, self.index, years=False), where))[:1]
        text = f"{best[0].paper.title} {best[0].paper.abstract}" if best else ""
        return any(year in words(text) for year in years) and best[0].relevance >= model("single").threshold

    def hits(self, asked: Asked, steps: Steps | None = None) -> list[Hit]:
        """The judged hits, best first, with the papers that the question or its first hit leads to."""
        retriever = Retriever(self.index)

        def search(also: Sequence[str] = ()) -> list[Hit]:
            return kept(asked, judged(asked, retriever.retrieve(asked, also=also)))

        if asked.everything:
            return self._newest(asked, retriever)
        hits = search()
        led_to = self._of_steps(asked, hits, steps) or leads(asked, hits, self.index)[:1]
        return search(led_to) if led_to else with_mentioned(asked, hits, self.index, search)

    def _newest(self, asked: Asked, retriever: Retriever) -> list[Hit]:
        """The newest of the papers that pass the filters, every one of them wanted."""
        allowed = frozenset(filter(asked.keeps, asked.allowed or ()))
        newest = self.index.library.newest(allowed, limit=HITS)
        hits = {hit.paper.id: hit for hit in retriever.retrieve(replace(asked, papers=tuple(newest)))}
        return [replace(hits[i], relevance=1.0) for i in newest if i in hits]

    def _of_steps(self, asked: Asked, hits: Sequence[Hit], steps: Steps | None) -> list[str]:
        """The ids of the papers, other than the first hit, that answer the steps of a question or are its sides."""
        paper_ids: list[str] = []
        for step in asked.unnamed_sides or (steps(asked) if steps and not decline(asked, hits) else ()):
            one = replace(
                self.understood(step),
                sources=asked.sources,
                papers=asked.papers,
                where=asked.where,
                allowed=asked.allowed,
            )
            best = self.hits(one)
            paper_ids += [] if decline(one, best) else [best[0].paper.id]
        return [paper_id for paper_id in dict.fromkeys(paper_ids) if paper_id != hits[0].paper.id]
