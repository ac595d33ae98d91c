"""One paper in, its passages out: whole sentences, up to a token budget.

Passages are verbatim slices of the abstract. They do not overlap, and only white space is between them.
"""

from __future__ import annotations

import functools

from ..core.records import Paper, Passage
from ..core.text import Span, sentences
from ..core.tokens import count_tokens

PASSAGE_TOKENS = 200
"""Most tokens of a passage without the title; with a title it fills the bundled model's 256 word pieces."""
KEPT = 4096
"""Abstracts whose passages are cached: an ingest needs them three times."""


def passages(paper: Paper, *, budget: int = PASSAGE_TOKENS) -> list[Passage]:
    """The passages of `paper` in order, as even in length as whole sentences allow.

    A sentence over `budget` tokens is a passage of its own. An abstract without text has no passages.
    """
    paper_id, abstract = paper.id, paper.abstract
    return [Passage(paper_id, paper.title, abstract[cut.start : cut.end], cut.start) for cut in _cuts(abstract, budget)]


def has_passages(paper: Paper) -> bool:
    """Whether a paper has an abstract to quote; some sources give only a title."""
    return bool(paper.abstract.strip())


@functools.lru_cache(maxsize=KEPT)
def _cuts(abstract: str, budget: int) -> tuple[Span, ...]:
    """The spans of the passages of an abstract."""
    spans = sentences(abstract)
    sizes = [count_tokens(abstract[span.start : span.end]) for span in spans]
    return tuple(Span(group[0].start, group[-1].end) for group in _grouped(abstract, spans, sizes, budget))


def _grouped(text: str, spans: list[Span], sizes: list[int], budget: int) -> list[list[Span]]:
    """As few consecutive groups within `budget` as possible.

    They are filled evenly, not greedily, so that the last one is not a single short sentence.
    """
    fewest = max(1, -(-sum(sizes) // budget))
    share = sum(sizes) / fewest
    groups: list[list[Span]] = []
    size_of_last = 0
    for span, size in zip(spans, sizes, strict=True):
        joined = count_tokens(text[groups[-1][0].start : span.end]) if groups else 0  # not the sum: spaces count, too
        if joined > budget or not groups or size_of_last + size / 2 > share:
            groups.append([])
            joined = size
        groups[-1].append(span)
        size_of_last = joined
    return groups
