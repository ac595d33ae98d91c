"""Corrects misspelt words of a question that no paper uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from ..core.text import stem

SHORTEST = 6
"""Letters a misspelt word must have; a shorter one is a letter away from too many others."""
SHORTEST_STEM = 5
"""Letters the stem of the correct word must have: "losing" is not "lossing"."""
LEAST = 3
"""Papers that must use the correct word."""


class Words(Protocol):
    """The seam: the stems that the papers use, and the words of the language."""

    def stems(self, start: str, *, shortest: int, longest: int, least: int) -> Sequence[str]:
        """The stems of `shortest` to `longest` letters that begin with `start` and that `least` papers use."""
        ...

    def is_word(self, word: str) -> bool:
        """Whether a word is spelt right, whatever the papers use; False if nobody knows."""
        ...


def spelt_right(question: str, book: Words, *, unknown: Iterable[str]) -> str:
    """The question with each of its `unknown` words replaced that is one slip away from a word the papers use.

    A slip is a letter left out, or two exchanged, after the first letter. A wrong or an extra letter makes another
    word as often as a misspelling ("warning", "warming"). A capitalised word is a name, unless it begins the question.
    A word of the language is not misspelt, though no paper uses it ("patent" beside "patient").
    """
    for word in unknown:
        lower = word[0].casefold() + word[1:] if question.startswith(word) else word
        if (
            len(word) >= SHORTEST
            and not book.is_word(lower)
            and lower.isascii()
            and lower.isalpha()
            and lower.islower()
        ):
            correct = _corrected(lower, book)
            question = re.sub(rf"\b{re.escape(word)}\b", word[0] + correct[1:], question)
    return question


def _corrected(word: str, book: Words) -> str:
    """The only word, a known stem and the ending, that this one is a slip of; the word itself if there are several."""
    from rapidfuzz.distance import OSA

    corrections: dict[str, str] = {}
    shortest = max(len(stem(word)) - 2, SHORTEST_STEM)
    for known in book.stems(word[0], shortest=shortest, longest=len(word) + 1, least=LEAST):
        for end in (len(known) - 1, len(known)):
            correction = known + word[end:]
            slip = len(correction) > len(word) or sorted(correction) == sorted(word)
            if slip and OSA.distance(word, correction, score_cutoff=1) == 1 and stem(correction) == known:
                corrections[known] = correction
    return next(iter(corrections.values())) if len(corrections) == 1 else word
