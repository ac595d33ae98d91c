"""Writes an answer in quotations: chooses papers among the hits, then sentences of each.

Every claim is in the paper's own words; only the lead, which is about the library, is written here. Questions without
an answer have been declined before this step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from ..core.logistic import model
from ..core.records import Decline, Hit, Rejection, Sentence
from ..core.text import counted
from ..question.understanding import Asked
from ..search.relevance import worth_citing
from ..search.retrieval import SURELY
from .overview import themed
from .quoting import quoted
from .tables import compared

MOST_PAPERS = 25
"""Most papers cited in one answer: a line each is a page. How many are, their relevances decide."""
MAY_FIT = 0.15
"""Lowest relevance of a paper that is left out of a list and shown to those who ask for more."""
DEVIATIONS = 1.28
"""Standard deviations on either side of an expected number; four of five numbers are in between."""
OTHER_SIDE = 0.02
"""Lowest relevance of the paper for an unnamed side of a comparison. The question says there is one, so this is low."""


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
        if failed:
            return
        cited = choose(asked, hits)
        if asked.kind == "compare" and len(cited) > 1:
            yield from compared(asked, cited)
        elif asked.kind == "overview":
            yield from themed(asked, cited)
        else:
            in_steps = any(hit.signals.bridge for hit in cited)
            unsure = len(cited) > 1 and not in_steps  # which of two papers is meant
            quotations = (quoted(asked, hit, fewest=1 + in_steps, most=1 if unsure else 3) for hit in cited)
            yield from (sentence for quotation in quotations for sentence in quotation.sentences)

    def more(self, asked: Asked, hits: Sequence[Hit]) -> Iterator[Sentence]:
        """What the text may leave out: other sentences that come near, or other papers that may fit a list."""
        cited = choose(asked, hits)
        if asked.several:
            others = [hit for hit in hits if hit not in cited and hit.relevance >= MAY_FIT]
            yield from (sentence for hit in others for sentence in quoted(asked, hit).sentences)
            return
        for quotation in (quoted(asked, hit) for hit in cited):
            yield from (replace(sentence, heading="") for sentence in (*quotation.sentences, *quotation.more))


def choose(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The papers to cite, best first."""
    if asked.kind == "compare":
        return _sides(asked, hits)
    relevances = [hit.relevance for hit in hits]
    if asked.several:
        return list(hits[: min(worth_citing(relevances, sum(relevances)), asked.limit or MOST_PAPERS)])
    led_to = [hit for hit in hits[1:] if hit.signals.bridge]
    if led_to or asked.foreign:
        return [hits[0], *led_to[:1]]
    wanted = max(1, sum(hit.signals.named == SURELY for hit in hits))
    return list(hits[: worth_citing(relevances[: wanted + 1], wanted)])


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


def lead(asked: Asked, papers: int, hits: Sequence[Hit], premise: str = "") -> str:
    """The line before the claims: which papers were searched, if not all; then `premise`, or how many are listed."""
    searched = f"Searched the {asked.filtered}." if asked.where else ""
    return " ".join(part for part in (searched, premise or _listed(asked, papers, hits)) if part)


def _listed(asked: Asked, papers: int, hits: Sequence[Hit]) -> str:
    """The line before a list of that many papers, or before a comparison with only one side found."""
    if asked.kind == "compare":
        return "I found a paper for only one side of the comparison:" if papers == 1 else ""
    if asked.everything and asked.allowed is None:
        return f"{papers} of them:"
    if asked.everything:
        return f"The newest {papers}:" if papers < len(asked.allowed or ()) else ""
    if not asked.several:
        return ""
    expected = math.fsum(hit.relevance for hit in hits)
    spread = DEVIATIONS * math.sqrt(math.fsum(hit.relevance * (1 - hit.relevance) for hit in hits))
    least, most = max(1, math.floor(expected - spread)), max(1, math.ceil(expected + spread))
    if asked.kind == "count":
        between = f" (between {least} and {most})" if most > least else ""
        return f"About {counted(max(1, round(expected)), 'paper')} here{between}:"
    if asked.limit or round(expected) <= papers:
        return f"{counted(papers, 'paper')} here:"
    return f"{papers} of about {counted(round(expected), 'paper')} here:"
