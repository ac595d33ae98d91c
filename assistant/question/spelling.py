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
"""Papers that must use the correct word; in this very form if it is no word of the language."""
_ENDINGS = (("ies", "y"), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"), ("es", ""), ("s", ""), ("ly", ""))
"""Endings of English words, and what stands in their place in the word that they are of."""


class Words(Protocol):
    """The seam: the stems that the papers use, and the words of the language."""

    def stems(self, start: str, *, shortest: int, longest: int, least: int) -> Sequence[str]:
        """The stems of `shortest` to `longest` letters that begin with `start` and that `least` papers use."""
        ...

    def is_word(self, word: str) -> bool:
        """Whether a word is spelt right, whatever the papers use; False if nobody knows."""
        ...

    def writes(self, word: str, *, least: int) -> bool:
        """Whether at least so many papers use the word in this very form."""
        ...


def spelt_right(question: str, book: Words, *, unknown: Iterable[str]) -> str:
    """The question with each of its `unknown` words replaced that is one slip away from a word the papers use.

    A slip is a letter left out, or two exchanged, after the first letter. A wrong or an extra letter makes another
    word as often as a misspelling ("warning", "warming"). A capitalised word is a name, unless it begins the question.
    A word of the language is not misspelt, though no paper uses it ("patent" beside "patient"), nor is a form of one
    ("relaying" beside "replaying"). A stem and an ending that are no word of the language must be what papers write.
    """
    for word in unknown:
        lower = word[0].casefold() + word[1:] if question.startswith(word) else word
        if (
            len(word) >= SHORTEST
            and not any(map(book.is_word, _forms(lower)))
            and lower.isascii()
            and lower.isalpha()
            and lower.islower()
        ):
            correct = _corrected(lower, book)
            question = re.sub(rf"\b{re.escape(word)}\b", word[0] + correct[1:], question)
    return question


def _forms(word: str) -> list[str]:
    """A word, and what it may be a form of.

    >>> _forms("relaying")
    ['relaying', 'relay', 'relaye']
    """
    return [word, *(word.removesuffix(end) + instead for end, instead in _ENDINGS if word.endswith(end))]


def _corrected(word: str, book: Words) -> str:
    """The only word that papers use and that this one is a slip of; the word itself if there is none, or several."""
    from rapidfuzz.distance import OSA

    corrections: dict[str, str] = {}
    shortest = max(len(stem(word)) - 2, SHORTEST_STEM)
    for known in book.stems(word[0], shortest=shortest, longest=len(word) + 1, least=LEAST):
        for end in (len(known) - 1, len(known)):
            correction = known + word[end:]
            slip = len(correction) > len(word) or sorted(correction) == sorted(word)
            if slip and OSA.distance(word, correction, score_cutoff=1) == 1 and stem(correction) == known:
                corrections[known] = correction
    written = {known: one for known, one in corrections.items() if book.is_word(one) or book.writes(one, least=LEAST)}
    return next(iter(written.values())) if len(written) == 1 else word
