"""A draft and its hits in, checked claims and recorded rejections out.

A mark is looked up among the marks that were shown; a sentence stands only if the abstract it names supports
it. Word for word is "quoted"; otherwise the offline signals decide, and "checked" says no more than that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from .logistic import model
from .records import Check, Citation, Claim, Draft, Hit, Paper, Passage, Rejection
from .support import Rarity, Signals, signals

Likeness = Callable[[str, Paper], float]
"""The late interaction of a sentence with a paper, 0 to 1."""

LEFT = {"number": 0.1, "name": 0.15, "negation": 0.3, "opposite": 0.35, "swap": 0.3, "scope": 0.55, "spelt": 0.6}
"""What is left of a sentence's support for each fault found in it; set on the fitting half of `eval/claims`."""
NEGATION_WINDOW = 0.55
"""A denial counts only against a window that holds this share of the sentence's rarity: elsewhere it is chance."""


class Checker:
    """Whether an abstract supports a sentence.

    `rarity` gives the inverse document frequency of stems; without `likeness` the words alone decide.
    """

    def __init__(self, rarity: Rarity, likeness: Likeness | None = None) -> None:
        self._rarity, self._likeness = rarity, likeness

    def check(self, sentence: str, paper: Paper) -> Check:
        """The verdict, and the part of the abstract that comes nearest.

        A word-for-word quote is supported, also off topic: whether it answers anything is not asked here.
        """
        place = locate(sentence, paper.abstract)
        if place is not None:
            return Check(True, 1.0, "quoted", (), paper.abstract[slice(*place)])
        found = signals(sentence, paper, self._rarity)
        likeness = self._likeness(sentence, paper) if self._likeness else found.coverage
        fitted = model("support")
        score = fitted.probability({"coverage": found.coverage, "likeness": likeness})
        reasons = list(_faults(found))
        if score < fitted.threshold:
            reasons.append(("the abstract has little in common with this sentence", 1.0))
        for _, left in reasons:
            score *= left
        supported = score >= fitted.threshold
        return Check(supported, round(score, 4), "checked", tuple(reason for reason, _ in reasons), found.quote)


def _faults(found: Signals) -> list[tuple[str, float]]:
    """What speaks against a sentence, in words, and what each leaves of its support."""
    faults = []
    if found.numbers:
        faults.append((f"the abstract does not state {', '.join(found.numbers)}", LEFT["number"]))
    if found.names:
        faults.append((f"the abstract does not name {', '.join(found.names)}", LEFT["name"]))
    if found.negated and found.window >= NEGATION_WINDOW:
        faults.append(("one of sentence and abstract denies what the other says", LEFT["negation"]))
    if found.opposite:
        faults.append((f"opposite words: {', '.join(found.opposite)}", LEFT["opposite"]))
    if found.swapped:
        faults.append(("the sides of the comparison have changed places", LEFT["swap"]))
    if found.scope:
        faults.append((f"wider than the abstract: {', '.join(found.scope)}", LEFT["scope"] ** len(found.scope)))
    if found.spelt:
        faults.append((f"the abstract does not count {', '.join(found.spelt)}", LEFT["spelt"]))
    return faults


def locate(sentence: str, abstract: str) -> tuple[int, int] | None:
    """Where `sentence` stands in whole words in `abstract`, white space aside; None where it does not."""
    words = sentence.split()
    if not any(c.isalnum() for c in sentence):
        return None
    whole = r"\s+".join(map(re.escape, words))
    found = re.search(rf"(?<!\w)(?<!\d[.,]){whole}(?![.,]?\d)(?:(?<!\w)|(?!\w))", abstract)
    return found.span() if found else None


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
    verdict = checker.check(text, hit.paper)
    if not verdict.supported:
        return None, "; ".join(verdict.reasons)
    start = hit.paper.abstract.find(verdict.quote)
    passage = Passage(hit.paper.id, hit.paper.title, verdict.quote, start)
    return Citation(passage, verdict.quote, verdict.score, verdict.basis), ""
