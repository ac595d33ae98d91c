"""Checks the citations of a written sentence: a claim from the marks that pass, a rejection for each that does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.records import Citation, Claim, Hit, Passage, Rejection, Sentence
from ..core.text import words
from .checker import Checker

FEWEST_WORDS = 3
"""A shorter sentence states nothing, even if the abstract has its words."""


@dataclass(frozen=True, slots=True)
class CheckedMark:
    """A sentence with one of its marks: what it cites, if the mark is known, and why it fails ("" if it passes).

    `certain`: no language model may overrule this.
    """

    sentence: Sentence
    mark: str
    citation: Citation | None
    reason: str
    certain: bool


def checked(sentence: Sentence, hits: Sequence[Hit], checker: Checker) -> tuple[Claim | None, tuple[Rejection, ...]]:
    """The claim, if any mark passes, and the rejections."""
    return claim_of(sentence, check_marks(sentence, hits, checker))


def check_marks(sentence: Sentence, hits: Sequence[Hit], checker: Checker) -> tuple[CheckedMark, ...]:
    """Each mark of the sentence, checked against the paper it names. Only papers among the `hits` count."""
    if not sentence.marks:
        return (CheckedMark(sentence, "", None, "cites no source", certain=True),)
    shown = {hit.paper.id: hit for hit in hits}
    unknown = "no source with this mark was shown"
    return tuple(
        _check_mark(sentence, shown[mark], hits, checker)
        if mark in shown
        else CheckedMark(sentence, mark, None, unknown, certain=True)
        for mark in sentence.marks
    )


def claim_of(sentence: Sentence, marks: Sequence[CheckedMark]) -> tuple[Claim | None, tuple[Rejection, ...]]:
    """The claim with the citations that pass, if any, and a rejection for each mark that fails."""
    citations = tuple(mark.citation for mark in marks if mark.citation and not mark.reason)
    rejections = tuple(Rejection(sentence.text, mark.mark, mark.reason) for mark in marks if mark.reason)
    claim = (
        Claim(sentence.text, citations, sentence.heading, sentence.asked_for, sentence.section) if citations else None
    )
    return claim, rejections


def _check_mark(sentence: Sentence, hit: Hit, hits: Sequence[Hit], checker: Checker) -> CheckedMark:
    mark = hit.paper.id
    if len(words(sentence.text)) < FEWEST_WORDS:
        return CheckedMark(sentence, mark, None, "too short to state anything", certain=True)
    check = checker.check(sentence.text, hit.paper, sentence.span)
    passage = Passage(mark, hit.paper.title, check.quote, hit.paper.abstract.find(check.quote))
    citation = Citation(passage, check.quote, check.score, check.basis)
    if check.basis == "quoted":
        return CheckedMark(sentence, mark, citation, "", certain=True)
    settled = sentence.span or (check.certain and not check.supported)  # the words it names are in this abstract
    rival = None if settled else checker.rival(sentence.text, hit.paper, [one.paper for one in hits])
    closer = f"“{rival.title}” is a closer match" if rival else ""
    reason = closer if check.supported else "; ".join(check.reasons)
    return CheckedMark(sentence, mark, citation, reason, check.certain or rival is not None)
