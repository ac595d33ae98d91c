"""How probable it is that an answer should cite a hit.

Two logistic models, fitted by `eval/fit.py`, say so: `single` for a question that wants one paper, `several` for one
that wants every matching paper.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from ..core.logistic import model
from ..core.records import Hit
from ..question.understanding import Asked
from .retrieval import PLAINLY, SURELY


def features(hits: Sequence[Hit]) -> dict[str, list[float]]:
    """What the models see of each hit among all the hits, each feature a column."""
    signals = [hit.signals for hit in hits]
    scores = [hit.score for hit in hits]
    maxsim, coverage = [one.maxsim for one in signals], [one.coverage for one in signals]
    return {
        "maxsim": maxsim,
        "cosine": [one.cosine for one in signals],
        "coverage": coverage,
        "focus_coverage": [one.focus_coverage for one in signals],
        "title": [one.title for one in signals],
        "weakest": [one.weakest for one in signals],
        "named": [one.named for one in signals],
        "surely_named": [float(one.named == SURELY) for one in signals],
        "plainly_named": [float(one.named == PLAINLY) for one in signals],
        "score": scores,
        "gap": _gaps(scores),
        "maxsim_gap": _gaps(maxsim),
        "coverage_gap": _gaps(coverage),
        "similarity": [max([sentence.signals.similarity for sentence in hit.evidence]) for hit in hits],
        "focus": [max([sentence.signals.focus for sentence in hit.evidence]) for hit in hits],
    }


def features_in_list(hits: Sequence[Hit], *, overview: bool = False) -> dict[str, list[float]]:
    """What the model for lists sees of each hit: how it matches, the papers it is alike to, and what is asked.

    Most papers of a field belong in an overview of it, fewer in a list.
    """
    weighted = [hit.signals.weighted for hit in hits]
    return features(hits) | {
        "company": [hit.signals.company for hit in hits],
        "weighted": weighted,
        "weighted_gap": _gaps(weighted),
        "overview": [float(overview)] * len(hits),
    }


def _gaps(values: Sequence[float]) -> list[float]:
    """The distance of each value to the largest."""
    most = max(values, default=0.0)
    return [most - value for value in values]


def probabilities(hits: Sequence[Hit], name: str, *, overview: bool = False) -> list[float]:
    """The probability of each hit by the model of that name."""
    return model(name).probabilities(features_in_list(hits, overview=overview))


def judged(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The hits with their `relevance`, the probability that an answer should cite them, most relevant first."""
    relevances = probabilities(hits, "several" if asked.several else "single", overview=asked.kind == "overview")
    probable = [replace(hit, relevance=relevance) for hit, relevance in zip(hits, relevances, strict=True)]
    return sorted(probable, key=lambda hit: -hit.relevance)


def kept(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The hits on the papers that the question is limited to."""
    return [hit for hit in hits if asked.keeps(hit.paper.id)]


def worth_citing(relevances: Sequence[float], wanted: float) -> int:
    """How many papers to cite, given their relevances, best first, and how many relevant ones are expected (`wanted`).

    It is the number with the highest expected F1 of the citations (https://doi.org/10.1145/215206.215366).
    """
    gains = itertools.accumulate(relevances)
    scores = [2 * gained / (cited + wanted) for cited, gained in enumerate(gains, start=1)]
    return scores.index(max(scores)) + 1
