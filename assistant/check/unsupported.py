"""A refused sentence in, the words of it that a passage does not bear out.

Numbers, names and terms that the abstract does not have are such words. If there are none, the sentence is read again
without each of its phrases: the phrase without which it is supported most is the one to doubt.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence

from ..core.text import content_words
from .support import Signals

MOST_PHRASES = 8
"""Most phrases that are left out in turn; each takes a reading of some 20 ms."""
RISE = 0.3
"""Least rise of the log-odds for which the phrase left out is named. Of 40 false sentences of the fitting pairs without
a literal fault, read by eye, this names a phrase in 33, and in 27 of these the one that is false."""
_BREAK = re.compile(
    r"(?<=[,;:])\s+|\s+(?=(?:and|or|but|while|whereas|although|because|since|so|which|that|who|than|with|without|by|for"
    r"|from|in|into|on|at|to|of|as|under|over|after|before|between|through|across|during|is|are|was|were|only|not)\b)",
    re.I,
)
"""Where a new phrase may begin."""


def literal(sentence: str, signs: Signals) -> tuple[str, ...]:
    """The numbers, names and terms of the sentence that the abstract does not have, as the sentence writes them."""
    strange = [*signs.numbers, *signs.against, *signs.names, *signs.foreign, *signs.exchanged]
    matches = [re.search(re.escape(word), sentence, re.I) for word in strange]
    return _outermost([(match.start(), match.end()) for match in matches if match], sentence)


def doubtful(sentence: str, log_odds: Callable[[str], float]) -> tuple[str, ...]:
    """The phrase without which the sentence is supported most; () if no phrase makes enough difference.

    `log_odds` says how well the passage supports a text.
    """
    spans = phrases(sentence)
    if len(spans) < 2:
        return ()
    whole = log_odds(sentence)
    rises = [log_odds(_without(sentence, span)) - whole for span in spans]
    start, end = spans[rises.index(max(rises))]
    return (sentence[start:end].strip(" ,;:."),) if max(rises) >= RISE else ()


def phrases(sentence: str) -> list[tuple[int, int]]:
    """Where the phrases of a sentence begin and end; each has a content word, and there are at most `MOST_PHRASES`."""
    bounds = [0, *(match.end() for match in _BREAK.finditer(sentence)), len(sentence)]
    spans: list[tuple[int, int]] = []
    for start, end in itertools.pairwise(bounds):
        if spans and not content_words(sentence[spans[-1][0] : spans[-1][1]]):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    while len(spans) > MOST_PHRASES:
        shortest = min(range(len(spans) - 1), key=lambda n: spans[n + 1][1] - spans[n][0])
        spans[shortest : shortest + 2] = [(spans[shortest][0], spans[shortest + 1][1])]
    return spans


def _without(sentence: str, span: tuple[int, int]) -> str:
    return f"{sentence[: span[0]]}{sentence[span[1] :]}".strip(" ,;")


def _outermost(spans: Sequence[tuple[int, int]], sentence: str) -> tuple[str, ...]:
    """The texts of the spans in order, without those inside others."""
    outer = [a for a in set(spans) if not any(b != a and b[0] <= a[0] and a[1] <= b[1] for b in spans)]
    return tuple(sentence[start:end] for start, end in sorted(outer))
