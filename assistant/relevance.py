"""Hits in, the same hits with calibrated probabilities out.

Two logistic models, fitted by `eval/fit.py`: `single` for a question that wants one paper and `several` for one
that wants all that fit say how probable it is that an answer should cite a hit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .logistic import model
from .question import Asked
from .records import Hit

SURELY = 1.0
"""The `named` signal of a paper whose title holds the name."""
SEVERAL = ("list", "count")
"""The kinds of question that want every paper that fits."""


def features(hit: Hit, hits: Sequence[Hit]) -> dict[str, float]:
    """What the relevance models see of a hit, among all the hits."""
    return {
        **{name: hit.signals[name] for name in ("maxsim", "cosine", "coverage", "focus_coverage", "title", "weakest")},
        "named": hit.signals["named"],
        "surely_named": float(hit.signals["named"] == SURELY),
        "score": hit.score,
        "gap": max(h.score for h in hits) - hit.score,
        "maxsim_gap": max(h.signals["maxsim"] for h in hits) - hit.signals["maxsim"],
        "coverage_gap": max(h.signals["coverage"] for h in hits) - hit.signals["coverage"],
        "similarity": max(e.signals["similarity"] for e in hit.evidence),
        "focus": max(e.signals["focus"] for e in hit.evidence),
    }


def kept(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The hits on the papers that the question keeps to."""
    return [hit for hit in hits if asked.keeps(hit.paper.id)]


def judged(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The hits with `relevance`, the probability that an answer to this question should cite each, and sorted by it.

    A question about one paper that names it by its title means that paper, whatever else is more alike.
    """
    several = asked.kind in SEVERAL
    fitted = model("several" if several else "single")
    probable = [replace(hit, relevance=fitted.probability(features(hit, hits))) for hit in hits]
    return sorted(probable, key=lambda hit: (several or hit.signals["named"] < SURELY, -hit.relevance))
