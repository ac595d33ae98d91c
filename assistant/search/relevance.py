"""Hits in, the same hits with calibrated probabilities out.

Two logistic models, fitted by `eval/fit.py`: `single` for a question that wants one paper and `several` for one
that wants all that fit say how probable it is that an answer should cite a hit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..core.logistic import model
from ..core.records import Hit
from ..question.understanding import Asked

_SIGNALS = ("maxsim", "cosine", "coverage", "focus_coverage", "title", "weakest", "named")
SURELY = 1.0
"""The `named` signal of a paper whose title holds the name."""


def features(hits: Sequence[Hit]) -> list[dict[str, float]]:
    """What the relevance models see of each hit, among all the hits."""
    most = {name: max((hit.signals[name] for hit in hits), default=0.0) for name in ("maxsim", "coverage")}
    score = max((hit.score for hit in hits), default=0.0)
    return [
        {
            **{name: hit.signals[name] for name in _SIGNALS},
            "surely_named": float(hit.signals["named"] == SURELY),
            "score": hit.score,
            "gap": score - hit.score,
            **{f"{name}_gap": value - hit.signals[name] for name, value in most.items()},
            "similarity": max(told.signals["similarity"] for told in hit.evidence),
            "focus": max(told.signals["focus"] for told in hit.evidence),
        }
        for hit in hits
    ]


def kept(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The hits on the papers that the question keeps to."""
    return [hit for hit in hits if asked.keeps(hit.paper.id)]


def judged(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The hits with `relevance`, the probability that an answer to this question should cite each, and sorted by it.

    A question about one paper that names it by its title means that paper, whatever else is more alike.
    """
    relevances = probabilities(hits, "several" if asked.several else "single")
    probable = [replace(hit, relevance=relevance) for hit, relevance in zip(hits, relevances, strict=True)]
    return sorted(probable, key=lambda hit: (asked.several or hit.signals["named"] < SURELY, -hit.relevance))


def probabilities(hits: Sequence[Hit], name: str) -> list[float]:
    """What the model of that name says of each hit."""
    return [model(name).probability(values) for values in features(hits)]
