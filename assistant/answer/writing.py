"""A question and its hits in, the sentences of a draft out, one by one, quoted.

The writer chooses papers, then sentences of them; what has no answer, `declining` says before anything is written. It
never writes a word of its own into a claim: only the lead, which speaks of the library, is its own.
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

AT_LEAST = {"fact": 2, "figure": 2, "summary": 3, "compare": 2, "lookup": 1, "list": 1, "count": 1}
AT_MOST = {"fact": 5, "figure": 5, "summary": 5, "compare": 4, "lookup": 3, "list": 2, "count": 2}
"""Sentences quoted of one paper, by the kind of question."""
KEPT = 0.4
"""Share of the best sentence's probability that a further one must have; on the fitting questions it shows 88 % of
the vital facts in 3.5 sentences, where the best three show 82 %."""
MOST_BEFORE = 2
"""Sentences added before one that opens on what they say."""
MOST_PAPERS = 12
"""Papers named in one answer, at most."""
OTHER_SIDE = 0.02
"""Least relevance of a paper taken as the unnamed side of a comparison: the question says that there is one."""

_ONE_SENTENCE = re.compile(r"\bin (?:one|1|a single|just one|only one) (?:short |plain )?sentence\b", re.I)
_POINTS_BACK = re.compile(
    r"(?:\w+, )?(?:(?:to|by|in|with|from|for|on|under|through|following|based on|despite|given) (?:\w+ )?)?"
    r"(?:this|these|those|such)\b(?! (?:paper|work|study|article|survey|report|thesis|chapter|review)s?\b)"
    r"|we (?:refer to|call|name|term|denote) (?:this|these|it|them|such)\b",
    re.I,
)
"""What a sentence opens with that only the one before explains: "This allows ...", "We refer to this as ..."."""


class Writer(Protocol):
    """The seam: a name, and one method that turns hits into sentences, which are not checked yet."""

    @property
    def name(self) -> str: ...

    def write(self, asked: Asked, hits: Sequence[Hit], amiss: Sequence[Rejection] = ()) -> Iterator[Sentence | Decline]:
        """The sentences as they are written, or a decline in their place.

        With `amiss`, what did not pass of an earlier draft: the sentences to put in its place, if there are any.
        Raises `LLMError` when a language model fails, at whatever sentence.
        """
        ...


class ExtractiveWriter:
    """Answers in quotations, which need no second try."""

    name = "extractive"

    def write(self, asked: Asked, hits: Sequence[Hit], amiss: Sequence[Rejection] = ()) -> Iterator[Sentence]:
        if not amiss:
            yield from (sentence for hit in choose(asked, hits) for sentence in quotes(asked, hit))


def choose(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The papers to cite, best first."""
    if asked.kind == "compare":
        return _sides(asked, hits)
    relevances = [hit.relevance for hit in hits]
    if asked.several:
        return list(hits[: min(worth_citing(relevances, sum(relevances)), asked.limit or MOST_PAPERS)])
    led_to = [hit for hit in hits[1:] if hit.signals.bridge]
    if led_to or asked.kind == "lookup" or asked.foreign or hits[0].signals.named == SURELY:
        return [hits[0], *led_to[:1]]
    return list(hits[: worth_citing(relevances[:2], 1.0)])


def worth_citing(relevances: Sequence[float], wanted: float) -> int:
    """How many papers to cite, of those with these relevances, best first, when about so many are `wanted`.

    The number for which the expected F1 of the citations is greatest (https://doi.org/10.1145/215206.215366).
    """
    gains = itertools.accumulate(relevances)
    scores = [2 * gained / (cited + wanted) for cited, gained in enumerate(gains, start=1)]
    return scores.index(max(scores)) + 1


def _sides(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """One paper for each name of a comparison; for a side without a name, the next best."""
    sides: list[Hit] = []
    for named in sorted(asked.named, key=lambda named: len(named.paper_ids)):
        bearers = [hit for hit in hits if hit.paper.id in named.paper_ids and hit not in sides]
        if bearers and (named.exact or bearers[0].relevance >= model("single").threshold):
            sides.append(bearers[0])
    sides += [hit for hit in hits if hit not in sides and hit.signals.bridge]
    bar = model("single").threshold if asked.unnamed_sides else OTHER_SIDE  # that side was looked for by itself
    others = [hit for hit in hits if hit not in sides and hit.relevance >= bar]
    return (sides + others[: max(0, 2 - len(sides))] or list(hits[:1]))[:MOST_PAPERS]


def quotes(asked: Asked, hit: Hit) -> list[Sentence]:
    """The sentences of one paper that most probably hold the answer, in the order they stand in.

    They stand under its title, so that no "it" and no "we" is without its paper.
    """
    ranked = sorted(hit.evidence, key=lambda told: -_worth(asked, told))
    if _ONE_SENTENCE.search(asked.text) and not asked.several:
        ranked = [told for told in ranked if not _POINTS_BACK.match(told.text)][:1] or ranked[:1]
    enough = KEPT * _worth(asked, ranked[0])
    kept = [
        told
        for place, told in enumerate(ranked[: AT_MOST[asked.kind]])
        if place < AT_LEAST[asked.kind] or (not asked.several and _worth(asked, told) >= enough)
    ]
    if asked.several and not kept[0].signals.own:
        kept += [told for told in ranked[1:] if told.signals.own][:1]
    if not asked.several:
        kept = _explained(kept, hit.evidence)
    return [
        Sentence(told.text, (hit.paper.id,), hit.paper.title if place == 0 else "")
        for place, told in enumerate(sorted(kept, key=lambda told: told.start))
    ]


def _explained(kept: Sequence[Evidence], evidence: Sequence[Evidence]) -> list[Evidence]:
    """The kept sentences, with the one or two before each that say what it opens on."""
    before = {after.start: told for told, after in itertools.pairwise(sorted(evidence, key=lambda told: told.start))}
    found = list(kept)
    for _ in range(MOST_BEFORE):
        opening = [before[told.start] for told in found if told.start in before and _POINTS_BACK.match(told.text)]
        found += [told for told in opening if told not in found]
    return found


def _worth(asked: Asked, told: Evidence) -> float:
    """The probability that a sentence holds the answer; a summary wants what the paper does and finds."""
    if asked.kind == "summary":
        return told.signals.answers + 0.2 * (told.signals.proposal + told.signals.result)
    return told.signals.answers


def lead(asked: Asked, papers: int) -> str:
    """What is said before a list of that many papers, and before a comparison of which one side was found."""
    if asked.kind == "compare":
        return "I found a paper for only one side of the comparison:" if papers == 1 else ""
    plural = "paper" if papers == 1 else "papers"
    if asked.kind == "count":
        return f"I find {papers} {plural} here; there may be more:"
    return f"{papers} {plural} here:" if asked.kind == "list" else ""
