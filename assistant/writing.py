"""A question and its hits in, a draft out: the sentences that answer, quoted.

The writer chooses papers, then sentences of them. What it cannot find it declines by kind, and names what
came nearest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .declining import decline
from .logistic import model
from .question import Asked
from .records import Draft, Hit, Sentence
from .relevance import SEVERAL

SENTENCES = {"fact": 3, "figure": 3, "summary": 4, "compare": 2, "lookup": 2, "list": 1, "count": 1}
"""Sentences quoted of a paper, by the kind of question."""
HEADED = ("lookup", "list", "count", "compare")
"""The kinds whose answer names each paper before it quotes it."""
MOST_PAPERS = 12
"""Papers named in one answer, at most."""


class Writer(Protocol):
    """The seam: one method that turns hits into an unchecked draft."""

    def write(self, asked: Asked, hits: Sequence[Hit]) -> Draft: ...


class ExtractiveWriter:
    """Quotes; never writes a word of its own into a claim."""

    name = "extractive"

    def write(self, asked: Asked, hits: Sequence[Hit]) -> Draft:
        declined = decline(asked, hits)
        if declined is not None:
            return Draft((), self.name, declined=declined)
        chosen = choose(asked, hits)
        return Draft(tuple(s for hit in chosen for s in quotes(asked, hit, several=len(chosen) > 1)), self.name)


def choose(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The papers to cite, best first."""
    if asked.kind in SEVERAL:
        enough = [hit for hit in hits if hit.relevance >= model("several").threshold]
        return (enough or list(hits[:1]))[: asked.limit or MOST_PAPERS]
    if asked.kind == "compare":
        wanted = [i for named in asked.named for i in named.paper_ids]
        sides = [hit for hit in hits if hit.paper.id in wanted]
        return sides if len(sides) > 1 else list(hits[:2])
    return list(hits[:1])


def quotes(asked: Asked, hit: Hit, *, several: bool) -> list[Sentence]:
    """The sentences of one paper that most probably hold the answer, in the order they stand in."""
    best = sorted(hit.evidence, key=lambda told: -told.signals["answers"])[: SENTENCES[asked.kind]]
    heading = hit.paper.title if several or asked.kind in HEADED else ""
    return [
        Sentence(told.text, (hit.paper.id,), heading if n == 0 else "")
        for n, told in enumerate(sorted(best, key=lambda told: told.start))
    ]
