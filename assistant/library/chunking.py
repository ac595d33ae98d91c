"""One paper in, its passages out: whole sentences up to a token budget.

Passages tile the abstract: each is a verbatim slice, none overlaps, and only white space lies between.
"""

from __future__ import annotations

import functools

from ..core.records import Paper, Passage
from ..core.text import Span, sentences
from ..core.tokens import count_tokens

PASSAGE_TOKENS = 200
"""Budget of a passage in tokens, title not counted: with a title it fills the bundled model's 256 word pieces."""
KEPT = 4096
"""Abstracts whose cuts are remembered, for an ingest asks for them three times."""


def passages(paper: Paper, *, budget: int = PASSAGE_TOKENS) -> list[Passage]:
    """The passages of `paper` in order, as even in length as whole sentences allow.

    A single sentence over `budget` tokens is a passage of its own. An abstract without text has none.
    """
    return [Passage(paper.id, paper.title, cut.of(paper.abstract), cut.start) for cut in _cuts(paper.abstract, budget)]


@functools.lru_cache(maxsize=KEPT)
def _cuts(abstract: str, budget: int) -> tuple[Span, ...]:
    """Where the passages of an abstract lie."""
    spans = sentences(abstract)
    sizes = [count_tokens(span.of(abstract)) for span in spans]
    return tuple(Span(group[0].start, group[-1].end) for group in _grouped(abstract, spans, sizes, budget))


def _grouped(text: str, spans: list[Span], sizes: list[int], budget: int) -> list[list[Span]]:
    """Consecutive groups within `budget`, the fewest possible.

    They are filled evenly rather than greedily, so that no abstract ends in a scrap of one sentence.
    """
    fewest = max(1, -(-sum(sizes) // budget))
    share = sum(sizes) / fewest
    groups: list[list[Span]] = []
    held = 0
    for span, size in zip(spans, sizes, strict=True):
        joined = count_tokens(text[groups[-1][0].start : span.end]) if groups else 0  # not the sum: spaces count too
        if joined > budget or not groups or held + size / 2 > share:
            groups.append([])
            joined = size
        groups[-1].append(span)
        held = joined
    return groups
