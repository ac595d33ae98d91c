"""A question and its words that no paper has in, the question with the misspelt of them put right out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from ..core.text import stem

SHORTEST = 6
"""Letters of a word that may be misspelt; shorter ones are one letter from too many others."""
SHORTEST_STEM = 5
"""Letters of the stem that is meant: "losing" is not "lossing"."""
LEAST = 3
"""Papers that use the word which is meant, at least."""


class Words(Protocol):
    """The seam: which stems the papers use."""

    def stems(self, start: str, *, shortest: int, longest: int, least: int) -> Sequence[str]:
        """The stems of so many letters that begin with `start` and stand in at least that many papers."""
        ...


def spelt_right(question: str, book: Words, *, unknown: Iterable[str]) -> str:
    """The question with those of its `unknown` words replaced that are one slip from a word that papers use.

    A slip is a letter left out, or two exchanged, behind the first: a wrong letter or one too many makes another word
    as often ("warning", "warming"). A word with a capital is a name, except where it begins the question.
    """
    for word in unknown:
        lower = word[0].casefold() + word[1:] if question.startswith(word) else word
        if len(word) >= SHORTEST and lower.isascii() and lower.isalpha() and lower.islower():
            meant = _meant(lower, book)
            question = re.sub(rf"\b{re.escape(word)}\b", word[0] + meant[1:], question)
    return question


def _meant(word: str, book: Words) -> str:
    """The word that this one is a slip of, or itself where none or several could be: a known stem, and its ending."""
    from rapidfuzz.distance import OSA

    meant: dict[str, str] = {}
    shortest = max(len(stem(word)) - 2, SHORTEST_STEM)
    for known in book.stems(word[0], shortest=shortest, longest=len(word) + 1, least=LEAST):
        for end in (len(known) - 1, len(known)):
            right = known + word[end:]
            slip = len(right) > len(word) or sorted(right) == sorted(word)
            if slip and OSA.distance(word, right, score_cutoff=1) == 1 and stem(right) == known:
                meant[known] = right
    return next(iter(meant.values())) if len(meant) == 1 else word
