"""A draft and its hits in, checked claims and recorded rejections out.

A mark is looked up among the marks that were shown; a sentence stands only if the abstract it names supports
it. Word for word is "quoted"; otherwise the offline signals decide, and "checked" says no more than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from .records import Check, Citation, Claim, Draft, Hit, Paper, Passage, Rejection, fold
from .text import names, numbers, sentences, stem, words

Rarity = Callable[[Iterable[str]], Mapping[str, float]]


class Checker:
    """Whether an abstract supports a sentence. `rarity` gives the inverse document frequency of stems."""

    def __init__(self, rarity: Rarity) -> None:
        self._rarity = rarity

    def check(self, sentence: str, paper: Paper) -> Check:
        """The verdict; its quote is the part of the abstract that comes nearest."""
        return Check(False, 0.0, "checked", ("not written yet",), "")


def locate(sentence: str, abstract: str) -> tuple[int, int] | None:
    """Where `sentence` stands word for word in `abstract`, white space aside; None where it does not."""
    start = abstract.find(sentence)
    if start >= 0 and sentence:
        return start, start + len(sentence)
    return None


def checked(draft: Draft, hits: Sequence[Hit], checker: Checker) -> tuple[tuple[Claim, ...], tuple[Rejection, ...]]:
    """The sentences that pass, each with its citations, and what did not pass, with the reason."""
    shown = {hit.paper.id: hit for hit in hits}
    claims: list[Claim] = []
    rejections: list[Rejection] = []
    for sentence in draft.sentences:
        citations = []
        for mark in sentence.marks:
            hit = shown.get(mark)
            if hit is None:
                rejections.append(Rejection(sentence.text, mark, "no source of that mark was shown"))
                continue
            citation, reason = _cited(sentence.text, hit, checker)
            if citation is None:
                rejections.append(Rejection(sentence.text, mark, reason))
            else:
                citations.append(citation)
        if citations:
            claims.append(Claim(sentence.text, tuple(citations), sentence.heading))
        elif not sentence.marks:
            rejections.append(Rejection(sentence.text, "", "names no source"))
    return tuple(claims), tuple(rejections)


def _cited(text: str, hit: Hit, checker: Checker) -> tuple[Citation | None, str]:
    place = locate(text, hit.paper.abstract)
    if place is not None:
        start, end = place
        passage = Passage(hit.paper.id, hit.paper.title, hit.paper.abstract[start:end], start)
        return Citation(passage, hit.paper.abstract[start:end], 1.0, "quoted"), ""
    verdict = checker.check(text, hit.paper)
    if not verdict.supported:
        return None, "; ".join(verdict.reasons)
    start = hit.paper.abstract.find(verdict.quote)
    passage = Passage(hit.paper.id, hit.paper.title, verdict.quote, start)
    return Citation(passage, verdict.quote, verdict.score, verdict.basis), ""
