"""Writes an answer in quotations: chooses papers among the hits, then sentences of each.

Every claim is in the paper's own words; only the lead, which is about the library, is written here. Questions without
an answer have been declined before this step.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from ..core.logistic import model
from ..core.records import Decline, Evidence, Hit, Rejection, Sentence
from ..question.understanding import Asked
from ..search.retrieval import SURELY

AT_LEAST = {"fact": 2, "figure": 2, "steps": 2, "summary": 3, "compare": 2, "list": 1, "count": 1, "overview": 1}
AT_MOST = {"fact": 5, "figure": 5, "steps": 5, "summary": 5, "compare": 4, "list": 2, "count": 2, "overview": 2}
"""Sentences quoted from one paper, by the kind of question."""
KEPT = 0.4
"""Share of the best sentence's probability that another sentence must have. On the fitting questions this quotes 88 %
of the vital facts in 3.5 sentences on average; the best three sentences hold 82 %."""
MOST_BEFORE = 2
"""Sentences added before one that refers back to them."""
MOST_PAPERS = 12
"""Most papers cited in one answer."""
OTHER_SIDE = 0.02
"""Lowest relevance of the paper for an unnamed side of a comparison. The question says there is one, so this is low."""

_ONE_SENTENCE = re.compile(r"\bin (?:one|1|a single|just one|only one) (?:short |plain )?sentence\b", re.I)
_POINTS_BACK = re.compile(
    r"(?:\w+, )?(?:(?:to|by|in|with|from|for|on|under|through|following|based on|despite|given) (?:\w+ )?)?"
    r"(?:this|these|those|such)\b(?! (?:paper|work|study|article|survey|report|thesis|chapter|review)s?\b)"
    r"|we (?:refer to|call|name|term|denote) (?:this|these|it|them|such)\b",
    re.I,
)
"""Openings that only the sentence before explains: "This allows ...", "We refer to this as ..."."""


class Writer(Protocol):
    """The seam: a name, and one method that turns hits into sentences. These are not checked yet."""

    @property
    def name(self) -> str: ...

    def write(
        self, asked: Asked, hits: Sequence[Hit], failed: Sequence[Rejection] = (), /
    ) -> Iterator[Sentence | Decline]:
        """The sentences as they are written, or a decline instead.

        With `failed`, the rejected sentences of an earlier draft: sentences to replace them, if there are any.
        Raises `LLMError` at any point if a language model fails.
        """
        ...


class ExtractiveWriter:
    """Quotes. Quotations need no second try."""

    name = "extractive"

    def write(self, asked: Asked, hits: Sequence[Hit], failed: Sequence[Rejection] = ()) -> Iterator[Sentence]:
        if not failed:
            yield from (sentence for hit in choose(asked, hits) for sentence in quotes(asked, hit))


def choose(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The papers to cite, best first."""
    if asked.kind == "compare":
        return _sides(asked, hits)
    relevances = [hit.relevance for hit in hits]
    if asked.several:
        return list(hits[: min(worth_citing(relevances, sum(relevances)), asked.limit or MOST_PAPERS)])
    led_to = [hit for hit in hits[1:] if hit.signals.bridge]
    if led_to or asked.foreign or hits[0].signals.named == SURELY:
        return [hits[0], *led_to[:1]]
    return list(hits[: worth_citing(relevances[:2], 1.0)])


def worth_citing(relevances: Sequence[float], wanted: float) -> int:
    """How many papers to cite, given their relevances, best first, and how many relevant ones are expected (`wanted`).

    It is the number with the highest expected F1 of the citations (https://doi.org/10.1145/215206.215366).
    """
    gains = itertools.accumulate(relevances)
    scores = [2 * gained / (cited + wanted) for cited, gained in enumerate(gains, start=1)]
    return scores.index(max(scores)) + 1


def _sides(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """One paper for each name in a comparison; for a side without a name, the next best."""
    sides: list[Hit] = []
    for named in sorted(asked.named, key=lambda named: len(named.paper_ids)):
        matches = [hit for hit in hits if hit.paper.id in named.paper_ids and hit not in sides]
        if matches and (named.exact or matches[0].relevance >= model("single").threshold):
            sides.append(matches[0])
    sides += [hit for hit in hits if hit not in sides and hit.signals.bridge]
    others = [hit for hit in hits if hit not in sides and hit.relevance >= OTHER_SIDE]
    return (sides + others[: max(0, 2 - len(sides))] or list(hits[:1]))[:MOST_PAPERS]


def quotes(asked: Asked, hit: Hit) -> list[Sentence]:
    """The sentences of one paper that most likely answer, in the order of the abstract.

    They are shown under the paper's title, which says what "it" and "we" mean.
    """
    ranked = sorted(hit.evidence, key=lambda evidence: -_worth(asked, evidence))
    if _ONE_SENTENCE.search(asked.text) and not asked.several:
        ranked = [evidence for evidence in ranked if not _POINTS_BACK.match(evidence.text)][:1] or ranked[:1]
    enough = KEPT * _worth(asked, ranked[0])
    kept = [
        evidence
        for rank, evidence in enumerate(ranked[: AT_MOST[asked.kind]])
        if rank < AT_LEAST[asked.kind] or (not asked.several and _worth(asked, evidence) >= enough)
    ]
    if asked.several and not kept[0].signals.own:
        kept += [evidence for evidence in ranked[1:] if evidence.signals.own][:1]
    if not asked.several:
        kept = _explained(kept, hit.evidence)
    return [
        Sentence(evidence.text, (hit.paper.id,), hit.paper.title if place == 0 else "")
        for place, evidence in enumerate(sorted(kept, key=lambda evidence: evidence.start))
    ]


def _explained(kept: Sequence[Evidence], abstract: Sequence[Evidence]) -> list[Evidence]:
    """The kept sentences, each with the one or two sentences before it that it refers back to."""
    in_order = sorted(abstract, key=lambda evidence: evidence.start)
    before = {after.start: evidence for evidence, after in itertools.pairwise(in_order)}
    explained = list(kept)
    for _ in range(MOST_BEFORE):
        added = [before[one.start] for one in explained if one.start in before and _POINTS_BACK.match(one.text)]
        explained += [evidence for evidence in added if evidence not in explained]
    return explained


def _worth(asked: Asked, evidence: Evidence) -> float:
    """The probability that a sentence answers; for a summary, what the paper proposes and finds counts too."""
    if asked.kind == "summary":
        return evidence.signals.answers + 0.2 * (evidence.signals.proposal + evidence.signals.result)
    return evidence.signals.answers


def lead(asked: Asked, papers: int) -> str:
    """The line before a list of that many papers, or before a comparison with only one side found."""
    if asked.kind == "compare":
        return "I found a paper for only one side of the comparison:" if papers == 1 else ""
    plural = "paper" if papers == 1 else "papers"
    if asked.kind == "count":
        return f"I found {papers} {plural} here; there may be more:"
    return f"{papers} {plural} here:" if asked.several else ""
