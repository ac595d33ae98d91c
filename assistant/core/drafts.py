"""The records of a checked draft: each of its sentences, the papers that the sentence cites, and what they support."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

from .notebook import Brief
from .records import Check

Standing = Literal["supported", "not supported", "not in the library", "no citation"]
"""What became of a sentence, or of one of its citations."""
STANDINGS: tuple[Standing, ...] = get_args(Standing)
"""From the best to none: a sentence has the best standing of its citations."""


@dataclass(frozen=True, slots=True, repr=False)
class CheckedCitation(Brief):
    """One citation of a sentence, as it is written in the draft, and whether its paper supports the sentence.

    Without a paper, `check` is None and `reason` says why. `title` and `paper_id` are "" then.
    """

    mark: str
    title: str = ""
    paper_id: str = ""
    check: Check | None = None
    reason: str = ""

    @property
    def standing(self) -> Standing:
        if self.check is None:
            return "not in the library"
        return "supported" if self.check.supported else "not supported"


@dataclass(frozen=True, slots=True, repr=False)
class CheckedSentence(Brief):
    """A sentence of a draft, without its citations and markup, as it was checked; `line` counts from 1.

    `closer` is a paper that the sentence does not cite and that supports it, if none of the cited ones does.
    """

    line: int
    text: str
    citations: tuple[CheckedCitation, ...] = ()
    closer: CheckedCitation | None = None

    @property
    def standing(self) -> Standing:
        """Supported if at least one citation supports it; "not in the library" if no citation could be checked."""
        standings = {citation.standing for citation in self.citations} or {"no citation"}
        return next(standing for standing in STANDINGS if standing in standings)


@dataclass(frozen=True, slots=True, repr=False)
class CheckedDraft(Brief):
    """A draft, sentence by sentence, in the order of its lines."""

    sentences: tuple[CheckedSentence, ...] = ()

    @property
    def counts(self) -> dict[Standing, int]:
        """How many sentences there are of each standing."""
        counts = Counter(sentence.standing for sentence in self.sentences)
        return {standing: counts[standing] for standing in STANDINGS}

    @property
    def passed(self) -> bool:
        """Whether every sentence that cites is supported by a paper that it cites."""
        return all(sentence.standing in ("supported", "no citation") for sentence in self.sentences)

    @property
    def missing(self) -> tuple[str, ...]:
        """The citations that stand for no paper here, each once."""
        marks = (one.mark for sentence in self.sentences for one in sentence.citations if one.check is None)
        return tuple(dict.fromkeys(marks))
